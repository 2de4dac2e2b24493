// The chains of a scenario and a server over them, for a loader in the same process. What happens
// is played by the server's thread; how far that has come outlives a killed process.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/stream_source.h"
#include "conformance/scenario/scenario.h"

namespace ampload::conformance {

// How far a scenario has come: in memory that its processes share.
struct SharedProgress {
  std::atomic<uint64_t> steps = 0;     // done
  std::atomic<uint64_t> messages = 0;  // given, by all processes together
};

class World {
 public:
  // Plays the steps that are done already. `progress` outlives it.
  static Result<std::unique_ptr<World>> Make(const Scenario& scenario, SharedProgress* progress);

  std::vector<const ModelChain*> chains() const;
  // The blocks up to there, on whichever fork that is.
  Result<std::vector<ChainBlock>> BlocksTo(const StreamCursor& cursor) const;
  // Is it the end of the chain as it is now? Of several, that much is not known.
  bool IsTheEnd(const StreamCursor& cursor) const;
  const std::shared_ptr<const BlockRows>& rows() const { return rows_; }

  // A connection to its server. Its Next plays the steps that are next.
  std::unique_ptr<StreamSource> MakeSource();

  // Called by `takeover` in the server's thread.
  void OnTakeOver(std::function<void()> verb) { take_over_ = std::move(verb); }
  // What the loader has committed. Once nothing is left to happen and that is all that was said,
  // `finished` is asked to stop.
  void NoteCommitted(const StreamCursor& cursor);
  std::stop_source& finished() { return finished_; }

 private:
  friend class WorldSource;
  friend class WorldConnection;

  World(const Scenario& scenario, SharedProgress* progress);
  Status Happen(const Step& step);  // to the chains
  const Step* NextStep() const;     // null: none is left
  void StopWhereFinished();

  const Scenario& scenario_;
  SharedProgress* progress_;
  std::shared_ptr<const BlockRows> rows_;
  std::vector<std::unique_ptr<ModelChain>> chains_;
  std::function<void()> take_over_;
  mutable std::mutex mutex_;  // of the chains and what follows
  std::condition_variable_any changed_;
  bool forgets_ = false;  // blocks that were taken back
  StreamCursor committed_;
  StreamCursor told_;  // what the server said so far is behind this
  bool over_ = false;  // nothing is left to happen, and nothing to be said
  std::stop_source finished_;
};

}  // namespace ampload::conformance
