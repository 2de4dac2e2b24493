// Before a load's first row: its record, on a connection over which the fence was read.
#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "loader/fence.h"
#include "loaders/redis/names.h"
#include "loaders/redis/open_loads.h"
#include "loaders/redis/redis_error.h"
#include "loaders/redis/session.h"

namespace ampload::redis {

Status RedisSession::StartWriting(const CallContext& context) {
  if (connection_ == nullptr || !connection_->is_alive()) {
    if (one_off()) return TransientError("redis: the connection broke; load again" + At());
    ARROW_RETURN_NOT_OK(Reconnect(context));
  }
  bool started = false;
  for (int i = 0; i < kTries && !started; ++i) {
    ARROW_ASSIGN_OR_RAISE(started, TryStart(context));
  }
  if (!started) return GivenUp();
  WriteTarget target;
  target.table = spec_.name;
  target.structure = rules_.form.structure;
  target.key = load_.hidden + spec_.name;
  target.replaces = replaces();
  target.journaled = AMPLOAD_SAFEGUARD("undo_log") && AMPLOAD_SAFEGUARD("open_load_record");
  target.contended = has_neighbours_;
  if (aside()) {
    ARROW_RETURN_NOT_OK(LoadUndoneKeys(context));
    target.taken_back = undone_keys_;
  } else if (!load_.hidden.empty()) {
    ARROW_ASSIGN_OR_RAISE(target.old_shape, KeyShape::Of(spec_.name, *table_));
    target.old_type = FactsOf(table_->structure).redis_type;
  }
  if (!spec_.order_by.empty()) target.order_key = OrderKey(nonce_);
  writer_ = std::make_unique<RowWriter>(*connection_, std::move(target));
  writing_ = true;
  return Status::OK();
}

Result<bool> RedisSession::TryStart(const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto found, Look(context));
  ARROW_RETURN_NOT_OK(CheckFence(found));
  ARROW_RETURN_NOT_OK(RefuseLiveObstacles(found, /*writes=*/true, context));
  const auto* mine = found.LoadOf(nonce_);
  if (mine != nullptr && mine->stage != OpenLoad::Stage::kWriting) {
    ARROW_RETURN_NOT_OK(EndLoad(*connection_, spec_.name, *mine, context));
    return false;  // look again
  }
  const bool dead = std::any_of(found.loads.begin(), found.loads.end(), [&](const OpenLoad& load) {
    return StandsInTheWay(load, load_, /*writes=*/true);
  });
  if (dead) {
    ARROW_RETURN_NOT_OK(EndDeadLoads(/*writes=*/true, nullptr, context));
    return false;  // look again
  }
  ARROW_RETURN_NOT_OK(RefreshTable(found));
  // Above every entry that was there, also one that was taken back.
  if (!spec_.streaming) ARROW_RETURN_NOT_OK(ChooseOwnBatch(context));
  has_neighbours_ = !found.others.empty();
  load_.stage = OpenLoad::Stage::kWriting;
  load_.client = connection_->handle().ToText();
  load_.unguarded = !has_neighbours_ && facts().key_per_row && !encoder_->numbers_rows();
  load_.hidden = aside() ? NewPrefix(nonce_) : rules_.form.key_prefix;
  load_.undone.clear();
  load_.by_key = false;
  load_.batches.clear();
  load_.list_length = -1;
  if (!spec_.streaming && load_.structure == Structure::kStream) load_.batches = {own_batch_};
  if (load_.structure == Structure::kList && load_.hidden.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto length, connection_->Ask({"LLEN", spec_.name}, context));
    load_.list_length = length.integer;
  }
  if (!AMPLOAD_SAFEGUARD("open_load_record")) return true;
  CommandBuffer commands;
  commands.Add({"MULTI"});
  AddLoad(spec_.name, load_, &commands);
  commands.Add({"EXEC"});
  AMPLOAD_FAULT_POINT("redis.open_load.before");
  ARROW_ASSIGN_OR_RAISE(const bool done,
                        connection_->Execute(commands, "cannot begin a load" + At(), context));
  AMPLOAD_FAULT_POINT("redis.open_load.after");
  load_recorded_ = load_recorded_ || done;
  return done;
}

Status RedisSession::Reconnect(const CallContext& context) {
  ARROW_RETURN_NOT_OK(Connect(context));
  ARROW_RETURN_NOT_OK(EndFormerClients(context));
  last_handle_.reset();
  for (int i = 0; i < kTries; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto found, LookAlone(context));
    ARROW_RETURN_NOT_OK(CheckFence(found));
    const std::string client = connection_->handle().ToText();
    CommandBuffer commands;
    commands.Add({"MULTI"});
    if (!one_off()) {
      fence_->store_handle = client;
      AddCheckpoint(*fence_, &commands);
    }
    const auto* mine = found.LoadOf(nonce_);
    OpenLoad load;
    if (mine != nullptr) {
      load = *mine;
      load.client = client;
      AddLoad(spec_.name, load, &commands);
    }
    commands.Add({"EXEC"});
    ARROW_ASSIGN_OR_RAISE(const auto replies, connection_->AskAll(commands, context));
    if (replies.back().is_error()) {
      return FromReply(replies.back().text, "cannot go on with a load" + At());
    }
    if (replies.back().is_nil()) continue;
    if (mine != nullptr) {
      ARROW_RETURN_NOT_OK(EndLoad(*connection_, spec_.name, load, context));
    }
    load_recorded_ = false;
    writing_ = false;
    writer_.reset();
    return Status::OK();
  }
  return GivenUp();
}

Status RedisSession::CheckFence(const Found& found) {
  if (one_off()) {
    refusal_.reset();
    const bool ours = !load_recorded_ || found.LoadOf(nonce_) != nullptr;
    if (ours || !AMPLOAD_SAFEGUARD("fence")) return Status::OK();
    refusal_ = Fenced{"another process, which took over this load"};
    return ConflictError("redis: another process took over this load; stop" + At(), "FENCED");
  }
  return ampload::CheckFence("redis", "the server", *fence_, found.mine, At(), &refusal_);
}

Status RedisSession::RefreshTable(const Found& found) {
  if (one_off() || replacing_) return Status::OK();
  const auto& now = found.table;
  if (table_.has_value() && (!now.has_value() || now->uuid != table_->uuid)) {
    return PermanentError(
        "redis: the table was replaced or dropped while this session wrote it; stop and look" +
        At() + " pipeline=" + spec_.pipeline);
  }
  if (!now.has_value()) return Status::OK();
  const bool changed =
      !table_.has_value() || !now->schema->Equals(*table_->schema, /*check_metadata=*/true);
  const bool made_meanwhile = !table_.has_value();
  table_ = now;
  if (!changed) {
    // What only counts on: loads that were committed beside this one.
    rules_.record.recent_loads = now->recent_loads;
    rules_.record.remembered = now->remembered;
    return Status::OK();
  }
  const auto form = rules_.form;
  ARROW_ASSIGN_OR_RAISE(auto rules, RulesFor(config_, spec_, table_, replacing_));
  if (made_meanwhile &&
      (rules.form.structure != form.structure || rules.form.key_pattern != form.key_pattern ||
       rules.form.format != form.format || rules.form.binary != form.binary)) {
    return ConflictError(
        "redis: another load has made this table meanwhile, and its rows lie otherwise; load "
        "again" +
        At());
  }
  rules_ = std::move(rules);
  return MakeEncoder();
}

}  // namespace ampload::redis
