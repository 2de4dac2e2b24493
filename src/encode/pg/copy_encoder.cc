#include "encode/pg/copy_encoder.h"

#include <arrow/extension_type.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <utility>

#include "encode/encodable.h"
#include "encode/msgpack_bytes.h"
#include "encode/pg/column_fit.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"
#include "encode/pg/first_null.h"
#include "encode/row_passes.h"

namespace ampload::encode::pg {
namespace {

constexpr std::string_view kName = "postgresql";
constexpr int64_t kCountSize = 2;  // of a tuple's fields, in front of them

std::string ProblemOf(const arrow::Field& field, const PgColumn& column) {
  if (Fits(*field.type(), column.type)) return {};
  return "values of this type cannot go into the table's column, cast them with --cast " +
         field.name() + ":TYPE or leave them out with --exclude " + field.name() +
         ": column=" + field.name() + " arrow=" + field.type()->ToString() +
         " column_type=" + column.type.name;
}

Status CheckColumns(const arrow::FieldVector& fields, const std::vector<PgColumn>& columns) {
  std::string problems;
  arrow::FieldVector made_json;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string problem = ProblemOf(*fields[i], columns[i]);
    if (!problem.empty()) problems += (problems.empty() ? "" : "; ") + problem;
    if (IsMadeJson(*fields[i]->type(), columns[i].type)) made_json.push_back(fields[i]);
  }
  if (!problems.empty()) return DataError(std::string(kName) + ": " + problems);
  return CheckEncodable(arrow::Schema(made_json), msgpack::kMaxDepth, kName);
}

class Encoder final : public CopyEncoder {
 public:
  Encoder(std::shared_ptr<arrow::Schema> schema, std::vector<PgColumn> columns, std::string table,
          const Losses& losses)
      : schema_(std::move(schema)),
        columns_(std::move(columns)),
        table_(std::move(table)),
        losses_(losses) {}

  Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch,
                                                int64_t first_row) const override {
    ARROW_RETURN_NOT_OK(CheckSchema(kName, batch, *schema_));
    Writers writers;
    for (int i = 0; i < batch.num_columns(); ++i) {
      const PgColumn& column = columns_[static_cast<size_t>(i)];
      if (column.not_null) {
        if (const auto row = FirstNull(*batch.column(i))) {
          return BadRow(i, *row, first_row, {0, "null in a column that is never null", "", ""});
        }
      }
      writers.push_back(MakeCopyColumn(*batch.column_data(i), column.type, losses_));
    }
    std::vector<int64_t> starts;
    ARROW_RETURN_NOT_OK(SizeRows(writers, batch.num_rows(), first_row, starts));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bytes,
                          arrow::AllocateBuffer(starts.back()));
    WriteRows(writers, batch.num_rows(), starts, bytes->mutable_data());
    return bytes;
  }

 private:
  // Makes starts[i] the start of row i, and the last one the end.
  Status SizeRows(const Writers& writers, int64_t num_rows, int64_t first_row,
                  std::vector<int64_t>& starts) const {
    starts.assign(static_cast<size_t>(num_rows) + 1, 0);
    int64_t end = 0;
    for (int64_t first = 0; first < num_rows; first += kSizeBlock) {
      const Rows rows{first, std::min(kSizeBlock, num_rows - first), nullptr};
      int64_t* sizes = starts.data() + first + 1;
      for (size_t i = 0; i < writers.size(); ++i) {
        if (MaybeRefusal refusal = writers[i]->Size(rows, sizes)) {
          return BadRow(static_cast<int>(i), first + refusal->position, first_row, *refusal);
        }
      }
      for (int64_t k = 0; k < rows.count; ++k) sizes[k] = end += sizes[k] + kCountSize;
    }
    return Status::OK();
  }

  void WriteRows(const Writers& writers, int64_t num_rows, const std::vector<int64_t>& starts,
                 uint8_t* bytes) const {
    const auto fields = static_cast<int16_t>(writers.size());
    uint8_t* cursors[kWriteBlock];
    for (int64_t first = 0; first < num_rows; first += kWriteBlock) {
      const Rows rows{first, std::min(kWriteBlock, num_rows - first), nullptr};
      const int64_t* start = starts.data() + first;
      for (int64_t k = 0; k < rows.count; ++k) cursors[k] = PutBig(bytes + start[k], fields);
      for (const auto& writer : writers) writer->Write(rows, cursors);
    }
  }

  Status BadRow(int column, int64_t row, int64_t first_row, const Refusal& refusal) const {
    const auto& field = *schema_->field(column);
    std::string message = std::string(kName) + ": " + refusal.what + ": table=" + table_ +
                          " column=" + field.name() + refusal.path +
                          " row=" + std::to_string(first_row + row) +
                          " arrow=" + field.type()->ToString() +
                          " column_type=" + columns_[static_cast<size_t>(column)].type.name;
    if (!refusal.value.empty()) message += " " + refusal.value;
    return BadRowError(row, std::move(message));
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<PgColumn> columns_;
  std::string table_;
  Losses losses_;
};

}  // namespace

std::string_view CopyHeader() {
  // The signature, no flags, no header extension.
  return {
      "PGCOPY\n\377\r\n\0"
      "\0\0\0\0"
      "\0\0\0\0",
      19};
}
std::string_view CopyTrailer() { return "\377\377"; }

Status CheckFit(const arrow::Field& field, const PgColumn& column,
                const std::vector<std::string>& /*allow*/) {
  return CheckColumns({field.Copy()}, {column});
}

Result<std::unique_ptr<CopyEncoder>> CopyEncoder::Make(std::shared_ptr<arrow::Schema> schema,
                                                       std::vector<PgColumn> columns,
                                                       std::string table,
                                                       const std::vector<std::string>& allow) {
  if (static_cast<size_t>(schema->num_fields()) != columns.size()) {
    return DataError("postgresql: the rows have not as many columns as the table's: table=" +
                     table + " rows=" + std::to_string(schema->num_fields()) +
                     " columns=" + std::to_string(columns.size()));
  }
  arrow::util::InitializeUTF8();
  ARROW_RETURN_NOT_OK(CheckColumns(schema->fields(), columns));
  return std::make_unique<Encoder>(std::move(schema), std::move(columns), std::move(table),
                                   Losses(allow));
}

}  // namespace ampload::encode::pg
