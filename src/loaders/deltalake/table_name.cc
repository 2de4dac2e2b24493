#include "loaders/deltalake/table_name.h"

#include <string_view>

#include "loader/identifier.h"

namespace ampload::deltalake {
namespace {

std::string WhatIsWrong(std::string_view part) {
  constexpr size_t kMaxBytes = 255;
  if (part.empty()) return "is empty";
  if (part == "." || part == "..") return "is no name of its own";
  if (part.front() == '_' || part.front() == '.') return "begins with _ or .";
  if (part.size() > kMaxBytes) return "is longer than 255 bytes";
  for (const char c : part) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return "has a control character";
    if (c == '\\') return "has a backslash";
  }
  return "";
}

}  // namespace

Status CheckTableFolder(const std::string& table) {
  ARROW_RETURN_NOT_OK(WithContext(CheckTableName(table), "deltalake"));
  std::string_view rest = table;
  while (true) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    if (const auto wrong = WhatIsWrong(part); !wrong.empty()) {
      return ConfigurationError(
          "deltalake: a table is a folder below the target's, as in logs or mainnet/logs; a part "
          "of its name " +
          wrong + ": table=" + table);
    }
    if (slash == rest.size()) return Status::OK();
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace ampload::deltalake
