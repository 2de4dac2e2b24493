#include "loaders/deltalake/history.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace ampload::deltalake {
namespace {

using nlohmann::ordered_json;

std::string TextOf(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string TextAt(const ordered_json& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? std::string() : TextOf(*at);
}

// "mode=Append numFiles=1"
void AddPairs(const ordered_json& info, const char* name, std::string* text) {
  const auto at = info.find(name);
  if (at == info.end() || !at->is_object()) return;
  for (const auto& [key, value] : at->items()) {
    const std::string shown = TextOf(value);
    if (shown.empty() || shown == "[]" || shown == "{}" || value.is_null()) continue;
    *text += (text->empty() ? "" : " ") + key + "=" + shown;
  }
}

}  // namespace

HistoryEntry HistoryEntryOf(const Log::HistoryLine& line) {
  HistoryEntry entry;
  entry.version = line.version;
  entry.timestamp_ms = line.timestamp_ms;
  if (!line.info.has_value()) return entry;
  entry.operation = line.info->operation;
  entry.json = line.info->json;
  const auto info = ordered_json::parse(entry.json, nullptr, /*allow_exceptions=*/false);
  if (!info.is_object()) return entry;
  entry.writer = TextAt(info, "engineInfo");
  if (entry.writer.empty()) entry.writer = TextAt(info, "clientVersion");  // older delta-rs
  AddPairs(info, "operationParameters", &entry.detail);
  AddPairs(info, "operationMetrics", &entry.detail);
  return entry;
}

Result<std::vector<HistoryEntry>> ReadTableHistory(const std::shared_ptr<lake::ObjectStore>& table,
                                                   int64_t limit, const CallContext& context) {
  Log log(table);
  ARROW_ASSIGN_OR_RAISE(const auto lines, log.History(limit, context));
  std::vector<HistoryEntry> entries;
  entries.reserve(lines.size());
  for (const auto& line : lines) entries.push_back(HistoryEntryOf(line));
  if (!entries.empty() || limit == 0) return entries;
  return ConfigurationError("deltalake: there is no such table: table=" + table->root());
}

}  // namespace ampload::deltalake
