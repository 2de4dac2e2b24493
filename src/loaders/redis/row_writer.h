// Rows on their way to the server, each chunk behind the journal's note of it:
//
//   add       EXISTS k ...   ─▶ answered: none is there ─▶ RPUSH journal, then the rows
//                            (the next chunk's question goes ahead of this chunk's rows, so that
//                            the server always has work)
//   contended WATCH, EXISTS   ─▶ answered: none is there ─▶ MULTI, RPUSH journal, the rows, EXEC
//   replace   EXISTS, DUMP, PTTL of the chunk's keys ─▶ RPUSH journal, UNLINK, then the rows
//
// A chunk is at most a thousand rows. Replies are looked at as they come; the first that is wrong
// is what the next call fails with. One thread; the connection outlives it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/journal_chunk.h"
#include "loaders/redis/key_shape.h"
#include "loaders/redis/row_form.h"

namespace ampload::redis {

// Where a load's rows and notes go.
struct WriteTarget {
  std::string table;
  Structure structure = Structure::kHash;
  std::string key;        // of a table that is one key; hidden or not
  bool replaces = false;  // rows of keys that are there take their place
  bool journaled = true;  // notes are taken
  // Rows wait aside for batches that go: keys of theirs may be there.
  std::shared_ptr<const std::unordered_set<std::string>> taken_back;
  bool contended = false;  // other pipelines write the table: a key may come any moment
  // Of an overwrite: what the rows that are replaced look like. Nothing else may be under a new
  // row's name.
  std::optional<KeyShape> old_shape;
  std::string old_type;
  std::string order_key;  // hash on the server: order values of keys in this commit; or empty
};

class RowWriter {
 public:
  RowWriter(Connection& connection, WriteTarget target)
      : connection_(connection), target_(std::make_shared<const WriteTarget>(std::move(target))) {}

  // All rows of `rows`, noted in the list `journal`. A key that is there (add), or two rows with
  // one key, are data errors that name key and row. `hidden_bytes`: so much of each key is the
  // hidden prefix, which notes leave out.
  Status Write(std::shared_ptr<const EncodedCommands> rows, const std::string& journal,
               size_t hidden_bytes, const CallContext& context);

  // A note that must be there before what follows; without it these keys are unnoted.
  Status SendNote(const CommandBuffer& note, std::vector<std::string> keys,
                  const CallContext& context);

  // All that was handed in is on the server and answered.
  Status Finish(const CallContext& context);

  // Keys that came new, of what is written.
  int64_t new_rows() const { return new_rows_; }

  // Keys whose note the server refused, although it may have taken their rows: whoever takes this
  // write back must take them back, too.
  const std::vector<std::string>& unnoted() const { return findings_->unnoted; }

 private:
  struct Chunk {
    std::shared_ptr<const EncodedCommands> rows;
    int64_t first = 0;
    int64_t end = 0;
    std::string journal;
    size_t hidden_bytes = 0;
    int64_t ticket = 0;                        // of the question
    std::shared_ptr<class TheReplies> answer;  // to it; null: none was asked

    std::string_view bytes() const;  // of its rows' commands
    int64_t commands() const { return (end - first) * rows->commands_per_row; }
  };
  // What replies say: the first failure.
  struct Findings {
    Status failure;
    std::vector<std::string> unnoted;
  };
  class RowReplies;
  class NoteReply;

  bool AsksFirst() const;
  // The name that a row will have.
  static std::string_view NameOf(const Chunk& chunk, int64_t row) {
    return chunk.rows->keys.at(row).substr(chunk.hidden_bytes);
  }
  bool IsThere(const Reply& member) const;
  Status Ask(Chunk* chunk, const CallContext& context);
  // Is any of the chunk's keys there already?
  Status Judge(const Chunk& chunk, const CallContext& context);
  Status Flush(const CallContext& context);
  Status Note(const Chunk& chunk, const CallContext& context);
  Status Send(const Chunk& chunk, const CallContext& context);
  Status Refuse(const Chunk& chunk, int64_t row) const;
  // Of an overwrite: is under the rows' names what will go?
  Status CheckNames(const Chunk& chunk, const CallContext& context);
  Status SendGuarded(Chunk chunk, const CallContext& context);
  std::string NotesOf(const Chunk& chunk, std::vector<std::string>* keys) const;

  // replace_rows.cc
  struct Winner {
    std::string_view key;
    int64_t row = 0;
    std::optional<Image> before;
    bool exists = false;
  };
  Status Replace(const Chunk& chunk, const CallContext& context);
  Result<std::vector<Winner>> ChooseRows(const Chunk& chunk, const CallContext& context);
  Status ReadImages(std::vector<Winner>* winners, std::vector<Reply>* dumps,
                    const CallContext& context);

  Connection& connection_;
  std::shared_ptr<const WriteTarget> target_;  // replies may come after this writer's end
  std::deque<Chunk> asked_;
  std::shared_ptr<Findings> findings_ = std::make_shared<Findings>();
  int64_t new_rows_ = 0;
};

// Keeps replies for whoever asked.
class TheReplies final : public ReplyHandler {
 public:
  void OnReply(int64_t /*index*/, Reply reply) override { replies.push_back(std::move(reply)); }
  std::vector<Reply> replies;
};

}  // namespace ampload::redis
