// Where rows come from: bytes in, Arrow batches out.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/block_range.h"
#include "ampload/call_context.h"
#include "ampload/status.h"

namespace ampload {

// A record that could not become a row: set aside where the load may do so.
struct BadRecord {
  int64_t record = 0;  // ordinal in its file, from 1, a header not counted
  std::string raw;     // its text as it stands in the file
  std::string reason;  // where and why: "logs.csv line 7 column amount: not an int64: value=x"
};

// What one Next() brings. Files bring no ranges; a stream's batches say which blocks they cover.
struct SourceBatch {
  std::shared_ptr<arrow::RecordBatch> batch;  // has the source's schema, always
  std::vector<BlockRange> ranges;
  bool ranges_complete = false;
  std::string origin;          // the file, for messages; may be empty
  std::vector<BadRecord> bad;  // met while this batch was read; none where the source fails instead
};

// What is known before reading; absent where it would cost a read.
struct SourceEstimate {
  std::optional<int64_t> rows;   // exact before filters
  std::optional<int64_t> bytes;  // on disk
};

// Used from one thread at a time. Opened by its own Make; batches come in the source's order. A
// batch shares memory with nothing that the source changes later.
class Source {
 public:
  virtual ~Source() = default;

  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  virtual SourceEstimate estimate() const { return {}; }
  // How the text of a BadRecord is to be read again, as JSON; empty: there are no such records.
  virtual std::string record_format() const { return {}; }

  // The next batch (never null, may have 0 rows), or nullopt at the end. After a failure the source
  // is done.
  virtual Result<std::optional<SourceBatch>> Next(const CallContext& context) = 0;
};

}  // namespace ampload
