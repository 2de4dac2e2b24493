#include "loaders/deltalake/checkpoint_writer.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include <algorithm>
#include <utility>

#include "loaders/deltalake/features.h"

namespace ampload::deltalake {
namespace {

std::shared_ptr<arrow::DataType> TextMapType() {
  return std::make_shared<arrow::MapType>(arrow::field("key", arrow::utf8(), false),
                                          arrow::field("value", arrow::utf8()));
}

std::shared_ptr<arrow::DataType> TextListType() {
  return arrow::list(arrow::field("element", arrow::utf8()));
}

std::shared_ptr<arrow::DataType> DeletionVectorType() {
  return arrow::struct_(
      {arrow::field("storageType", arrow::utf8()), arrow::field("pathOrInlineDv", arrow::utf8()),
       arrow::field("offset", arrow::int32()), arrow::field("sizeInBytes", arrow::int32()),
       arrow::field("cardinality", arrow::int64())});
}

std::shared_ptr<arrow::DataType> ProtocolType(const Protocol& protocol) {
  arrow::FieldVector fields = {arrow::field("minReaderVersion", arrow::int32()),
                               arrow::field("minWriterVersion", arrow::int32())};
  if (protocol.reader_features) fields.push_back(arrow::field("readerFeatures", TextListType()));
  if (protocol.writer_features) fields.push_back(arrow::field("writerFeatures", TextListType()));
  return arrow::struct_(fields);
}

std::shared_ptr<arrow::DataType> MetadataType() {
  return arrow::struct_(
      {arrow::field("id", arrow::utf8()), arrow::field("name", arrow::utf8()),
       arrow::field("description", arrow::utf8()),
       arrow::field("format", arrow::struct_({arrow::field("provider", arrow::utf8()),
                                              arrow::field("options", TextMapType())})),
       arrow::field("schemaString", arrow::utf8()),
       arrow::field("partitionColumns", TextListType()),
       arrow::field("createdTime", arrow::int64()), arrow::field("configuration", TextMapType())});
}

std::shared_ptr<arrow::DataType> TxnType() {
  return arrow::struct_({arrow::field("appId", arrow::utf8()),
                         arrow::field("version", arrow::int64()),
                         arrow::field("lastUpdated", arrow::int64())});
}

std::shared_ptr<arrow::DataType> DomainType() {
  return arrow::struct_({arrow::field("domain", arrow::utf8()),
                         arrow::field("configuration", arrow::utf8()),
                         arrow::field("removed", arrow::boolean())});
}

std::shared_ptr<arrow::DataType> AddType() {
  return arrow::struct_(
      {arrow::field("path", arrow::utf8()), arrow::field("partitionValues", TextMapType()),
       arrow::field("size", arrow::int64()), arrow::field("modificationTime", arrow::int64()),
       arrow::field("dataChange", arrow::boolean()), arrow::field("stats", arrow::utf8()),
       arrow::field("tags", TextMapType()), arrow::field("deletionVector", DeletionVectorType()),
       arrow::field("baseRowId", arrow::int64()),
       arrow::field("defaultRowCommitVersion", arrow::int64()),
       arrow::field("clusteringProvider", arrow::utf8())});
}

std::shared_ptr<arrow::DataType> RemoveType() {
  return arrow::struct_(
      {arrow::field("path", arrow::utf8()), arrow::field("deletionTimestamp", arrow::int64()),
       arrow::field("dataChange", arrow::boolean()),
       arrow::field("extendedFileMetadata", arrow::boolean()),
       arrow::field("partitionValues", TextMapType()), arrow::field("size", arrow::int64()),
       arrow::field("deletionVector", DeletionVectorType()),
       arrow::field("baseRowId", arrow::int64()),
       arrow::field("defaultRowCommitVersion", arrow::int64())});
}

// Fills the fields of one struct value, in the type's order.
class Fields {
 public:
  explicit Fields(arrow::ArrayBuilder* to) : to_(*static_cast<arrow::StructBuilder*>(to)) {}
  Status Begin() { return to_.Append(); }

  Status Text(const std::optional<std::string>& value) {
    auto* next = Next<arrow::StringBuilder>();
    return value.has_value() ? next->Append(*value) : next->AppendNull();
  }
  Status Long(std::optional<int64_t> value) {
    auto* next = Next<arrow::Int64Builder>();
    return value.has_value() ? next->Append(*value) : next->AppendNull();
  }
  Status Int(std::optional<int32_t> value) {
    auto* next = Next<arrow::Int32Builder>();
    return value.has_value() ? next->Append(*value) : next->AppendNull();
  }
  Status Bool(std::optional<bool> value) {
    auto* next = Next<arrow::BooleanBuilder>();
    return value.has_value() ? next->Append(*value) : next->AppendNull();
  }
  Status List(const std::vector<std::string>& values) {
    auto* next = Next<arrow::ListBuilder>();
    ARROW_RETURN_NOT_OK(next->Append());
    return static_cast<arrow::StringBuilder*>(next->value_builder())->AppendValues(values);
  }
  template <class Map>
  Status Texts(const std::optional<Map>& map) {
    auto* next = Next<arrow::MapBuilder>();
    if (!map.has_value()) return next->AppendNull();
    ARROW_RETURN_NOT_OK(next->Append());
    auto* keys = static_cast<arrow::StringBuilder*>(next->key_builder());
    auto* items = static_cast<arrow::StringBuilder*>(next->item_builder());
    for (const auto& [key, value] : *map) {
      ARROW_RETURN_NOT_OK(keys->Append(key));
      ARROW_RETURN_NOT_OK(AppendText(items, value));
    }
    return Status::OK();
  }
  Fields Struct() { return Fields(Next<arrow::StructBuilder>()); }
  Status DeletionVector(const std::optional<DeletionVectorDescriptor>& vector) {
    auto* next = Next<arrow::StructBuilder>();
    if (!vector.has_value()) return next->AppendNull();
    Fields fields(next);
    ARROW_RETURN_NOT_OK(fields.Begin());
    ARROW_RETURN_NOT_OK(fields.Text(vector->storage_type));
    ARROW_RETURN_NOT_OK(fields.Text(vector->path_or_inline));
    ARROW_RETURN_NOT_OK(fields.Int(vector->offset));
    ARROW_RETURN_NOT_OK(fields.Int(vector->size_in_bytes));
    return fields.Long(vector->cardinality);
  }

 private:
  template <class Builder>
  Builder* Next() {
    return static_cast<Builder*>(to_.field_builder(next_++));
  }
  static Status AppendText(arrow::StringBuilder* to, const std::string& value) {
    return to->Append(value);
  }
  static Status AppendText(arrow::StringBuilder* to, const std::optional<std::string>& value) {
    return value.has_value() ? to->Append(*value) : to->AppendNull();
  }

  arrow::StructBuilder& to_;
  int next_ = 0;
};

Status Append(Fields to, const Protocol& protocol) {
  ARROW_RETURN_NOT_OK(to.Begin());
  ARROW_RETURN_NOT_OK(to.Int(protocol.min_reader_version));
  ARROW_RETURN_NOT_OK(to.Int(protocol.min_writer_version));
  if (protocol.reader_features) ARROW_RETURN_NOT_OK(to.List(*protocol.reader_features));
  if (protocol.writer_features) ARROW_RETURN_NOT_OK(to.List(*protocol.writer_features));
  return Status::OK();
}

Status Append(Fields to, const Metadata& metadata) {
  ARROW_RETURN_NOT_OK(to.Begin());
  ARROW_RETURN_NOT_OK(to.Text(metadata.id));
  ARROW_RETURN_NOT_OK(to.Text(metadata.name));
  ARROW_RETURN_NOT_OK(to.Text(metadata.description));
  Fields format = to.Struct();
  ARROW_RETURN_NOT_OK(format.Begin());
  ARROW_RETURN_NOT_OK(format.Text(metadata.format_provider));
  ARROW_RETURN_NOT_OK(format.Texts(std::optional(metadata.format_options)));
  ARROW_RETURN_NOT_OK(to.Text(metadata.schema_string));
  ARROW_RETURN_NOT_OK(to.List(metadata.partition_columns));
  ARROW_RETURN_NOT_OK(to.Long(metadata.created_time));
  return to.Texts(std::optional(metadata.configuration));
}

Status Append(Fields to, const Txn& txn) {
  ARROW_RETURN_NOT_OK(to.Begin());
  ARROW_RETURN_NOT_OK(to.Text(txn.app_id));
  ARROW_RETURN_NOT_OK(to.Long(txn.version));
  return to.Long(txn.last_updated);
}

Status Append(Fields to, const DomainMetadata& domain) {
  ARROW_RETURN_NOT_OK(to.Begin());
  ARROW_RETURN_NOT_OK(to.Text(domain.domain));
  ARROW_RETURN_NOT_OK(to.Text(domain.configuration));
  return to.Bool(domain.removed);
}

Status Append(Fields to, const AddFile& add) {
  ARROW_RETURN_NOT_OK(to.Begin());
  ARROW_RETURN_NOT_OK(to.Text(add.path));
  ARROW_RETURN_NOT_OK(to.Texts(std::optional(add.partition_values)));
  ARROW_RETURN_NOT_OK(to.Long(add.size));
  ARROW_RETURN_NOT_OK(to.Long(add.modification_time));
  ARROW_RETURN_NOT_OK(to.Bool(false));  // a checkpoint changes no data
  ARROW_RETURN_NOT_OK(to.Text(add.stats));
  ARROW_RETURN_NOT_OK(to.Texts(add.tags));
  ARROW_RETURN_NOT_OK(to.DeletionVector(add.deletion_vector));
  ARROW_RETURN_NOT_OK(to.Long(add.base_row_id));
  ARROW_RETURN_NOT_OK(to.Long(add.default_row_commit_version));
  return to.Text(add.clustering_provider);
}

Status Append(Fields to, const RemoveFile& remove) {
  ARROW_RETURN_NOT_OK(to.Begin());
  ARROW_RETURN_NOT_OK(to.Text(remove.path));
  ARROW_RETURN_NOT_OK(to.Long(remove.deletion_timestamp));
  ARROW_RETURN_NOT_OK(to.Bool(false));
  ARROW_RETURN_NOT_OK(to.Bool(remove.extended_file_metadata));
  ARROW_RETURN_NOT_OK(to.Texts(remove.partition_values));
  ARROW_RETURN_NOT_OK(to.Long(remove.size));
  ARROW_RETURN_NOT_OK(to.DeletionVector(remove.deletion_vector));
  ARROW_RETURN_NOT_OK(to.Long(remove.base_row_id));
  return to.Long(remove.default_row_commit_version);
}

// One kind of action after the other: each has a column of its own, null elsewhere.
class Rows {
 public:
  explicit Rows(int64_t total) : total_(total) {}

  template <class T>
  Status Column(const char* name, const std::shared_ptr<arrow::DataType>& type,
                const std::vector<const T*>& values) {
    ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(type));
    ARROW_RETURN_NOT_OK(builder->AppendNulls(before_));
    for (const auto* value : values) ARROW_RETURN_NOT_OK(Append(Fields(builder.get()), *value));
    before_ += static_cast<int64_t>(values.size());
    ARROW_RETURN_NOT_OK(builder->AppendNulls(total_ - before_));
    ARROW_ASSIGN_OR_RAISE(auto array, builder->Finish());
    fields_.push_back(arrow::field(name, type));
    columns_.push_back(std::move(array));
    return Status::OK();
  }
  std::shared_ptr<arrow::Table> Table() const {
    return arrow::Table::Make(arrow::schema(fields_), columns_, total_);
  }

 private:
  int64_t total_;
  int64_t before_ = 0;
  arrow::FieldVector fields_;
  arrow::ArrayVector columns_;
};

template <class T, class Map>
std::vector<const T*> Sorted(const Map& map) {
  std::vector<const typename Map::value_type*> sorted;
  sorted.reserve(map.size());
  for (const auto& one : map) sorted.push_back(&one);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  std::vector<const T*> out;
  out.reserve(sorted.size());
  for (const auto* one : sorted) out.push_back(&one->second);
  return out;
}

template <class T>
std::vector<const T*> Values(const std::map<std::string, T>& map) {
  std::vector<const T*> out;
  for (const auto& [key, value] : map) out.push_back(&value);
  return out;
}

// The first `head_rows` lie in a row group of their own: who needs no files reads only that.
Result<std::shared_ptr<arrow::Buffer>> AsParquet(const arrow::Table& table, int64_t head_rows) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::SNAPPY)  // every reader has it
                              ->created_by("ampload")
                              ->build();
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        parquet::arrow::FileWriter::Open(
                            *table.schema(), arrow::default_memory_pool(), sink, properties));
  for (const auto& rows : {table.Slice(0, head_rows), table.Slice(head_rows)}) {
    if (rows->num_rows() == 0) continue;
    ARROW_RETURN_NOT_OK(writer->WriteTable(*rows, rows->num_rows()));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  return sink->Finish();
}

}  // namespace

bool CanWriteCheckpoint(const Snapshot& snapshot) {
  const auto* as_struct = snapshot.Property("delta.checkpoint.writeStatsAsStruct");
  const auto* as_json = snapshot.Property("delta.checkpoint.writeStatsAsJson");
  return (as_struct == nullptr || IsOff(snapshot.metadata, "checkpoint.writeStatsAsStruct")) &&
         (as_json == nullptr || IsOn(snapshot.metadata, "checkpoint.writeStatsAsJson"));
}

Result<CheckpointFile> MakeCheckpoint(const Snapshot& snapshot, const TableFiles& files,
                                      int64_t tombstones_after_ms) {
  auto removed = Sorted<RemoveFile>(files.tombstones());
  std::erase_if(removed, [&](const RemoveFile* one) {
    return one->deletion_timestamp.value_or(0) < tombstones_after_ms;
  });
  const auto adds = Sorted<AddFile>(files.adds());
  const auto txns = Values(snapshot.txns);
  const auto domains = Values(snapshot.domains);
  CheckpointFile out;
  out.adds = static_cast<int64_t>(adds.size());
  const auto others = static_cast<int64_t>(2 + txns.size() + domains.size());
  out.actions = others + static_cast<int64_t>(removed.size()) + out.adds;
  Rows rows(out.actions);
  ARROW_RETURN_NOT_OK(rows.Column("protocol", ProtocolType(snapshot.protocol),
                                  std::vector<const Protocol*>{&snapshot.protocol}));
  ARROW_RETURN_NOT_OK(
      rows.Column("metaData", MetadataType(), std::vector<const Metadata*>{&snapshot.metadata}));
  ARROW_RETURN_NOT_OK(rows.Column("txn", TxnType(), txns));
  ARROW_RETURN_NOT_OK(rows.Column("domainMetadata", DomainType(), domains));
  ARROW_RETURN_NOT_OK(rows.Column("remove", RemoveType(), removed));
  ARROW_RETURN_NOT_OK(rows.Column("add", AddType(), adds));
  try {
    ARROW_ASSIGN_OR_RAISE(out.bytes, AsParquet(*rows.Table(), others));
  } catch (const parquet::ParquetException& e) {
    return PermanentError(std::string("deltalake: the log's checkpoint could not be made: ") +
                          e.what());
  }
  return out;
}

}  // namespace ampload::deltalake
