#include "encode/msgpack_encoder.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "encode/column_writer.h"
#include "encode/encodable.h"
#include "encode/msgpack_bytes.h"

namespace ampload::encode {
namespace {

// Rows of a Size block: their sizes stay in the first cache.
constexpr int64_t kSizeBlock = 1024;
// Rows of a Write block: so many that their bytes stay in the second cache while column after
// column goes over them, few enough that the block's cursors stay in the first.
constexpr int64_t kWriteBlock = 256;

using Writers = std::vector<std::unique_ptr<ColumnWriter>>;

Status RefusalError(const arrow::Schema& schema, size_t column, int64_t row,
                    const Refusal& refusal) {
  std::string message = "msgpack: " + refusal.what +
                        ": column=" + schema.field(static_cast<int>(column))->name() +
                        refusal.path + " row=" + std::to_string(row);
  if (!refusal.value.empty()) message += " " + refusal.value;
  return DataError(std::move(message));
}

// Makes offsets[i + 1] the end of row i.
Status SizeRows(const arrow::Schema& schema, const Writers& writers, int64_t num_rows,
                std::vector<int64_t>& offsets) {
  offsets.assign(static_cast<size_t>(num_rows) + 1, 0);
  int64_t end = 0;
  for (int64_t first = 0; first < num_rows; first += kSizeBlock) {
    const Rows rows{first, std::min(kSizeBlock, num_rows - first), nullptr};
    int64_t* sizes = offsets.data() + first + 1;
    if (writers.empty()) std::fill_n(sizes, rows.count, 1);  // an empty map
    for (size_t column = 0; column < writers.size(); ++column) {
      if (MaybeRefusal refusal = writers[column]->Size(rows, sizes)) {
        return RefusalError(schema, column, first + refusal->position, *refusal);
      }
    }
    for (int64_t k = 0; k < rows.count; ++k) sizes[k] = end += sizes[k];
  }
  return Status::OK();
}

void WriteRows(const Writers& writers, int64_t num_rows, const std::vector<int64_t>& offsets,
               uint8_t* bytes) {
  if (writers.empty()) {
    std::fill_n(bytes, num_rows, msgpack::kFixMap);
    return;
  }
  uint8_t* cursors[kWriteBlock];
  for (int64_t first = 0; first < num_rows; first += kWriteBlock) {
    const Rows rows{first, std::min(kWriteBlock, num_rows - first), nullptr};
    const int64_t* starts = offsets.data() + first;
    for (int64_t k = 0; k < rows.count; ++k) cursors[k] = bytes + starts[k];
    for (const auto& writer : writers) writer->Write(rows, cursors);
  }
}

}  // namespace

struct MsgpackEncoder::Impl {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<KeyPrefix> prefixes;
};

MsgpackEncoder::MsgpackEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MsgpackEncoder::~MsgpackEncoder() = default;

Result<std::unique_ptr<MsgpackEncoder>> MsgpackEncoder::Make(
    std::shared_ptr<arrow::Schema> schema) {
  ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, "msgpack"));
  auto impl = std::make_unique<Impl>();
  // The row's own header rides on the first key.
  std::string header = msgpack::MapHeader(schema->num_fields());
  for (const auto& field : schema->fields()) {
    impl->prefixes.emplace_back(std::exchange(header, "") + msgpack::Str(field->name()));
  }
  impl->schema = std::move(schema);
  return std::unique_ptr<MsgpackEncoder>(new MsgpackEncoder(std::move(impl)));
}

Result<EncodedRows> MsgpackEncoder::Encode(const arrow::RecordBatch& batch) const {
  if (!batch.schema()->Equals(*impl_->schema, /*check_metadata=*/false)) {
    return DataError("msgpack: the batch has another schema than the encoder: batch=" +
                     batch.schema()->ToString() + " encoder=" + impl_->schema->ToString());
  }
  Writers writers;
  for (int i = 0; i < batch.num_columns(); ++i) {
    writers.push_back(
        MakeColumnWriter(*batch.column_data(i), impl_->prefixes[static_cast<size_t>(i)]));
  }
  EncodedRows rows;
  ARROW_RETURN_NOT_OK(SizeRows(*impl_->schema, writers, batch.num_rows(), rows.offsets));
  ARROW_ASSIGN_OR_RAISE(rows.bytes, arrow::AllocateBuffer(rows.size_bytes()));
  WriteRows(writers, batch.num_rows(), rows.offsets, rows.bytes->mutable_data());
  return rows;
}

}  // namespace ampload::encode
