#include "encode/text_encoder.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "encode/row_passes.h"

namespace ampload::encode {
namespace {

constexpr std::string_view kName = "text";

// Makes offsets[i + 1] the end of field i.
Status SizeFields(const arrow::Schema& schema, const Writers& writers, EncodedFields& fields) {
  const auto count = static_cast<size_t>(fields.num_rows * fields.num_columns);
  fields.offsets.assign(count + 1, 0);
  fields.absent.assign(count, false);
  int64_t sizes[kSizeBlock];
  int64_t end = 0;
  for (int64_t first = 0; first < fields.num_rows; first += kSizeBlock) {
    const Rows rows{first, std::min(kSizeBlock, fields.num_rows - first), nullptr};
    const auto begin = static_cast<size_t>(first * fields.num_columns);
    for (size_t column = 0; column < writers.size(); ++column) {
      std::fill_n(sizes, rows.count, 0);
      if (MaybeRefusal refusal = writers[column]->Size(rows, sizes)) {
        return RefusalError(kName, schema, column, first + refusal->position, *refusal);
      }
      size_t i = begin + column;
      for (int64_t k = 0; k < rows.count; ++k, i += writers.size()) {
        if (sizes[k] < kAbsent) {
          fields.offsets[i + 1] = sizes[k];
        } else {
          fields.absent[i] = true;
        }
      }
    }
    const size_t behind = begin + static_cast<size_t>(rows.count * fields.num_columns);
    for (size_t i = begin; i < behind; ++i) fields.offsets[i + 1] = end += fields.offsets[i + 1];
  }
  return Status::OK();
}

void WriteFields(const Writers& writers, const EncodedFields& fields, uint8_t* bytes) {
  uint8_t* cursors[kWriteBlock];
  for (int64_t first = 0; first < fields.num_rows; first += kWriteBlock) {
    const Rows rows{first, std::min(kWriteBlock, fields.num_rows - first), nullptr};
    for (size_t column = 0; column < writers.size(); ++column) {
      size_t i = static_cast<size_t>(first * fields.num_columns) + column;
      for (int64_t k = 0; k < rows.count; ++k, i += writers.size()) {
        cursors[k] = bytes + fields.offsets[i];
      }
      writers[column]->Write(rows, cursors);
    }
  }
}

}  // namespace

Result<std::unique_ptr<TextEncoder>> TextEncoder::Make(std::shared_ptr<arrow::Schema> schema,
                                                       BinaryText binaries) {
  ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, kName));
  return std::unique_ptr<TextEncoder>(new TextEncoder(std::move(schema), binaries));
}

Result<EncodedFields> TextEncoder::Encode(const arrow::RecordBatch& batch) const {
  ARROW_RETURN_NOT_OK(CheckSchema(kName, batch, *schema_));
  Writers writers;
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto& data = *batch.column_data(i);
    writers.push_back(binaries_ == BinaryText::kHex
                          ? MakeColumnWriter<TextFormat<true>>(data, {})
                          : MakeColumnWriter<TextFormat<false>>(data, {}));
  }
  EncodedFields fields;
  fields.num_rows = batch.num_rows();
  fields.num_columns = batch.num_columns();
  ARROW_RETURN_NOT_OK(SizeFields(*schema_, writers, fields));
  ARROW_ASSIGN_OR_RAISE(fields.bytes, arrow::AllocateBuffer(fields.size_bytes()));
  WriteFields(writers, fields, fields.bytes->mutable_data());
  return fields;
}

}  // namespace ampload::encode
