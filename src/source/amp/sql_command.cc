#include "source/amp/sql_command.h"

#include <cstdint>

namespace ampload::source {
namespace {

constexpr std::string_view kTypeUrl =
    "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery";

// A field of bytes: key (number << 3 | 2), length as a varint, the bytes.
void AppendField(int number, std::string_view bytes, std::string* out) {
  out->push_back(static_cast<char>(number << 3 | 2));
  uint64_t length = bytes.size();
  for (; length >= 0x80; length >>= 7) out->push_back(static_cast<char>((length & 0x7F) | 0x80));
  out->push_back(static_cast<char>(length));
  out->append(bytes);
}

}  // namespace

std::string StatementQueryCommand(std::string_view query) {
  std::string statement;
  AppendField(1, query, &statement);
  std::string any;
  AppendField(1, kTypeUrl, &any);
  AppendField(2, statement, &any);
  return any;
}

}  // namespace ampload::source
