// Arrow columns as Arrow IPC streams, one a row:
//
//   schema message | record batch message of one row | end of stream
//
// The schema message is the same bytes in every row. Dictionary and run-end-encoded columns have
// their value type, extension types their storage, at any depth; there is no metadata. What stands
// behind a null is zeros. Any Arrow reader reads a row: pyarrow.ipc.open_stream(value).
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "ampload/status.h"
#include "encode/encoded_rows.h"
#include "encode/row_format_encoder.h"

namespace ampload::encode {

class IpcRowsEncoder final : public RowFormatEncoder {
 public:
  // See MakeRowFormatEncoder.
  static Result<std::unique_ptr<IpcRowsEncoder>> Make(std::shared_ptr<arrow::Schema> schema);
  ~IpcRowsEncoder() override;

  // What cannot be encoded: a string that is not UTF-8, a null key of a map, an index outside its
  // dictionary, more than 2^31 - 1 bytes or elements within one row's lists.
  Result<EncodedRows> Encode(const arrow::RecordBatch& batch) const override;

 private:
  struct Impl;
  explicit IpcRowsEncoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ampload::encode
