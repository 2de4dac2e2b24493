// Something outside of the store that goes with one load: a quarantine, the mark on a replayed
// file.
#pragma once

#include <algorithm>
#include <string>

#include "ampload/status.h"
#include "ampload/write_session.h"

namespace ampload::pipeline {

// What the store said of an earlier load.
enum class Fate { kCommitted, kNotCommitted, kUnknown };
inline Fate FateOf(const std::string& load_id, const Recovered& recovered) {
  const auto& known = recovered.remembered_loads;
  if (std::find(known.begin(), known.end(), load_id) != known.end()) return Fate::kCommitted;
  const bool certain = !recovered.load_id.empty() && recovered.remembers_all;
  return certain ? Fate::kNotCommitted : Fate::kUnknown;
}

// Called from RunLoad's thread, in this order. What it keeps must tell, after a crash at any moment
// and with the ids of the next Recovered, whether its load was committed.
class LoadCompanion {
 public:
  virtual ~LoadCompanion() = default;

  // Before the first row: settle what an earlier load left.
  virtual Status OnRecovered(const Recovered& recovered) = 0;
  // All rows are staged, nothing is committed: make durable what must not be lost with the commit.
  virtual Status BeforeCommit() = 0;
  // Is there something to settle after a crash? Then the store keeps the load's id (RememberLoad).
  virtual bool must_be_remembered() const = 0;
  // The commit took effect. A failure is a warning: the rows are in the store.
  virtual Status AfterCommit() = 0;
  // The load ended without a commit.
  virtual Status OnAbort() = 0;
};

}  // namespace ampload::pipeline
