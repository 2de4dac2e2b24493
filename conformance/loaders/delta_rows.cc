#include "conformance/loaders/delta_rows.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "ampload/status.h"

namespace ampload::conformance {
namespace {

using Json = nlohmann::json;

Result<std::shared_ptr<arrow::DataType>> TypeOf(const Json& type);

Result<std::shared_ptr<arrow::Schema>> FieldsOf(const Json& type) {
  arrow::FieldVector fields;
  for (const auto& field : type.at("fields")) {
    ARROW_ASSIGN_OR_RAISE(auto of, TypeOf(field.at("type")));
    fields.push_back(arrow::field(field.at("name"), std::move(of), field.at("nullable")));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::DataType>> PrimitiveOf(const std::string& name) {
  static const std::map<std::string, std::shared_ptr<arrow::DataType>> kTypes = {
      {"boolean", arrow::boolean()},
      {"byte", arrow::int8()},
      {"short", arrow::int16()},
      {"integer", arrow::int32()},
      {"long", arrow::int64()},
      {"float", arrow::float32()},
      {"double", arrow::float64()},
      {"string", arrow::utf8()},
      {"binary", arrow::binary()},
      {"date", arrow::date32()},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"timestamp_ntz", arrow::timestamp(arrow::TimeUnit::MICRO)}};
  if (const auto found = kTypes.find(name); found != kTypes.end()) return found->second;
  int precision = 0;
  int scale = 0;
  if (std::sscanf(name.c_str(), "decimal(%d,%d)", &precision, &scale) == 2) {
    return arrow::decimal128(precision, scale);
  }
  return DataError("the log has a type that is not ours: type=" + name);
}

Result<std::shared_ptr<arrow::DataType>> TypeOf(const Json& type) {
  if (type.is_string()) return PrimitiveOf(type.get<std::string>());
  const std::string kind = type.at("type");
  if (kind == "struct") {
    ARROW_ASSIGN_OR_RAISE(const auto fields, FieldsOf(type));
    return arrow::struct_(fields->fields());
  }
  if (kind == "array") {
    ARROW_ASSIGN_OR_RAISE(auto element, TypeOf(type.at("elementType")));
    return arrow::list(arrow::field("element", std::move(element), type.at("containsNull")));
  }
  ARROW_ASSIGN_OR_RAISE(auto key, TypeOf(type.at("keyType")));
  ARROW_ASSIGN_OR_RAISE(auto value, TypeOf(type.at("valueType")));
  return arrow::map(std::move(key),
                    arrow::field("value", std::move(value), type.at("valueContainsNull")));
}

// %41 is A.
std::string Decoded(const std::string& path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' && i + 2 < path.size()) {
      out.push_back(static_cast<char>(std::stoi(path.substr(i + 1, 2), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(path[i]);
    }
  }
  return out;
}

// The log's entries, one after the other.
class Replay {
 public:
  Status Take(const Json& action) {
    if (action.contains("metaData")) return TakeMetadata(action["metaData"]);
    if (action.contains("remove")) {
      const std::string path = Decoded(action["remove"].at("path"));
      if (files_.erase(path) == 1) return Status::OK();
      return DataError("the log removes a file that is not there: file=" + path);
    }
    return action.contains("add") ? TakeAdd(action["add"]) : Status::OK();
  }

  Result<DeltaState> Finish() && {
    if (state_.schema == nullptr) return DataError("the log says no columns");
    for (auto& [path, file] : files_) state_.files.push_back(std::move(file));
    return std::move(state_);
  }

 private:
  Status TakeMetadata(const Json& metadata) {
    const Json schema = Json::parse(metadata.at("schemaString").get_ref<const std::string&>());
    ARROW_ASSIGN_OR_RAISE(state_.schema, FieldsOf(schema));
    const auto& configuration = metadata.at("configuration");
    const bool mapped = configuration.value("delta.columnMapping.mode", "none") != "none";
    state_.physical.clear();
    for (const auto& field : schema.at("fields")) {
      const auto& named =
          mapped ? field.at("metadata").at("delta.columnMapping.physicalName") : field.at("name");
      state_.physical.push_back(named);
    }
    return Status::OK();
  }

  Status TakeAdd(const Json& add) {
    DeltaFile file{.path = Decoded(add.at("path")), .partition = {}, .rows = {}};
    if (add.contains("deletionVector")) return DataError("a deletion vector: file=" + file.path);
    for (const auto& [column, value] : add.at("partitionValues").items()) {
      auto& text = file.partition[column];
      if (!value.is_null()) text = value.get<std::string>();
    }
    if (add.contains("stats")) {
      file.rows = Json::parse(add["stats"].get_ref<const std::string&>()).at("numRecords");
    }
    const std::string path = file.path;
    if (files_.emplace(path, std::move(file)).second) return Status::OK();
    return DataError("the log adds a file twice: file=" + path);
  }

  DeltaState state_;
  std::map<std::string, DeltaFile> files_;
};

Status ReplayEntry(std::string_view text, Replay* replay) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) {
      ARROW_RETURN_NOT_OK(replay->Take(Json::parse(text.substr(begin, end - begin))));
    }
    begin = end + 1;
  }
  return Status::OK();
}

// A column that all rows of a file have the same value of.
Result<std::shared_ptr<arrow::Array>> Partition(const std::optional<std::string>& text,
                                                const std::shared_ptr<arrow::DataType>& type,
                                                int64_t rows) {
  if (!text.has_value()) return arrow::MakeArrayOfNull(type, rows);
  ARROW_ASSIGN_OR_RAISE(const auto value,
                        arrow::MakeArrayFromScalar(arrow::StringScalar(*text), rows));
  return arrow::compute::Cast(*value, type);
}

Result<std::shared_ptr<arrow::Array>> Flat(const arrow::ChunkedArray& column) {
  if (column.num_chunks() == 1) return column.chunk(0);
  if (column.num_chunks() == 0) return arrow::MakeEmptyArray(column.type());
  return arrow::Concatenate(column.chunks());
}

// Columns of columns may have other names in the file; a column that was widened is narrower there.
Result<std::shared_ptr<arrow::Array>> AsOfTable(const std::shared_ptr<arrow::Array>& stored,
                                                const std::shared_ptr<arrow::DataType>& type) {
  if (stored->type()->Equals(*type)) return stored;
  if (type->num_fields() > 0) return stored->View(type);
  return arrow::compute::Cast(*stored, type);
}

Result<std::shared_ptr<arrow::Table>> ReadFile(lake::ObjectStore& table, const DeltaFile& file,
                                               const DeltaState& state) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, table.Read(file.path, {}));
  if (bytes == nullptr) return DataError("a data file is missing: file=" + file.path);
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(bytes),
                                                 arrow::default_memory_pool()));
  ARROW_ASSIGN_OR_RAISE(const auto read, reader->ReadTable());
  const int64_t rows = reader->parquet_reader()->metadata()->num_rows();
  if (file.rows.value_or(rows) != rows) {
    return DataError("a file has other rows than its statistics say: file=" + file.path);
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < state.schema->num_fields(); ++i) {
    const auto& type = state.schema->field(i)->type();
    const auto& name = state.physical[static_cast<size_t>(i)];
    auto& column = columns.emplace_back();
    if (const auto part = file.partition.find(name); part != file.partition.end()) {
      ARROW_ASSIGN_OR_RAISE(column, Partition(part->second, type, rows));
    } else if (const auto found = read->GetColumnByName(name); found == nullptr) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(type, rows));
    } else {
      ARROW_ASSIGN_OR_RAISE(column, Flat(*found));
      ARROW_ASSIGN_OR_RAISE(column, AsOfTable(column, type));
    }
  }
  return arrow::Table::Make(state.schema, columns, rows);
}

}  // namespace

Result<std::optional<DeltaState>> ReadDeltaState(lake::ObjectStore& table) {
  ARROW_ASSIGN_OR_RAISE(const auto listed, table.List("_delta_log", "", {}));
  Replay replay;
  int64_t next = 0;
  try {
    for (const auto& file : listed) {
      if (!file.path.ends_with(".json")) continue;
      char name[64];
      std::snprintf(name, sizeof(name), "_delta_log/%020lld.json", static_cast<long long>(next));
      if (file.path != name) return DataError("not the next version: file=" + file.path);
      ++next;
      ARROW_ASSIGN_OR_RAISE(const auto bytes, table.Read(file.path, {}));
      if (bytes == nullptr) return DataError("the entry has gone: file=" + file.path);
      ARROW_RETURN_NOT_OK(ReplayEntry(std::string_view(*bytes), &replay));
    }
    if (next == 0) return std::nullopt;
    return std::move(replay).Finish();
  } catch (const std::exception& error) {
    return DataError("the log cannot be read: version=" + std::to_string(next - 1) +
                     " reason=" + error.what());
  }
}

Result<std::shared_ptr<arrow::Table>> ReadDeltaRows(lake::ObjectStore& table,
                                                    const DeltaState& state) {
  std::vector<std::shared_ptr<arrow::Table>> parts;
  for (const auto& file : state.files) {
    ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), ReadFile(table, file, state));
  }
  if (parts.empty()) return arrow::Table::MakeEmpty(state.schema);
  return arrow::ConcatenateTables(parts);
}

}  // namespace ampload::conformance
