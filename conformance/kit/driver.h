// Plays a script against a loader, as an engine would: from the checkpoint on.
#pragma once

#include <functional>
#include <string>

#include "ampload/loader.h"
#include "conformance/kit/script.h"

namespace ampload::conformance {

struct DriverOptions {
  std::string table;
  std::string pipeline = "conformance";
  bool add_pipeline = false;
  size_t stop_after = SIZE_MAX;  // plays no more than this many commits of the whole script
  // Called when rows are staged and the commit is next, with the commit's index.
  std::function<Status(size_t)> before_commit;
  // Called with how many of the script's commits have taken effect.
  std::function<void(size_t)> on_committed;
};

enum class DriverEnd { kDone, kFenced };

// The spec that the script's session is opened with, once `done` commits have taken effect.
// Keys are those of the script where the loader has keys.
TableSpec SpecOf(const Script& script, const LoaderTraits& traits, const DriverOptions& options,
                 size_t done);

// Takes over, goes on where the checkpoint says, settles commits whose reply is lost. `loader` is
// connected. A one-off script is played whole.
Result<DriverEnd> PlayScript(const Script& script, Loader& loader, const DriverOptions& options);

// Takes over and ends: what a dead predecessor left is cleaned up. How many commits the checkpoint
// says have taken effect; 0 for a one-off script.
Result<size_t> RecoverOnly(const Script& script, Loader& loader, const DriverOptions& options);

}  // namespace ampload::conformance
