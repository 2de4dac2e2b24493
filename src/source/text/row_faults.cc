#include "source/text/row_faults.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

namespace ampload::source {

std::string ShownValue(std::string_view value) {
  constexpr size_t kMost = 80;
  const bool cut = value.size() > kMost;
  if (cut) {
    value = value.substr(0, kMost);
    // Not within a letter of several bytes.
    while (!value.empty() && (static_cast<unsigned char>(value.back()) & 0xC0) == 0x80) {
      value.remove_suffix(1);
    }
    if (!value.empty() && static_cast<unsigned char>(value.back()) >= 0xC0) value.remove_suffix(1);
  }
  const bool utf8 = arrow::util::ValidateUTF8(value);
  std::string shown;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      shown += "\\n";
    } else if (c == '\r') {
      shown += "\\r";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return cut ? shown + "..." : shown;
}

std::string Advice(std::string_view column, Fault fault, bool inferred) {
  if (fault == kNotUtf8) return fmt::format("; --types {}:binary keeps the bytes", column);
  if (!inferred) return "";
  return fmt::format(
      " (the type that the first rows suggest); --types {}:string keeps every value as its text",
      column);
}

}  // namespace ampload::source
