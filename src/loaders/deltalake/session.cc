#include "loaders/deltalake/session.h"

#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "base/random.h"
#include "loader/schema_change.h"
#include "loaders/deltalake/features.h"

namespace ampload::deltalake {
namespace {

constexpr int64_t kStagingBytes = 256 << 20;  // where the engine says nothing

}  // namespace

DeltaSession::DeltaSession(DeltaLakeStorageConfig config, std::shared_ptr<lake::ObjectStore> table,
                           TableSpec spec)
    : config_(std::move(config)),
      table_(std::move(table)),
      spec_(std::move(spec)),
      log_(table_),
      nonce_(base::RandomNonce()),
      undo_plan_(table_, config_, MemoryOfHalf()) {}

DeltaSession::~DeltaSession() { DiscardFiles(); }

const BatchEncoder* DeltaSession::encoder(int /*table*/) { return encoder_.get(); }

// Of a stream's memory one half is for rows that wait, one for the writer's pages.
int64_t DeltaSession::MemoryOfHalf() const {
  return (spec_.staging_bytes > 0 ? spec_.staging_bytes : kStagingBytes) / 2;
}

Status DeltaSession::CheckReady() const {
  if (!recovered_) return ConfigurationError("deltalake: call Recover(kTakeOver) first" + At());
  return Status::OK();
}

Status DeltaSession::CheckWrites() const {
  if (!snapshot_.exists()) return Status::OK();
  WriteIntent intent;
  intent.removes_rows = replacing_ || spec_.undo_only;
  intent.streams = spec_.streaming;
  intent.adds_rows = !spec_.undo_only;
  intent.changes_schema = rules_.metadata.has_value();
  return CheckWritable(snapshot_.protocol, snapshot_.metadata, intent, "table=" + table_->root());
}

Status DeltaSession::FitRows(const CallContext& context) {
  if (spec_.undo_only) {
    if (!snapshot_.exists()) {
      return ConfigurationError("deltalake: there is no such table" + At());
    }
    return CheckWrites();
  }
  TableSpec spec = spec_;
  if (!replacing_ && spec.mode == LoadMode::kOverwrite) spec.mode = LoadMode::kAppend;
  spec.reset_pipeline = spec.reset_pipeline && replacing_;
  bool empty = replacing_ || !snapshot_.exists();
  if (!empty && spec.streaming) {  // else nobody asks
    ARROW_ASSIGN_OR_RAISE(empty, log_.IsEmpty(&snapshot_, context));
  }
  ARROW_ASSIGN_OR_RAISE(auto rules,
                        RulesFor(spec, config_, snapshot_.exists() ? &snapshot_ : nullptr, empty));
  // Rows that wait encoded are as good as before.
  const bool same = encoder_ != nullptr && encoder_->stored().Equals(*rules.stored, true) &&
                    encoder_->constraints() == rules.constraints;
  rules_ = std::move(rules);
  ARROW_RETURN_NOT_OK(CheckWrites());
  if (same) return Status::OK();
  if (encoder_ != nullptr) old_encoders_.push_back(std::move(encoder_));
  encoder_ = std::make_unique<RowEncoder>(spec_, rules_.stored, rules_.partition_columns,
                                          rules_.constraints);
  return Status::OK();
}

Status DeltaSession::StartWriting(const CallContext& context) {
  ARROW_RETURN_NOT_OK(table_->CheckPutIfAbsent(kLogFolder, context));
  if (!snapshot_.exists()) {
    ARROW_RETURN_NOT_OK(table_->Put(kBegun, R"({"version":1,"load":")" + nonce_ + "\"}", context));
  }
  const auto& protocol = rules_.protocol.has_value() ? *rules_.protocol : snapshot_.protocol;
  const auto& metadata = rules_.metadata.has_value() ? *rules_.metadata : snapshot_.metadata;
  ARROW_ASSIGN_OR_RAISE(form_, TableWriter::Make(config_, protocol, metadata, rules_.stored));
  const int64_t half = MemoryOfHalf();
  staged_ = spec_.streaming ? std::make_unique<StagedFiles>(table_, form_->Settings(half), half)
                            : std::make_unique<StagedFiles>(table_, form_->Settings(2 * half), 0);
  return Status::OK();
}

Status DeltaSession::Stage(StagedBatch batch, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("deltalake: a one-off load has one commit; open another session" +
                              At());
  }
  if (spec_.undo_only) {
    return ConfigurationError("deltalake: this session only undoes" + At());
  }
  if (batch.encoded == nullptr) {
    ARROW_ASSIGN_OR_RAISE(batch.encoded, encoder_->Encode(batch));
  }
  const auto& encoded = static_cast<const EncodedRows&>(*batch.encoded);
  if (encoded.made_by != encoder_.get()) {
    return ConfigurationError(
        "deltalake: a batch was encoded before the columns changed; encode it again" + At());
  }
  if (staged_ == nullptr) ARROW_RETURN_NOT_OK(StartWriting(context));
  if (encoded.rows->num_rows() == 0) return Status::OK();
  AMPLOAD_FAULT_POINT("deltalake.stage");
  ARROW_ASSIGN_OR_RAISE(auto rows, form_->Rows(*encoded.rows));
  staged_rows_ += rows->num_rows();
  return staged_->Add(batch.id, std::move(rows), context);
}

Status DeltaSession::Undo(const BatchIdSet& batches, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (!spec_.streaming) {
    return ConfigurationError("deltalake: only a stream's batches can be undone" + At());
  }
  if (staged_rows_ > 0) {
    return ConfigurationError("deltalake: undo comes before any stage of the same commit" + At());
  }
  undo_.insert(batches.begin(), batches.end());
  return Status::OK();
}

// They are the table's.
void DeltaSession::KeepFiles() {
  undo_plan_.Forget();
  files_.clear();
  adds_.clear();
}

// An entry whose outcome is not known may need its files.
void DeltaSession::DiscardFiles() {
  if (unknown_.has_value()) KeepFiles();
  if (staged_ != nullptr) staged_->Discard();
  staged_.reset();
  undo_plan_.DiscardRewritten();
  if (!files_.empty()) {
    const Status deleted = table_->Delete(files_, CallContext{});
    if (!deleted.ok()) LogWarning("deltalake", MessageOf(deleted));
  }
}

void DeltaSession::ForgetStaged() {
  DiscardFiles();
  staged_.reset();
  undo_.clear();
  form_.reset();
  adds_.clear();
  files_.clear();
  staged_rows_ = 0;
  txn_id_.clear();
  next_.reset();
}

Status DeltaSession::Abort(const CallContext& /*context*/) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ForgetStaged();
  if (committed_rows_ == nullptr) return Status::OK();
  return TakeColumns(std::exchange(committed_rows_, nullptr), CallContext{});
}

Status DeltaSession::Evolve(const SchemaChange& change, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_ || staged_ != nullptr) {
    return ConfigurationError(
        "deltalake: columns change between commits only; commit or abort first" + At());
  }
  auto changed = ChangedRows(*spec_.schema, change, At());
  if (!changed.ok()) return WithContext(changed.status(), "deltalake");
  auto before = spec_.schema;
  const Status taken = TakeColumns(*std::move(changed), context);
  if (!taken.ok()) {
    ARROW_RETURN_NOT_OK(TakeColumns(std::move(before), context));
    return taken;
  }
  if (committed_rows_ == nullptr) committed_rows_ = std::move(before);
  return Status::OK();
}

// The encoder checks batches against the rows' columns: it is made anew even where the table's stay
// as they are.
Status DeltaSession::TakeColumns(std::shared_ptr<arrow::Schema> rows, const CallContext& context) {
  spec_.schema = std::move(rows);
  if (encoder_ != nullptr) old_encoders_.push_back(std::move(encoder_));
  return FitRows(context);
}

}  // namespace ampload::deltalake
