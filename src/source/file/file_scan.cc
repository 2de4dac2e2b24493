#include "source/file/file_scan.h"

#include <utility>

#include "source/file/arrow_scan.h"
#include "source/file/parquet_scan.h"
#include "source/file/text_scan.h"

namespace ampload::source {
Result<FileInfo> InspectFile(std::shared_ptr<InputFile> input, const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const FileFormat format, DetectFormat(input.get(), options.format));
  FileInfo info{std::move(input), format, std::nullopt, nullptr};
  switch (format) {
    case FileFormat::kParquet:
      ARROW_RETURN_NOT_OK(InspectParquet(&info, options));
      break;
    case FileFormat::kArrowFile:
    case FileFormat::kArrowStream:
      ARROW_RETURN_NOT_OK(InspectArrow(&info, options));
      break;
    case FileFormat::kCsv:
    case FileFormat::kNdjson:
      ARROW_RETURN_NOT_OK(InspectText(&info, options));
      break;
  }
  return info;
}

Result<std::unique_ptr<FileScan>> OpenScan(const FileInfo& file, const ScanPlan& plan,
                                           const ReadOptions& options) {
  switch (file.format) {
    case FileFormat::kParquet:
      return OpenParquetScan(file, plan, options);
    case FileFormat::kArrowFile:
    case FileFormat::kArrowStream:
      return OpenArrowScan(file, plan, options);
    case FileFormat::kCsv:
    case FileFormat::kNdjson:
      return OpenTextScan(file, plan, options);
  }
  return Status::Invalid("unknown format");
}

}  // namespace ampload::source
