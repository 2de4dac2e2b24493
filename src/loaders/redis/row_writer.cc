#include "loaders/redis/row_writer.h"

#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "loaders/redis/redis_error.h"

namespace ampload::redis {
namespace {

constexpr int64_t kChunkRows = 1000;
constexpr int64_t kChunkBytes = 4 << 20;

// The end of the chunk that begins at `first`.
int64_t ChunkEnd(const EncodedCommands& rows, int64_t first) {
  const auto& offsets = rows.commands.offsets;
  const int64_t limit = offsets[static_cast<size_t>(first)] + kChunkBytes;
  int64_t end = first + 1;
  const int64_t most = std::min(rows.rows(), first + kChunkRows);
  while (end < most && offsets[static_cast<size_t>(end) + 1] <= limit) ++end;
  return end;
}

std::string InWords(Structure structure, std::string_view key) {
  if (structure == Structure::kSet || structure == Structure::kSortedSet) {
    return "member=" + std::string(key.substr(0, 200)) + (key.size() > 200 ? "..." : "");
  }
  return "key=" + std::string(key);
}

}  // namespace

// Which reply a row's write has when all is well.
class RowWriter::RowReplies final : public ReplyHandler {
 public:
  RowReplies(std::shared_ptr<const WriteTarget> target, const Chunk& chunk,
             std::shared_ptr<Findings> findings)
      : target_(std::move(target)),
        rows_(chunk.rows),
        first_(chunk.first),
        findings_(std::move(findings)) {}

  void OnReply(int64_t index, Reply reply) override {
    if (!findings_->failure.ok()) return;
    const int64_t row = first_ + index / rows_->commands_per_row;
    if (reply.is_error()) {
      findings_->failure = IsBelowTheTop(reply)
                               ? TransientError(
                                     "redis: somebody has added later entries meanwhile, and a "
                                     "Redis stream takes none below them" +
                                     At(row))
                               : FromReply(reply.text, "cannot write a row" + At(row));
    } else if (index % rows_->commands_per_row == 0 && !IsNew(reply, row)) {
      findings_->failure = DataError(
          "redis: two rows of this load have one key, or somebody else writes the table" + At(row));
    }
  }

 private:
  bool IsNew(const Reply& reply, int64_t row) const {
    switch (target_->structure) {
      case Structure::kHash:
        return reply.integer == rows_->field_counts[static_cast<size_t>(row)];
      case Structure::kString:
      case Structure::kJson:
        return !reply.is_nil();
      case Structure::kSet:
      case Structure::kSortedSet:
        return target_->replaces || reply.integer == 1;
      case Structure::kStream:
      case Structure::kList:
        return true;
    }
    return true;
  }
  // The server has no code for it. A new batch gets an id above.
  bool IsBelowTheTop(const Reply& error) const {
    return target_->structure == Structure::kStream &&
           error.text.find("equal or smaller than the target stream top item") != std::string::npos;
  }
  std::string At(int64_t row) const {
    return ": table=" + target_->table + " " +
           (rows_->keys.size() > row ? InWords(target_->structure, rows_->keys.at(row)) + " "
                                     : "") +
           rows_->Place(row);
  }

  std::shared_ptr<const WriteTarget> target_;
  std::shared_ptr<const EncodedCommands> rows_;
  int64_t first_;
  std::shared_ptr<Findings> findings_;
};

class RowWriter::NoteReply final : public ReplyHandler {
 public:
  NoteReply(std::string table, std::vector<std::string> keys, std::shared_ptr<Findings> findings)
      : table_(std::move(table)), keys_(std::move(keys)), findings_(std::move(findings)) {}

  void OnReply(int64_t /*index*/, Reply reply) override {
    if (!reply.is_error()) return;
    if (findings_->failure.ok()) {
      findings_->failure =
          FromReply(reply.text, "cannot note how to take rows back: table=" + table_);
    }
    findings_->unnoted.insert(findings_->unnoted.end(), keys_.begin(), keys_.end());
  }

 private:
  std::string table_;
  std::vector<std::string> keys_;
  std::shared_ptr<Findings> findings_;
};

// An answer of SMISMEMBER or ZMSCORE.
bool RowWriter::IsThere(const Reply& member) const {
  return target_->structure == Structure::kSet ? member.integer == 1 : !member.is_nil();
}

bool RowWriter::AsksFirst() const {
  return target_->structure != Structure::kStream && target_->structure != Structure::kList;
}

std::string_view RowWriter::Chunk::bytes() const {
  const auto& offsets = rows->commands.offsets;
  const int64_t begin = offsets[static_cast<size_t>(first)];
  const int64_t size = offsets[static_cast<size_t>(end)] - begin;
  return {rows->commands.bytes->data_as<char>() + begin, static_cast<size_t>(size)};
}

Status RowWriter::Write(std::shared_ptr<const EncodedCommands> rows, const std::string& journal,
                        size_t hidden_bytes, const CallContext& context) {
  ARROW_RETURN_NOT_OK(findings_->failure);
  const bool by_key = FactsOf(target_->structure).key_per_row;
  for (int64_t first = 0; first < rows->rows();) {
    Chunk chunk{rows, first, ChunkEnd(*rows, first), journal, hidden_bytes, 0, nullptr};
    first = chunk.end;
    if (target_->replaces && by_key) {
      ARROW_RETURN_NOT_OK(Replace(chunk, context));
    } else if (target_->contended && by_key && hidden_bytes == 0) {
      ARROW_RETURN_NOT_OK(SendGuarded(std::move(chunk), context));
    } else {
      if (AsksFirst()) ARROW_RETURN_NOT_OK(Ask(&chunk, context));
      asked_.push_back(std::move(chunk));
      while (asked_.size() > 1) ARROW_RETURN_NOT_OK(Flush(context));
    }
    ARROW_RETURN_NOT_OK(findings_->failure);
  }
  return Status::OK();
}

Status RowWriter::Finish(const CallContext& context) {
  while (!asked_.empty()) ARROW_RETURN_NOT_OK(Flush(context));
  ARROW_RETURN_NOT_OK(connection_.WaitForAll(context));
  return findings_->failure;
}

Status RowWriter::Ask(Chunk* chunk, const CallContext& context) {
  CommandBuffer question;
  const auto count = static_cast<size_t>(chunk->end - chunk->first);
  if (target_->structure == Structure::kSet || target_->structure == Structure::kSortedSet) {
    question.Begin(count + 2);
    question.Word(target_->structure == Structure::kSet ? "SMISMEMBER" : "ZMSCORE");
    question.Word(target_->key);
  } else {
    question.Begin(count + 1);
    question.Word("EXISTS");
  }
  for (int64_t row = chunk->first; row < chunk->end; ++row) question.Word(NameOf(*chunk, row));
  chunk->answer = std::make_shared<TheReplies>();
  ARROW_ASSIGN_OR_RAISE(chunk->ticket, connection_.Send(question, chunk->answer, context));
  return Status::OK();
}

Status RowWriter::Refuse(const Chunk& chunk, int64_t row) const {
  const bool member =
      target_->structure == Structure::kSet || target_->structure == Structure::kSortedSet;
  return DataError(
      std::string("redis: ") +
      (member ? "the table has this very row already, and keeps one of it"
              : "the key is there already; --on-duplicate replace or --mode upsert would take its "
                "place") +
      ": table=" + target_->table + " " + InWords(target_->structure, chunk.rows->keys.at(row)) +
      " " + chunk.rows->Place(row));
}

Status RowWriter::Judge(const Chunk& chunk, const CallContext& context) {
  const auto& answer = chunk.answer->replies.front();
  if (answer.is_error()) {
    return FromReply(answer.text, "cannot look for the rows' keys: table=" + target_->table +
                                      " key=" + target_->key);
  }
  if (answer.kind == Reply::Kind::kArray) {  // of members
    for (size_t i = 0; i < answer.elements.size(); ++i) {
      const auto& one = answer.elements[i];
      if (IsThere(one) && !target_->replaces)
        return Refuse(chunk, chunk.first + static_cast<int64_t>(i));
    }
    return Status::OK();
  }
  if (answer.integer == 0) return Status::OK();
  CommandBuffer each;
  for (int64_t row = chunk.first; row < chunk.end; ++row) {
    each.Add({"EXISTS", NameOf(chunk, row)});
  }
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection_.AskAll(each, context));
  for (size_t i = 0; i < replies.size(); ++i) {
    const int64_t row = chunk.first + static_cast<int64_t>(i);
    const bool goes = target_->taken_back != nullptr &&
                      target_->taken_back->contains(std::string(NameOf(chunk, row)));
    if (replies[i].integer > 0 && !goes) return Refuse(chunk, row);
  }
  return Status::OK();  // it has gone meanwhile
}

Status RowWriter::Flush(const CallContext& context) {
  const Chunk chunk = std::move(asked_.front());
  asked_.pop_front();
  if (chunk.answer != nullptr) {
    ARROW_RETURN_NOT_OK(connection_.WaitFor(chunk.ticket, context));
    ARROW_RETURN_NOT_OK(findings_->failure);
    if (target_->old_shape.has_value()) {
      ARROW_RETURN_NOT_OK(CheckNames(chunk, context));
    } else {
      ARROW_RETURN_NOT_OK(Judge(chunk, context));
    }
  }
  if (target_->journaled && AsksFirst()) ARROW_RETURN_NOT_OK(Note(chunk, context));
  new_rows_ += chunk.end - chunk.first;
  return Send(chunk, context);
}

std::string RowWriter::NotesOf(const Chunk& chunk, std::vector<std::string>* keys) const {
  ChunkWriter notes;
  const auto& answer = chunk.answer->replies.front();
  for (int64_t row = chunk.first; row < chunk.end; ++row) {
    // A member that is there already stays.
    if (answer.kind == Reply::Kind::kArray &&
        IsThere(answer.elements[static_cast<size_t>(row - chunk.first)])) {
      continue;
    }
    keys->emplace_back(NameOf(chunk, row));
    notes.AddNew(keys->back());
  }
  return notes.Take();
}

Status RowWriter::Note(const Chunk& chunk, const CallContext& context) {
  std::vector<std::string> keys;
  const std::string notes = NotesOf(chunk, &keys);
  if (notes.empty()) return Status::OK();
  CommandBuffer push;
  push.Add({"RPUSH", chunk.journal, notes});
  return SendNote(push, std::move(keys), context);
}

Status RowWriter::SendNote(const CommandBuffer& note, std::vector<std::string> keys,
                           const CallContext& context) {
  AMPLOAD_FAULT_POINT("redis.journal.before");
  return connection_
      .Send(note, std::make_shared<NoteReply>(target_->table, std::move(keys), findings_), context)
      .status();
}

Status RowWriter::Send(const Chunk& chunk, const CallContext& context) {
  AMPLOAD_FAULT_POINT("redis.rows.before");
  ARROW_RETURN_NOT_OK(connection_
                          .Send(chunk.bytes(), chunk.commands(),
                                std::make_shared<RowReplies>(target_, chunk, findings_), context)
                          .status());
  AMPLOAD_FAULT_POINT("redis.rows.after");
  return Status::OK();
}

Status RowWriter::CheckNames(const Chunk& chunk, const CallContext& context) {
  if (!FactsOf(target_->structure).key_per_row) return Status::OK();
  CommandBuffer ask;
  for (int64_t row = chunk.first; row < chunk.end; ++row) {
    ask.Add({"TYPE", NameOf(chunk, row)});
  }
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection_.AskAll(ask, context));
  for (int64_t row = chunk.first; row < chunk.end; ++row) {
    const auto& type = replies[static_cast<size_t>(row - chunk.first)].text;
    const auto name = NameOf(chunk, row);
    if (type == "none" || (type == target_->old_type && target_->old_shape->Matches(name)))
      continue;
    return DataError(
        "redis: under a row's key is something that is no row of this table; remove it, or take "
        "another key_pattern: table=" +
        target_->table + " key=" + std::string(name) + " type=" + type + " " +
        chunk.rows->Place(row));
  }
  return Status::OK();
}

// Question, note and rows are one transaction: whoever makes one of the keys in between is seen,
// and nothing was written.
Status RowWriter::SendGuarded(Chunk chunk, const CallContext& context) {
  const int64_t count = chunk.commands();
  for (;;) {
    CommandBuffer watch;
    watch.Begin(static_cast<size_t>(chunk.end - chunk.first) + 1);
    watch.Word("WATCH");
    for (int64_t row = chunk.first; row < chunk.end; ++row) watch.Word(chunk.rows->keys.at(row));
    ARROW_ASSIGN_OR_RAISE(const auto watched, connection_.AskAll(watch, context));
    if (watched.front().is_error()) {
      return FromReply(watched.front().text, "cannot watch rows' keys: table=" + target_->table);
    }
    ARROW_RETURN_NOT_OK(Ask(&chunk, context));
    ARROW_RETURN_NOT_OK(connection_.WaitFor(chunk.ticket, context));
    ARROW_RETURN_NOT_OK(Judge(chunk, context));
    CommandBuffer first;
    std::vector<std::string> keys;
    first.Add({"MULTI"});
    if (target_->journaled) first.Add({"RPUSH", chunk.journal, NotesOf(chunk, &keys)});
    CommandBuffer last;
    last.Add({"EXEC"});
    auto queued = std::make_shared<TheReplies>();
    AMPLOAD_FAULT_POINT("redis.rows.before");
    ARROW_RETURN_NOT_OK(connection_.Send(first, queued, context).status());
    ARROW_RETURN_NOT_OK(connection_.Send(chunk.bytes(), count, queued, context).status());
    ARROW_ASSIGN_OR_RAISE(const auto done, connection_.AskAll(last, context));
    AMPLOAD_FAULT_POINT("redis.rows.after");
    if (done.front().is_nil()) continue;  // somebody made, or took, one of the keys
    const std::string doing = "cannot write rows: table=" + target_->table;
    ARROW_RETURN_NOT_OK(FirstError(queued->replies, doing));  // it says more than EXEC's
    if (done.front().is_error()) return FromReply(done.front().text, doing);
    const auto& replies = done.front().elements;
    const int64_t notes = target_->journaled ? 1 : 0;
    if (std::cmp_not_equal(replies.size(), count + notes)) {
      return PermanentError("redis: EXEC answers for another number of commands: table=" +
                            target_->table);
    }
    if (notes > 0 && replies.front().is_error()) {
      findings_->unnoted.insert(findings_->unnoted.end(), keys.begin(), keys.end());
      return FromReply(replies.front().text, doing);
    }
    RowReplies judge(target_, chunk, findings_);
    for (int64_t i = 0; i < count; ++i) judge.OnReply(i, replies[static_cast<size_t>(i + notes)]);
    new_rows_ += chunk.end - chunk.first;
    return findings_->failure;
  }
}

}  // namespace ampload::redis
