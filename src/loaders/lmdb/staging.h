// The rows that wait for the next step or commit, and how they go into the table: in key order, so
// that LMDB fills page after page.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/lmdb/environment.h"
#include "loaders/lmdb/row_encoder.h"
#include "loaders/lmdb/row_putter.h"

namespace ampload::lmdb {

// Some rows of a batch: [first, end).
struct StagedPart {
  std::shared_ptr<const EncodedPairs> pairs;
  int64_t first = 0;
  int64_t end = 0;

  int64_t rows() const { return end - first; }
  // Its share of the batch's bytes.
  int64_t bytes() const {
    return pairs->rows() == 0 ? 0 : pairs->size_bytes() * rows() / pairs->rows();
  }
};

class Staging {
 public:
  void Add(StagedPart part);
  void Clear();

  // Are all rows in key order, and behind this key? Numbered rows are.
  bool AscendsAbove(const std::optional<std::string>& key) const;

  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }
  const std::vector<StagedPart>& parts() const { return parts_; }

  // Puts everything, in the caller's transaction; changes nothing here, so it can be done again.
  // Under PutRule::kAdd two rows of one key, or a key that the table has, are a data error with
  // both places, unless the last to arrive is to win. Under the other rules the rows of one key
  // apply in their order, else as they arrive.
  Status PutAll(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
                const std::string& table_name) const;

 private:
  Status PutSorted(RowPutter& putter, const PutPlan& plan, const RowEncoder& encoder,
                   const std::string& table_name) const;

  std::vector<StagedPart> parts_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace ampload::lmdb
