#include "encode/key_pattern.h"

#include <algorithm>

namespace ampload::encode {

Result<std::vector<PatternPart>> SplitPattern(std::string_view pattern, std::string_view table) {
  std::vector<PatternPart> parts;
  const auto add_text = [&](std::string_view text) {
    if (text.empty()) return;
    if (parts.empty() || parts.back().is_column) parts.push_back({});
    parts.back().text += text;
  };
  for (std::string_view rest = pattern; !rest.empty();) {
    const size_t open = std::min(rest.find('{'), rest.size());
    add_text(rest.substr(0, open));
    if (open == rest.size()) break;
    const size_t close = rest.find('}', open);
    if (close == std::string_view::npos) {
      return ConfigurationError("key_pattern lacks a closing brace: key_pattern=" +
                                std::string(pattern));
    }
    const auto name = rest.substr(open + 1, close - open - 1);
    if (name == "table") {
      add_text(table);
    } else {
      parts.push_back({true, std::string(name)});
    }
    rest.remove_prefix(close + 1);
  }
  return parts;
}

Result<std::vector<std::string>> ColumnsOfPattern(std::string_view pattern) {
  ARROW_ASSIGN_OR_RAISE(const auto parts, SplitPattern(pattern, ""));
  std::vector<std::string> columns;
  for (const auto& part : parts) {
    if (part.is_column) columns.push_back(part.text);
  }
  return columns;
}

// Reads a key from one end as far as each part says where it ends, then from the other. What is
// left in the middle may be one part, whatever it holds.
bool TellsKeysApart(std::span<const PatternPart> parts, std::span<const TextExtent> extents) {
  const auto ends = [&](size_t part, bool forwards) {
    if (!parts[part].is_column) return true;
    const TextExtent& extent = extents[part];
    if (extent.complete) return true;
    if (extent.chars.empty()) return false;
    if (part == (forwards ? parts.size() - 1 : 0)) return true;  // the key's own end
    const auto& next = parts[forwards ? part + 1 : part - 1];
    if (next.is_column) return false;
    const char c = forwards ? next.text.front() : next.text.back();
    const bool may_be_sign = !forwards && extent.sign && c == '-';
    return !may_be_sign && extent.chars.find(c) == std::string_view::npos;
  };
  size_t begin = 0;
  while (begin < parts.size() && ends(begin, true)) ++begin;
  size_t end = parts.size();
  while (end > begin && ends(end - 1, false)) --end;
  return end - begin <= 1;
}

}  // namespace ampload::encode
