#include "lake/parquet_file.h"

#include <arrow/util/compression.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "base/clock.h"

namespace ampload::lake {
namespace {

// What throws inside Parquet becomes a status here; one that came from the output keeps its kind.
template <class Call>
Status Caught(Call call) {
  try {
    return call();
  } catch (const parquet::ParquetStatusException& error) {
    return error.status();
  } catch (const std::exception& error) {
    return PermanentError(fmt::format("lake: Parquet's writer failed: {}", error.what()));
  }
}

// Others tell by the version whether a writer's statistics can be trusted, and do not use those of
// one that has none.
std::string CreatedBy(const std::string& name) {
  if (name.find(" version ") != std::string::npos) return name;
  return fmt::format("{} version {}", name, AMPLOAD_VERSION);
}

// The least and greatest of arbitrary bytes (hashes, addresses, call data) skip nothing, and to
// find them costs a quarter of the writing.
void LeaveOutRangesOfBytes(const parquet::SchemaDescriptor& schema,
                           parquet::WriterProperties::Builder* builder) {
  for (int i = 0; i < schema.num_columns(); ++i) {
    const auto& column = *schema.Column(i);
    const bool bytes = column.physical_type() == parquet::Type::BYTE_ARRAY &&
                       (column.logical_type() == nullptr || column.logical_type()->is_none());
    if (bytes) builder->disable_statistics(column.path());
  }
}

}  // namespace

Result<ParquetForm> ParquetForm::Of(const WriterSettings& settings) {
  ParquetForm form;
  form.schema = settings.schema;
  if (!parquet::IsCodecSupported(settings.compression)) {
    return ConfigurationError(
        fmt::format("lake: Parquet files cannot be compressed like this here: compression={}",
                    arrow::util::Codec::GetCodecAsString(settings.compression)));
  }
  parquet::WriterProperties::Builder builder;
  builder.compression(settings.compression);
  if (settings.compression_level.has_value()) {
    builder.compression_level(*settings.compression_level);
  }
  if (!settings.dictionary) builder.disable_dictionary();
  builder.created_by(CreatedBy(settings.created_by));
  builder.enable_store_decimal_as_integer();
  // Row groups are ended here.
  builder.max_row_group_length(std::numeric_limits<int64_t>::max());
  // Arrow's own schema is left out: other readers would have to agree with it, and types are those
  // of Parquet here.
  parquet::ArrowWriterProperties::Builder arrow_builder;
  arrow_builder.enable_compliant_nested_types()->set_use_threads(true);
  form.arrow_properties = arrow_builder.build();
  const Status made = Caught([&]() -> Status {
    std::shared_ptr<parquet::SchemaDescriptor> schema;
    ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(form.schema.get(), *builder.build(),
                                                        *form.arrow_properties, &schema));
    LeaveOutRangesOfBytes(*schema, &builder);
    form.properties = builder.build();
    return Status::OK();
  });
  if (!made.ok()) {
    return ConfigurationError(
        fmt::format("lake: Parquet cannot have these columns: {}", MessageOf(made)));
  }
  return form;
}

// Parquet's writer, as Arrow's on top of it sees it. Hands the row group at hand on to its file,
// which can so be asked for its size and be ended, without another being begun.
class ParquetFile::Groups final : public parquet::ParquetFileWriter::Contents {
 public:
  Groups(std::unique_ptr<parquet::ParquetFileWriter> writer,
         std::shared_ptr<parquet::schema::GroupNode> schema, parquet::RowGroupWriter** group)
      : Contents(std::move(schema), nullptr), writer_(std::move(writer)), group_(group) {}

  void Close() override {
    writer_->Close();
    file_metadata_ = writer_->metadata();
  }
  parquet::RowGroupWriter* AppendRowGroup() override { return writer_->AppendRowGroup(); }
  parquet::RowGroupWriter* AppendBufferedRowGroup() override {
    return *group_ = writer_->AppendBufferedRowGroup();
  }
  int64_t num_rows() const override { return writer_->num_rows(); }
  int num_columns() const override { return writer_->num_columns(); }
  int num_row_groups() const override { return writer_->num_row_groups(); }
  const std::shared_ptr<parquet::WriterProperties>& properties() const override {
    return writer_->properties();
  }
  void AddKeyValueMetadata(
      const std::shared_ptr<const arrow::KeyValueMetadata>& metadata) override {
    writer_->AddKeyValueMetadata(metadata);
  }

 private:
  const std::unique_ptr<parquet::ParquetFileWriter> writer_;
  parquet::RowGroupWriter** const group_;
};

ParquetFile::ParquetFile(DataFile file, const arrow::Schema& schema)
    : pool_(std::make_unique<arrow::ProxyMemoryPool>(arrow::default_memory_pool())),
      file_(std::move(file)),
      stats_(schema) {}

ParquetFile::~ParquetFile() { Discard(); }

Result<std::unique_ptr<ParquetFile>> ParquetFile::Create(ObjectStore* store,
                                                         const ParquetForm& form, DataFile file,
                                                         const CallContext& context) {
  auto self = std::unique_ptr<ParquetFile>(new ParquetFile(std::move(file), *form.schema));
  ARROW_ASSIGN_OR_RAISE(self->output_, store->Create(self->file_.path, context));
  ARROW_RETURN_NOT_OK(Caught([&] { return self->Open(form); }));
  return self;
}

Status ParquetFile::Open(const ParquetForm& form) {
  const auto properties =
      parquet::WriterProperties::Builder(*form.properties).memory_pool(pool_.get())->build();
  std::shared_ptr<parquet::SchemaDescriptor> schema;
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(form.schema.get(), *properties,
                                                      *form.arrow_properties, &schema));
  const auto root = std::static_pointer_cast<parquet::schema::GroupNode>(schema->schema_root());
  auto groups = std::make_unique<Groups>(
      parquet::ParquetFileWriter::Open(output_, root, properties), root, &group_);
  auto writer = std::make_unique<parquet::ParquetFileWriter>();
  writer->Open(std::move(groups));
  return parquet::arrow::FileWriter::Make(pool_.get(), std::move(writer), form.schema,
                                          form.arrow_properties, &writer_);
}

Status ParquetFile::Write(const arrow::RecordBatch& rows) {
  ARROW_RETURN_NOT_OK(stats_.Add(rows));
  return Caught([&]() -> Status {
    if (group_ == nullptr) ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
    ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(rows));
    rows_ += rows.num_rows();
    group_rows_ += rows.num_rows();
    return Status::OK();
  });
}

Status ParquetFile::EndRowGroup() {
  if (group_ == nullptr) return Status::OK();
  return Caught([&] {
    group_->Close();
    group_ = nullptr;
    group_rows_ = 0;
    return Status::OK();
  });
}

int64_t ParquetFile::group_bytes() const {
  if (group_ == nullptr) return 0;
  const auto waiting = group_->estimated_buffered_stats();
  return group_->total_compressed_bytes() + group_->total_compressed_bytes_written() +
         waiting.def_level_bytes + waiting.rep_level_bytes + waiting.value_bytes +
         waiting.dict_bytes;
}

int64_t ParquetFile::bytes() const { return output_->Tell().ValueOr(0) + group_bytes(); }

Result<DataFile> ParquetFile::Close() {
  ARROW_RETURN_NOT_OK(EndRowGroup());
  ARROW_RETURN_NOT_OK(Caught([&]() -> Status {
    ARROW_RETURN_NOT_OK(writer_->Close());
    const auto metadata = writer_->metadata();
    file_.rows = metadata->num_rows();
    file_.stats = stats_.Finish(*metadata);
    for (int i = 0; i < metadata->num_row_groups(); ++i) {
      const auto first = metadata->RowGroup(i)->ColumnChunk(0);
      file_.row_group_offsets.push_back(first->has_dictionary_page()
                                            ? first->dictionary_page_offset()
                                            : first->data_page_offset());
    }
    return Status::OK();
  }));
  ARROW_ASSIGN_OR_RAISE(file_.bytes, output_->Tell());
  ARROW_RETURN_NOT_OK(output_->Close());
  file_.modified_ms = base::NowMs();
  return file_;
}

void ParquetFile::Discard() {
  if (output_ == nullptr) return;
  static_cast<void>(output_->Discard());
  group_ = nullptr;
  // Its end would write out what it holds; the output does not take it any more.
  static_cast<void>(Caught([&] {
    writer_.reset();
    return Status::OK();
  }));
}

}  // namespace ampload::lake
