#include "loaders/deltalake/file_reader.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>

#include <algorithm>
#include <string>
#include <utility>

#include "ampload/batch_id.h"
#include "base/arrow_compute.h"
#include "encode/plain_values.h"
#include "loaders/deltalake/deletion_vector.h"
#include "loaders/deltalake/file_columns.h"
#include "loaders/deltalake/partition_values.h"

namespace ampload::deltalake {
namespace {

constexpr int64_t kBatchRows = 64 << 10;

// One of the table's columns, in this file.
struct Source {
  int in_batch = -1;  // -1: not read
  std::shared_ptr<arrow::DataType> file_type;
  std::shared_ptr<arrow::Scalar> constant;  // a partition column's value; or null
};

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.column_index >= 0) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

class FileRows {
 public:
  FileRows(lake::ObjectStore& table, const Snapshot& snapshot, const AddFile& file)
      : table_(table), snapshot_(snapshot), file_(file) {}

  Status Open(const CallContext& context) {
    ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
    ARROW_ASSIGN_OR_RAISE(const auto path, PathInTable(table_, file_));
    ARROW_ASSIGN_OR_RAISE(auto input, table_.Open(path, context));
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(input)));
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(kBatchRows);
    properties.set_use_threads(false);
    properties.set_pre_buffer(false);
    properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
    builder.properties(properties);
    ARROW_RETURN_NOT_OK(builder.Build(&reader_));
    if (file_.deletion_vector.has_value()) {
      ARROW_ASSIGN_OR_RAISE(deleted_, ReadDeletionVector(*file_.deletion_vector, table_, context));
    }
    return ChooseColumns();
  }

  // Null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next() {
    ARROW_ASSIGN_OR_RAISE(const auto batch, batches_->Next());
    if (batch == nullptr) return nullptr;
    arrow::ArrayVector columns;
    for (int i = 0; i < snapshot_.schema->num_fields(); ++i) {
      const auto& field = *snapshot_.schema->field(i);
      auto column = Column(sources_[static_cast<size_t>(i)], *batch, i);
      if (!column.ok()) return WithContext(column.status(), "column=" + field.name());
      columns.push_back(*std::move(column));
    }
    return arrow::RecordBatch::Make(snapshot_.schema, batch->num_rows(), std::move(columns));
  }

  // Which of the batch's rows are there; null: all.
  Result<std::shared_ptr<arrow::BooleanArray>> Kept(
      const arrow::RecordBatch& batch,
      const std::function<bool(std::optional<int64_t> batch)>& take) {
    const int64_t begin = std::exchange(position_, position_ + batch.num_rows());
    const auto first = std::lower_bound(deleted_.begin(), deleted_.end(), begin);
    if (!take && (first == deleted_.end() || *first >= position_)) return nullptr;
    std::vector<bool> kept(static_cast<size_t>(batch.num_rows()), true);
    for (auto at = first; at != deleted_.end() && *at < position_; ++at) {
      kept[static_cast<size_t>(*at - begin)] = false;
    }
    if (take) {
      const auto ids = batch.GetColumnByName(kBatchIdColumn);
      const auto* numbers = dynamic_cast<const arrow::Int64Array*>(ids.get());
      for (int64_t row = 0; row < batch.num_rows(); ++row) {
        if (!kept[static_cast<size_t>(row)]) continue;
        std::optional<int64_t> id;
        if (numbers != nullptr && numbers->IsValid(row)) id = numbers->Value(row);
        kept[static_cast<size_t>(row)] = take(id);
      }
    }
    arrow::BooleanBuilder builder;
    ARROW_RETURN_NOT_OK(builder.AppendValues(kept));
    std::shared_ptr<arrow::BooleanArray> out;
    ARROW_RETURN_NOT_OK(builder.Finish(&out));
    return out;
  }

 private:
  Status ChooseColumns() {
    std::shared_ptr<arrow::Schema> in_file;
    ARROW_RETURN_NOT_OK(reader_->GetSchema(&in_file));
    std::vector<std::pair<int, size_t>> chosen;  // the file's field, the table's
    for (int i = 0; i < snapshot_.schema->num_fields(); ++i) {
      const auto& field = *snapshot_.schema->field(i);
      const auto& physical = *snapshot_.physical->field(i);
      auto& source = sources_.emplace_back();
      const auto& by = snapshot_.metadata.partition_columns;
      if (std::find(by.begin(), by.end(), field.name()) != by.end()) {
        const auto value = file_.partition_values.find(physical.name());
        const auto text = value == file_.partition_values.end() ? std::nullopt : value->second;
        ARROW_ASSIGN_OR_RAISE(source.constant, PartitionScalar(text, field.type()));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const int at,
                            FindField(in_file->fields(), physical, snapshot_.mapping));
      if (at < 0) continue;
      source.file_type = in_file->field(at)->type();
      chosen.emplace_back(at, sources_.size() - 1);
    }
    return OpenBatches(std::move(chosen));
  }

  Status OpenBatches(std::vector<std::pair<int, size_t>> chosen) {
    std::sort(chosen.begin(), chosen.end());
    std::vector<int> leaves;
    for (size_t i = 0; i < chosen.size(); ++i) {
      const auto& [at, column] = chosen[i];
      sources_[column].in_batch = static_cast<int>(i);
      AddLeaves(reader_->manifest().schema_fields[static_cast<size_t>(at)], &leaves);
    }
    std::vector<int> groups;
    for (int i = 0; i < reader_->num_row_groups(); ++i) groups.push_back(i);
    return reader_->GetRecordBatchReader(groups, leaves).Value(&batches_);
  }

  Result<std::shared_ptr<arrow::Array>> Column(const Source& source,
                                               const arrow::RecordBatch& batch, int at) const {
    const auto& type = snapshot_.schema->field(at)->type();
    if (source.constant != nullptr) {
      return arrow::MakeArrayFromScalar(*source.constant, batch.num_rows());
    }
    if (source.in_batch < 0) return arrow::MakeArrayOfNull(type, batch.num_rows());
    // A file may say that Arrow had other types: large lists, dictionaries, views.
    ARROW_ASSIGN_OR_RAISE(const auto values, encode::PlainValues(batch.column(source.in_batch)));
    return AsColumn(values, *source.file_type, snapshot_.physical->field(at)->type(), type,
                    snapshot_.mapping);
  }

  lake::ObjectStore& table_;
  const Snapshot& snapshot_;
  const AddFile& file_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<Source> sources_;  // of each of the table's columns
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::vector<int64_t> deleted_;
  int64_t position_ = 0;
};

Status Read(FileRows& rows,
            const std::function<Result<bool>(std::shared_ptr<arrow::RecordBatch>)>& visit,
            const CallContext& context,
            const std::function<bool(std::optional<int64_t> batch)>& take, Status* visitor) {
  ARROW_RETURN_NOT_OK(rows.Open(context));
  for (;;) {
    ARROW_RETURN_NOT_OK(context.Check());
    ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next());
    if (batch == nullptr) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto kept, rows.Kept(*batch, take));
    if (kept != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto filtered,
                            arrow::compute::Filter(arrow::Datum(batch), arrow::Datum(kept)));
      batch = filtered.record_batch();
    }
    if (batch->num_rows() == 0) continue;
    const auto more = visit(std::move(batch));
    *visitor = more.status();
    if (!more.ok() || !*more) return Status::OK();
  }
}

}  // namespace

Result<std::string> PathInTable(const lake::ObjectStore& table, const AddFile& file) {
  ARROW_ASSIGN_OR_RAISE(auto path, DecodePath(file.path));
  if (path.find("://") == std::string::npos && !path.starts_with('/') &&
      !path.starts_with("file:/")) {
    return path;
  }
  std::string plain = path;
  for (const std::string_view scheme : {"file://", "file:"}) {
    if (plain.starts_with(scheme)) plain.erase(0, scheme.size());
  }
  if (plain.starts_with("s3a://")) plain.replace(0, 6, "s3://");
  const std::string root = table.root() + "/";
  if (plain.starts_with(root)) return plain.substr(root.size());
  return ConfigurationError(
      "the file lies outside of the table's folder (a shallow clone?), which is not read");
}

Status ReadDataFile(lake::ObjectStore& table, const Snapshot& snapshot, const AddFile& file,
                    const std::function<Result<bool>(std::shared_ptr<arrow::RecordBatch>)>& visit,
                    const CallContext& context,
                    const std::function<bool(std::optional<int64_t> batch)>& take) {
  const std::string where = " table=" + table.root() + " file=" + file.path;
  Status status;
  Status visitor;  // what it said
  try {
    FileRows rows(table, snapshot, file);
    status = Read(rows, visit, context, take, &visitor);
  } catch (const parquet::ParquetException& e) {
    status = PermanentError(e.what());
  }
  if (status.ok()) return visitor;
  if (status.IsCancelled()) return status;
  const bool ours = status.detail() != nullptr;
  if (StoreCodeOf(status) == "ENOENT") {
    return PermanentError("deltalake: a data file is missing, though the log has it:" + where,
                          "ENOENT");
  }
  if (ours) return WithContext(status, "deltalake: a data file cannot be read:" + where);
  return PermanentError("deltalake: a data file is damaged: " + MessageOf(status) + ":" + where);
}

}  // namespace ampload::deltalake
