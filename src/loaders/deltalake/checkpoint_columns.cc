#include "loaders/deltalake/checkpoint_columns.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "loaders/deltalake/struct_view.h"

namespace ampload::deltalake {
namespace {

using arrow::Array;
using arrow::StructArray;

std::optional<std::string> Owned(std::optional<std::string_view> text) {
  return text.has_value() ? std::optional(std::string(*text)) : std::nullopt;
}

// Without nulls: what is not there is not there.
std::optional<TextMap> Texts(std::optional<NullableTexts> map) {
  if (!map.has_value()) return std::nullopt;
  TextMap out;
  for (auto& [key, value] : *map) {
    if (value.has_value()) out.emplace_hint(out.end(), key, *std::move(value));
  }
  return out;
}

// Statistics that are kept as columns. Types whose JSON other writers spell in ways of their own
// are left out: a bound that is not there is no wrong bound.
nlohmann::json StatsOf(const Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Array&>(array).Value(row);
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Array&>(array).Value(row);
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(row);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
    case arrow::Type::FLOAT:
      return static_cast<const arrow::FloatArray&>(array).Value(row);
    case arrow::Type::DOUBLE:
      return static_cast<const arrow::DoubleArray&>(array).Value(row);
    case arrow::Type::STRING:
      return std::string(*TextAt(&array, row));
    case arrow::Type::STRUCT: {
      const auto& fields = static_cast<const StructArray&>(array);
      auto object = nlohmann::json::object();
      for (int i = 0; i < fields.num_fields(); ++i) {
        auto value = StatsOf(*fields.field(i), row);
        if (!value.is_null()) object[fields.struct_type()->field(i)->name()] = std::move(value);
      }
      return object;
    }
    default:
      return nullptr;
  }
}

// The fields that adds and removes share.
struct FileColumns {
  explicit FileColumns(const StructArray* array)
      : file(array),
        path(FieldOf(array, "path")),
        data_change(FieldOf(array, "dataChange")),
        partition_values(FieldOf(array, "partitionValues")),
        size(FieldOf(array, "size")),
        deletion_vector(StructOf(array, "deletionVector")),
        storage_type(FieldOf(deletion_vector, "storageType")),
        path_or_inline(FieldOf(deletion_vector, "pathOrInlineDv")),
        offset(FieldOf(deletion_vector, "offset")),
        size_in_bytes(FieldOf(deletion_vector, "sizeInBytes")),
        cardinality(FieldOf(deletion_vector, "cardinality")),
        base_row_id(FieldOf(array, "baseRowId")),
        default_row_commit_version(FieldOf(array, "defaultRowCommitVersion")) {}

  // Nullopt: the row is of another kind.
  std::optional<std::string_view> PathAt(int64_t row) const {
    if (path == nullptr || file->IsNull(row)) return std::nullopt;
    return TextAt(path, row);
  }

  std::optional<DeletionVectorDescriptor> DeletionVectorAt(int64_t row) const {
    if (deletion_vector == nullptr || deletion_vector->IsNull(row)) return std::nullopt;
    const auto type = TextAt(storage_type, row);
    if (!type.has_value() || type->empty()) return std::nullopt;  // a struct of nulls
    DeletionVectorDescriptor out;
    out.storage_type = *type;
    out.path_or_inline = TextAt(path_or_inline, row).value_or("");
    if (const auto at = IntegerAt(offset, row)) out.offset = static_cast<int32_t>(*at);
    out.size_in_bytes = static_cast<int32_t>(IntegerAt(size_in_bytes, row).value_or(0));
    out.cardinality = IntegerAt(cardinality, row).value_or(0);
    return out;
  }

  const StructArray* file;
  const Array* path;
  const Array* data_change;
  const Array* partition_values;
  const Array* size;
  const StructArray* deletion_vector;
  const Array* storage_type;
  const Array* path_or_inline;
  const Array* offset;
  const Array* size_in_bytes;
  const Array* cardinality;
  const Array* base_row_id;
  const Array* default_row_commit_version;
};

struct AddColumns : FileColumns {
  explicit AddColumns(const StructArray* add)
      : FileColumns(add),
        modification_time(FieldOf(add, "modificationTime")),
        stats(FieldOf(add, "stats")),
        stats_parsed(StructOf(add, "stats_parsed")),
        tags(FieldOf(add, "tags")),
        clustering_provider(FieldOf(add, "clusteringProvider")) {}

  void Take(std::string_view at_path, int64_t row, AddFile* out) const {
    out->path = at_path;
    if (auto values = TextMapAt(partition_values, row)) {
      out->partition_values = *std::move(values);
    }
    out->size = IntegerAt(size, row).value_or(0);
    out->modification_time = IntegerAt(modification_time, row).value_or(0);
    out->data_change = BooleanAt(data_change, row).value_or(true);
    out->stats = Owned(TextAt(stats, row));
    if (!out->stats.has_value() && stats_parsed != nullptr && stats_parsed->IsValid(row)) {
      out->stats = StatsOf(*stats_parsed, row).dump();
    }
    out->tags = Texts(TextMapAt(tags, row));
    out->deletion_vector = DeletionVectorAt(row);
    out->base_row_id = IntegerAt(base_row_id, row);
    out->default_row_commit_version = IntegerAt(default_row_commit_version, row);
    out->clustering_provider = Owned(TextAt(clustering_provider, row));
  }

  const Array* modification_time;
  const Array* stats;
  const StructArray* stats_parsed;
  const Array* tags;
  const Array* clustering_provider;
};

struct RemoveColumns : FileColumns {
  explicit RemoveColumns(const StructArray* remove)
      : FileColumns(remove),
        deletion_timestamp(FieldOf(remove, "deletionTimestamp")),
        extended_file_metadata(FieldOf(remove, "extendedFileMetadata")) {}

  void Take(std::string_view at_path, int64_t row, RemoveFile* out) const {
    out->path = at_path;
    out->deletion_timestamp = IntegerAt(deletion_timestamp, row);
    out->data_change = BooleanAt(data_change, row).value_or(true);
    out->extended_file_metadata = BooleanAt(extended_file_metadata, row);
    out->partition_values = TextMapAt(partition_values, row);
    out->size = IntegerAt(size, row);
    out->deletion_vector = DeletionVectorAt(row);
    out->base_row_id = IntegerAt(base_row_id, row);
    out->default_row_commit_version = IntegerAt(default_row_commit_version, row);
  }

  const Array* deletion_timestamp;
  const Array* extended_file_metadata;
};

Metadata MetadataOf(const StructView& view) {
  Metadata out;
  out.id = view.Text("id").value_or("");
  out.name = view.Text("name");
  out.description = view.Text("description");
  const auto format = view.Struct("format");
  out.format_provider = format.Text("provider").value_or("parquet");
  out.format_options = Texts(format.TextMap("options")).value_or(TextMap());
  out.schema_string = view.Text("schemaString").value_or("");
  out.partition_columns = view.TextList("partitionColumns").value_or(std::vector<std::string>());
  out.created_time = view.Integer("createdTime");
  out.configuration = Texts(view.TextMap("configuration")).value_or(TextMap());
  return out;
}

Protocol ProtocolOf(const StructView& view) {
  Protocol out;
  out.min_reader_version = static_cast<int>(view.Integer("minReaderVersion").value_or(0));
  out.min_writer_version = static_cast<int>(view.Integer("minWriterVersion").value_or(0));
  // Lists that are there but empty, in a table of old versions, stand for none.
  if (out.min_reader_version >= 3) out.reader_features = view.TextList("readerFeatures");
  if (out.min_writer_version >= 7) out.writer_features = view.TextList("writerFeatures");
  return out;
}

}  // namespace

void TakeFiles(const StructArray& rows, CheckpointFiles* out) {
  const AddColumns adds(StructOf(&rows, "add"));
  const RemoveColumns removes(StructOf(&rows, "remove"));
  if (adds.path != nullptr) {
    const auto there = static_cast<size_t>(rows.length() - adds.path->null_count());
    out->adds.reserve(out->adds.size() + there);
  }
  for (int64_t row = 0; row < rows.length(); ++row) {
    if (const auto path = adds.PathAt(row)) {
      adds.Take(*path, row, &out->adds.emplace_back());
    } else if (const auto gone = removes.PathAt(row)) {
      removes.Take(*gone, row, &out->removes.emplace_back());
    }
  }
}

void TakeOthers(const StructArray& rows, std::vector<Action>* out) {
  const auto* txns = StructOf(&rows, "txn");
  const auto* metadata = StructOf(&rows, "metaData");
  const auto* protocols = StructOf(&rows, "protocol");
  const auto* domains = StructOf(&rows, "domainMetadata");
  const auto* sidecars = StructOf(&rows, "sidecar");
  for (int64_t row = 0; row < rows.length(); ++row) {
    if (const StructView txn(txns, row); txn.valid() && txn.Text("appId").has_value()) {
      out->emplace_back(
          Txn{*txn.Text("appId"), txn.Integer("version").value_or(0), txn.Integer("lastUpdated")});
    } else if (const StructView meta(metadata, row); meta.valid() && meta.Text("id").has_value()) {
      out->emplace_back(MetadataOf(meta));
    } else if (const StructView protocol(protocols, row);
               protocol.valid() && protocol.Integer("minReaderVersion").has_value()) {
      out->emplace_back(ProtocolOf(protocol));
    } else if (const StructView domain(domains, row);
               domain.valid() && domain.Text("domain").has_value()) {
      out->emplace_back(DomainMetadata{*domain.Text("domain"),
                                       domain.Text("configuration").value_or(""),
                                       domain.Boolean("removed").value_or(false)});
    } else if (const StructView sidecar(sidecars, row);
               sidecar.valid() && sidecar.Text("path").has_value()) {
      out->emplace_back(Sidecar{*sidecar.Text("path"), sidecar.Integer("sizeInBytes").value_or(0),
                                sidecar.Integer("modificationTime").value_or(0)});
    }
  }
}

}  // namespace ampload::deltalake
