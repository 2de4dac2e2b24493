// What each message of a connection means, by those before it. Pure; used from one thread.
//
//   message          A 10..19        A 10..19 whole     A 20..29       A 15..24
//   reading          rows, begins    rows, completes    rows, begins   rows, begins, lost: A from
//   15
//
// The protocol promises more than it needs to; what is not kept fails here, by name, before a row
// is touched: one range a network, the same networks in all messages, start <= end, a hash, a
// prev_hash unless start is 0, no gap, no microbatch begun before the one at hand is whole, no
// cursor left aside.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "ampload/stream_source.h"
#include "stream/undo_set.h"

namespace ampload::stream {

struct Reading {
  enum class Kind {
    kKeepAlive,   // says nothing
    kNothingYet,  // the server has nothing, and will end the stream: come back later
    kRows,        // of the microbatch at hand; may be none
    kReplayed,    // rows that are there already: drop them
  };
  Kind kind = Kind::kKeepAlive;
  bool begins = false;     // kRows: the first message of its microbatch
  bool completes = false;  // kRows: the microbatch is whole with this message

  // With `begins`: blocks that are no longer on the chain. What was read of a microbatch that is
  // not whole is gone with them. A range whose parent is not the block before it loses that one.
  std::vector<Invalidation> lost;
};

class ConnectionRules {
 public:
  // A connection that was opened with `cursor`, behind `kept`: the batches that are committed and
  // stay, oldest first.
  ConnectionRules(StreamCursor cursor, std::vector<LadderEntry> kept);

  // Fails (permanent) where the server breaks the protocol; then nothing is to be undone.
  Result<Reading> Read(const std::vector<BlockRange>& as_sent, bool complete, int64_t rows);

 private:
  enum class Relation { kFirst, kNext, kSame, kBack };

  Status CheckForm(const std::vector<BlockRange>& ranges, int64_t rows) const;
  Status CheckNetworks(const std::vector<BlockRange>& ranges);
  // How the range stands to the one before it.
  Result<Relation> Relate(const BlockRange& range) const;
  Status CheckFirstAfterCursor(const BlockRange& range) const;
  Result<Reading> Begin(const std::vector<BlockRange>& ranges, bool complete);

  const StreamCursor cursor_;
  std::vector<LadderEntry> kept_;
  std::set<std::string> networks_;          // empty: not known yet
  std::map<std::string, BlockRange> last_;  // by network: the last one that was begun
  std::vector<BlockRange> last_ranges_;     // the same as one message had them
  bool open_ = false;                       // the microbatch of last_ranges_ is not whole
};

}  // namespace ampload::stream
