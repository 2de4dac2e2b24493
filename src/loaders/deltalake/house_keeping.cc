#include "loaders/deltalake/house_keeping.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "ampload/log.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "loaders/deltalake/checkpoint_writer.h"
#include "loaders/deltalake/features.h"
#include "loaders/deltalake/log_names.h"
#include "loaders/deltalake/log_segment.h"
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

// What changed before that moment is older than the property lets it be; nullopt: nothing is.
std::optional<int64_t> MomentBefore(int64_t now, const Snapshot& snapshot,
                                    const std::string& property, int64_t otherwise,
                                    const std::string& where) {
  const auto* text = snapshot.Property(property);
  if (text == nullptr) return now - otherwise;
  if (const auto age = ParseInterval(*text)) return now - *age;
  LogWarning("deltalake",
             "a table's property is not understood, so nothing that it keeps is deleted; write it "
             "as \"interval 30 days\": " +
                 where + " property=" + property + " value=" + *text);
  return std::nullopt;
}

int64_t CheckpointInterval(const Snapshot& snapshot, const DeltaLakeStorageConfig& config) {
  if (config.checkpoint_interval > 0) return config.checkpoint_interval;
  const auto* text = snapshot.Property("delta.checkpointInterval");
  if (text == nullptr) return kCheckpointInterval;
  int64_t said = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), said);
  return error == std::errc() && said > 0 ? said : kCheckpointInterval;
}

// Counted from the newest checkpoint, not by the version: those that the interval divides may all
// be other writers'.
bool IsCheckpointDue(lake::ObjectStore& table, Snapshot* snapshot,
                     const DeltaLakeStorageConfig& config, const CallContext& context) {
  const int64_t interval = CheckpointInterval(*snapshot, config);
  const auto is_due = [&] { return snapshot->version - snapshot->checkpointed >= interval; };
  if (!is_due()) return false;
  const auto others = HintedCheckpoint(table, context);
  if (others.ok() && others->has_value() && **others <= snapshot->version) {
    snapshot->checkpointed = std::max(snapshot->checkpointed, **others);
  }
  return is_due();
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

std::optional<int64_t> ParseInterval(std::string_view written) {
  const std::string lower = base::LowerAscii(written);
  std::string_view text = lower;
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
      known = !__builtin_mul_overflow(number, ms, &number) &&
              !__builtin_add_overflow(sum, number, &sum);
    }
    if (!known) return std::nullopt;
    any = true;
    word = NextWord(&text);
  }
  return any ? std::optional(sum) : std::nullopt;
}

bool KeepHouse(lake::ObjectStore& table, Log& log, Snapshot* snapshot,
               const DeltaLakeStorageConfig& config, const CallContext& context) {
  if (!CanWriteCheckpoint(*snapshot)) return false;
  if (!IsCheckpointDue(table, snapshot, config, context)) return false;
  snapshot->checkpointed = snapshot->version;  // should it fail, the next try is not at once
  const int64_t now = base::NowMs();
  const std::string where = "table=" + table.root();
  const auto removed_before =
      MomentBefore(now, *snapshot, "delta.deletedFileRetentionDuration", 7 * kDay, where);
  const Status written = log.WriteCheckpoint(snapshot, removed_before.value_or(0), context);
  if (!written.ok()) {
    LogWarning("deltalake", MessageOf(written));
    return false;
  }
  if (removed_before.has_value()) {
    const Status swept = DeleteLeftovers(table, std::min(*removed_before, now - kDay), context);
    if (!swept.ok()) LogWarning("deltalake", MessageOf(swept));
  }
  const bool cleans = snapshot->Property("delta.enableExpiredLogCleanup") == nullptr ||
                      IsOn(snapshot->metadata, "enableExpiredLogCleanup");
  if (!config.clean_log || !cleans) return true;
  const auto old_before =
      MomentBefore(now, *snapshot, "delta.logRetentionDuration", 30 * kDay, where);
  if (!old_before.has_value()) return true;
  const auto cleaned = log.CleanUp(*old_before, context);
  if (!cleaned.ok()) LogWarning("deltalake", MessageOf(cleaned.status()));
  return true;
}

}  // namespace ampload::deltalake
