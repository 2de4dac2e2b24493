// What the blocks of a model chain hold.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::conformance {

// Hashes are "0x" and 64 lower-case hex digits.
struct ChainBlock {
  std::string network;
  uint64_t number = 0;
  std::string hash;
  std::string parent_hash;
  friend bool operator==(const ChainBlock&, const ChainBlock&) = default;
};

// Immutable; safe from any thread. The same block has the same rows, always.
class BlockRows {
 public:
  virtual ~BlockRows() = default;

  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;

  // The rows of the blocks, block after block as they are given. Inside a block they come in their
  // natural order where `order_seed` is 0, else in one that the seed and the block's hash choose.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(std::span<const ChainBlock> blocks,
                                                             uint64_t order_seed) const = 0;
};

struct MadeUpRowsOptions {
  uint64_t seed = 1;
  uint64_t most_rows = 5;   // of a block; it has 0 up to so many
  bool exactly = false;     // every block has most_rows
  uint64_t text_bytes = 0;  // length of column `text`; 0: a few bytes that differ from row to row
  std::string extra_column = {};  // one more column of that name, of int64; empty: none
};

// block_num uint64, log_index int32, network utf8, block_hash fixed_size_binary(32), value int64,
// text utf8. On any one state of the chains, network, block_num and log_index name one row; where a
// block is replaced, the same key has other values.
class MadeUpRows : public BlockRows {
 public:
  explicit MadeUpRows(MadeUpRowsOptions options);
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(std::span<const ChainBlock> blocks,
                                                     uint64_t order_seed) const override;

 private:
  MadeUpRowsOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
};

// One row a block: block_num uint64, hash and parent_hash fixed_size_binary(32). What the recorded
// sessions selected.
class HeaderRows : public BlockRows {
 public:
  const std::shared_ptr<arrow::Schema>& schema() const override;
  Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(std::span<const ChainBlock> blocks,
                                                     uint64_t order_seed) const override;
};

// The 32 bytes of a hash as text.
Result<std::array<uint8_t, 32>> HashBytes(const std::string& hash);

// 0 .. count - 1; in natural order where order_seed is 0.
std::vector<uint64_t> RowOrder(uint64_t count, uint64_t order_seed, const std::string& hash);

}  // namespace ampload::conformance
