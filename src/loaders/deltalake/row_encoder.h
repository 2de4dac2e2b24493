// A session's batches as rows of its table: the columns' types are the lake's, every value is
// checked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ampload/table.h"
#include "ampload/write_session.h"
#include "loaders/deltalake/constraints.h"

namespace ampload::deltalake {

struct EncodedRows : EncodedBatch {
  int64_t size_bytes() const override { return bytes; }
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t bytes = 0;
  const void* made_by = nullptr;  // the encoder
};

class RowEncoder final : public BatchEncoder {
 public:
  // `stored`, `partition_columns`, `constraints`: those of TableRules.
  RowEncoder(TableSpec spec, std::shared_ptr<arrow::Schema> stored,
             std::vector<std::string> partition_columns, std::vector<Constraint> constraints)
      : spec_(std::move(spec)),
        stored_(std::move(stored)),
        partition_columns_(std::move(partition_columns)),
        constraints_(std::move(constraints)) {}

  Result<std::unique_ptr<EncodedBatch>> Encode(const StagedBatch& batch) const override;
  const arrow::Schema& stored() const { return *stored_; }
  const std::vector<Constraint>& constraints() const { return constraints_; }

 private:
  TableSpec spec_;
  std::shared_ptr<arrow::Schema> stored_;
  std::vector<std::string> partition_columns_;
  std::vector<Constraint> constraints_;
};

}  // namespace ampload::deltalake
