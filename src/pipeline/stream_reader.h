// One connection, read and made ready by two threads: messages in, batches with an id and the
// store's bytes out.
//
//   Source::Next ─▶ queue ─▶ rules, shape, lineage, encode ─▶ queue ─▶ Next
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/source.h"
#include "ampload/write_session.h"
#include "pipeline/byte_queue.h"
#include "pipeline/row_shape.h"
#include "stream/connection_rules.h"

namespace ampload::pipeline {

// One message, read by the rules. Its rows are one part of their batch.
struct StreamItem {
  stream::Reading reading;
  std::vector<BlockRange> ranges;
  BatchId id;                       // kRows
  std::optional<StagedBatch> rows;  // none: no rows
  int64_t bytes = 0;                // that the rows hold, encoded ones included
};

// How rows become those of the table.
struct RowPlan {
  std::string table;  // for messages
  RowShape shape;
  std::shared_ptr<arrow::Schema> schema;  // with lineage
  std::optional<int> op_column;
  const BatchEncoder* encoder = nullptr;  // may be null
  std::optional<BatchId> last_id;         // ids go on behind it
  int64_t slot = 0;
};

class StreamReader {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts at once. `plan`'s encoder outlives it.
  StreamReader(std::unique_ptr<Source> connection, stream::ConnectionRules rules, RowPlan plan,
               int64_t queue_bytes);
  ~StreamReader();  // cancels the connection, joins
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  // Waits until Next would not block, a stop request or `until`. False: it was `until`.
  bool WaitUntilReady(Clock::time_point until, const std::stop_token& stop) {
    return ready_.WaitUntilReady(until, stop);
  }
  // nullopt: the server ended the stream. A failure comes behind all that was read before it.
  Result<std::optional<StreamItem>> Next();

 private:
  // What a queue carries: something, or how it ended.
  template <class T>
  struct OrEnd {
    std::optional<T> item;
    Status end;
  };

  void ReadAll();
  void PrepareAll();
  Status Read();
  Status Prepare();
  Result<StreamItem> MakeItem(SourceBatch message);
  Status MakeRows(const SourceBatch& message, StreamItem* item);

  std::unique_ptr<Source> connection_;
  stream::ConnectionRules rules_;
  RowPlan plan_;
  BatchId current_id_;
  std::string current_ranges_;  // of the batch at hand, as JSON
  std::string current_origin_;  // the same, for messages
  int64_t next_row_ = 0;
  std::stop_source stop_;
  ByteQueue<OrEnd<SourceBatch>> read_;
  ByteQueue<OrEnd<StreamItem>> ready_;
  std::jthread reader_;
  std::jthread preparer_;
};

}  // namespace ampload::pipeline
