#include "loaders/lmdb/open_loads.h"

#include "ampload/fault_point.h"
#include "loaders/lmdb/lmdb_error.h"
#include "loaders/lmdb/load_lock.h"
#include "loaders/lmdb/undo_log.h"

namespace ampload::lmdb {
namespace {

// Rows that one transaction takes back: each may copy a page, which stays in memory until the
// commit.
constexpr int64_t kRowsAStep = 4'000;

// Deletes rows from the table's end until the last key is `above`; false while some are left.
Result<bool> DeleteAbove(Transaction& txn, MDB_dbi dbi, const std::optional<std::string>& above) {
  ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(txn, dbi));
  for (int64_t rows = 0; rows < kRowsAStep; ++rows) {
    MDB_val key;
    MDB_val value;
    ARROW_ASSIGN_OR_RAISE(const bool found, cursor.Move(&key, &value, MDB_LAST));
    if (!found || (above.has_value() && ToView(key) <= *above)) return true;
    ARROW_RETURN_NOT_OK(FromCode(mdb_cursor_del(cursor.raw(), 0), "cannot delete", txn.path()));
  }
  return false;
}

// A table that the load itself made, and that nobody else has committed rows to.
Result<bool> MayDropTable(Transaction& txn, Catalog& catalog, MDB_dbi dbi, const std::string& table,
                          const OpenLoad& load) {
  if (!load.created_table) return false;
  if (load.pipeline.empty()) return true;  // it had the table for itself
  ARROW_ASSIGN_OR_RAISE(const auto stat, txn.Stat(dbi));
  ARROW_ASSIGN_OR_RAISE(const auto checkpoints, catalog.ReadCheckpoints(table));
  for (const auto& checkpoint : checkpoints) {
    if (checkpoint.sequence > 0) return false;
  }
  return stat.ms_entries == 0;
}

// One bounded part of undoing an append's early rows; true when none is left.
Result<bool> UndoSomeRows(Transaction& txn, Catalog& catalog, const std::string& table,
                          const OpenLoad& load) {
  ARROW_ASSIGN_OR_RAISE(const auto record, catalog.ReadTable(table));
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(table, false));
  if (!record.has_value() || !dbi.has_value()) return true;
  ARROW_ASSIGN_OR_RAISE(auto undo, UndoLog::Open(txn, record->uuid, false));
  const bool drop_whole = load.created_table && load.pipeline.empty();
  if (!drop_whole) {
    for (auto batch = load.batches.rbegin(); batch != load.batches.rend(); ++batch) {
      ARROW_ASSIGN_OR_RAISE(const bool done, undo.Revert(*batch, *dbi, kRowsAStep));
      if (!done) return false;
    }
    if (load.pipeline.empty()) {
      ARROW_ASSIGN_OR_RAISE(const bool done, DeleteAbove(txn, *dbi, load.above));
      if (!done) return false;
    }
  }
  ARROW_ASSIGN_OR_RAISE(const bool may_drop, MayDropTable(txn, catalog, *dbi, table, load));
  if (may_drop) {
    ARROW_RETURN_NOT_OK(undo.ForgetAll());
    ARROW_RETURN_NOT_OK(txn.Drop(table, /*remove=*/true));
    ARROW_RETURN_NOT_OK(catalog.RemoveTable(table));
  }
  return true;
}

bool IsSamePipeline(const OpenLoad& load, const Asking& asking) {
  return !load.pipeline.empty() && load.pipeline == asking.pipeline;
}

// A one-off load wants the table for itself; pipelines write one table side by side. But what
// replaced an early row, or was replaced by one, would be lost when that row is taken back.
bool StandsInTheWay(const OpenLoad& load, const Asking& asking) {
  if (load.nonce == asking.nonce) return false;
  if (load.has_early_rows && (load.replaces || asking.replaces)) return true;
  return load.pipeline.empty() || asking.pipeline.empty() || IsSamePipeline(load, asking);
}

Status RefuseIfLive(Transaction& txn, const OpenLoad& load, const Asking& asking) {
  ARROW_ASSIGN_OR_RAISE(const bool live, LoadLock::IsHeld(txn.path(), load.nonce));
  if (!live) return Status::OK();
  return ConflictError(
      "lmdb: another load holds the table; wait until it has ended, or end it: table=" +
      asking.table + " holder=" + load.Holder());
}

}  // namespace

Status UndoOpenLoad(Environment& environment, const std::string& table, const OpenLoad& load,
                    bool close) {
  for (bool done = false; !done;) {
    AMPLOAD_FAULT_POINT("lmdb.undo.begin");
    ARROW_RETURN_NOT_OK(environment.Write(0, [&](Transaction& txn) -> Status {
      ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
      done = true;
      // Without its record the load is somebody else's to undo, and its keys may have new owners.
      ARROW_ASSIGN_OR_RAISE(const auto still_mine, catalog.ReadLoad(table, load.nonce));
      if (!still_mine.has_value()) return Status::OK();
      if (load.overwrite) {
        ARROW_RETURN_NOT_OK(txn.Drop(load.hidden, /*remove=*/true));
        ARROW_ASSIGN_OR_RAISE(auto undo, UndoLog::Open(txn, load.uuid, false));
        ARROW_RETURN_NOT_OK(undo.ForgetAll());
      } else if (load.has_early_rows) {
        ARROW_ASSIGN_OR_RAISE(done, UndoSomeRows(txn, catalog, table, load));
      }
      if (done && load.has_early_rows && !load.order.empty()) {
        ARROW_RETURN_NOT_OK(txn.Drop(load.order, /*remove=*/true));
      }
      if (done) {
        OpenLoad clean = load;
        clean.has_early_rows = false;
        clean.created_table = false;
        clean.above.reset();
        clean.batches.clear();
        ARROW_RETURN_NOT_OK(close ? catalog.RemoveLoad(table, load.nonce)
                                  : catalog.WriteLoad(table, clean));
      }
      AMPLOAD_FAULT_POINT("lmdb.undo.before_commit");
      return Status::OK();
    }));
    AMPLOAD_FAULT_POINT("lmdb.undo.after_commit");
  }
  return Status::OK();
}

Status RefuseLiveObstacle(Transaction& txn, const Asking& asking) {
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
  ARROW_ASSIGN_OR_RAISE(const auto loads, catalog.ReadLoads(asking.table));
  for (const auto& load : loads) {
    if (!StandsInTheWay(load, asking) || IsSamePipeline(load, asking)) continue;
    ARROW_RETURN_NOT_OK(RefuseIfLive(txn, load, asking));
  }
  return Status::OK();
}

Result<std::optional<OpenLoad>> AdoptObstacle(Transaction& txn, const Asking& asking,
                                              bool take_over, std::string_view new_nonce) {
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
  ARROW_ASSIGN_OR_RAISE(const auto loads, catalog.ReadLoads(asking.table));
  for (const auto& load : loads) {
    if (!StandsInTheWay(load, asking)) continue;
    if (!(take_over && IsSamePipeline(load, asking)))
      ARROW_RETURN_NOT_OK(RefuseIfLive(txn, load, asking));
    ARROW_RETURN_NOT_OK(catalog.RemoveLoad(asking.table, load.nonce));
    OpenLoad adopted = load;
    adopted.nonce = std::string(new_nonce);
    ARROW_RETURN_NOT_OK(catalog.WriteLoad(asking.table, adopted));
    return adopted;
  }
  return std::nullopt;
}

}  // namespace ampload::lmdb
