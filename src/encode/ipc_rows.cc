#include "encode/ipc_rows.h"

#include <arrow/array/util.h>
#include <arrow/ipc/writer.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "encode/decoded_type.h"
#include "encode/encodable.h"
#include "encode/ipc_column.h"
#include "encode/msgpack_bytes.h"
#include "encode/row_passes.h"

namespace ampload::encode {
namespace {

constexpr std::string_view kName = "arrow_ipc";
constexpr std::string_view kEndOfStream("\xff\xff\xff\xff\0\0\0\0", 8);

using Columns = std::vector<std::unique_ptr<IpcColumn>>;

Columns MakeColumns(const arrow::RecordBatch& batch, IpcShape* shape) {
  Columns columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    columns.push_back(
        MakeIpcColumn(*batch.column_data(i), batch.schema()->field(i)->nullable(), shape));
  }
  return columns;
}

}  // namespace

struct IpcRowsEncoder::Impl {
  std::shared_ptr<arrow::Schema> schema;
  std::string head;  // of every row, up to the body
  int64_t body_length_at = 0;
  int64_t nodes_at = 0;
  int64_t buffers_at = 0;

  int64_t head_size() const { return static_cast<int64_t>(head.size()); }
  int64_t fixed_size() const { return head_size() + static_cast<int64_t>(kEndOfStream.size()); }

  // Makes offsets[i + 1] the end of row i.
  Status SizeRows(const Columns& columns, int64_t num_rows, std::vector<int64_t>& offsets) const {
    offsets.assign(static_cast<size_t>(num_rows) + 1, 0);
    int64_t end = 0;
    for (int64_t first = 0; first < num_rows; first += kSizeBlock) {
      const Elements rows{std::min(kSizeBlock, num_rows - first), first};
      int64_t* sizes = offsets.data() + first + 1;
      for (size_t column = 0; column < columns.size(); ++column) {
        if (MaybeRefusal refusal = columns[column]->Size(rows, sizes)) {
          return RefusalError(kName, *schema, column, first + refusal->position, *refusal);
        }
      }
      for (int64_t k = 0; k < rows.rows; ++k) sizes[k] = end += sizes[k] + fixed_size();
    }
    return Status::OK();
  }

  void WriteRows(const Columns& columns, int64_t num_rows, const std::vector<int64_t>& offsets,
                 uint8_t* bytes) const {
    IpcRow cursors[kWriteBlock];
    for (int64_t first = 0; first < num_rows; first += kWriteBlock) {
      const Elements rows{std::min(kWriteBlock, num_rows - first), first};
      const int64_t* starts = offsets.data() + first;
      for (int64_t k = 0; k < rows.rows; ++k) {
        uint8_t* row = bytes + starts[k];
        std::memcpy(row, head.data(), head.size());
        const int64_t body = starts[k + 1] - starts[k] - fixed_size();
        std::memcpy(row + body_length_at, &body, sizeof(body));
        cursors[k] = {row + nodes_at, row + buffers_at, row + head_size(), row + head_size()};
      }
      for (const auto& column : columns) column->Write(rows, cursors);
      for (int64_t k = 0; k < rows.rows; ++k) {
        std::memcpy(cursors[k].at, kEndOfStream.data(), kEndOfStream.size());
      }
    }
  }
};

IpcRowsEncoder::IpcRowsEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IpcRowsEncoder::~IpcRowsEncoder() = default;

Result<std::unique_ptr<IpcRowsEncoder>> IpcRowsEncoder::Make(
    std::shared_ptr<arrow::Schema> schema) {
  ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, kName));
  auto impl = std::make_unique<Impl>();
  const auto storage = StorageSchema(*schema);
  ARROW_ASSIGN_OR_RAISE(const auto prefix, arrow::ipc::SerializeSchema(*storage));
  // The places depend on the types alone, and dictionaries, runs and extensions take none.
  IpcShape shape;
  ARROW_ASSIGN_OR_RAISE(const auto nothing, arrow::RecordBatch::MakeEmpty(storage));
  MakeColumns(*nothing, &shape);
  const IpcMessage message(shape);
  impl->head = prefix->ToString() + message.head();
  impl->body_length_at = prefix->size() + message.body_length_at();
  impl->nodes_at = prefix->size() + message.nodes_at();
  impl->buffers_at = prefix->size() + message.buffers_at();
  impl->schema = std::move(schema);
  return std::unique_ptr<IpcRowsEncoder>(new IpcRowsEncoder(std::move(impl)));
}

Result<EncodedRows> IpcRowsEncoder::Encode(const arrow::RecordBatch& batch) const {
  ARROW_RETURN_NOT_OK(CheckSchema(kName, batch, *impl_->schema));
  IpcShape shape;
  const Columns columns = MakeColumns(batch, &shape);
  EncodedRows rows;
  ARROW_RETURN_NOT_OK(impl_->SizeRows(columns, batch.num_rows(), rows.offsets));
  ARROW_ASSIGN_OR_RAISE(rows.bytes, arrow::AllocateBuffer(rows.size_bytes()));
  impl_->WriteRows(columns, batch.num_rows(), rows.offsets, rows.bytes->mutable_data());
  return rows;
}

}  // namespace ampload::encode
