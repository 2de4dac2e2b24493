#include "loaders/redis/undo_batches.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "ampload/fault_point.h"
#include "loaders/redis/names.h"
#include "stream/undo_records.h"

namespace ampload::redis {
namespace {

using stream::KeyHistory;
using stream::UndoRecord;
using stream::WriteKind;

constexpr std::string_view kEntriesAtOnce = "1000";

// No image looks like it: they begin with eight bytes of a time.
const std::string kAsItIs = "now";

std::string Doing(const std::string& table) { return "cannot take batches back: table=" + table; }

// The batches are forgotten, and the load goes on to its last stage.
void AddNext(const std::string& table, OpenLoad* load, CommandBuffer* commands) {
  for (const auto batch : load->undone) {
    commands->Add({"UNLINK", UndoKey(table, batch)});
    commands->Add({"HDEL", BatchesKey(table), std::to_string(batch)});
  }
  load->stage = OpenLoad::Stage::kNaming;
  AddLoad(table, *load, commands);
}

Status Execute(Connection& connection, const std::string& table, const CommandBuffer& commands,
               const CallContext& context) {
  AMPLOAD_FAULT_POINT("redis.undo.before");
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(commands, context));
  AMPLOAD_FAULT_POINT("redis.undo.after");
  return FirstError(replies, Doing(table));
}

// A batch that only added keys, chunk by chunk.
Status RemoveRows(Connection& connection, const std::string& table, int64_t batch,
                  const CallContext& context) {
  const auto list = UndoKey(table, batch);
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto chunk, connection.Ask({"LINDEX", list, "-1"}, context));
    if (chunk.is_nil()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk.text));
    CommandBuffer commands;
    commands.Begin(entries.size() + 1);
    commands.Word("UNLINK");
    for (const auto& entry : entries) commands.Word(entry.key);
    commands.Add({"RPOP", list});
    ARROW_RETURN_NOT_OK(Execute(connection, table, commands, context));
  }
}

// Every write of every key that the batches to be undone touched: by key, the oldest first.
struct Histories {
  std::map<std::string, KeyHistory> by_key;
  // Later batches that stay and touched some of these keys: all of their notes.
  std::map<int64_t, std::vector<std::string>> later;
};

Result<std::vector<std::string>> ReadChunks(Connection& connection, const std::string& table,
                                            int64_t batch, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto list,
                        connection.Ask({"LRANGE", UndoKey(table, batch), "0", "-1"}, context));
  std::vector<std::string> chunks;
  for (auto& element : list.elements) chunks.push_back(std::move(element.text));
  return chunks;
}

Result<Histories> ReadHistories(Connection& connection, const std::string& table,
                                const std::set<int64_t>& undone, const std::set<int64_t>& all,
                                const CallContext& context) {
  Histories found;
  std::map<int64_t, std::vector<std::string>> chunks;
  for (const auto batch : all) {
    if (batch < *undone.begin()) continue;
    ARROW_ASSIGN_OR_RAISE(chunks[batch], ReadChunks(connection, table, batch, context));
  }
  for (const auto batch : undone) {
    for (const auto& chunk : chunks[batch]) {
      ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk));
      for (const auto& entry : entries) {
        found.by_key[std::string(entry.key)].current = kAsItIs;
      }
    }
  }
  for (auto& [batch, texts] : chunks) {
    bool touches = false;
    for (const auto& chunk : texts) {
      ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk));
      for (const auto& entry : entries) {
        const auto history = found.by_key.find(std::string(entry.key));
        if (history == found.by_key.end()) continue;
        touches = true;
        UndoRecord record{BatchId(batch), WriteKind::kReplaced, std::nullopt, {}};
        if (entry.before.has_value()) record.previous = ToText(*entry.before);
        history->second.records.push_back(std::move(record));
      }
    }
    if (touches && !undone.contains(batch)) found.later[batch] = std::move(texts);
  }
  return found;
}

// The notes of a batch that stays, with what its keys' histories now say.
Result<std::vector<std::string>> Rewritten(int64_t batch, const std::vector<std::string>& chunks,
                                           const Histories& histories) {
  std::map<std::string, size_t> next;  // of the key's records of this batch
  std::vector<std::string> rewritten;
  for (const auto& chunk : chunks) {
    ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk));
    ChunkWriter writer;
    for (const auto& entry : entries) {
      const auto history = histories.by_key.find(std::string(entry.key));
      if (history == histories.by_key.end()) {
        writer.Add(entry);
        continue;
      }
      std::vector<const UndoRecord*> mine;
      for (const auto& record : history->second.records) {
        if (record.batch.value() == batch) mine.push_back(&record);
      }
      const size_t index = next[history->first]++;
      if (index >= mine.size()) continue;
      const auto& previous = mine[index]->previous;
      writer.Add(
          {entry.key, previous.has_value() ? std::optional(ImageOf(*previous)) : std::nullopt});
    }
    if (!writer.empty()) rewritten.push_back(writer.Take());
  }
  return rewritten;
}

Status SpliceOut(Connection& connection, const std::string& table, OpenLoad* load,
                 const std::set<int64_t>& undone, const std::set<int64_t>& all,
                 const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto histories, ReadHistories(connection, table, undone, all, context));
  BatchIdSet ids;
  for (const auto batch : undone) ids.insert(BatchId(batch));
  const auto never = [](const stream::RowImage&, const std::string&) -> Result<std::string> {
    return PermanentError("redis: a note of a change of some columns, which nothing here makes");
  };
  CommandBuffer commands;
  commands.Add({"MULTI"});
  int64_t gone = 0;
  for (auto& [key, history] : histories.by_key) {
    ARROW_RETURN_NOT_OK(stream::TakeBack(ids, never, history));
    if (history.current == kAsItIs) continue;
    if (history.current.has_value()) {
      AddRestore(key, ImageOf(*history.current), &commands);
    } else {
      commands.Add({"UNLINK", key});
      ++gone;
    }
  }
  for (const auto& [batch, chunks] : histories.later) {
    const auto list = UndoKey(table, batch);
    ARROW_ASSIGN_OR_RAISE(const auto rewritten, Rewritten(batch, chunks, histories));
    commands.Add({"UNLINK", list});
    for (const auto& chunk : rewritten) commands.Add({"RPUSH", list, chunk});
  }
  commands.Add({"HINCRBY", kRowsKey, table, std::to_string(-gone)});
  AddNext(table, load, &commands);
  commands.Add({"EXEC"});
  return Execute(connection, table, commands, context);
}

}  // namespace

std::map<int64_t, std::string> BatchesOf(const Reply& fields) {
  std::map<int64_t, std::string> batches;
  for (size_t i = 0; i + 1 < fields.elements.size(); i += 2) {
    batches[std::atoll(fields.elements[i].text.c_str())] = fields.elements[i + 1].text;
  }
  return batches;
}

Result<std::map<int64_t, std::string>> ReadBatches(Connection& connection, const std::string& table,
                                                   const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto reply, connection.Ask({"HGETALL", BatchesKey(table)}, context));
  return BatchesOf(reply);
}

int64_t ExpiryOf(const Reply& time, int64_t pttl) {
  if (pttl < 0 || time.elements.size() != 2) return -1;
  const int64_t now = std::atoll(time.elements[0].text.c_str()) * 1000 +
                      std::atoll(time.elements[1].text.c_str()) / 1000;
  return now + pttl;
}

void AddRestore(std::string_view key, const Image& before, CommandBuffer* commands) {
  if (before.expires_at < 0) {
    commands->Add({"RESTORE", key, "0", before.dump, "REPLACE"});
  } else {
    commands->Add(
        {"RESTORE", key, std::to_string(before.expires_at), before.dump, "REPLACE", "ABSTTL"});
  }
}

Status RemoveEntries(Connection& connection, const std::string& table, int64_t batch,
                     const CallContext& context) {
  const std::string id = std::to_string(batch);
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(
        const auto entries,
        connection.Ask({"XRANGE", table, id, id, "COUNT", kEntriesAtOnce}, context));
    if (entries.elements.empty()) return Status::OK();
    CommandBuffer remove;
    remove.Begin(entries.elements.size() + 2);
    remove.Word("XDEL");
    remove.Word(table);
    for (const auto& entry : entries.elements) remove.Word(entry.elements.front().text);
    ARROW_RETURN_NOT_OK(Execute(connection, table, remove, context));
  }
}

Result<std::unordered_set<std::string>> KeysOf(Connection& connection, const std::string& table,
                                               const BatchIdSet& batches,
                                               const CallContext& context) {
  std::unordered_set<std::string> keys;
  for (const auto batch : batches) {
    ARROW_ASSIGN_OR_RAISE(const auto chunks, ReadChunks(connection, table, batch.value(), context));
    for (const auto& chunk : chunks) {
      ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk));
      for (const auto& entry : entries) keys.emplace(entry.key);
    }
  }
  return keys;
}

Status UndoBatches(Connection& connection, const std::string& table, OpenLoad* load,
                   const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto batches, ReadBatches(connection, table, context));
  std::set<int64_t> undone;
  for (const auto batch : load->undone) {
    if (batches.contains(batch)) undone.insert(batch);
  }
  if (load->by_key && !undone.empty()) {
    std::set<int64_t> all;
    for (const auto& [batch, owner] : batches) {
      if (owner.empty()) all.insert(batch);
    }
    return SpliceOut(connection, table, load, undone, all, context);
  }
  for (auto batch = undone.rbegin(); batch != undone.rend(); ++batch) {
    ARROW_RETURN_NOT_OK(load->structure == Structure::kStream
                            ? RemoveEntries(connection, table, *batch, context)
                            : RemoveRows(connection, table, *batch, context));
  }
  CommandBuffer next;
  next.Add({"MULTI"});
  AddNext(table, load, &next);
  next.Add({"EXEC"});
  return Execute(connection, table, next, context);
}

// Chunk by chunk, each of them a transaction that also takes the chunk off the list: none is done
// twice.
Status NameOver(Connection& connection, const std::string& table, const OpenLoad& load,
                const CallContext& context) {
  const auto list = JournalKey(load.nonce);
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto chunk, connection.Ask({"LINDEX", list, "0"}, context));
    if (chunk.is_nil()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto entries, ReadChunk(chunk.text));
    CommandBuffer ask;
    ask.Add({"TIME"});
    for (const auto& entry : entries) {
      ask.Add({"EXISTS", load.hidden + std::string(entry.key)});
      ask.Add({"PTTL", entry.key});
      ask.Add({"DUMP", entry.key});
    }
    ARROW_ASSIGN_OR_RAISE(const auto found, connection.AskAll(ask, context));
    ARROW_RETURN_NOT_OK(FirstError(found, Doing(table)));
    ChunkWriter notes;
    CommandBuffer names;
    int64_t added = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (found[3 * i + 1].integer == 0) continue;  // an earlier chunk had the key, too
      const auto& key = entries[i].key;
      const auto& dump = found[3 * i + 3];
      if (dump.is_nil()) {
        notes.AddNew(key);
        ++added;
      } else {
        notes.AddReplaced(key, {ExpiryOf(found.front(), found[3 * i + 2].integer), dump.text});
      }
      names.Add({"RENAME", load.hidden + std::string(key), key});
    }
    CommandBuffer commands;
    commands.Add({"MULTI"});
    if (!notes.empty()) {
      commands.Add({"RPUSH", UndoKey(table, load.batches.front()), notes.Take()});
    }
    commands.Append(names);
    commands.Add({"HINCRBY", kRowsKey, table, std::to_string(added)});
    commands.Add({"LPOP", list});
    commands.Add({"EXEC"});
    ARROW_RETURN_NOT_OK(Execute(connection, table, commands, context));
  }
}

std::set<int64_t> FinalBatches(const std::set<int64_t>& committed, const BatchIdSet& undoable,
                               bool replaces) {
  std::set<int64_t> final;
  for (const auto batch : committed) {
    if (undoable.contains(BatchId(batch))) {
      if (replaces) break;
      continue;
    }
    final.insert(batch);
  }
  return final;
}

}  // namespace ampload::redis
