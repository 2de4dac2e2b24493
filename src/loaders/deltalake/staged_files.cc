#include "loaders/deltalake/staged_files.h"

#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

#include "ampload/log.h"

namespace ampload::deltalake {
namespace {

// Reorganisations are shallow: so many of the newest batches have files of their own; those that
// may be undone, but are older, share files.
constexpr size_t kOwnFiles = 8;

// A group of more batches than that is found by its statistics alone.
constexpr size_t kToldBatches = 64;

}  // namespace

StagedFiles::StagedFiles(std::shared_ptr<lake::ObjectStore> table, lake::WriterSettings settings,
                         int64_t window_bytes)
    : table_(std::move(table)), settings_(std::move(settings)), window_bytes_(window_bytes) {}

Status StagedFiles::Add(BatchId batch, std::shared_ptr<arrow::RecordBatch> rows,
                        const CallContext& context) {
  if (rows->num_rows() == 0) return Status::OK();
  rows_ += rows->num_rows();
  Waiting one{batch, std::move(rows), 0};
  if (window_bytes_ == 0) return Write(one, context);
  ARROW_ASSIGN_OR_RAISE(one.bytes, arrow::util::ReferencedBufferSize(*one.rows));
  waiting_bytes_ += one.bytes;
  waiting_.push_back(std::move(one));
  while (waiting_bytes_ > window_bytes_) ARROW_RETURN_NOT_OK(WriteOldest(context));
  return Status::OK();
}

Status StagedFiles::WriteOldest(const CallContext& context) {
  const Waiting oldest = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= oldest.bytes;
  return Write(oldest, context);
}

Status StagedFiles::Write(const Waiting& one, const CallContext& context) {
  if (writer_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(writer_, lake::RollingWriter::Make(table_, settings_));
  }
  group_.insert(one.batch);
  return writer_->Write(*one.rows, context);
}

Status StagedFiles::EndGroup(std::vector<FileGroup>* groups, const CallContext& context) {
  if (group_.empty()) return Status::OK();
  FileGroup group;
  ARROW_ASSIGN_OR_RAISE(group.files, writer_->Finish(context));
  group.batches = std::exchange(group_, {});
  if (group.batches.size() > kToldBatches) group.batches.clear();
  for (const auto& file : group.files) finished_.push_back(file.path);
  groups->push_back(std::move(group));
  return Status::OK();
}

Result<std::vector<FileGroup>> StagedFiles::Finish(const BatchIdSet& undoable,
                                                   const CallContext& context) {
  std::vector<FileGroup> groups;
  const auto may_go = [&](BatchId id) { return undoable.contains(id); };
  // The newest of those that wait.
  BatchIdSet own;
  for (auto at = waiting_.rbegin(); at != waiting_.rend() && own.size() < kOwnFiles; ++at) {
    if (may_go(at->batch)) own.insert(at->batch);
  }
  bool final_ones = true;
  std::optional<BatchId> alone;
  while (!waiting_.empty()) {
    const BatchId next = waiting_.front().batch;
    const bool has_own = own.contains(next);
    const bool another = has_own ? alone != next : alone.has_value();
    if (another || (final_ones && may_go(next))) ARROW_RETURN_NOT_OK(EndGroup(&groups, context));
    final_ones = final_ones && !may_go(next);
    alone = has_own ? std::optional(next) : std::nullopt;
    ARROW_RETURN_NOT_OK(WriteOldest(context));
  }
  ARROW_RETURN_NOT_OK(EndGroup(&groups, context));
  rows_ = 0;
  finished_.clear();
  return groups;
}

void StagedFiles::Discard() {
  waiting_.clear();
  waiting_bytes_ = 0;
  rows_ = 0;
  group_.clear();
  if (writer_ != nullptr) writer_->Discard();
  if (finished_.empty()) return;
  const Status deleted = table_->Delete(finished_, CallContext{});
  if (!deleted.ok()) LogWarning("deltalake", MessageOf(deleted));
  finished_.clear();
}

}  // namespace ampload::deltalake
