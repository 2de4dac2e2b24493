#include "loaders/redis/command_frame.h"

#include <string_view>

#include "loaders/redis/resp_columns.h"

namespace ampload::redis {
namespace {

std::string Count(int words) { return "*" + std::to_string(words) + "\r\n"; }

}  // namespace

std::string CommandFrame::head() const { return Count(words) + verb; }

CommandFrame FrameOf(const RowForm& form) {
  const std::string one_key = Bulk(form.key_prefix + form.table);
  CommandFrame frame;
  frame.middle = "\r\n$";
  frame.tail = "\r\n";
  const auto option = [&](std::string_view word) {
    frame.tail += Bulk(word);
    ++frame.words;
  };
  bool expires = form.ttl_ms > 0;
  switch (form.structure) {
    case Structure::kHash:
      frame.words = 2;
      frame.verb = Bulk("HSET");
      break;
    case Structure::kString:
      frame.words = 3;
      frame.verb = Bulk("SET");
      if (expires) option("PX"), option(std::to_string(form.ttl_ms));
      if (!form.replaces) option("NX");
      expires = false;
      break;
    case Structure::kJson:
      frame.words = 4;
      frame.verb = Bulk("JSON.SET");
      frame.middle = "\r\n" + Bulk("$") + "$";
      if (!form.replaces) option("NX");
      break;
    case Structure::kStream:
      frame.words = 3;
      frame.verb = Bulk("XADD") + one_key;
      break;
    case Structure::kSet:
      frame.words = 3;
      frame.verb = Bulk("SADD") + one_key;
      frame.middle = "$";
      break;
    case Structure::kSortedSet:
      frame.words = form.replaces ? 4 : 5;
      frame.verb = Bulk("ZADD") + one_key + (form.replaces ? "" : Bulk("NX"));
      break;
    case Structure::kList:
      frame.words = 3;
      frame.verb = Bulk("RPUSH") + one_key;
      frame.middle = "$";
      break;
  }
  if (expires && FactsOf(form.structure).expires) {
    frame.expiry_head = Count(3) + Bulk("PEXPIRE");
    frame.expiry_tail = "\r\n" + Bulk(std::to_string(form.ttl_ms));
  }
  return frame;
}

}  // namespace ampload::redis
