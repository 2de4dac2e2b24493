// Text files with one record a row (CSV, NDJSON): what both kinds of reader have in common.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/source.h"
#include "ampload/status.h"

namespace ampload::source {

// What the user says about text files. Types are Arrow's own names: int64, uint64, float64, bool,
// string, binary, date32, timestamp[us], timestamp[ns, UTC], decimal128(38, 0), decimal256(76, 0),
// fixed_size_binary[32] ...
struct TextOptions {
  std::map<std::string, std::shared_ptr<arrow::DataType>> types;  // --types; others are inferred
  char delimiter = ',';                                           // CSV
  char quote = '"';                                               // CSV
  bool header = true;     // CSV; false: columns are f0, f1 ...
  std::string null_text;  // CSV: the unquoted text of a null; the default is the empty text
};

struct TextStep {
  std::shared_ptr<arrow::RecordBatch> batch;  // may have no rows
  std::vector<BadRecord> bad;                 // only where bad records are kept
  int64_t bytes_read = 0;                     // of text, for the estimate
};

// Reads records in the file's order, from one thread.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  // About `batch_bytes` of rows; nullopt at the end. A data error says file, line, column, value
  // and what to do. With kept bad records it does not fail for one of them.
  virtual Result<std::optional<TextStep>> Next(int64_t batch_bytes) = 0;
};

struct TextInput {
  std::string path;                                // for messages
  std::shared_ptr<arrow::io::InputStream> stream;  // decompressed, from the first byte
  arrow::MemoryPool* pool = nullptr;               // null: Arrow's default
  bool keep_bad = false;
};

}  // namespace ampload::source
