// Undoing what loads left open: a dead process's, or one's own after Abort.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ampload/status.h"
#include "loaders/lmdb/catalog.h"
#include "loaders/lmdb/environment.h"

namespace ampload::lmdb {

// Takes back every early row of `load`, in transactions of bounded size. With `close` its record
// goes with the last of them; else the record stays, without early rows. Done again after a crash
// in the middle, it goes on.
Status UndoOpenLoad(Environment& environment, const std::string& table, const OpenLoad& load,
                    bool close);

// Who stands in the way of a load.
struct Asking {
  std::string table;
  std::string pipeline;   // empty: a one-off load, which wants the table for itself
  std::string nonce;      // the asking load's own, whose record is no obstacle
  bool replaces = false;  // its rows may take the place of others
};

// A conflict that says who holds the table, where a live load stands in the way. Reads only; a
// take-over of one's own pipeline minds no live load.
Status RefuseLiveObstacle(Transaction& txn, const Asking& asking);

// Looks for another load's record that stands in the way, inside the caller's write transaction. A
// live one is a conflict that says who holds the table. A dead one (and, for a take-over of its own
// pipeline, a live one) is adopted: its record is rewritten under a nonce that this process holds
// the lock of, so that nobody else undoes it at the same time; commit, then UndoOpenLoad it.
// nullopt: the way is clear.
Result<std::optional<OpenLoad>> AdoptObstacle(Transaction& txn, const Asking& asking,
                                              bool take_over, std::string_view new_nonce);

}  // namespace ampload::lmdb
