#include "loaders/deltalake/house_keeping.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "ampload/log.h"
#include "base/clock.h"
#include "loaders/deltalake/checkpoint_writer.h"
#include "loaders/deltalake/log_names.h"
#include "loaders/deltalake/pipelines.h"

namespace ampload::deltalake {
namespace {

constexpr int64_t kCheckpointInterval = 100;  // commits
constexpr int64_t kHour = 3'600'000;
constexpr int64_t kDay = 24 * kHour;

constexpr std::pair<std::string_view, int64_t> kUnits[] = {{"millisecond", 1}, {"second", 1'000},
                                                           {"minute", 60'000}, {"hour", kHour},
                                                           {"day", kDay},      {"week", 7 * kDay}};

std::string_view NextWord(std::string_view* text) {
  const auto begin = text->find_first_not_of(' ');
  if (begin == std::string_view::npos) {
    *text = {};
    return {};
  }
  text->remove_prefix(begin);
  const auto word = text->substr(0, text->find(' '));
  text->remove_prefix(word.size());
  return word;
}

int64_t IntervalOf(const Snapshot& snapshot, const std::string& property, int64_t otherwise) {
  const auto* text = snapshot.Property(property);
  if (text == nullptr) return otherwise;
  return ParseInterval(*text).value_or(otherwise);
}

int64_t CheckpointInterval(const Snapshot& snapshot, const DeltaLakeStorageConfig& config) {
  if (config.checkpoint_interval > 0) return config.checkpoint_interval;
  const auto* text = snapshot.Property("delta.checkpointInterval");
  if (text == nullptr) return kCheckpointInterval;
  int64_t said = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), said);
  return error == std::errc() && said > 0 ? said : kCheckpointInterval;
}

// Temporary files are made where log entries and records are put, and in the table's folder to see
// whether they may be.
Status DeleteLeftovers(lake::ObjectStore& table, int64_t before_ms, const CallContext& context) {
  std::vector<std::string> folders = {"", kLogFolder, kOwnFolder};
  ARROW_ASSIGN_OR_RAISE(const auto pipelines, table.ListFolders(kOwnFolder, context));
  for (const auto& name : pipelines) folders.push_back(std::string(kOwnFolder) + "/" + name);
  for (const auto& folder : folders) {
    ARROW_RETURN_NOT_OK(table.DeleteLeftovers(folder, before_ms, context).status());
  }
  return Status::OK();
}

}  // namespace

std::optional<int64_t> ParseInterval(std::string_view text) {
  auto word = NextWord(&text);
  if (word == "interval") word = NextWord(&text);
  int64_t sum = 0;
  bool any = false;
  while (!word.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || number < 0) return std::nullopt;
    auto unit = NextWord(&text);
    if (unit.ends_with('s')) unit.remove_suffix(1);
    bool known = false;
    for (const auto& [name, ms] : kUnits) {
      if (unit != name) continue;
      known = true;
      sum += number * ms;
    }
    if (!known) return std::nullopt;
    any = true;
    word = NextWord(&text);
  }
  return any ? std::optional(sum) : std::nullopt;
}

void KeepHouse(lake::ObjectStore& table, Log& log, Snapshot* snapshot,
               const DeltaLakeStorageConfig& config, const CallContext& context) {
  const int64_t version = snapshot->version;
  if (version <= 0 || version % CheckpointInterval(*snapshot, config) != 0) return;
  if (!CanWriteCheckpoint(*snapshot)) return;
  const int64_t now = base::NowMs();
  const int64_t keep = IntervalOf(*snapshot, "delta.deletedFileRetentionDuration", 7 * kDay);
  if (const Status written = log.WriteCheckpoint(snapshot, now - keep, context); !written.ok()) {
    return LogWarning("deltalake", MessageOf(written));
  }
  const Status swept = DeleteLeftovers(table, now - std::max(keep, kDay), context);
  if (!swept.ok()) LogWarning("deltalake", MessageOf(swept));
  const auto* clean = snapshot->Property("delta.enableExpiredLogCleanup");
  if (!config.clean_log || (clean != nullptr && *clean == "false")) return;
  const int64_t age = IntervalOf(*snapshot, "delta.logRetentionDuration", 30 * kDay);
  const auto cleaned = log.CleanUp(now - age, context);
  if (!cleaned.ok()) LogWarning("deltalake", MessageOf(cleaned.status()));
}

}  // namespace ampload::deltalake
