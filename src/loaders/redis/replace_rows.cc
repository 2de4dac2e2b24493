// The slow path of a write: rows that may take the place of others, whose images are noted first.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "ampload/fault_point.h"
#include "loaders/redis/redis_error.h"
#include "loaders/redis/row_writer.h"
#include "loaders/redis/undo_batches.h"

namespace ampload::redis {
namespace {

Status Unanswered(const Reply& reply, const std::string& table, std::string_view key) {
  return FromReply(
      reply.is_error() ? reply.text : "ERR an answer of another kind",
      "cannot read what a row would replace: table=" + table + " key=" + std::string(key));
}

}  // namespace

// Of the chunk's rows of one key, the last by order, then by arrival; none where an earlier chunk
// of this commit had a later one.
Result<std::vector<RowWriter::Winner>> RowWriter::ChooseRows(const Chunk& chunk,
                                                             const CallContext& context) {
  const auto& rows = *chunk.rows;
  const auto order = [&](int64_t row) { return rows.order->at(static_cast<size_t>(row)); };
  std::unordered_map<std::string_view, size_t> places;
  std::vector<Winner> winners;
  for (int64_t row = chunk.first; row < chunk.end; ++row) {
    const auto key = rows.keys.at(row);
    const auto [place, is_new] = places.emplace(key, winners.size());
    if (is_new) {
      winners.push_back({key, row, std::nullopt, false});
    } else if (auto& winner = winners[place->second];
               !rows.order.has_value() || order(winner.row) <= order(row)) {
      winner.row = row;
    }
  }
  if (!rows.order.has_value() || target_->order_key.empty()) return winners;
  CommandBuffer ask;
  ask.Begin(winners.size() + 2);
  ask.Word("HMGET");
  ask.Word(target_->order_key);
  for (const auto& winner : winners) ask.Word(winner.key);
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection_.AskAll(ask, context));
  const auto& known = replies.front();
  if (known.is_error()) return Unanswered(known, target_->table, target_->order_key);
  std::vector<Winner> later;
  for (size_t i = 0; i < winners.size(); ++i) {
    const auto& earlier = known.elements[i];
    if (earlier.is_nil() || earlier.text <= order(winners[i].row)) later.push_back(winners[i]);
  }
  return later;
}

Status RowWriter::ReadImages(std::vector<Winner>* winners, std::vector<Reply>* dumps,
                             const CallContext& context) {
  CommandBuffer ask;
  ask.Begin(winners->size() + 1);
  ask.Word("EXISTS");
  for (const auto& winner : *winners) ask.Word(winner.key);
  ARROW_ASSIGN_OR_RAISE(const auto any, connection_.AskAll(ask, context));
  if (any.front().is_error()) return Unanswered(any.front(), target_->table, target_->key);
  if (any.front().integer == 0) return Status::OK();
  ask.Clear();
  ask.Add({"TIME"});
  for (const auto& winner : *winners) {
    ask.Add({"TYPE", winner.key});
    ask.Add({"PTTL", winner.key});
    ask.Add({"DUMP", winner.key});
  }
  ARROW_ASSIGN_OR_RAISE(*dumps, connection_.AskAll(ask, context));
  if (dumps->front().is_error()) return Unanswered(dumps->front(), target_->table, target_->key);
  for (size_t i = 0; i < winners->size(); ++i) {
    auto& winner = (*winners)[i];
    const auto& type = (*dumps)[3 * i + 1];
    const auto& ttl = (*dumps)[3 * i + 2];
    const auto& dump = (*dumps)[3 * i + 3];
    if (dump.is_nil()) continue;  // there is none, or it has expired meanwhile
    if (type.is_error() || ttl.is_error() || dump.is_error()) {
      return Unanswered(dump.is_error() ? dump : type, target_->table, winner.key);
    }
    if (type.text != FactsOf(target_->structure).redis_type) {
      return DataError(
          "redis: WRONGTYPE: under a row's key is something that ampload did not "
          "write; remove it, or take another key_pattern: table=" +
          target_->table + " key=" + std::string(winner.key) + " type=" + type.text);
    }
    winner.exists = true;
    winner.before = Image{ExpiryOf(dumps->front(), ttl.integer), dump.text};
  }
  return Status::OK();
}

Status RowWriter::Replace(const Chunk& chunk, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto winners, ChooseRows(chunk, context));
  if (winners.empty()) return Status::OK();
  std::vector<Reply> dumps;  // the images' bytes
  ARROW_RETURN_NOT_OK(ReadImages(&winners, &dumps, context));

  // The note must be there before anything goes.
  CommandBuffer notes;
  if (target_->journaled) {
    ChunkWriter chunk_notes;
    for (const auto& winner : winners) {
      const auto name = winner.key.substr(chunk.hidden_bytes);
      // What is aside is noted when it takes its place.
      if (chunk.hidden_bytes > 0) {
        chunk_notes.AddNew(name);
      } else {
        chunk_notes.Add({name, winner.before});
      }
    }
    notes.Add({"RPUSH", chunk.journal, chunk_notes.Take()});
  }
  if (chunk.rows->order.has_value() && !target_->order_key.empty()) {
    notes.Begin(2 * winners.size() + 2);
    notes.Word("HSET");
    notes.Word(target_->order_key);
    for (const auto& winner : winners) {
      notes.Word(winner.key);
      notes.Word(chunk.rows->order->at(static_cast<size_t>(winner.row)));
    }
  }
  AMPLOAD_FAULT_POINT("redis.journal.before");
  ARROW_ASSIGN_OR_RAISE(const auto noted, connection_.AskAll(notes, context));
  for (const auto& reply : noted) {
    if (reply.is_error()) {
      return FromReply(reply.text, "cannot note how to take rows back: table=" + target_->table);
    }
  }
  CommandBuffer commands;
  const auto replaced = std::count_if(winners.begin(), winners.end(),
                                      [](const Winner& winner) { return winner.exists; });
  if (replaced > 0) {
    commands.Begin(static_cast<size_t>(replaced) + 1);
    commands.Word("UNLINK");
    for (const auto& winner : winners) {
      if (winner.exists) commands.Word(winner.key);
    }
  }
  AMPLOAD_FAULT_POINT("redis.replace.before");
  if (!commands.empty()) {
    ARROW_RETURN_NOT_OK(connection_.Send(commands, nullptr, context).status());
  }
  new_rows_ += static_cast<int64_t>(winners.size()) - replaced;
  // Rows lie side by side in most chunks: runs of them go out together.
  std::sort(winners.begin(), winners.end(),
            [](const Winner& a, const Winner& b) { return a.row < b.row; });
  for (size_t i = 0; i < winners.size();) {
    Chunk run = chunk;
    run.first = winners[i].row;
    run.end = run.first + 1;
    for (++i; i < winners.size() && winners[i].row == run.end; ++i) ++run.end;
    ARROW_RETURN_NOT_OK(Send(run, context));
  }
  return Status::OK();
}

}  // namespace ampload::redis
