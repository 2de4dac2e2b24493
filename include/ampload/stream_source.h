// A source that never ends: batches with the blocks that they cover, from a place that the
// destination remembers.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ampload/block_range.h"
#include "ampload/call_context.h"
#include "ampload/source.h"
#include "ampload/status.h"

namespace ampload {

// The last block of a network that somebody has.
struct StreamPosition {
  BlockNumber number;
  std::string hash;  // "0x" and lower-case hex
  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

// By network. Empty: from the beginning.
using StreamCursor = std::map<std::string, StreamPosition>;

// Makes connections to one server for one query. Used from one thread at a time; outlives its
// connections.
class StreamSource {
 public:
  virtual ~StreamSource() = default;

  // For a person, without secrets: "amp://host:1602".
  virtual const std::string& name() const = 0;

  // A connection that goes on behind the cursor. Its Next() gives one message after the other, as
  // they come: `ranges` and `ranges_complete` as the server says, unchecked but for their form. It
  // blocks while the server has nothing, ends at once with Cancelled on a stop request, and gives
  // nullopt where the server ends the stream. Destroying the connection cancels it.
  //
  // Failures: kTransient where trying again may help (no connection, a broken one, an overloaded
  // server), kConfiguration (a wrong query, a token refused), kData (metadata that cannot be read),
  // kPermanent.
  virtual Result<std::unique_ptr<Source>> Open(const StreamCursor& cursor,
                                               const CallContext& context) = 0;
};

}  // namespace ampload
