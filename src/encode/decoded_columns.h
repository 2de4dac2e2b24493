// The columns that rows are decoded into: a builder and a reader each.
#pragma once

#include <arrow/array/builder_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "encode/value_reader.h"

namespace ampload::encode {

class DecodedColumns {
 public:
  // The columns as DecodeRows gives them back. Refuses what no encoder makes: see CheckEncodable.
  static Result<DecodedColumns> Make(const std::shared_ptr<arrow::Schema>& schema,
                                     std::string_view format);

  // One a column, in their order. They must not outlive this.
  std::vector<std::unique_ptr<ValueReader>> MakeReaders();

  // Of what the readers appended, which is `rows` values for each.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(int64_t rows);

 private:
  std::shared_ptr<arrow::Schema> schema_;  // as decoded
  std::vector<std::shared_ptr<arrow::DataType>> storage_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
};

}  // namespace ampload::encode
