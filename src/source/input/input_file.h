// The bytes of one input, wherever they are: a local file, standard input, an object on S3;
// decompressed where it is gzip or zstd.
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ampload/status.h"

namespace ampload::source {

enum class Compression { kNone, kGzip, kZstd };

// Everything it gives allocates from the pool it was opened with. Failures are permanent errors
// that name the path, or Cancelled where the wait was interrupted.
class InputFile {
 public:
  virtual ~InputFile() = default;

  virtual const std::string& path()
      const = 0;  // as the user would write it: "logs.csv.gz", "-", "s3://b/k"
  virtual Compression compression() const = 0;
  virtual std::optional<int64_t> bytes()
      const = 0;  // as stored; nullopt: not known (standard input)

  // True where reading a little here and there costs a round trip each (S3).
  virtual bool remote() const = 0;

  // The first `count` bytes (fewer at the end), decompressed; may be called more than once, and
  // takes nothing away from OpenStream.
  virtual Result<std::string> Peek(int64_t count) = 0;

  // From the first byte, decompressed, read as it goes. Standard input: once.
  virtual Result<std::shared_ptr<arrow::io::InputStream>> OpenStream() = 0;

  // For formats with a footer. A configuration error where there is none (standard input,
  // compressed).
  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess() = 0;

  // A permanent error where the bytes are not those any more that were there when this was opened:
  // to be asked when all is read. (The Open verbs look by themselves.)
  virtual Status CheckUnchanged() = 0;
};

}  // namespace ampload::source
