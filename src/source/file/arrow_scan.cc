#include "source/file/arrow_scan.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "ampload/log.h"
#include "source/file/batch_size.h"
#include "source/file/read_failure.h"
#include "source/file/valid_values.h"
#include "source/input/byte_stream.h"

namespace ampload::source {
namespace {

using namespace std::string_view_literals;

// A message of a stream:   FF FF FF FF | length of the metadata, 4 bytes | metadata | body
// The end mark is a message of length 0.
constexpr int64_t kPrefix = 8;
constexpr std::string_view kEndMark = "\xff\xff\xff\xff\0\0\0\0"sv;

std::string_view KindOfFile(const FileInfo& file) {
  return file.format == FileFormat::kArrowFile ? "Arrow IPC file" : "Arrow IPC stream";
}

Status ArrowFailure(const FileInfo& file, const Status& cause, std::string_view where = {}) {
  return ReadFailure(KindOfFile(file), file.path(), cause, where);
}

arrow::ipc::IpcReadOptions IpcOptions(arrow::MemoryPool* pool) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  return options;
}

// Knows what the last bytes were that went through.
class WatchedStream final : public ByteStream {
 public:
  WatchedStream(std::shared_ptr<arrow::io::InputStream> stream, arrow::MemoryPool* pool)
      : ByteStream(pool), stream_(std::move(stream)) {}

  bool EndsWithEndMark() const { return last_ == kEndMark; }

 private:
  Result<int64_t> ReadSome(int64_t count, uint8_t* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, stream_->Read(count, out));
    const auto kept = static_cast<size_t>(std::min(got, kPrefix));
    last_.append(reinterpret_cast<const char*>(out) + got - kept, kept);
    if (last_.size() > kEndMark.size()) last_.erase(0, last_.size() - kEndMark.size());
    return got;
  }
  Status CloseImpl() override { return stream_->Close(); }

  const std::shared_ptr<arrow::io::InputStream> stream_;
  std::string last_;
};

// The schema is a stream's first message; nothing else is read.
Result<std::shared_ptr<arrow::Schema>> PeekSchema(InputFile* input, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::string head, input->Peek(kPrefix));
  if (static_cast<int64_t>(head.size()) < kPrefix) {
    return Status::Invalid("it ends before its schema");
  }
  int32_t length = 0;
  std::memcpy(&length, head.data() + 4, sizeof length);
  if (length <= 0) return Status::Invalid("it does not start with a schema");
  ARROW_ASSIGN_OR_RAISE(head, input->Peek(kPrefix + length));
  if (static_cast<int64_t>(head.size()) < kPrefix + length) {
    return Status::Invalid("it ends inside of its schema");
  }
  const auto message = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(head));
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        arrow::ipc::RecordBatchStreamReader::Open(message, IpcOptions(pool)));
  return reader->schema();
}

// One batch after the other, however they are stored.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;  // null at the end
  virtual std::shared_ptr<arrow::Schema> schema() const = 0;       // of the whole file
};

class FileBatches final : public BatchReader {
 public:
  static Result<std::unique_ptr<BatchReader>> Open(InputFile* input,
                                                   arrow::ipc::IpcReadOptions options) {
    ARROW_ASSIGN_OR_RAISE(const auto file, input->OpenRandomAccess());
    auto batches = std::make_unique<FileBatches>();
    // Told the columns, Arrow's reader of files would allocate outside of the pool.
    batches->columns_ = std::exchange(options.included_fields, {});
    ARROW_ASSIGN_OR_RAISE(batches->reader_, arrow::ipc::RecordBatchFileReader::Open(file, options));
    return batches;
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (next_ == reader_->num_record_batches()) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const auto batch, reader_->ReadRecordBatch(next_++));
    return batch->SelectColumns(columns_);
  }
  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_;
  std::vector<int> columns_;
  int next_ = 0;
};

class StreamBatches final : public BatchReader {
 public:
  static Result<std::unique_ptr<BatchReader>> Open(InputFile* input,
                                                   const arrow::ipc::IpcReadOptions& options) {
    ARROW_ASSIGN_OR_RAISE(auto stream, input->OpenStream());
    auto batches = std::make_unique<StreamBatches>();
    batches->path_ = input->path();
    batches->stream_ = std::make_shared<WatchedStream>(std::move(stream), options.memory_pool);
    ARROW_ASSIGN_OR_RAISE(batches->reader_,
                          arrow::ipc::RecordBatchStreamReader::Open(batches->stream_, options));
    return batches;
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader_->ReadNext(&batch));
    if (batch == nullptr) ARROW_RETURN_NOT_OK(CheckEnd());
    return batch;
  }
  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }

 private:
  Status CheckEnd() const {
    if (!stream_->EndsWithEndMark()) {
      LogWarning(
          "source",
          fmt::format("the Arrow IPC stream ends without its end mark; if its writer was cut "
                      "off, rows are missing: path={}",
                      path_));
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const auto more, stream_->Read(1));
    if (more->size() == 0) return Status::OK();
    return DataError(fmt::format(
        "source: the Arrow IPC stream goes on behind its end mark; where several streams were put "
        "into one file, load them as several files: path={}",
        path_));
  }

  std::string path_;
  std::shared_ptr<WatchedStream> stream_;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> reader_;
};

class ArrowScan final : public FileScan {
 public:
  ArrowScan(const FileInfo& file, std::unique_ptr<BatchReader> batches)
      : file_(file), batches_(std::move(batches)) {}

  Result<std::optional<ScanStep>> Next(int64_t /*rows*/, int64_t /*bytes*/) override {
    auto batch = batches_->Next();
    if (!batch.ok()) return ArrowFailure(file_, batch.status(), Place());
    if (*batch == nullptr) return std::nullopt;
    ++number_;
    if (const Status valid = CheckValues(**batch); !valid.ok()) {
      if (valid.IsOutOfMemory()) return ArrowFailure(file_, valid, Place());
      return DataError(fmt::format("source: the {} holds what Arrow does not allow: {}: path={} {}",
                                   KindOfFile(file_), MessageOf(valid), file_.path(), Place()));
    }
    const int64_t bytes = BytesOf(**batch);
    return ScanStep{*std::move(batch), bytes, {}};
  }

 private:
  std::string Place() const { return fmt::format("batch={}", number_); }

  const FileInfo& file_;
  const std::unique_ptr<BatchReader> batches_;
  int64_t number_ = 0;  // batches read
};

}  // namespace

Status InspectArrow(FileInfo* info, const ReadOptions& options) {
  const auto inspect = [&]() -> Status {
    if (info->format == FileFormat::kArrowStream) {
      return PeekSchema(info->input.get(), options.pool).Value(&info->schema);
    }
    ARROW_ASSIGN_OR_RAISE(const auto file, info->input->OpenRandomAccess());
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          arrow::ipc::RecordBatchFileReader::Open(file, IpcOptions(options.pool)));
    info->schema = reader->schema();  // the rows are counted in the batches alone
    return Status::OK();
  };
  const Status status = inspect();
  return status.ok() ? status : ArrowFailure(*info, status);
}

Result<std::unique_ptr<FileScan>> OpenArrowScan(const FileInfo& file, const ScanPlan& plan,
                                                const ReadOptions& options) {
  auto ipc = IpcOptions(options.pool);
  const auto columns = plan.file_read();
  ipc.included_fields.assign(columns.begin(), columns.end());
  auto batches = file.format == FileFormat::kArrowFile ? FileBatches::Open(file.input.get(), ipc)
                                                       : StreamBatches::Open(file.input.get(), ipc);
  if (!batches.ok()) return ArrowFailure(file, batches.status());
  return std::make_unique<ArrowScan>(file, *std::move(batches));
}

}  // namespace ampload::source
