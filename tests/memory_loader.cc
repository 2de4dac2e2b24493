#include "memory_loader.h"

#include <arrow/array.h>

#include <atomic>
#include <thread>
#include <utility>

namespace ampload::testing {
namespace {

class MemoryEncoded : public EncodedBatch {
 public:
  MemoryEncoded(const arrow::RecordBatch* of, std::shared_ptr<ByteGauge> gauge)
      : of_(of), size_(of->num_rows() * 8), gauge_(std::move(gauge)) {
    gauge_->Add(size_);
  }
  ~MemoryEncoded() override { gauge_->Remove(size_); }
  int64_t size_bytes() const override { return size_; }
  const arrow::RecordBatch* of() const { return of_; }

 private:
  const arrow::RecordBatch* of_;
  int64_t size_;
  std::shared_ptr<ByteGauge> gauge_;
};

Status NotInThisDouble() { return Status::NotImplemented("the memory loader has no such verb"); }

}  // namespace

class MemoryEncoder : public BatchEncoder {
 public:
  explicit MemoryEncoder(MemoryLoader& loader) : loader_(loader) {}

  Result<std::unique_ptr<EncodedBatch>> Encode(const StagedBatch& batch) const override {
    if (std::this_thread::get_id() == session_thread_)
      loader_.Breach("encoded in the session's thread");
    const int64_t nth = next_++;
    loader_.Record("encode " + std::to_string(nth));
    if (loader_.script_.on_encode) ARROW_RETURN_NOT_OK(loader_.script_.on_encode(nth));
    const auto& column = static_cast<const arrow::Int64Array&>(*batch.batch->column(0));
    for (int64_t i = 0; i < column.length(); ++i) {
      if (loader_.script_.bad_rows.contains(column.Value(i))) {
        return BadRowError(i, "not taken: n=" + std::to_string(column.Value(i)));
      }
    }
    return std::make_unique<MemoryEncoded>(batch.batch.get(), loader_.script_.gauge);
  }

 private:
  MemoryLoader& loader_;
  const std::thread::id session_thread_ = std::this_thread::get_id();
  mutable std::atomic<int64_t> next_ = 0;
};

class MemorySession : public WriteSession {
 public:
  MemorySession(MemoryLoader& loader, TableSpec table)
      : loader_(loader), table_(std::move(table)), encoder_(loader) {}

  Result<Recovered> Recover(RecoverMode mode, const CallContext&) override {
    CheckThread();
    if (mode == RecoverMode::kTakeOver) {
      loader_.Record("take over");
      recovered_ = loader_.script_.recover.ok();
      return loader_.script_.recover;
    }
    loader_.Record("settle");
    if (loader_.script_.settle.has_value()) return *loader_.script_.settle;
    Recovered truth;
    truth.finding = took_effect_ ? RecoverFinding::kCommitted : RecoverFinding::kNotCommitted;
    return truth;
  }

  const BatchEncoder* encoder(int) override {
    return loader_.script_.with_encoder ? &encoder_ : nullptr;
  }

  Status Stage(StagedBatch batch, const CallContext& context) override {
    CheckThread();
    const int64_t nth = next_++;
    loader_.Record("stage " + std::to_string(nth));
    if (!recovered_) loader_.Breach("Stage before Recover");
    if (failed_) loader_.Breach("Stage after a failed Stage");
    if (batch.batch->num_rows() == 0) loader_.Breach("a batch without rows was staged");
    if (loader_.script_.bad_rows.empty() && batch.first_row != static_cast<int64_t>(staged_.size()))
      loader_.Breach("first_row is wrong");
    const auto* encoded = dynamic_cast<const MemoryEncoded*>(batch.encoded.get());
    if ((encoded != nullptr) != loader_.script_.with_encoder) loader_.Breach("encoded or not");
    if (encoded != nullptr && encoded->of() != batch.batch.get()) {
      loader_.Breach("encoded is another batch");
    }
    failed_ = true;
    if (loader_.script_.on_stage) ARROW_RETURN_NOT_OK(loader_.script_.on_stage(nth, context));
    failed_ = false;
    const auto& column = static_cast<const arrow::Int64Array&>(*batch.batch->column(0));
    for (int64_t i = 0; i < column.length(); ++i) staged_.push_back(column.Value(i));
    loader_.origins_.push_back(batch.origin);
    return Status::OK();
  }

  Status Undo(const BatchIdSet&, const CallContext&) override { return NotInThisDouble(); }
  Status Evolve(const SchemaChange&, const CallContext&) override { return NotInThisDouble(); }

  Result<CommitOutcome> Commit(const Checkpoint& checkpoint, const CallContext&) override {
    CheckThread();
    loader_.Record("commit");
    if (failed_) loader_.Breach("Commit after a failed Stage");
    const auto rows = static_cast<int64_t>(staged_.size());
    const auto take_effect = [&] {
      auto& visible = loader_.tables_[table_.name];
      if (table_.mode == LoadMode::kOverwrite) visible.clear();
      visible.insert(visible.end(), staged_.begin(), staged_.end());
      loader_.checkpoint_ = checkpoint;
      staged_.clear();
      took_effect_ = true;
    };
    if (loader_.script_.on_commit) return loader_.script_.on_commit(rows, take_effect);
    take_effect();
    return Committed{rows};
  }

  Status Abort(const CallContext& context) override {
    CheckThread();
    loader_.Record("abort");
    if (!context.Check().ok()) loader_.Breach("Abort under a stopped context");
    staged_.clear();
    return loader_.script_.abort;
  }

 private:
  void CheckThread() const {
    if (std::this_thread::get_id() != thread_) loader_.Breach("a session verb from another thread");
  }

  MemoryLoader& loader_;
  const TableSpec table_;
  const MemoryEncoder encoder_;
  const std::thread::id thread_ = std::this_thread::get_id();
  bool recovered_ = false;
  bool failed_ = false;
  bool took_effect_ = false;
  int64_t next_ = 0;
  std::vector<int64_t> staged_;
};

std::optional<std::vector<int64_t>> MemoryLoader::Rows(const std::string& table) const {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> MemoryLoader::verbs() const {
  const std::lock_guard lock(mutex_);
  return verbs_;
}

std::vector<std::string> MemoryLoader::session_verbs() const {
  auto kept = verbs();
  std::erase_if(kept, [](const std::string& verb) { return verb.starts_with("encode"); });
  return kept;
}

std::vector<std::string> MemoryLoader::breaches() const {
  const std::lock_guard lock(mutex_);
  return breaches_;
}

void MemoryLoader::Record(std::string verb) {
  const std::lock_guard lock(mutex_);
  verbs_.push_back(std::move(verb));
}

void MemoryLoader::Breach(std::string what) {
  const std::lock_guard lock(mutex_);
  breaches_.push_back(std::move(what));
}

const std::string& MemoryLoader::loader_type() const {
  static const std::string type = "memory";
  return type;
}

const LoaderTraits& MemoryLoader::traits() const {
  static const LoaderTraits traits = {.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite},
                                      .supports_transactions = true,
                                      .supports_overwrite = true,
                                      .commit = CommitKind::kAtomic,
                                      .visibility = Visibility::kCommit};
  return traits;
}

Result<std::unique_ptr<WriteSession>> MemoryLoader::OpenSession(std::span<const TableSpec> tables) {
  Record("open");
  if (tables.size() != 1 || tables[0].schema == nullptr) Breach("one table with a schema");
  return std::make_unique<MemorySession>(*this, tables[0]);
}

Result<std::vector<Checkpoint>> MemoryLoader::ReadCheckpoints(const std::string&) {
  return NotInThisDouble();
}
Result<std::vector<std::string>> MemoryLoader::ListTables() { return NotInThisDouble(); }
Result<std::optional<TableInfo>> MemoryLoader::GetTableInfo(const std::string&) {
  return NotInThisDouble();
}
Result<std::shared_ptr<arrow::Table>> MemoryLoader::ReadRows(const std::string&,
                                                             const ReadOptions&) {
  return NotInThisDouble();
}
Result<std::vector<HistoryEntry>> MemoryLoader::ReadHistory(const std::string&, int64_t) {
  return NotInThisDouble();
}
Result<TablePlan> MemoryLoader::PlanTable(const TableSpec&, const arrow::RecordBatch*) {
  return NotInThisDouble();
}
Result<std::vector<CheckLine>> MemoryLoader::Check(const CallContext&) { return NotInThisDouble(); }
LoadResult MemoryLoader::LoadBatch(const std::shared_ptr<arrow::RecordBatch>&, const std::string&,
                                   const LoadOptions&) {
  return {};
}
LoadResult MemoryLoader::LoadTable(const std::shared_ptr<arrow::Table>&, const std::string&,
                                   const LoadOptions&) {
  return {};
}

}  // namespace ampload::testing
