#include "loaders/redis/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "base/random.h"
#include "loader/column_order.h"
#include "loader/neighbours.h"
#include "loader/schema_change.h"
#include "loaders/redis/names.h"
#include "loaders/redis/open_loads.h"
#include "loaders/redis/undo_batches.h"

namespace ampload::redis {
namespace {

// What an ending session gives its cleaning up; the next load does the rest.
constexpr auto kLastTidying = std::chrono::seconds(10);

}  // namespace

RedisSession::RedisSession(RedisConfig config, TableSpec spec)
    : config_(std::move(config)), spec_(std::move(spec)), nonce_(base::RandomNonce()) {
  load_.nonce = nonce_;
}

RedisSession::~RedisSession() {
  if (!load_recorded_ || sent_) return;
  const CallContext soon{{}, std::chrono::steady_clock::now() + kLastTidying};
  const auto tidy = [&]() -> Status {
    if (connection_ == nullptr || !connection_->is_alive()) {
      ARROW_RETURN_NOT_OK(Reconnect(soon));  // which ends the load, too
      if (!load_recorded_) return Status::OK();
    }
    ARROW_RETURN_NOT_OK(TakeBackUnnoted(soon));
    return EndLoad(*connection_, spec_.name, load_, soon);
  };
  if (const Status status = tidy(); !status.ok()) {
    LogWarning("redis", "what this load wrote early stays until the next load of the table: " +
                            MessageOf(status));
  }
}

bool RedisSession::replaces() const { return MayReplaceRows(spec_); }

const BatchEncoder* RedisSession::encoder(int /*table*/) { return encoder_.get(); }

Status RedisSession::CheckReady() const {
  if (!recovered_) return ConfigurationError("redis: call Recover(kTakeOver) first" + At());
  return Status::OK();
}

Status RedisSession::GivenUp() const {
  return TransientError("redis: other loads keep changing this table's records; try again" + At());
}

Status RedisSession::MakeEncoder() {
  rules_.form.key_prefix = replacing_ && table_.has_value() ? NewPrefix(nonce_) : "";
  ARROW_ASSIGN_OR_RAISE(auto made, RowEncoder::Make(rules_.form));
  if (encoder_ != nullptr) old_encoders_.push_back(std::move(encoder_));
  encoder_ = std::move(made);
  aside_encoder_.reset();
  return Status::OK();
}

Status RedisSession::TakeColumns(std::shared_ptr<arrow::Schema> rows) {
  spec_.schema = std::move(rows);
  ARROW_ASSIGN_OR_RAISE(rules_, RulesFor(config_, spec_, table_, replacing_));
  return MakeEncoder();
}

// Rows that were encoded for another place are encoded again: the columns are the same.
Status RedisSession::CheckEncoded(StagedBatch* batch) {
  if (aside() && aside_encoder_ == nullptr) {
    auto form = rules_.form;
    form.key_prefix = NewPrefix(nonce_);
    ARROW_ASSIGN_OR_RAISE(aside_encoder_, RowEncoder::Make(std::move(form)));
  }
  const auto& encoder = aside() ? aside_encoder_ : encoder_;
  if (batch->encoded != nullptr) {
    const auto& made = static_cast<const EncodedCommands&>(*batch->encoded);
    if (made.made_by == encoder.get()) return Status::OK();
    if (!InOrder("redis", batch->batch, *spec_.schema, spec_.name).ok()) {
      return ConfigurationError(
          "redis: a batch was encoded before the columns changed; encode it again" + At());
    }
  }
  ARROW_ASSIGN_OR_RAISE(batch->encoded, encoder->Encode(*batch));
  return Status::OK();
}

Status RedisSession::Stage(StagedBatch batch, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("redis: a one-off load has one commit; open another session" + At());
  }
  if (by_key() && spec_.streaming && batch_.has_value() && *batch_ != batch.id.value()) {
    return ConfigurationError(
        "redis: an upsert stream commits one batch at a time; commit the one before first" + At() +
        " pipeline=" + spec_.pipeline);
  }
  if (spec_.undo_only) return ConfigurationError("redis: this session only undoes" + At());
  ARROW_RETURN_NOT_OK(CheckEncoded(&batch));
  if (by_key()) batch_ = batch.id.value();
  staged_rows_ += batch.batch->num_rows();
  return WriteBatch(std::move(batch), context);
}

Status RedisSession::WriteBatch(StagedBatch batch, const CallContext& context) {
  if (!writing_) {
    ARROW_RETURN_NOT_OK(StartWriting(context));
    // Another pipeline may have changed the table meanwhile, and with it the encoder.
    ARROW_RETURN_NOT_OK(CheckEncoded(&batch));
  }
  const int64_t id = spec_.streaming ? batch.id.value() : own_batch_;
  if (batches_.empty() || batches_.back() != id) {
    ARROW_RETURN_NOT_OK(BeginBatch(id, context));
  }
  const std::shared_ptr<EncodedCommands> commands(
      static_cast<EncodedCommands*>(batch.encoded.release()));
  batch.batch.reset();
  if (commands->rows() == 0) return Status::OK();
  if (commands->numbered) ARROW_RETURN_NOT_OK(NameRows(commands.get(), id));
  // Rows by key that are aside are noted once more when they take their place.
  const bool noted_later = aside() && alone_;
  const auto journal =
      spec_.streaming && !noted_later ? UndoKey(spec_.name, id) : JournalKey(nonce_);
  return writer_->Write(commands, journal, facts().key_per_row ? load_.hidden.size() : 0, context);
}

// A batch of a stream is on record before its first row.
Status RedisSession::BeginBatch(int64_t batch, const CallContext& context) {
  batches_.push_back(batch);
  if (!spec_.streaming) return Status::OK();
  next_number_ = 0;
  if (rules_.form.structure == Structure::kStream && load_.hidden.empty()) {
    if (batch <= stream_top_) ARROW_RETURN_NOT_OK(LowerStreamTop(batch, context));
    stream_top_ = std::max(stream_top_, batch);
  }
  if (!AMPLOAD_SAFEGUARD("undo_log")) return Status::OK();
  CommandBuffer commands;
  commands.Add({"HSET", BatchesKey(spec_.name), std::to_string(batch), nonce_});
  // Without it nobody would find the rows again.
  AMPLOAD_FAULT_POINT("redis.batch.before");
  ARROW_ASSIGN_OR_RAISE(const auto noted, connection_->AskAll(commands, context));
  return FirstError(noted, "cannot note a batch" + At());
}

Status RedisSession::NameRows(EncodedCommands* commands, int64_t batch) {
  const auto rows = static_cast<uint64_t>(commands->rows());
  std::string prefix;
  if (rules_.form.structure == Structure::kStream) {
    prefix = std::to_string(batch) + "-";
  } else {
    prefix = load_.hidden + spec_.name + ":";
    if (!one_off()) prefix += std::to_string(batch) + "-";
  }
  ARROW_RETURN_NOT_OK(RowEncoder::Number(prefix, next_number_, commands));
  next_number_ += rows;
  return Status::OK();
}

Status RedisSession::Undo(const BatchIdSet& batches, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (!spec_.streaming) {
    return ConfigurationError("redis: only a stream's batches can be undone" + At());
  }
  if (writing_) {
    return ConfigurationError("redis: undo comes before any stage of the same commit" + At());
  }
  undo_.insert(batches.begin(), batches.end());
  undone_keys_.reset();
  return Status::OK();
}

Status RedisSession::LoadUndoneKeys(const CallContext& context) {
  if (undone_keys_ != nullptr) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto keys, KeysOf(*connection_, spec_.name, undo_, context));
  undone_keys_ = std::make_shared<const std::unordered_set<std::string>>(std::move(keys));
  return Status::OK();
}

void RedisSession::ForgetStaged() {
  writer_.reset();
  writing_ = false;
  undo_.clear();
  undone_keys_.reset();
  batches_.clear();
  batch_.reset();
  staged_rows_ = 0;
  next_number_ = table_.has_value() && !replacing_ ? table_->next_number : 0;
  sent_ = false;
  next_.reset();
  next_table_.reset();
}

// Replies that are still owed come first: what was sent is on its way.
Status RedisSession::TakeBackUnnoted(const CallContext& context) {
  if (writer_ == nullptr) return Status::OK();
  (void)connection_->WaitForAll(context);  // the rows go anyhow
  if (writer_->unnoted().empty()) return Status::OK();
  std::vector<JournalEntry> entries;
  for (const auto& key : writer_->unnoted()) entries.push_back({key, std::nullopt});
  CommandBuffer commands;
  AddTakeBack(spec_.name, load_, entries, &commands);
  return connection_->AskAll(commands, context).status();
}

Status RedisSession::Abort(const CallContext& /*context*/) {
  ARROW_RETURN_NOT_OK(CheckReady());
  Status status;
  if (writing_ && load_recorded_ && connection_ != nullptr && connection_->is_alive()) {
    status = TakeBackUnnoted(CallContext{});
    if (status.ok() && one_off()) {
      status = TakeBackLoad(*connection_, spec_.name, load_, CallContext{});
    } else if (status.ok()) {
      status = EndLoad(*connection_, spec_.name, load_, CallContext{});
      load_recorded_ = !status.ok();
    }
  }
  ForgetStaged();
  if (committed_rows_ != nullptr) {
    ARROW_RETURN_NOT_OK(TakeColumns(std::exchange(committed_rows_, nullptr)));
  }
  // Over a broken connection nothing can be taken back; whoever connects next does it.
  if (connection_ == nullptr || !connection_->is_alive()) return Status::OK();
  return status;
}

Status RedisSession::Evolve(const SchemaChange& change, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_ || writing_) {
    return ConfigurationError("redis: columns change between commits only; commit or abort first" +
                              At());
  }
  auto changed = ChangedRows(*spec_.schema, change, At());
  if (!changed.ok()) return WithContext(changed.status(), "redis");
  auto before = spec_.schema;
  const Status taken = TakeColumns(std::move(*changed));
  if (!taken.ok()) {
    ARROW_RETURN_NOT_OK(TakeColumns(std::move(before)));
    return taken;
  }
  if (committed_rows_ == nullptr) committed_rows_ = std::move(before);
  return Status::OK();
}

}  // namespace ampload::redis
