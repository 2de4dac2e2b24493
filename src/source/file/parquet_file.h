// One Parquet file, opened for reading in small steps.
#pragma once

#include <arrow/type.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

// What is kept of a file between the moment when all are opened and compared and the moment when it
// is read.
struct ParquetFileInfo {
  std::string path;
  int64_t bytes = 0;
  int64_t rows = 0;
  std::shared_ptr<arrow::Schema> schema;  // as the file says, by its Arrow schema where it has one
};

// The file's reader: pages are decoded as rows are asked for, columns side by side; page checksums
// are verified where the writer made them. Permanent error, with the path: a footer that cannot be
// read or that contradicts the file.
Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquetFile(const std::string& path);

// Opens, looks at the footer and closes. Errors also as ProbeFile's.
Result<ParquetFileInfo> InspectParquetFile(const std::string& path);

// What to say of a read that failed: a permanent error with the cause and the path. A file that the
// system cannot read is told from a damaged one; an interruption stays one.
Status DamagedFile(const std::string& path, const Status& cause);

// Calls into the Parquet library, whose metadata accessors throw.
template <class Call>
auto CatchParquet(const std::string& path, const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return DamagedFile(path, Status::OutOfMemory("no memory left to read it"));
  } catch (const std::exception& error) {
    return DamagedFile(path, Status::Invalid(error.what()));
  }
}

}  // namespace ampload::source
