#include "loaders/redis/open_loads.h"

#include <chrono>
#include <thread>
#include <utility>

#include "ampload/fault_point.h"
#include "loaders/redis/journal_chunk.h"
#include "loaders/redis/key_shape.h"
#include "loaders/redis/names.h"
#include "loaders/redis/redis_error.h"
#include "loaders/redis/undo_batches.h"

namespace ampload::redis {
namespace {

constexpr auto kLeavingTime = std::chrono::seconds(5);
constexpr auto kPause = std::chrono::milliseconds(20);
constexpr int kChunksAtOnce = 8;
constexpr std::string_view kScanCount = "1000";

std::string Doing(std::string_view what, const std::string& table) {
  return std::string(what) + ": table=" + table;
}

// Takes back the rows of one list of notes, the newest first.
Status TakeBackList(Connection& connection, const std::string& table, const OpenLoad& load,
                    const std::string& list, const CallContext& context) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(
        const auto chunks,
        connection.Ask({"LRANGE", list, std::to_string(-kChunksAtOnce), "-1"}, context));
    if (chunks.elements.empty()) return Status::OK();
    CommandBuffer commands;
    for (auto chunk = chunks.elements.rbegin(); chunk != chunks.elements.rend(); ++chunk) {
      ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk->text));
      AddTakeBack(table, load, entries, &commands);
      commands.Add({"RPOP", list});
    }
    AMPLOAD_FAULT_POINT("redis.take_back.before");
    ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(commands, context));
    ARROW_RETURN_NOT_OK(FirstError(replies, Doing("cannot take rows back", table)));
    AMPLOAD_FAULT_POINT("redis.take_back.after");
  }
}

// The batches that this load has begun.
Result<std::vector<int64_t>> OpenBatches(Connection& connection, const std::string& table,
                                         const std::string& nonce, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto batches, ReadBatches(connection, table, context));
  std::vector<int64_t> open;
  for (const auto& [batch, owner] : batches) {
    if (owner == nonce) open.push_back(batch);
  }
  return open;
}

// The rows that an overwrite replaces: everything that looks like one of the table's.
Status ClearOldRows(Connection& connection, const std::string& table, const OpenLoad& load,
                    const CallContext& context) {
  const auto type = FactsOf(load.old_structure).redis_type;
  ARROW_ASSIGN_OR_RAISE(const auto shape, KeyShape::Parse(load.old_shape));
  std::string cursor = "0";
  do {
    ARROW_ASSIGN_OR_RAISE(const auto page, connection.Ask({"SCAN", cursor, "MATCH", load.old_glob,
                                                           "COUNT", kScanCount, "TYPE", type},
                                                          context));
    if (page.elements.size() != 2) return PermanentError("redis: SCAN answers in another form");
    cursor = page.elements[0].text;
    std::vector<std::string_view> words = {"UNLINK"};
    for (const auto& key : page.elements[1].elements) {
      if (!IsOwnKey(key.text) && shape.Matches(key.text)) words.push_back(key.text);
    }
    if (words.size() == 1) continue;
    CommandBuffer unlink;
    unlink.Add(words);
    AMPLOAD_FAULT_POINT("redis.clear.before");
    ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(unlink, context));
    ARROW_RETURN_NOT_OK(FirstError(replies, Doing("cannot remove the old rows", table)));
  } while (cursor != "0");
  AMPLOAD_FAULT_POINT("redis.clear.after");
  return Status::OK();
}

// The new rows of one list get their names. One that has its name already is nowhere else. How many
// rows the list has.
Result<int64_t> NameRows(Connection& connection, const std::string& table, const OpenLoad& load,
                         const std::string& list, const CallContext& context) {
  int64_t rows = 0;
  for (int64_t at = 0;; at += kChunksAtOnce) {
    ARROW_ASSIGN_OR_RAISE(
        const auto chunks,
        connection.Ask({"LRANGE", list, std::to_string(at), std::to_string(at + kChunksAtOnce - 1)},
                       context));
    if (chunks.elements.empty()) return rows;
    CommandBuffer commands;
    std::vector<std::string_view> keys;
    for (const auto& chunk : chunks.elements) {
      ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk.text));
      for (const auto& entry : entries) {
        commands.Add({"RENAMENX", load.hidden + std::string(entry.key), entry.key});
        keys.push_back(entry.key);
        ++rows;
      }
    }
    AMPLOAD_FAULT_POINT("redis.name.before");
    ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(commands, context));
    for (size_t i = 0; i < replies.size(); ++i) {
      const auto& reply = replies[i];
      if (reply.is_error() && reply.text != "ERR no such key") {
        return FromReply(reply.text, Doing("cannot give a new row its name", table));
      }
      if (reply.is_error() || reply.integer == 1) continue;
      return PermanentError(
          "redis: somebody else's key is where a new row belongs; remove it, and the next load "
          "gives the rows of this commit their names: table=" +
          table + " key=" + std::string(keys[i]));
    }
  }
}

// No transaction: a server over its memory limit refuses every command of one.
Status CloseLoad(Connection& connection, const std::string& table, const OpenLoad& load,
                 const CallContext& context) {
  CommandBuffer commands;
  commands.Add({"UNLINK", JournalKey(load.nonce), OrderKey(load.nonce)});
  commands.Add({"HDEL", LoadsKey(table), load.nonce});
  AMPLOAD_FAULT_POINT("redis.close.before");
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(commands, context));
  AMPLOAD_FAULT_POINT("redis.close.after");
  return FirstError(replies, Doing("cannot close a load's record", table));
}

// A Redis stream stays when its last entry goes; of a table that never was one it must not.
Status RemoveEmptyStream(Connection& connection, const std::string& table,
                         const CallContext& context) {
  CommandBuffer ask;
  ask.Add({"EXISTS", TableKey(table)});
  ask.Add({"XLEN", table});
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(ask, context));
  ARROW_RETURN_NOT_OK(FirstError(replies, Doing("cannot look at the table", table)));
  if (replies[0].integer > 0 || replies[1].integer > 0) return Status::OK();
  return connection.Ask({"UNLINK", table}, context).status();
}

}  // namespace

void AddTakeBack(const std::string& table, const OpenLoad& load,
                 const std::vector<JournalEntry>& entries, CommandBuffer* commands) {
  if (load.structure == Structure::kSet || load.structure == Structure::kSortedSet) {
    commands->Begin(entries.size() + 2);
    commands->Word(load.structure == Structure::kSet ? "SREM" : "ZREM");
    commands->Word(table);
    for (const auto& entry : entries) commands->Word(entry.key);
    return;
  }
  std::vector<std::string> gone;
  for (const auto& entry : entries) {
    // What an overwrite has hidden is nobody else's.
    if (!entry.before.has_value() || !load.hidden.empty()) {
      gone.push_back(load.hidden + std::string(entry.key));
    } else {
      AddRestore(entry.key, *entry.before, commands);
    }
  }
  if (gone.empty()) return;
  commands->Begin(gone.size() + 1);
  commands->Word("UNLINK");
  for (const auto& key : gone) commands->Word(key);
}

Result<bool> IsConnected(Connection& connection, const std::string& client,
                         const CallContext& context) {
  const auto handle = ClientHandle::Parse(client);
  if (!handle.has_value() || handle->run_id != connection.server().run_id) return false;
  const std::string id = std::to_string(handle->client_id);
  auto listed = connection.Ask({"CLIENT", "LIST", "ID", id}, context);
  if (listed.ok()) return !listed->text.empty();
  if (StoreCodeOf(listed.status()) != "NOPERM") return listed.status();
  return PermanentError(
      "redis: another client may still write, and this user may not see whether it is connected; "
      "give it the right: ACL SETUSER <user> +client|list +client|kill: client=" +
          client,
      "NOPERM");
}

Status EndClient(Connection& connection, const std::string& client, const CallContext& context) {
  const auto handle = ClientHandle::Parse(client);
  if (!handle.has_value() || handle->run_id != connection.server().run_id) return Status::OK();
  if (handle->client_id == connection.handle().client_id) return Status::OK();
  const std::string id = std::to_string(handle->client_id);
  const auto killed = connection.Ask({"CLIENT", "KILL", "ID", id}, context);
  if (killed.ok()) return Status::OK();
  if (StoreCodeOf(killed.status()) != "NOPERM") return killed.status();
  const auto until = std::chrono::steady_clock::now() + kLeavingTime;
  do {
    ARROW_ASSIGN_OR_RAISE(const bool there, IsConnected(connection, client, context));
    if (!there) return Status::OK();
    ARROW_RETURN_NOT_OK(context.Check());
    std::this_thread::sleep_for(kPause);
  } while (std::chrono::steady_clock::now() < until);
  return PermanentError(
      "redis: the client that had this pipeline or load is still connected and may have rows on "
      "their way, and this user may not end it; end it (CLIENT KILL ID " +
          id + "), or give this user the right: ACL SETUSER <user> +client|kill: client=" + client,
      "NOPERM");
}

bool StandsInTheWay(const OpenLoad& load, const OpenLoad& asking, bool writes) {
  if (load.nonce == asking.nonce) return false;
  if (load.stage != OpenLoad::Stage::kWriting) return true;  // half a commit
  if (load.replaces || asking.replaces) return true;
  if (load.unguarded && writes) return true;
  return load.pipeline.empty() || asking.pipeline.empty() || load.pipeline == asking.pipeline;
}

Result<bool> Adopt(Connection& connection, const std::string& table, OpenLoad* load,
                   const CallContext& context) {
  const auto loads = LoadsKey(table);
  CommandBuffer look;
  look.Add({"UNWATCH"});
  look.Add({"WATCH", loads});
  look.Add({"HGET", loads, load->nonce});
  ARROW_ASSIGN_OR_RAISE(const auto seen, connection.AskAll(look, context));
  ARROW_RETURN_NOT_OK(FirstError(seen, Doing("cannot read a load's record", table)));
  if (seen.back().is_nil()) return false;
  ARROW_ASSIGN_OR_RAISE(const auto now, OpenLoadFromJson(seen.back().text, table));
  if (now.client != load->client) return false;
  *load = now;
  load->client = connection.handle().ToText();
  CommandBuffer write;
  write.Add({"MULTI"});
  AddLoad(table, *load, &write);
  write.Add({"EXEC"});
  return connection.Execute(write, Doing("cannot take over a load's record", table), context);
}

Status TakeBackLoad(Connection& connection, const std::string& table, const OpenLoad& load,
                    const CallContext& context) {
  const bool one_key = !FactsOf(load.structure).key_per_row;
  if (one_key && !load.hidden.empty()) {
    ARROW_RETURN_NOT_OK(connection.Ask({"UNLINK", load.hidden + table}, context).status());
  }
  ARROW_ASSIGN_OR_RAISE(auto batches, OpenBatches(connection, table, load.nonce, context));
  if (load.structure == Structure::kStream) {
    auto all = batches;
    all.insert(all.end(), load.batches.begin(), load.batches.end());
    for (auto batch = all.rbegin(); batch != all.rend(); ++batch) {
      ARROW_RETURN_NOT_OK(RemoveEntries(connection, table, *batch, context));
    }
    ARROW_RETURN_NOT_OK(RemoveEmptyStream(connection, table, context));
  } else if (load.structure == Structure::kList) {
    if (load.list_length >= 0 && load.hidden.empty()) {
      // LTRIM of a list that was empty takes all of it.
      const std::string last = std::to_string(load.list_length - 1);
      ARROW_RETURN_NOT_OK((load.list_length == 0
                               ? connection.Ask({"UNLINK", table}, context)
                               : connection.Ask({"LTRIM", table, "0", last}, context))
                              .status());
    }
  } else if (!(one_key && !load.hidden.empty())) {
    for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
      ARROW_RETURN_NOT_OK(TakeBackList(connection, table, load, UndoKey(table, *batch), context));
    }
    ARROW_RETURN_NOT_OK(TakeBackList(connection, table, load, JournalKey(load.nonce), context));
  }
  CommandBuffer forget;
  forget.Add({"UNLINK", JournalKey(load.nonce), OrderKey(load.nonce)});
  for (const auto batch : batches) {
    forget.Add({"UNLINK", UndoKey(table, batch)});
    forget.Add({"HDEL", BatchesKey(table), std::to_string(batch)});
  }
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(forget, context));
  return FirstError(replies, Doing("cannot forget what was taken back", table));
}

Status EndLoad(Connection& connection, const std::string& table, const OpenLoad& load,
               const CallContext& context) {
  OpenLoad now = load;
  if (now.stage == OpenLoad::Stage::kWriting) {
    ARROW_RETURN_NOT_OK(TakeBackLoad(connection, table, now, context));
    return CloseLoad(connection, table, now, context);
  }
  if (now.stage == OpenLoad::Stage::kClearing && !now.undone.empty()) {
    ARROW_RETURN_NOT_OK(UndoBatches(connection, table, &now, context));
  } else if (now.stage == OpenLoad::Stage::kClearing) {
    ARROW_RETURN_NOT_OK(ClearOldRows(connection, table, now, context));
    now.stage = OpenLoad::Stage::kNaming;
    CommandBuffer write;
    AddLoad(table, now, &write);
    ARROW_ASSIGN_OR_RAISE(const auto written, connection.AskAll(write, context));
    ARROW_RETURN_NOT_OK(FirstError(written, Doing("cannot go on with an overwrite", table)));
  }
  if (FactsOf(now.structure).key_per_row && !now.hidden.empty() && now.by_key) {
    ARROW_RETURN_NOT_OK(NameOver(connection, table, now, context));
  } else if (FactsOf(now.structure).key_per_row && !now.hidden.empty()) {
    int64_t named = 0;
    auto lists = std::vector{JournalKey(now.nonce)};
    for (const auto batch : now.batches) lists.push_back(UndoKey(table, batch));
    for (const auto& list : lists) {
      ARROW_ASSIGN_OR_RAISE(const int64_t rows, NameRows(connection, table, now, list, context));
      named += rows;
    }
    // Closing the load would lose them.
    if (now.unnamed >= 0 && named != now.unnamed) {
      return PermanentError(
          "redis: the notes of the new rows' names are not all there; the rows lie under " +
          now.hidden + "...: table=" + table + " rows=" + std::to_string(now.unnamed) +
          " noted=" + std::to_string(named));
    }
  }
  return CloseLoad(connection, table, now, context);
}

std::string WhatWasDone(const OpenLoad& load) {
  const char* what = "an unfinished load was taken back: ";
  if (load.stage != OpenLoad::Stage::kWriting) {
    what = load.undone.empty()
               ? "an overwrite that was cut short behind its commit was finished: "
               : "a reorganisation that was cut short behind its commit was finished: ";
  }
  return what + load.Holder();
}

}  // namespace ampload::redis
