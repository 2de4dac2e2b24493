// What a server says on one stream, message by message. Pure: it looks at the chains whenever it is
// asked, and the owner changes them in between.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/block_range.h"
#include "ampload/status.h"
#include "ampload/stream_source.h"
#include "conformance/amp/chain_model.h"

namespace ampload::conformance {

// What becomes of a cursor whose hash the chain never had.
enum class UnknownHash {
  kOwnNumber,  // as the real server does: the stream begins with the cursor's own block
  kRefused,
};

struct ProducerOptions {
  uint64_t max_blocks = 20;  // of one network, in one microbatch; at least 1
  uint64_t row_messages =
      1;  // at least 1: the rows of a microbatch are spread over them, some maybe empty
  bool leading_empty = false;       // an empty message that is not complete comes first
  bool keep_alives = false;         // an empty message between any two of a microbatch
  bool rows_on_completion = false;  // the last rows ride on the completing message
  bool break_off = false;   // a microbatch whose blocks are taken back meanwhile is never completed
  uint64_t order_seed = 0;  // of the rows inside a block; 0: the natural order
  UnknownHash unknown_hash = UnknownHash::kOwnNumber;
};

struct ModelMessage {
  std::vector<BlockRange> ranges;  // one a network, in the order of the chains
  bool complete = false;
  std::shared_ptr<arrow::RecordBatch> rows;  // never null
};

// One connection. Every microbatch carries a range of every network, and so waits until each has
// blocks that this connection was not told of. A range starts behind the last that was completed
// here; where the chain was reorganised below that, at the first block that changed, which may lie
// inside an earlier range. Reorganisations between two microbatches are seen as one. Used from one
// thread at a time; the chains outlive it and share one BlockRows.
class StreamProducer {
 public:
  // `cursor`: where the client stands; empty: from the beginning. Right: the stream goes on behind
  // it. Taken back: it begins with the first block that changed. Ahead of the chain: nothing is
  // said until the chain is there. Without one of the networks: a configuration error; so is an
  // unknown hash, where those are refused.
  static Result<std::unique_ptr<StreamProducer>> Make(const std::vector<const ModelChain*>& chains,
                                                      const StreamCursor& cursor,
                                                      ProducerOptions options);

  // The next message; nullopt: nothing to say until a chain changes.
  Result<std::optional<ModelMessage>> Next();

  // What may be said at any time between microbatches: no ranges, no rows.
  ModelMessage KeepAlive() const;

 private:
  // How far this connection got in one network.
  struct Told {
    const ModelChain* chain;
    std::optional<StreamPosition> last;  // or the cursor; none: nothing
  };

  StreamProducer(std::vector<Told> told, ProducerOptions options)
      : told_(std::move(told)), options_(options) {}

  Result<std::optional<uint64_t>> StartOf(const Told& told) const;
  Result<bool> Plan();
  Status Fill(const std::vector<ChainBlock>& blocks);
  bool TakenBack() const;

  std::vector<Told> told_;
  ProducerOptions options_;
  std::vector<BlockRange> ranges_;    // of the microbatch that is being sent
  std::deque<ModelMessage> pending_;  // its messages
};

}  // namespace ampload::conformance
