#include "source/file/file_scan.h"

#include <fmt/format.h>

#include <utility>

#include "source/file/arrow_scan.h"
#include "source/file/parquet_scan.h"

namespace ampload::source {
namespace {

Status NoTextYet(const InputFile& input) {
  return ConfigurationError(
      fmt::format("source: text files cannot be read yet: path={}", input.path()));
}

}  // namespace

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
      return NoTextYet(*info.input);
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
      break;
  }
  return NoTextYet(*file.input);
}

}  // namespace ampload::source
