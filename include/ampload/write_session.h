// One writer's visit to a store: recover, stage, commit. The engine calls these verbs from one
// thread; a session owns its connection's write side from Recover to its end.
//
//   Recover(kTakeOver) ─▶ { Undo* ─▶ Stage* ─▶ Commit }* ─▶ end
//                               ╰── Abort: forget what is staged
//   after Unknown, Conflict or a reconnect:  Recover(kSettle)
//
// A session that ends (is destroyed) without Commit has written nothing that stays: what a killed
// process left behind is undone by the next Recover(kTakeOver).
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/call_context.h"
#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "ampload/table.h"

namespace ampload {

enum class RecoverMode {
  kTakeOver,  // once, at the start: install my fence, clean up after a dead predecessor, read the
              // checkpoint
  kSettle,    // after an Unknown outcome or a reconnect: what does the store say? never takes the
              // fence
};

enum class RecoverFinding {
  kFresh,         // no checkpoint: a new pipeline, or a one-off load
  kResumed,       // the fence is mine; `checkpoint` is where to go on
  kFenced,        // kSettle: another owner with an epoch >= mine: stop, never retake
  kCommitted,     // kSettle: same owner, newer sequence: my commit took effect, its reply was lost
  kNotCommitted,  // kSettle: same owner, same sequence: my commit did not take effect
  kWentBack,  // kSettle: same owner, older sequence (failover, lost log): go on from `checkpoint`
};

struct Recovered {
  RecoverFinding finding = RecoverFinding::kFresh;
  std::optional<Checkpoint> checkpoint;  // as the store has it now
  int64_t slot = 0;                      // this pipeline's own in the table
  std::string fenced_by;                 // kFenced: who took over, for a person
  std::string
      cleaned_up;       // what a dead predecessor left and this call undid, for a person; or empty
  std::string evolved;  // what the next commit does to the table's columns, for a person; or empty
  // One-off loads, where the store can tell: this load's own id, and those that were committed.
  // What lies beside the store (a quarantine) is judged by them.
  std::string load_id;
  std::vector<std::string> remembered_loads;  // committed, with RememberLoad; the oldest first
  bool remembers_all = true;                  // false: older ones may have been forgotten
};

// The store's bytes of one batch. Opaque to the engine but for its size.
class EncodedBatch {
 public:
  virtual ~EncodedBatch() = default;
  virtual int64_t size_bytes() const = 0;
};

// What a row of a merge asks for, in its `_op` column; the column itself is not stored.
//   insert   its key must be new       update   its key must be there
//   upsert   either; the default       delete   its key goes, where it is there
enum class RowOp { kInsert, kUpdate, kUpsert, kDelete };

inline constexpr char kOpColumn[] = "_op";

// "insert", "update", "upsert", "delete"; nullopt for anything else.
std::optional<RowOp> ParseRowOp(std::string_view text);

// Rows on their way into one table. Move-only in effect: `encoded`, where present, is consumed by
// Stage.
struct StagedBatch {
  std::shared_ptr<arrow::RecordBatch> batch;
  BatchId id;                    // 0 in a one-off load
  int table = 0;                 // index into the session's TableSpecs
  std::optional<int> op_column;  // merge: index of the `_op` column; none: all rows are upserts
  bool final_of_batch = true;    // the last part of this BatchId
  int64_t first_row = 0;         // ordinal of row 0 in the load, for messages
  std::string origin;            // where the rows come from (a file), for messages; may be empty
  std::unique_ptr<EncodedBatch>
      encoded;  // made by the session's BatchEncoder, or null: Stage encodes itself
};

// Makes the store's bytes away from the session's thread, so that encoding and writing overlap.
// Lives as long as its session. Encode may be called from several threads at once; it never touches
// the connection. A value that cannot be stored is a kData failure that names table, column and
// row, before a byte is written.
class BatchEncoder {
 public:
  virtual ~BatchEncoder() = default;
  virtual Result<std::unique_ptr<EncodedBatch>> Encode(const StagedBatch& batch) const = 0;
};

struct Committed {
  int64_t rows = 0;  // rows of this commit, undone ones not counted
};
struct Fenced {
  std::string by;  // who took over; stop, never retake
};
struct Unknown {
  std::string why;  // ask by Recover(kSettle)
};
struct Conflict {
  std::string why;  // nothing took effect, all staged is forgotten as by Abort
};
using CommitOutcome = std::variant<Committed, Fenced, Unknown, Conflict>;

// A row that the store itself would not take, by its ordinal in the load.
struct RejectedRow {
  int64_t row = 0;
  std::string reason;
};

class WriteSession {
 public:
  virtual ~WriteSession() = default;

  virtual Result<Recovered> Recover(RecoverMode mode, const CallContext& context) = 0;

  // Null: this session encodes inside Stage. Call after Recover(kTakeOver).
  virtual const BatchEncoder* encoder(int /*table*/) { return nullptr; }

  // Takes rows for the next commit. They may reach the store early (journaled, tagged); they count
  // only once committed. After a failure call Abort.
  virtual Status Stage(StagedBatch batch, const CallContext& context) = 0;

  // Rows of the last Stage that the store did not take, although Stage is OK: they are not part of
  // the commit. Each is handed out once. Only stores that judge row by row have any.
  virtual std::vector<RejectedRow> TakeRejected() { return {}; }

  // The next commit keeps this load's id with the table, for Recovered::remembered_loads: a few
  // hundred per table. Only sessions that give a load_id.
  virtual void RememberLoad() {}

  // Marks committed batches to be taken back by the next Commit. Before any Stage of the same
  // commit.
  virtual Status Undo(const BatchIdSet& batches, const CallContext& context) = 0;

  // Between commits only. From here on batches have the new columns; the table gets them with the
  // next commit, and encoder() may be another. Refused as CompareSchemas refuses; then all stays.
  virtual Status Evolve(const SchemaChange& change, const CallContext& context) = 0;

  // Undo, rows and checkpoint take effect together. The caller fills what it knows
  // (source_position, last_batch_id, ladder, highest_end, rows_total, fingerprints); the session
  // sets table, pipeline, owner, epoch, sequence, slot, table_identity and store_handle. A failed
  // Status means that nothing took effect.
  [[nodiscard]] virtual Result<CommitOutcome> Commit(const Checkpoint& checkpoint,
                                                     const CallContext& context) = 0;

  // Forgets everything staged, every marked undo and what Evolve asked for since the last commit,
  // and takes back what reached the store early.
  virtual Status Abort(const CallContext& context) = 0;
};

}  // namespace ampload
