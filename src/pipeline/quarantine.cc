#include "pipeline/quarantine.h"

#include <time.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "base/random.h"

namespace ampload::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShown = 5;
constexpr std::string_view kOpen = ".open";

Status CheckIsFree(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return Status::OK();
  return ConfigurationError(
      "quarantine: the file is there already, and its rows are not to be lost: load them with "
      "replay-quarantine, or name another: path=" +
      path);
}

// An earlier load's was committed: its file gets its name, where no other has it.
Status FinishEarlier(const std::string& open_path) {
  const auto name = open_path.substr(0, open_path.size() - kOpen.size());
  const Status renamed = RenameToFreeName(open_path, name);
  if (KindOf(renamed) != FailureKind::kConfiguration) return renamed;
  LogWarning("quarantine", MessageOf(renamed));
  return Status::OK();
}

}  // namespace

Quarantine::Quarantine(QuarantineOptions options, std::shared_ptr<arrow::Schema> source_schema)
    : options_(std::move(options)) {
  contents_.header.target = options_.target;
  contents_.header.table = options_.table;
  contents_.header.text = options_.text;
  contents_.source_schema = std::move(source_schema);
}

Result<std::unique_ptr<Quarantine>> Quarantine::Make(QuarantineOptions options,
                                                     std::shared_ptr<arrow::Schema> source_schema) {
  ARROW_RETURN_NOT_OK(CheckIsFree(options.path));
  std::unique_ptr<Quarantine> made(new Quarantine(std::move(options), std::move(source_schema)));
  made->FindLeft();
  return made;
}

std::string Quarantine::NewPath(const std::string& folder, const std::string& table) {
  const time_t now = time(nullptr);
  struct tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  std::string name = table;
  std::replace(name.begin(), name.end(), '/', '_');
  return (fs::path(folder) /
          (name + "-" + text + "-" + base::RandomNonce().substr(0, 4) + ".arrow"))
      .string();
}

Status Quarantine::Add(BadRow row) {
  const std::lock_guard lock(mutex_);
  if (std::cmp_greater_equal(contents_.rows.size(), options_.max_rows)) {
    return DataError("too many bad rows, more than --max-bad-rows " +
                     std::to_string(options_.max_rows) + "; the last one: " + row.reason);
  }
  contents_.rows.push_back({BatchId(), std::move(row)});
  return Status::OK();
}

int64_t Quarantine::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(contents_.rows.size());
}

std::string Quarantine::Reasons() const {
  const std::lock_guard lock(mutex_);
  std::string text = "Failed to load any rows. Errors: ";
  const auto& rows = contents_.rows;
  for (size_t i = 0; i < rows.size() && i < kShown; ++i) {
    text += (i > 0 ? "; " : "") + rows[i].bad.reason;
  }
  if (rows.size() > kShown) {
    text += "; ... and " + std::to_string(rows.size() - kShown) + " more errors";
  }
  return text;
}

void Quarantine::FindLeft() {
  for (auto& path : FilesBeside(options_.path)) {
    if (!path.ends_with(kOpen)) continue;
    auto file = HeldFile::Take(path);
    if (file.ok() && !file->has_value()) continue;  // a live load's
    const auto contents = file.ok() ? ReadQuarantine(path) : file.status();
    if (!contents.ok()) {
      LogWarning("quarantine", "left alone: " + MessageOf(contents.status()));
      continue;
    }
    const auto& header = contents->header;
    if (header.target != options_.target || header.table != options_.table) continue;
    left_.push_back({std::move(path), header.load, std::move(**file)});
  }
}

Status Quarantine::Settle(const Left& left, const Recovered& recovered) const {
  switch (FateOf(left.load_id, recovered)) {
    case Fate::kCommitted:
      return FinishEarlier(left.path);
    case Fate::kNotCommitted:
      return RemoveDurably(left.path);
    case Fate::kUnknown:
      break;
  }
  LogWarning("quarantine",
             "an earlier load left this file, and the store cannot say whether it was committed: "
             "look for its rows before you replay it: path=" +
                 left.path);
  return Status::OK();
}

Status Quarantine::OnRecovered(const Recovered& recovered) {
  contents_.header.load = recovered.load_id;
  const std::string partial = open_path() + kPartialSuffix;  // of a load killed while writing
  ARROW_ASSIGN_OR_RAISE(const auto unfinished, HeldFile::Take(partial));
  if (unfinished.has_value()) ARROW_RETURN_NOT_OK(RemoveDurably(partial));
  for (const auto& left : left_) ARROW_RETURN_NOT_OK(Settle(left, recovered));
  left_.clear();
  return CheckNamesAreFree();
}

Status Quarantine::CheckNamesAreFree() const {
  ARROW_RETURN_NOT_OK(CheckIsFree(options_.path));
  std::error_code error;
  if (!fs::exists(open_path(), error)) return Status::OK();
  return ConfigurationError(
      "quarantine: another load's file is in the way, and its rows are not to be lost: name "
      "another, or wait for that load to end; if it was killed, the next load of its table says "
      "what becomes of the file: path=" +
      open_path());
}

Status Quarantine::BeforeCommit() {
  const std::lock_guard lock(mutex_);
  if (contents_.rows.empty()) return Status::OK();
  AMPLOAD_FAULT_POINT("quarantine.write.before");
  ARROW_RETURN_NOT_OK(CheckNamesAreFree());
  ARROW_ASSIGN_OR_RAISE(file_, WriteNewQuarantine(open_path(), contents_));
  AMPLOAD_FAULT_POINT("quarantine.write.after");
  return Status::OK();
}

Status Quarantine::AfterCommit() {
  if (count() == 0) return Status::OK();
  const Status renamed = RenameToFreeName(open_path(), options_.path);
  file_.reset();
  return renamed;
}

Status Quarantine::OnAbort() {
  if (!file_.has_value()) return Status::OK();
  const Status removed = RemoveDurably(open_path());
  file_.reset();
  return removed;
}

}  // namespace ampload::pipeline
