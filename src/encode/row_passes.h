// The two passes over a batch that make its rows, each a struct of the columns in one format.
//
// In blocks of rows that stay in cache. The first pass sizes and validates; after it nothing can
// fail. The second scatters every column's values into one buffer that is allocated once.
#pragma once

#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ampload/status.h"
#include "encode/column_writer.h"
#include "encode/encodable.h"
#include "encode/encoded_rows.h"
#include "encode/every_format.h"

namespace ampload::encode {

// Rows of a Size block: their sizes stay in the first cache.
inline constexpr int64_t kSizeBlock = 1024;
// Rows of a Write block: so many that their bytes stay in the second cache while column after
// column goes over them, few enough that the block's cursors stay in the first.
inline constexpr int64_t kWriteBlock = 256;

using Writers = std::vector<std::unique_ptr<ColumnWriter>>;

// "json: date is not ...: column=c.d row=7 value=2932897": a bad row.
Status RefusalError(std::string_view format, const arrow::Schema& schema, size_t column,
                    int64_t row, const Refusal& refusal);

// A data error where the batch is not of the encoder's schema.
Status CheckSchema(std::string_view format, const arrow::RecordBatch& batch,
                   const arrow::Schema& schema);

// Made for one schema. Immutable: Encode may be called from several threads at once.
template <class Format>
class RowPasses {
 public:
  static Result<std::unique_ptr<RowPasses>> Make(std::shared_ptr<arrow::Schema> schema) {
    ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, Format::kName));
    auto passes = std::make_unique<RowPasses>();
    // The row's own head rides on the first key.
    passes->head_ = Format::StructHead(schema->num_fields());
    for (int i = 0; i < schema->num_fields(); ++i) {
      passes->prefixes_.emplace_back((i == 0 ? passes->head_ : "") +
                                     Format::FieldKey(i, schema->field(i)->name()));
    }
    passes->schema_ = std::move(schema);
    return passes;
  }

  Result<EncodedRows> Encode(const arrow::RecordBatch& batch) const {
    ARROW_RETURN_NOT_OK(CheckSchema(Format::kName, batch, *schema_));
    Writers writers;
    for (int i = 0; i < batch.num_columns(); ++i) {
      writers.push_back(
          MakeColumnWriter<Format>(*batch.column_data(i), prefixes_[static_cast<size_t>(i)]));
    }
    EncodedRows rows;
    ARROW_RETURN_NOT_OK(SizeRows(writers, batch.num_rows(), rows.offsets));
    ARROW_ASSIGN_OR_RAISE(rows.bytes, arrow::AllocateBuffer(rows.size_bytes()));
    WriteRows(writers, batch.num_rows(), rows.offsets, rows.bytes->mutable_data());
    return rows;
  }

 private:
  static constexpr int64_t kTailSize = Format::kStructTail == kNoTail ? 0 : 1;

  // Makes offsets[i + 1] the end of row i.
  Status SizeRows(const Writers& writers, int64_t num_rows, std::vector<int64_t>& offsets) const {
    offsets.assign(static_cast<size_t>(num_rows) + 1, 0);
    const int64_t fixed = kTailSize + (writers.empty() ? static_cast<int64_t>(head_.size()) : 0);
    int64_t end = 0;
    for (int64_t first = 0; first < num_rows; first += kSizeBlock) {
      const Rows rows{first, std::min(kSizeBlock, num_rows - first), nullptr};
      int64_t* sizes = offsets.data() + first + 1;
      for (size_t column = 0; column < writers.size(); ++column) {
        if (MaybeRefusal refusal = writers[column]->Size(rows, sizes)) {
          return RefusalError(Format::kName, *schema_, column, first + refusal->position, *refusal);
        }
      }
      for (int64_t k = 0; k < rows.count; ++k) sizes[k] = end += sizes[k] + fixed;
    }
    return Status::OK();
  }

  void WriteRows(const Writers& writers, int64_t num_rows, const std::vector<int64_t>& offsets,
                 uint8_t* bytes) const {
    uint8_t* cursors[kWriteBlock];
    for (int64_t first = 0; first < num_rows; first += kWriteBlock) {
      const Rows rows{first, std::min(kWriteBlock, num_rows - first), nullptr};
      const int64_t* starts = offsets.data() + first;
      for (int64_t k = 0; k < rows.count; ++k) cursors[k] = bytes + starts[k];
      for (const auto& writer : writers) writer->Write(rows, cursors);
      if (writers.empty()) {
        for (int64_t k = 0; k < rows.count; ++k) {
          cursors[k] = std::copy(head_.begin(), head_.end(), cursors[k]);
        }
      }
      if constexpr (kTailSize > 0) {
        for (int64_t k = 0; k < rows.count; ++k) *cursors[k] = Format::kStructTail;
      }
    }
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::string head_;
  std::vector<KeyPrefix> prefixes_;
};

}  // namespace ampload::encode
