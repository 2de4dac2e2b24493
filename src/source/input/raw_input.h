// Bytes as they are stored, before decompression.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ampload/status.h"
#include "source/input/input_file.h"
#include "source/input/read_context.h"

namespace ampload::source {

// The verbs mean what InputFile's do.
class RawInput {
 public:
  virtual ~RawInput() = default;
  virtual const std::string& path() const = 0;
  virtual std::optional<int64_t> bytes() const = 0;
  virtual bool remote() const { return false; }
  virtual Result<std::shared_ptr<arrow::io::InputStream>> OpenStream() = 0;
  // Never called where bytes() is not known: then OpenStream is called once only.
  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess() = 0;
  virtual Status CheckUnchanged() { return Status::OK(); }
};

// Finds out whether it is compressed, by its first bytes and never by its name. Permanent error
// where there are no bytes at all.
Result<std::unique_ptr<InputFile>> MakeInputFile(std::unique_ptr<RawInput> raw,
                                                 arrow::MemoryPool* pool);

// A regular file. Opens and closes it: what is read later must be the same file, of the same size
// and time. Configuration error: not a regular file. Permanent: cannot be read.
Result<std::unique_ptr<RawInput>> OpenLocalFile(const std::string& path, arrow::MemoryPool* pool);

// An open descriptor, read once, by one thread; it stays open. Waits for bytes until the context
// ends.
std::unique_ptr<RawInput> MakeDescriptorInput(int descriptor, std::string path,
                                              std::shared_ptr<ReadContext> context,
                                              arrow::MemoryPool* pool);

}  // namespace ampload::source
