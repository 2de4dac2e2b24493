// The rows that wait for the next step or commit, and how they go into the table: in key order, so
// that LMDB fills page after page.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/load_mode.h"
#include "ampload/status.h"
#include "loaders/lmdb/environment.h"
#include "loaders/lmdb/row_encoder.h"
#include "loaders/lmdb/undo_log.h"

namespace ampload::lmdb {

// Where rows go and what is noted about them.
struct PutPlan {
  MDB_dbi table = 0;
  DuplicatePolicy on_duplicate = DuplicatePolicy::kFail;
  // Notes every row that is put, in `undo`; null: none is noted.
  UndoLog* undo = nullptr;
  // Rows above this key need no note: they are undone by their place. Absent: every row is noted.
  std::optional<std::string> not_above;
  bool all_above = false;          // the table had no rows: no row needs a note
  std::optional<int64_t> note_as;  // the batch id to note under; absent: each row's own
};

class Staging {
 public:
  void Add(std::unique_ptr<EncodedPairs> pairs);
  void Clear();

  // Are all rows in key order, and behind this key? Numbered rows are.
  bool AscendsAbove(const std::optional<std::string>& key) const;

  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }
  const std::vector<std::unique_ptr<EncodedPairs>>& batches() const { return batches_; }

  // Puts everything, in the caller's transaction; changes nothing here, so it can be done again.
  // Two rows of one key, or a key that the table has, are a data error with both places under
  // kFail; under kReplace the last to arrive wins.
  Status PutAll(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
                const std::string& table_name) const;

 private:
  std::vector<std::unique_ptr<EncodedPairs>> batches_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace ampload::lmdb
