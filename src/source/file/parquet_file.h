// One Parquet file, opened for reading in small steps.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <exception>
#include <memory>
#include <new>
#include <string>

#include "ampload/status.h"
#include "source/file/read_failure.h"
#include "source/input/input_file.h"

namespace ampload::source {

// The file's reader: pages are decoded as rows are asked for, columns side by side, in memory of
// `pool`; page checksums are verified where the writer made them. Permanent error, with the path:
// truncated, damaged, an encrypted footer, a footer that contradicts the file.
Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquetFile(InputFile* input,
                                                                    arrow::MemoryPool* pool);

// What to say of a read that failed.
inline Status ParquetFailure(const std::string& path, const Status& cause,
                             std::string_view where = {}) {
  return ReadFailure("Parquet file", path, cause, where);
}

// Calls into the Parquet library, whose metadata accessors throw.
template <class Call>
auto CatchParquet(const std::string& path, const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return ParquetFailure(path, Status::OutOfMemory("an allocation failed"));
  } catch (const parquet::ParquetStatusException& error) {
    return ParquetFailure(path, error.status());
  } catch (const std::exception& error) {
    return ParquetFailure(path, Status::Invalid(error.what()));
  }
}

}  // namespace ampload::source
