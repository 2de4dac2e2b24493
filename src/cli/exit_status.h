// What the command's exit status says to a script.
#pragma once

#include "ampload/status.h"

namespace ampload::cli {

enum class ExitStatus {
  kDone = 0,
  kFailed = 1,
  kWrongCommand = 2,  // the command line, an option or the config file is wrong
  kQuarantined = 3,   // done, with bad rows set aside
  kFenced = 4,        // another writer took over
};

// OK is kDone, a configuration error kWrongCommand, every other failure kFailed.
inline ExitStatus ExitStatusOf(const Status& status) {
  if (status.ok()) return ExitStatus::kDone;
  return KindOf(status) == FailureKind::kConfiguration ? ExitStatus::kWrongCommand
                                                       : ExitStatus::kFailed;
}

}  // namespace ampload::cli
