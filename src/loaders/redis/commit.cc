// The session's commit: what is to be undone, the last replies, the compare-and-set, and of an
// overwrite the new rows' names.
#include <algorithm>
#include <chrono>
#include <utility>

#include "ampload/fault_point.h"
#include "loader/fence.h"
#include "loader/neighbours.h"
#include "loaders/redis/key_shape.h"
#include "loaders/redis/names.h"
#include "loaders/redis/open_loads.h"
#include "loaders/redis/session.h"
#include "loaders/redis/undo_batches.h"

namespace ampload::redis {
namespace {

// A server that is there answers sooner.
constexpr auto kAskWho = std::chrono::seconds(5);

// Once EXEC is sent nothing stops it any more; so long its reply is waited for.
constexpr auto kCommitReply = std::chrono::seconds(60);

}  // namespace

Result<CommitOutcome> RedisSession::Commit(const Checkpoint& checkpoint,
                                           const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("redis: a one-off load has one commit; open another session" + At());
  }
  if (const Status prepared = PrepareCommit(context); !prepared.ok()) return Unreached(prepared);
  for (int i = 0; i < kTries; ++i) {
    auto outcome = TryCommit(checkpoint, context);
    if (!outcome.ok()) return Unreached(outcome.status());
    if (outcome->has_value()) return **std::move(outcome);
  }
  return GivenUp();
}

Status RedisSession::PrepareCommit(const CallContext& context) {
  if (connection_ == nullptr || !connection_->is_alive()) {
    if (one_off() || writing_) {
      return TransientError("redis: the connection broke before the commit; load again" + At());
    }
    ARROW_RETURN_NOT_OK(Reconnect(context));
  }
  return writer_ == nullptr ? Status::OK() : writer_->Finish(context);
}

// Nothing has been committed, whatever it was.
Result<CommitOutcome> RedisSession::Unreached(const Status& failure) {
  if (refusal_.has_value()) {
    auto refusal = *std::exchange(refusal_, std::nullopt);
    if (std::holds_alternative<Conflict>(refusal)) ARROW_RETURN_NOT_OK(Abort(CallContext{}));
    return refusal;
  }
  if (KindOf(failure) == FailureKind::kConflict) {
    ARROW_RETURN_NOT_OK(Abort(CallContext{}));
    return CommitOutcome(Conflict{MessageOf(failure)});
  }
  // A session that is taken over loses its connection.
  const bool broken = connection_ == nullptr || !connection_->is_alive();
  if (KindOf(failure) == FailureKind::kTransient && broken) {
    if (auto by = WhoTookOver(); by.has_value()) return CommitOutcome(Fenced{*std::move(by)});
  }
  return failure;
}

// Nullopt also where the server cannot be asked.
std::optional<std::string> RedisSession::WhoTookOver() {
  const CallContext soon{{}, std::chrono::steady_clock::now() + kAskWho};
  if (Reconnect(soon).ok() || !refusal_.has_value()) return std::nullopt;
  const auto refusal = *std::exchange(refusal_, std::nullopt);
  const auto* fenced = std::get_if<Fenced>(&refusal);
  return fenced == nullptr ? std::nullopt : std::optional(fenced->by);
}

Result<std::optional<CommitOutcome>> RedisSession::TryCommit(const Checkpoint& checkpoint,
                                                             const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto found, Look(context));
  ARROW_RETURN_NOT_OK(CheckFence(found));
  ARROW_RETURN_NOT_OK(RefreshTable(found));
  CommandBuffer commands;
  commands.Add({"MULTI"});
  ARROW_RETURN_NOT_OK(MakeCommit(found, checkpoint, context, &commands));
  commands.Add({"EXEC"});

  const CallContext patient{{}, std::chrono::steady_clock::now() + kCommitReply};
  AMPLOAD_FAULT_POINT("redis.commit.before");
  sent_ = true;
  if (AMPLOAD_REPLY_LOST("redis.commit.send")) {
    DropConnection();
    return CommitOutcome(Unknown{"the commit was lost on its way"});
  }
  const auto replies = connection_->AskAll(commands, patient);
  AMPLOAD_FAULT_POINT("redis.commit.after");
  if (replies.ok() && AMPLOAD_REPLY_LOST("redis.commit.reply")) {
    DropConnection();
    return CommitOutcome(Unknown{"the commit's reply was lost"});
  }
  if (!replies.ok()) {
    DropConnection();
    return CommitOutcome(Unknown{MessageOf(replies.status())});
  }
  const auto& done = replies->back();
  if (done.is_nil() || done.is_error()) sent_ = false;
  if (done.is_nil()) return std::nullopt;
  // A command that was refused when it was queued says why.
  if (done.is_error()) return FirstError(*replies, "cannot commit" + At());
  for (const auto& element : done.elements) {
    if (!element.is_error()) continue;
    return PermanentError(
        "redis: a part of the commit failed on the server, and the rest stands; compare the "
        "table's rows" +
        At() + " server=" + element.text);
  }
  const Committed committed{staged_rows_};
  const Status finished = FinishCommit(patient);
  if (!finished.ok()) {
    if (connection_ != nullptr) DropConnection();
    return CommitOutcome(Unknown{MessageOf(finished)});
  }
  return CommitOutcome(committed);
}

// What the commit has decided is done, and safe.
Status RedisSession::FinishCommit(const CallContext& context) {
  if (next_load_.has_value()) {
    ARROW_RETURN_NOT_OK(EndLoad(*connection_, spec_.name, *next_load_, context));
  }
  ARROW_RETURN_NOT_OK(WaitUntilSafe(context));
  return AfterCommit();
}

Status RedisSession::MakeCommit(const Found& found, const Checkpoint& checkpoint,
                                const CallContext& context, CommandBuffer* commands) {
  if (replacing_) {
    for (const auto& other : found.others) {
      if (!spec_.force) {
        refusal_ = Conflict{"pipeline " + other.pipeline + " has begun to write this table"};
        return ConflictError("redis: another pipeline has begun to write this table" + At());
      }
      commands->Add({"HDEL", CheckpointsKey(spec_.name), other.pipeline});
    }
    if (!alone_) commands->Add({"UNLINK", AloneKey(spec_.name)});
  }
  ARROW_RETURN_NOT_OK(AddTable(found, context, commands));
  next_.reset();
  if (!one_off()) {
    next_ = UnderFence(checkpoint, *fence_, next_table_->uuid);
    AddCheckpoint(*next_, commands);
  }
  AddBatches(found, commands);
  return AddEndOfLoad(found, commands);
}

Status RedisSession::AddTable(const Found& found, const CallContext& context,
                              CommandBuffer* commands) {
  const bool stays = found.table.has_value() && !replacing_;
  next_table_ = stays ? *found.table : rules_.record;
  auto& next = *next_table_;
  next.schema = rules_.record.schema;
  if (!stays) {
    next.uuid = uuid_;
    next.next_number = 0;
    if (found.table.has_value()) {
      next.recent_loads = found.table->recent_loads;
      next.remembered = found.table->remembered;
    }
  }
  next.expires = next.expires || rules_.form.ttl_ms > 0;
  if (one_off()) {
    if (encoder_->numbers_rows()) next.next_number = std::max(next.next_number, next_number_);
    next.recent_loads.push_back(nonce_);
    if (next.recent_loads.size() > kRecentLoads) next.recent_loads.erase(next.recent_loads.begin());
    if (remember_load_) next.remembered.push_back(nonce_);
    if (next.remembered.size() > kRememberedLoads) next.remembered.erase(next.remembered.begin());
  }
  const bool changed = one_off() || !stays || next.expires != found.table->expires ||
                       !next.schema->Equals(*found.table->schema, /*check_metadata=*/true);
  if (changed) ARROW_RETURN_NOT_OK(redis::AddTable(spec_.name, next, commands));
  int64_t rows = writer_ == nullptr ? 0 : writer_->new_rows();
  if (!undo_.empty() && facts().key_per_row) {
    if (alone_) {
      rows = 0;  // counted as they go and come
    } else {
      ARROW_RETURN_NOT_OK(LoadUndoneKeys(context));
      rows -= static_cast<int64_t>(undone_keys_->size());
    }
  }
  if (!stays) {
    commands->Add({"HSET", kRowsKey, spec_.name, std::to_string(facts().key_per_row ? rows : 0)});
  } else if (facts().key_per_row && rows != 0) {
    commands->Add({"HINCRBY", kRowsKey, spec_.name, std::to_string(rows)});
  }
  return Status::OK();
}

void RedisSession::AddBatches(const Found& found, CommandBuffer* commands) const {
  const std::string hash = BatchesKey(spec_.name);
  const auto forget = [&](int64_t batch) {
    commands->Add({"UNLINK", UndoKey(spec_.name, batch)});
    commands->Add({"HDEL", hash, std::to_string(batch)});
  };
  if (replacing_) {
    for (const auto& [batch, owner] : found.batches) {
      if (owner != nonce_) forget(batch);
    }
  }
  if (!spec_.streaming) return;
  std::set<int64_t> committed;
  for (const auto& [batch, owner] : found.batches) {
    const bool before = owner.empty() && !replacing_ && BatchId(batch).slot() == fence_->slot &&
                        !undo_.contains(BatchId(batch));
    if (before || owner == nonce_) committed.insert(batch);
    if (owner == nonce_) commands->Add({"HSET", hash, std::to_string(batch), ""});
  }
  BatchIdSet undoable;
  for (const auto& entry : next_->ladder) undoable.insert(entry.batch);
  // By the notes of rows that are aside they get their names, behind this; the next commit forgets.
  const bool named_later = writing_ && facts().key_per_row && !load_.hidden.empty();
  for (const auto batch : FinalBatches(committed, undoable, alone_)) {
    const auto owner = found.batches.find(batch);
    if (!named_later || owner->second != nonce_) forget(batch);
  }
}

Status RedisSession::AddEndOfLoad(const Found& found, CommandBuffer* commands) {
  next_load_.reset();
  OpenLoad rest = load_;
  rest.hidden = writing_ ? load_.hidden : rules_.form.key_prefix;
  rest.client = connection_->handle().ToText();
  rest.batches = spec_.streaming ? batches_ : std::vector<int64_t>();
  const bool counted = writing_ && !rest.hidden.empty() && !replaces();
  rest.unnamed = counted ? writer_->new_rows() : -1;
  if (replacing_ && table_.has_value()) {
    const auto& old = FactsOf(table_->structure);
    if (!old.key_per_row) commands->Add({"UNLINK", spec_.name});
    if (!facts().key_per_row && staged_rows_ > 0) {
      commands->Add({"RENAME", rest.hidden + spec_.name, spec_.name});
    }
    if (old.key_per_row) {
      rest.stage = OpenLoad::Stage::kClearing;
      rest.old_glob = KeyGlobOf(spec_.name, table_->key_pattern);
      ARROW_ASSIGN_OR_RAISE(const auto shape, KeyShape::Of(spec_.name, *table_));
      rest.old_shape = shape.ToText();
      rest.old_structure = table_->structure;
      next_load_ = std::move(rest);
    } else if (facts().key_per_row && staged_rows_ > 0) {
      rest.stage = OpenLoad::Stage::kNaming;
      next_load_ = std::move(rest);
    }
  } else if (!undo_.empty()) {
    rest.stage = OpenLoad::Stage::kNaming;
    rest.by_key = alone_;
    for (const auto batch : undo_) {
      if (found.batches.contains(batch.value())) rest.undone.push_back(batch.value());
    }
    if (!rest.undone.empty()) rest.stage = OpenLoad::Stage::kClearing;
    next_load_ = std::move(rest);
  }
  if (next_load_.has_value()) {
    AddLoad(spec_.name, *next_load_, commands);
  } else {
    commands->Add({"HDEL", LoadsKey(spec_.name), nonce_});
    commands->Add({"UNLINK", JournalKey(nonce_), OrderKey(nonce_)});
  }
  return Status::OK();
}

Status RedisSession::WaitUntilSafe(const CallContext& context) {
  const std::string timeout = std::to_string(config_.wait_timeout);
  if (config_.wait_replicas > 0) {
    const std::string wanted = std::to_string(config_.wait_replicas);
    ARROW_ASSIGN_OR_RAISE(const auto reached, connection_->Ask({"WAIT", wanted, timeout}, context));
    if (reached.integer < config_.wait_replicas) {
      return TransientError("redis: the rows are committed, but too few replicas have them" + At() +
                            " replicas=" + std::to_string(reached.integer) +
                            " wait_replicas=" + wanted);
    }
  }
  if (config_.wait_aof) {
    ARROW_ASSIGN_OR_RAISE(const auto reached,
                          connection_->Ask({"WAITAOF", "1", "0", timeout}, context));
    if (reached.elements.empty() || reached.elements.front().integer < 1) {
      return TransientError(
          "redis: the rows are committed, but the append-only file has not reached the disk" +
          At());
    }
  }
  return Status::OK();
}

Status RedisSession::AfterCommit() {
  const bool replaced = std::exchange(replacing_, false);
  spec_.reset_pipeline = false;
  table_ = std::move(next_table_);
  if (!one_off()) fence_ = std::move(next_);
  next_load_.reset();
  load_recorded_ = false;
  committed_ = one_off();
  committed_rows_.reset();
  ForgetStaged();
  if (one_off()) return Status::OK();
  if (replaced || !rules_.evolution.empty()) {
    ARROW_ASSIGN_OR_RAISE(rules_, RulesFor(config_, spec_, table_, replacing_));
    if (replaced) ARROW_RETURN_NOT_OK(MakeEncoder());
  }
  return Status::OK();
}

}  // namespace ampload::redis
