#include "conformance/amp/real_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>

#include <array>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "base/arrow_compute.h"
#include "base/hex.h"
#include "base/sha256.h"

namespace ampload::conformance {
namespace {

constexpr int kHashBytes = 32;

using Rows = std::shared_ptr<arrow::RecordBatch>;

Result<Rows> ReadFile(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
  ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadTable());
  if (table->num_rows() == 0) return DataError("chain: the file has no rows: path=" + path);
  return table->CombineChunksToBatch();
}

Result<const arrow::UInt64Array*> Numbers(const arrow::RecordBatch& rows) {
  const auto column = rows.GetColumnByName("block_num");
  if (!column || column->type_id() != arrow::Type::UINT64) {
    return DataError("chain: the rows have no column block_num of type uint64");
  }
  return static_cast<const arrow::UInt64Array*>(column.get());
}

Result<const arrow::FixedSizeBinaryArray*> Hashes(const arrow::RecordBatch& rows,
                                                  const std::string& name) {
  const auto column = rows.GetColumnByName(name);
  if (!column || !column->type()->Equals(arrow::fixed_size_binary(kHashBytes))) {
    return DataError("chain: the rows have no column of 32 bytes: column=" + name);
  }
  return static_cast<const arrow::FixedSizeBinaryArray*>(column.get());
}

std::string HashText(std::string_view bytes) { return "0x" + base::ToHex(bytes); }

// The blocks that the rows are of, in their order.
Result<std::vector<ChainBlock>> BlocksOf(const arrow::RecordBatch& rows, bool are_blocks,
                                         const std::string& network) {
  ARROW_ASSIGN_OR_RAISE(const auto* numbers, Numbers(rows));
  ARROW_ASSIGN_OR_RAISE(const auto* hashes, Hashes(rows, are_blocks ? "hash" : "block_hash"));
  std::string parent = "0x" + base::Sha256Hex("parent of " + HashText(hashes->GetView(0)));
  if (are_blocks) {
    ARROW_ASSIGN_OR_RAISE(const auto* parents, Hashes(rows, "parent_hash"));
    parent = HashText(parents->GetView(0));
  }
  std::vector<ChainBlock> blocks;
  for (int64_t i = 0; i < rows.num_rows(); ++i) {
    if (!blocks.empty() && blocks.back().number == numbers->Value(i)) continue;
    if (!blocks.empty() && blocks.back().number + 1 != numbers->Value(i)) {
      return DataError("chain: the file's blocks do not follow on each other: row=" +
                       std::to_string(i) + " block=" + std::to_string(numbers->Value(i)));
    }
    blocks.push_back({network, numbers->Value(i), HashText(hashes->GetView(i)), parent});
    parent = blocks.back().hash;
  }
  return blocks;
}

class RealRows : public BlockRows {
 public:
  // `rows` of the blocks from `first` on, `count` of them.
  static Result<std::shared_ptr<const BlockRows>> Make(Rows rows, uint64_t first, uint64_t count) {
    ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
    ARROW_ASSIGN_OR_RAISE(const auto* numbers, Numbers(*rows));
    std::vector<std::vector<int64_t>> rows_of(count);
    for (int64_t i = 0; i < rows->num_rows(); ++i) {
      const uint64_t index = numbers->Value(i) - first;
      if (index >= count) {
        return DataError("chain: a row is of none of the blocks: row=" + std::to_string(i) +
                         " block=" + std::to_string(numbers->Value(i)));
      }
      rows_of[index].push_back(i);
    }
    return std::make_shared<const RealRows>(std::move(rows), first, std::move(rows_of));
  }

  RealRows(Rows rows, uint64_t first, std::vector<std::vector<int64_t>> rows_of)
      : rows_(std::move(rows)), first_(first), rows_of_(std::move(rows_of)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_->schema(); }

  Result<Rows> RowsOf(std::span<const ChainBlock> blocks, uint64_t order_seed) const override {
    arrow::Int64Builder indexes;
    arrow::UInt64Builder numbers;
    arrow::FixedSizeBinaryBuilder hashes(arrow::fixed_size_binary(kHashBytes));
    arrow::FixedSizeBinaryBuilder parents(arrow::fixed_size_binary(kHashBytes));
    for (const ChainBlock& block : blocks) {
      const auto& own = rows_of_[(block.number - first_) % rows_of_.size()];
      ARROW_ASSIGN_OR_RAISE(const auto hash, HashBytes(block.hash));
      ARROW_ASSIGN_OR_RAISE(const auto parent, HashBytes(block.parent_hash));
      for (const uint64_t i : RowOrder(own.size(), order_seed, block.hash)) {
        ARROW_RETURN_NOT_OK(indexes.Append(own[i]));
        ARROW_RETURN_NOT_OK(numbers.Append(block.number));
        ARROW_RETURN_NOT_OK(hashes.Append(hash.data()));
        ARROW_RETURN_NOT_OK(parents.Append(parent.data()));
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto taken_indexes, indexes.Finish());
    ARROW_ASSIGN_OR_RAISE(const auto taken, arrow::compute::Take(rows_, taken_indexes));
    std::map<std::string, std::shared_ptr<arrow::Array>> own;
    ARROW_ASSIGN_OR_RAISE(own["block_num"], numbers.Finish());
    own["_block_num"] = own["block_num"];
    ARROW_ASSIGN_OR_RAISE(const auto hash, hashes.Finish());
    const bool are_blocks = schema()->GetFieldIndex("parent_hash") >= 0;
    own[are_blocks ? "hash" : "block_hash"] = hash;
    ARROW_ASSIGN_OR_RAISE(own["parent_hash"], parents.Finish());
    auto columns = taken.record_batch()->columns();
    for (int i = 0; i < schema()->num_fields(); ++i) {
      const auto replaced = own.find(schema()->field(i)->name());
      if (replaced != own.end()) columns[static_cast<size_t>(i)] = replaced->second;
    }
    return arrow::RecordBatch::Make(schema(), taken.record_batch()->num_rows(), std::move(columns));
  }

 private:
  Rows rows_;
  uint64_t first_;
  std::vector<std::vector<int64_t>> rows_of_;  // indexes of each real block's rows
};

}  // namespace

Result<RealBlocks> ReadRealBlocks(const std::string& folder, const std::string& prefix,
                                  const std::string& table, const std::string& network) {
  const std::string stem = folder + "/" + prefix + "_";
  ARROW_ASSIGN_OR_RAISE(auto rows, ReadFile(stem + table + ".parquet"));
  const std::string headers = stem + "blocks.parquet";
  RealBlocks real;
  if (std::filesystem::exists(headers)) {
    ARROW_ASSIGN_OR_RAISE(const auto blocks, ReadFile(headers));
    ARROW_ASSIGN_OR_RAISE(real.blocks, BlocksOf(*blocks, true, network));
  } else {
    ARROW_ASSIGN_OR_RAISE(real.blocks, BlocksOf(*rows, false, network));
  }
  ARROW_ASSIGN_OR_RAISE(
      real.rows, RealRows::Make(std::move(rows), real.blocks.front().number, real.blocks.size()));
  return real;
}

}  // namespace ampload::conformance
