// The session's start: its fence, its place among other loads, the table that it finds.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "ampload/checkpoint_json.h"
#include "ampload/fault_point.h"
#include "base/clock.h"
#include "base/random.h"
#include "loader/neighbours.h"
#include "loaders/redis/names.h"
#include "loaders/redis/open_loads.h"
#include "loaders/redis/session.h"
#include "loaders/redis/undo_batches.h"

namespace ampload::redis {
namespace {

// A process that has ended is gone from the server's list of clients a moment later.
constexpr auto kLeaving = std::chrono::milliseconds(500);
// What is behind its commit ends by itself.
constexpr auto kFinishing = std::chrono::seconds(60);
constexpr auto kPause = std::chrono::milliseconds(10);

}  // namespace

Result<Recovered> RedisSession::Recover(RecoverMode mode, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (mode == RecoverMode::kSettle) return Settle(context);
  if (recovered_) return ConfigurationError("redis: a session takes over once" + At());
  return TakeOver(context);
}

Status RedisSession::Connect(const CallContext& context) {
  if (connection_ != nullptr && connection_->is_alive()) return Status::OK();
  if (connection_ != nullptr) DropConnection();
  ARROW_ASSIGN_OR_RAISE(connection_, Connection::Open(config_, context));
  return Status::OK();
}

Result<RedisSession::Found> RedisSession::Look(const CallContext& context) {
  const auto& table = spec_.name;
  CommandBuffer ask;
  ask.Add({"UNWATCH"});
  ask.Add({"WATCH", TableKey(table), SchemaKey(table), CheckpointsKey(table), LoadsKey(table),
           AloneKey(table)});
  ask.Add({"GET", AloneKey(table)});
  ask.Add({"GET", TableKey(table)});
  ask.Add({"GET", SchemaKey(table)});
  ask.Add({"HVALS", CheckpointsKey(table)});
  ask.Add({"HVALS", LoadsKey(table)});
  ask.Add({"HGETALL", BatchesKey(table)});
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection_->AskAll(ask, context));
  ARROW_RETURN_NOT_OK(FirstError(replies, "cannot read ampload's records" + At()));
  const auto& alone = replies[2].text;
  Found found;
  ARROW_ASSIGN_OR_RAISE(found.table, TableOf(replies[3], replies[4], table));
  ARROW_ASSIGN_OR_RAISE(found.others, CheckpointsOf(replies[5]));
  ARROW_ASSIGN_OR_RAISE(found.loads, LoadsOf(replies[6], table));
  found.batches = BatchesOf(replies[7]);
  const auto mine =
      std::find_if(found.others.begin(), found.others.end(),
                   [&](const Checkpoint& one) { return one.pipeline == spec_.pipeline; });
  if (mine != found.others.end()) {
    found.mine = std::move(*mine);
    found.others.erase(mine);
  }
  const auto has_it = [&](const Checkpoint& one) { return one.pipeline == alone; };
  if ((found.mine.has_value() && has_it(*found.mine)) ||
      std::any_of(found.others.begin(), found.others.end(), has_it)) {
    found.alone = alone;
  }
  return found;
}

Result<RedisSession::Found> RedisSession::LookAlone(const CallContext& context) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto found, Look(context));
    const auto* mine = found.LoadOf(nonce_);
    if (mine == nullptr || mine->client == connection_->handle().ToText()) return found;
    ARROW_ASSIGN_OR_RAISE(const bool live, IsConnected(*connection_, mine->client, context));
    if (!live) return found;
    ARROW_RETURN_NOT_OK(WaitWhileHeld(*mine, /*writes=*/false, kFinishing, context));
  }
}

const OpenLoad* RedisSession::Found::LoadOf(const std::string& nonce) const {
  const auto found = std::find_if(loads.begin(), loads.end(),
                                  [&](const OpenLoad& load) { return load.nonce == nonce; });
  return found == loads.end() ? nullptr : &*found;
}

Result<Recovered> RedisSession::TakeOver(const CallContext& context) {
  ARROW_RETURN_NOT_OK(Connect(context));
  Recovered recovered;
  recovered.load_id = nonce_;
  bool fenced = false;
  for (int i = 0; i < kTries && !fenced; ++i) {
    ARROW_ASSIGN_OR_RAISE(fenced, TryFence(&recovered, context));
  }
  if (!fenced) return GivenUp();
  recovered_ = true;
  load_recorded_ = one_off() && AMPLOAD_SAFEGUARD("open_load_record");
  ARROW_RETURN_NOT_OK(EndDeadLoads(/*writes=*/false, &recovered.cleaned_up, context));
  ARROW_RETURN_NOT_OK(ReadStreamTop(context));
  next_number_ = table_.has_value() && !replacing_ ? table_->next_number : 0;
  // Of a Redis stream no entry may come below one that was there: also one that was taken back.
  if (stream_top_ != 0 && recovered.checkpoint.has_value()) {
    auto& last = recovered.checkpoint->last_batch_id;
    last = std::max(last, std::optional(BatchId(stream_top_)));
  }
  recovered.evolved = rules_.evolution;
  if (table_.has_value()) recovered.remembered_loads = table_->remembered;
  recovered.remembers_all = recovered.remembered_loads.size() < kRememberedLoads;
  return recovered;
}

// The table's one key, or its name as a key: it must not be somebody else's.
Status RedisSession::CheckNoForeignKey(const Found& found, const CallContext& context) {
  if (found.table.has_value() || FactsOf(StructureFor(config_, found.table)).key_per_row) {
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto type, connection_->Ask({"TYPE", spec_.name}, context));
  // Of a dead load that had made the table.
  const bool ours = std::any_of(found.loads.begin(), found.loads.end(), [&](const OpenLoad& load) {
    return FactsOf(load.structure).redis_type == type.text && load.nonce != nonce_;
  });
  if (type.text == "none" || ours) return Status::OK();
  return ConfigurationError(
      "redis: the database has a key of this name that ampload did not make, and its rows are "
      "unknown; choose another --table" +
      At() + " type=" + type.text);
}

// Tables whose keys begin alike could not be told apart when one of them is overwritten.
Status RedisSession::CheckOverlap(const CallContext& context) {
  if (!facts().key_per_row) return Status::OK();
  const auto mine = KeyPrefixOf(spec_.name, rules_.form.key_pattern);
  ARROW_ASSIGN_OR_RAISE(const auto names, ReadTableNames(*connection_, context));
  for (const auto& name : names) {
    if (name == spec_.name) continue;
    ARROW_ASSIGN_OR_RAISE(const auto other, ReadTable(*connection_, name, context));
    if (!other.has_value() || !FactsOf(other->structure).key_per_row) continue;
    const auto theirs = KeyPrefixOf(name, other->key_pattern);
    if (!mine.starts_with(theirs) && !theirs.starts_with(mine)) continue;
    return ConfigurationError(
        "redis: the keys of this table would begin like those of another one, and could be taken "
        "for them; choose another --table or key_pattern" +
        At() + " keys=" + mine + "... other=" + name + " its_keys=" + theirs + "...");
  }
  return Status::OK();
}

Result<bool> RedisSession::TryFence(Recovered* recovered, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto found, Look(context));
  table_ = found.table;
  fence_ = found.mine;
  const bool fresh = !fence_.has_value() || fence_->sequence == 0;
  replacing_ = spec_.reset_pipeline || (spec_.mode == LoadMode::kOverwrite && fresh);
  ARROW_RETURN_NOT_OK(RefuseLiveObstacles(found, /*writes=*/false, context));
  ARROW_RETURN_NOT_OK(CheckNeighbours("redis", spec_, replacing_, found.others, found.alone));
  ARROW_RETURN_NOT_OK(CheckNoForeignKey(found, context));
  if (!table_.has_value() && !spec_.create_table) {
    return ConfigurationError("redis: the table is missing and is not to be made" + At());
  }
  ARROW_ASSIGN_OR_RAISE(rules_, RulesFor(config_, spec_, table_, replacing_));
  if (!table_.has_value() || replacing_) ARROW_RETURN_NOT_OK(CheckOverlap(context));
  ARROW_RETURN_NOT_OK(MakeEncoder());
  uuid_ = base::RandomNonce();
  alone_ = (by_key() && spec_.streaming) || (!one_off() && found.alone == spec_.pipeline);

  load_.pipeline = spec_.pipeline;
  load_.client = connection_->handle().ToText();
  load_.stage = OpenLoad::Stage::kWriting;
  load_.replaces = replaces() || replacing_;
  load_.structure = rules_.form.structure;
  load_.hidden = rules_.form.key_prefix;
  CommandBuffer commands;
  commands.Add({"MULTI"});
  if (one_off()) {
    if (AMPLOAD_SAFEGUARD("open_load_record")) AddLoad(spec_.name, load_, &commands);
  } else {
    ARROW_RETURN_NOT_OK(InstallPipeline(found, recovered));
    AddCheckpoint(*fence_, &commands);
    if (by_key() && spec_.streaming) {
      commands.Add({"SET", AloneKey(spec_.name), spec_.pipeline});
    }
  }
  commands.Add({"EXEC"});
  AMPLOAD_FAULT_POINT("redis.fence.before");
  ARROW_ASSIGN_OR_RAISE(const bool done,
                        connection_->Execute(commands, "cannot begin a load" + At(), context));
  AMPLOAD_FAULT_POINT("redis.fence.after");
  if (!done) return false;
  if (found.mine.has_value()) {
    ARROW_RETURN_NOT_OK(EndClient(*connection_, found.mine->store_handle, context));
  }
  return true;
}

Status RedisSession::InstallPipeline(const Found& found, Recovered* recovered) {
  recovered->finding = RecoverFinding::kFresh;
  recovered->checkpoint.reset();
  if (fence_.has_value() && fence_->sequence > 0 && !spec_.reset_pipeline) {
    if (!table_.has_value() || table_->uuid != fence_->table_identity) {
      return PermanentError("redis: the pipeline has a checkpoint, but its table is " +
                            std::string(table_.has_value() ? "another one now" : "gone") +
                            "; nothing was changed. Load under another --pipeline name, or with "
                            "--reset-pipeline, to start afresh" +
                            At() + " pipeline=" + spec_.pipeline);
    }
    recovered->finding = RecoverFinding::kResumed;
  }
  if (!fence_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const int64_t slot, ClaimSlot("redis", spec_, found.others));
    fence_.emplace();
    fence_->table = spec_.name;
    fence_->pipeline = spec_.pipeline;
    fence_->slot = slot;
  }
  fence_->owner = nonce_;
  fence_->epoch.value += 1;
  fence_->store_handle = connection_->handle().ToText();
  recovered->slot = fence_->slot;
  if (recovered->finding == RecoverFinding::kResumed) recovered->checkpoint = *fence_;
  return Status::OK();
}

OpenLoad RedisSession::LoadToBe() const {
  OpenLoad load = load_;
  load.pipeline = spec_.pipeline;
  load.replaces = replaces() || replacing_;
  return load;
}

Status RedisSession::HeldBy(const OpenLoad& load) const {
  return ConflictError("redis: another load holds the table; wait until it has ended, or end it" +
                       At() + " holder=" + load.Holder());
}

Status RedisSession::WaitWhileHeld(const OpenLoad& load, bool writes,
                                   std::chrono::milliseconds patience, const CallContext& context) {
  const OpenLoad asking = LoadToBe();
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const bool live, IsConnected(*connection_, load.client, context));
    if (!live) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto record,
                          connection_->Ask({"HGET", LoadsKey(spec_.name), load.nonce}, context));
    if (record.is_nil()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto now, OpenLoadFromJson(record.text, spec_.name));
    if (now.client != load.client) return Status::OK();
    if (now.nonce != nonce_ && !StandsInTheWay(now, asking, writes)) return Status::OK();
    if (std::chrono::steady_clock::now() >= until) return HeldBy(load);
    ARROW_RETURN_NOT_OK(context.Check());
    std::this_thread::sleep_for(kPause);
  }
}

Status RedisSession::RefuseLiveObstacles(const Found& found, bool writes,
                                         const CallContext& context) {
  const OpenLoad asking = LoadToBe();
  for (const auto& load : found.loads) {
    if (!StandsInTheWay(load, asking, writes)) continue;
    if (!one_off() && load.pipeline == spec_.pipeline) continue;  // it is taken over
    const bool ends_soon =
        load.stage != OpenLoad::Stage::kWriting || !StandsInTheWay(load, asking, false);
    ARROW_RETURN_NOT_OK(WaitWhileHeld(
        load, writes, ends_soon ? std::chrono::milliseconds(kFinishing) : kLeaving, context));
  }
  return Status::OK();
}

// Those that stand in this load's way, and this pipeline's own: their clients have gone.
Status RedisSession::EndDeadLoads(bool writes, std::string* cleaned_up,
                                  const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto loads, ReadLoads(*connection_, spec_.name, context));
  for (auto& load : loads) {
    if (!StandsInTheWay(load, load_, writes)) continue;
    ARROW_ASSIGN_OR_RAISE(const bool live, IsConnected(*connection_, load.client, context));
    if (live) {
      // Who had this pipeline before is gone: somebody else ends his load already.
      const bool mine = !one_off() && load.pipeline == spec_.pipeline;
      if (!mine) return HeldBy(load);
      ARROW_RETURN_NOT_OK(WaitWhileHeld(load, writes, kFinishing, context));
    }
    const std::string done = WhatWasDone(load);
    ARROW_ASSIGN_OR_RAISE(const bool adopted, Adopt(*connection_, spec_.name, &load, context));
    if (!adopted) continue;  // somebody else does it
    ARROW_RETURN_NOT_OK(EndLoad(*connection_, spec_.name, load, context));
    if (cleaned_up != nullptr) *cleaned_up += (cleaned_up->empty() ? "" : "; ") + done;
  }
  return Status::OK();
}

// The highest batch that the table's Redis stream ever had an entry of.
Status RedisSession::ReadStreamTop(const CallContext& context) {
  stream_top_ = 0;
  if (rules_.form.structure != Structure::kStream || !load_.hidden.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto exists, connection_->Ask({"EXISTS", spec_.name}, context));
  if (exists.integer == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto info,
                        connection_->Ask({"XINFO", "STREAM", spec_.name}, context));
  for (size_t i = 0; i + 1 < info.elements.size(); i += 2) {
    if (info.elements[i].text != "last-generated-id") continue;
    stream_top_ = std::atoll(info.elements[i + 1].text.c_str());
  }
  return Status::OK();
}

// Entries above this batch's were taken back before anybody committed them, and the clock has not
// gone on since: a Redis stream takes ids from there again where it is told to.
Status RedisSession::LowerStreamTop(int64_t batch, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto exists, connection_->Ask({"EXISTS", spec_.name}, context));
  if (exists.integer == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(
      const auto last,
      connection_->Ask({"XREVRANGE", spec_.name, "+", "-", "COUNT", "1"}, context));
  const std::string id =
      last.elements.empty() ? "0-1" : last.elements.front().elements.front().text;
  if (std::atoll(id.c_str()) >= batch) return Status::OK();  // XADD says what is wrong
  return connection_->Ask({"XSETID", spec_.name, id}, context).status();
}

// Rows that belong to no batch of the engine's get one all the same where their names have one:
// above every entry that was there, also one that was taken back.
Status RedisSession::ChooseOwnBatch(const CallContext& context) {
  std::optional<BatchId> last;
  if (own_batch_ != 0) last = BatchId(own_batch_);
  ARROW_RETURN_NOT_OK(ReadStreamTop(context));
  if (stream_top_ != 0) last = std::max(last, std::optional(BatchId(stream_top_)));
  const int64_t slot = fence_.has_value() ? fence_->slot : 0;
  ARROW_ASSIGN_OR_RAISE(const auto id, NextBatchId(last, base::NowMs(), slot));
  own_batch_ = id.value();
  return Status::OK();
}

}  // namespace ampload::redis
