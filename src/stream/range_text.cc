#include "stream/range_text.h"

namespace ampload::stream {

std::string RangeText(const BlockRange& range) {
  return "network=" + range.network + " start=" + std::to_string(range.start.value) +
         " end=" + std::to_string(range.end.value);
}

std::string RangesText(const std::vector<BlockRange>& ranges) {
  std::string text;
  for (const auto& range : ranges) {
    text += (text.empty() ? "" : ", ") + range.network + " " + std::to_string(range.start.value) +
            ".." + std::to_string(range.end.value);
  }
  return text;
}

std::string NamesText(const std::set<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

}  // namespace ampload::stream
