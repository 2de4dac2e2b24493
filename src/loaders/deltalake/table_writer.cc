#include "loaders/deltalake/table_writer.h"

#include <arrow/array/data.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/nested_type.h"
#include "loaders/deltalake/file_stats.h"
#include "loaders/deltalake/partition_values.h"

namespace ampload::deltalake {
namespace {

constexpr int64_t kRowGroupBytes = 128 << 20;

bool IsVoid(const arrow::DataType& type) { return type.id() == arrow::Type::NA; }

// The same values under the type's names, at every depth; the type lacks the fields that are void.
std::shared_ptr<arrow::ArrayData> Renamed(const arrow::ArrayData& data,
                                          const std::shared_ptr<arrow::DataType>& type) {
  auto out = data.Copy();
  out->type = type;
  out->child_data.clear();
  for (size_t i = 0; i < data.child_data.size(); ++i) {
    if (IsVoid(*data.child_data[i]->type)) continue;
    const auto at = static_cast<int>(out->child_data.size());
    out->child_data.push_back(Renamed(*data.child_data[i], type->field(at)->type()));
  }
  return out;
}

// The type without the fields of structs that are void.
Result<std::shared_ptr<arrow::DataType>> WithoutVoid(const std::shared_ptr<arrow::DataType>& type) {
  const bool is_struct = type->id() == arrow::Type::STRUCT;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) {
    if (is_struct && IsVoid(*field->type())) continue;
    ARROW_ASSIGN_OR_RAISE(auto inner, WithoutVoid(field->type()));
    const bool lost = !is_struct && !inner->Equals(*field->type());
    if (lost || IsVoid(*inner)) return ConfigurationError("a list or map with a void in it");
    fields.push_back(field->WithType(inner));
  }
  if (!is_struct) return base::WithFields(type, fields);
  if (fields.empty()) return ConfigurationError("a struct of nothing but voids");
  return arrow::struct_(fields);
}

// With every field within it nullable, but for the keys of maps: behind a null struct there is a
// null in each of its fields. What must not be null was checked before.
std::shared_ptr<arrow::DataType> Nullable(const std::shared_ptr<arrow::DataType>& type) {
  arrow::FieldVector fields;
  const bool map = type->id() == arrow::Type::MAP;
  for (const auto& field : type->fields()) {
    if (!map) {
      fields.push_back(field->WithType(Nullable(field->type()))->WithNullable(true));
      continue;
    }
    const auto& entries = *field->type();
    const auto& value = entries.field(1);
    fields.push_back(field->WithType(arrow::struct_(
        {entries.field(0), value->WithType(Nullable(value->type()))->WithNullable(true)})));
  }
  return base::WithFields(type, fields);
}

// delta.parquet.compression.codec, or what the user says.
Result<parquet::Compression::type> CodecOf(const DeltaLakeStorageConfig& config,
                                           const Metadata& metadata) {
  if (!config.compression.empty()) return config.codec();
  const auto said = metadata.configuration.find("delta.parquet.compression.codec");
  if (said == metadata.configuration.end()) return parquet::Compression::ZSTD;
  const std::string name = base::LowerAscii(said->second);
  if (name == "zstd") return parquet::Compression::ZSTD;
  if (name == "snappy") return parquet::Compression::SNAPPY;
  if (name == "gzip") return parquet::Compression::GZIP;
  if (name == "lz4_raw") return parquet::Compression::LZ4;
  if (name == "none" || name == "uncompressed") return parquet::Compression::UNCOMPRESSED;
  return ConfigurationError(
      "deltalake: the table asks for a compression that is not written; say another with the "
      "option compression: delta.parquet.compression.codec=" +
      said->second);
}

std::string BatchesText(const BatchIdSet& batches) {
  std::string text;
  for (const auto id : batches) {
    text += (text.empty() ? "" : ",") + std::to_string(id.value());
  }
  return text;
}

}  // namespace

Result<TableWriter> TableWriter::Make(const DeltaLakeStorageConfig& config,
                                      const Protocol& protocol, const Metadata& metadata,
                                      std::shared_ptr<arrow::Schema> rows) {
  TableWriter out;
  arrow::FieldVector kept;
  for (int i = 0; i < rows->num_fields(); ++i) {
    const auto& field = rows->field(i);
    if (IsVoid(*field->type())) continue;
    auto type = WithoutVoid(field->type());
    if (!type.ok()) {
      return ConfigurationError(
          "deltalake: no data file can be written for a column such as this; give it another type "
          "with the tool that made the table: column=" +
          field->name() + " why=" + MessageOf(type.status()));
    }
    out.kept_.push_back(i);
    kept.push_back(field->WithType(*type));
  }
  out.rows_ = arrow::schema(std::move(kept));
  ARROW_ASSIGN_OR_RAISE(out.mapping_, ColumnMappingOf(protocol, metadata));
  ARROW_ASSIGN_OR_RAISE(const auto physical, PhysicalSchema(*out.rows_, out.mapping_, "metaData"));
  arrow::FieldVector columns;
  for (const auto& field : physical->fields()) {
    columns.push_back(field->WithType(Nullable(field->type())));
  }
  out.physical_ = arrow::schema(std::move(columns));
  for (const auto& column : metadata.partition_columns) {
    const int index = out.rows_->GetFieldIndex(column);
    if (index < 0) {
      return PermanentError(
          "deltalake: the table is partitioned by a column that it lacks: column=" + column);
    }
    out.partition_columns_.push_back(index);
  }
  arrow::FieldVector in_files;
  for (int i = 0; i < out.physical_->num_fields(); ++i) {
    if (std::count(out.partition_columns_.begin(), out.partition_columns_.end(), i) == 0) {
      in_files.push_back(out.physical_->field(i));
    }
  }
  out.in_files_ = arrow::schema(std::move(in_files));
  ARROW_ASSIGN_OR_RAISE(out.indexed_, IndexedColumns(*out.physical_, metadata, *out.rows_));
  ARROW_ASSIGN_OR_RAISE(out.codec_, CodecOf(config, metadata));
  if (config.compression_level != 0) out.level_ = static_cast<int>(config.compression_level);
  out.target_file_bytes_ = config.target_file_size;
  out.row_group_rows_ = config.row_group_rows;
  out.dictionary_ = config.dictionary;
  return out;
}

lake::WriterSettings TableWriter::Settings(int64_t memory_bytes) const {
  lake::WriterSettings settings;
  settings.schema = in_files_;
  settings.compression = codec_;
  settings.compression_level = level_;
  settings.target_file_bytes = target_file_bytes_;
  settings.row_group_rows = row_group_rows_;
  settings.row_group_bytes = std::min(kRowGroupBytes, memory_bytes);
  settings.memory_bytes = memory_bytes;
  settings.dictionary = dictionary_;
  settings.partition_columns = partition_columns_;
  settings.partition_text = [rows = rows_](const arrow::Scalar& value, int column) {
    auto text = PartitionText(value);
    if (text.ok()) return text;
    return Result<std::optional<std::string>>(
        WithContext(text.status(), "column=" + rows->field(column)->name()));
  };
  settings.partition_folder = [physical = physical_](int column,
                                                     const std::optional<std::string>& text) {
    return PartitionFolder(physical->field(column)->name(), text);
  };
  return settings;
}

Result<std::shared_ptr<arrow::RecordBatch>> TableWriter::Rows(
    const arrow::RecordBatch& rows) const {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < physical_->num_fields(); ++i) {
    const int from = kept_[static_cast<size_t>(i)];
    columns.push_back(Renamed(*rows.column_data(from), physical_->field(i)->type()));
  }
  return arrow::RecordBatch::Make(physical_, rows.num_rows(), std::move(columns));
}

std::vector<AddFile> TableWriter::Adds(const FileGroup& group) const {
  std::vector<AddFile> adds;
  for (const auto& file : group.files) {
    AddFile add;
    add.path = EncodePath(file.path);
    for (size_t i = 0; i < partition_columns_.size(); ++i) {
      add.partition_values[physical_->field(partition_columns_[i])->name()] = file.partition[i];
    }
    add.size = file.bytes;
    add.modification_time = file.modified_ms;
    add.stats = StatsJson(file, indexed_);
    if (!group.batches.empty()) add.tags = TextMap{{kBatchesTag, BatchesText(group.batches)}};
    adds.push_back(std::move(add));
  }
  return adds;
}

RemoveFile RemoveOf(const AddFile& file, int64_t now_ms) {
  RemoveFile remove;
  remove.path = file.path;
  remove.deletion_timestamp = now_ms;
  remove.data_change = true;
  remove.extended_file_metadata = true;
  remove.partition_values = file.partition_values;
  remove.size = file.size;
  remove.deletion_vector = file.deletion_vector;
  remove.base_row_id = file.base_row_id;
  remove.default_row_commit_version = file.default_row_commit_version;
  return remove;
}

}  // namespace ampload::deltalake
