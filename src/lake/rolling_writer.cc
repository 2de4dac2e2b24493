#include "lake/rolling_writer.h"

#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "lake/object_path.h"
#include "lake/parquet_file.h"
#include "lake/partition_split.h"

namespace ampload::lake {
namespace {

// Between pieces of so much the writer looks whether a file is large enough.
constexpr int64_t kPieceBytes = 16 << 20;

std::string_view NameOf(parquet::Compression::type compression) {
  switch (compression) {
    case parquet::Compression::SNAPPY:
      return ".snappy";
    case parquet::Compression::GZIP:
      return ".gz";
    case parquet::Compression::BROTLI:
      return ".brotli";
    case parquet::Compression::ZSTD:
      return ".zstd";
    case parquet::Compression::LZ4:
    case parquet::Compression::LZ4_HADOOP:
      return ".lz4";
    default:
      return "";
  }
}

std::string NewUuid() {
  auto digits = base::RandomNonce();
  digits[12] = '4';                                                    // version 4, random
  digits[16] = "89ab"[static_cast<unsigned char>(digits[16]) & 0x3U];  // and its variant
  const std::string_view view = digits;
  return fmt::format("{}-{}-{}-{}-{}", view.substr(0, 8), view.substr(8, 4), view.substr(12, 4),
                     view.substr(16, 4), view.substr(20));
}

class PartitionedWriter final : public RollingWriter {
 public:
  PartitionedWriter(std::shared_ptr<ObjectStore> store, WriterSettings settings, ParquetForm form)
      : store_(std::move(store)), settings_(std::move(settings)), form_(std::move(form)) {}
  ~PartitionedWriter() override { PartitionedWriter::Discard(); }

  Status Write(const arrow::RecordBatch& batch, const CallContext& context) override;
  Status Roll(const CallContext& context) override;
  Result<std::vector<DataFile>> Finish(const CallContext& context) override;
  void Discard() override;
  int64_t buffered_bytes() const override;
  int64_t buffered_rows() const override { return rows_; }

 private:
  struct OpenFile {
    int64_t ordinal = 0;
    uint64_t used = 0;  // by a clock that ticks with each use
    std::unique_ptr<ParquetFile> file;
  };

  Status Append(const PartitionValues& partition, const std::shared_ptr<arrow::RecordBatch>& rows,
                const CallContext& context);
  Result<OpenFile*> FileOf(const PartitionValues& partition, const CallContext& context);
  Status Open(const PartitionValues& partition, const CallContext& context);
  Status CloseAt(size_t index);
  Status AfterPiece(OpenFile* open);
  bool HoldsTooMuch() const;
  Status HoldLess(bool* could);
  std::string FolderOfPartition(const PartitionValues& partition) const;

  const std::shared_ptr<ObjectStore> store_;
  const WriterSettings settings_;
  const ParquetForm form_;

  std::vector<OpenFile> open_;
  std::vector<std::pair<int64_t, DataFile>> done_;  // by ordinal
  int64_t next_ordinal_ = 0;
  uint64_t clock_ = 0;
  int64_t rows_ = 0;
};

Status PartitionedWriter::Write(const arrow::RecordBatch& batch, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (batch.num_rows() == 0) return Status::OK();
  if (settings_.partition_columns.empty()) {
    return Append({}, batch.Slice(0, batch.num_rows()), context);
  }
  ARROW_ASSIGN_OR_RAISE(const auto parts,
                        SplitByPartition(batch, settings_.partition_columns,
                                         settings_.partition_text, settings_.schema));
  for (const auto& part : parts) ARROW_RETURN_NOT_OK(Append(part.values, part.rows, context));
  return Status::OK();
}

Status PartitionedWriter::Append(const PartitionValues& partition,
                                 const std::shared_ptr<arrow::RecordBatch>& rows,
                                 const CallContext& context) {
  const int64_t count = rows->num_rows();
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*rows));
  const int64_t pieces = std::max<int64_t>(1, bytes / kPieceBytes);
  const int64_t piece = (count + pieces - 1) / pieces;
  for (int64_t done = 0; done < count;) {
    ARROW_RETURN_NOT_OK(context.Check());
    ARROW_ASSIGN_OR_RAISE(auto* const open, FileOf(partition, context));
    const int64_t left = settings_.row_group_rows - open->file->group_rows();
    const int64_t now = std::min({count - done, piece, left});
    ARROW_RETURN_NOT_OK(open->file->Write(*rows->Slice(done, now)));
    done += now;
    rows_ += now;
    ARROW_RETURN_NOT_OK(AfterPiece(open));
  }
  return Status::OK();
}

Status PartitionedWriter::AfterPiece(OpenFile* open) {
  auto& file = *open->file;
  if (file.group_rows() >= settings_.row_group_rows ||
      file.group_bytes() >= settings_.row_group_bytes) {
    ARROW_RETURN_NOT_OK(file.EndRowGroup());
  }
  if (file.bytes() >= settings_.target_file_bytes) {
    ARROW_RETURN_NOT_OK(CloseAt(static_cast<size_t>(open - open_.data())));
  }
  for (bool could = true; could && HoldsTooMuch();) ARROW_RETURN_NOT_OK(HoldLess(&could));
  return Status::OK();
}

// A file alone is not made smaller for what its output holds.
bool PartitionedWriter::HoldsTooMuch() const {
  int64_t most = 0;
  for (const auto& open : open_) most = std::max(most, open.file->output_bytes());
  return buffered_bytes() - most > settings_.memory_bytes;
}

Status PartitionedWriter::HoldLess(bool* could) {
  size_t fullest = open_.size();
  int64_t most = 0;
  const bool closes = open_.size() > 1;
  for (size_t i = 0; i < open_.size(); ++i) {
    const auto& file = *open_[i].file;
    if (file.group_rows() == 0 && !(closes && file.output_bytes() > 0)) continue;
    const int64_t held = file.page_bytes() + file.output_bytes();
    if (fullest < open_.size() && held <= most) continue;
    fullest = i;
    most = held;
  }
  *could = fullest < open_.size();
  if (!*could) return Status::OK();
  auto& file = *open_[fullest].file;
  const bool ends_group = file.group_rows() > 0 && file.page_bytes() >= file.output_bytes();
  return ends_group || !closes ? file.EndRowGroup() : CloseAt(fullest);
}

Result<PartitionedWriter::OpenFile*> PartitionedWriter::FileOf(const PartitionValues& partition,
                                                               const CallContext& context) {
  const auto is_its = [&](const auto& open) { return open.file->partition() == partition; };
  auto found = std::find_if(open_.begin(), open_.end(), is_its);
  if (found == open_.end()) {
    if (std::ssize(open_) >= settings_.open_files) {
      const auto oldest = std::min_element(
          open_.begin(), open_.end(), [](const auto& a, const auto& b) { return a.used < b.used; });
      ARROW_RETURN_NOT_OK(CloseAt(static_cast<size_t>(oldest - open_.begin())));
    }
    ARROW_RETURN_NOT_OK(Open(partition, context));
    found = open_.end() - 1;
  }
  found->used = ++clock_;
  return &*found;
}

std::string PartitionedWriter::FolderOfPartition(const PartitionValues& partition) const {
  std::string folder = settings_.folder;
  for (size_t i = 0; i < partition.size(); ++i) {
    folder =
        JoinPath(folder, settings_.partition_folder(settings_.partition_columns[i], partition[i]));
  }
  return folder;
}

Status PartitionedWriter::Open(const PartitionValues& partition, const CallContext& context) {
  OpenFile open;
  open.ordinal = next_ordinal_++;
  DataFile file;
  file.path = JoinPath(FolderOfPartition(partition),
                       fmt::format("part-{:05}-{}.c000{}.parquet", open.ordinal, NewUuid(),
                                   NameOf(settings_.compression)));
  file.partition = partition;
  ARROW_ASSIGN_OR_RAISE(open.file,
                        ParquetFile::Create(store_.get(), form_, std::move(file), context));
  open_.push_back(std::move(open));
  return Status::OK();
}

Status PartitionedWriter::CloseAt(size_t index) {
  ARROW_ASSIGN_OR_RAISE(auto file, open_[index].file->Close());
  done_.emplace_back(open_[index].ordinal, std::move(file));
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  return Status::OK();
}

Status PartitionedWriter::Roll(const CallContext& context) {
  while (!open_.empty()) {
    ARROW_RETURN_NOT_OK(context.Check());
    ARROW_RETURN_NOT_OK(CloseAt(open_.size() - 1));
  }
  return Status::OK();
}

Result<std::vector<DataFile>> PartitionedWriter::Finish(const CallContext& context) {
  ARROW_RETURN_NOT_OK(Roll(context));
  std::sort(done_.begin(), done_.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<DataFile> files;
  files.reserve(done_.size());
  for (auto& [ordinal, file] : done_) files.push_back(std::move(file));
  done_.clear();
  next_ordinal_ = 0;
  rows_ = 0;
  return files;
}

void PartitionedWriter::Discard() {
  for (auto& open : open_) open.file->Discard();
  open_.clear();
  std::vector<std::string> paths;
  for (const auto& [ordinal, file] : done_) paths.push_back(file.path);
  done_.clear();
  rows_ = 0;
  if (!paths.empty()) static_cast<void>(store_->Delete(paths, CallContext{}));
}

int64_t PartitionedWriter::buffered_bytes() const {
  int64_t bytes = 0;
  for (const auto& open : open_) bytes += open.file->page_bytes() + open.file->output_bytes();
  return bytes;
}

Status CheckSettings(const WriterSettings& settings) {
  if (settings.schema == nullptr || settings.schema->num_fields() == 0) {
    return ConfigurationError("lake: a data file needs a column that is no partition column");
  }
  if (settings.target_file_bytes < 1 || settings.row_group_rows < 1 ||
      settings.row_group_bytes < 1 || settings.memory_bytes < 1 || settings.open_files < 1) {
    return ConfigurationError("lake: sizes of files and row groups are at least 1");
  }
  if (!settings.partition_columns.empty() &&
      (!settings.partition_text || !settings.partition_folder)) {
    return ConfigurationError("lake: partition columns need their texts and folders");
  }
  return CheckFolder(settings.folder);
}

}  // namespace

Result<std::unique_ptr<RollingWriter>> RollingWriter::Make(std::shared_ptr<ObjectStore> store,
                                                           WriterSettings settings) {
  ARROW_RETURN_NOT_OK(CheckSettings(settings));
  ARROW_ASSIGN_OR_RAISE(auto form, ParquetForm::Of(settings));
  return std::make_unique<PartitionedWriter>(std::move(store), std::move(settings),
                                             std::move(form));
}

}  // namespace ampload::lake
