// The last step of a load: Commit, and what its outcome means.
#pragma once

#include <cstdint>
#include <string>

#include "ampload/call_context.h"
#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "ampload/write_session.h"

namespace ampload::pipeline {

// `status` OK: everything staged took effect, `rows` of it. Else its message says whether anything
// did.
struct CommitVerdict {
  Status status;
  int64_t rows = 0;
  bool fenced = false;  // another writer took over; the session must not touch the store again
  bool still_staged = false;  // nothing took effect and the staged rows are there: call Abort
};

// Commits what is staged and, where the outcome is unknown, asks the store (with a context of its
// own, so that a stop request cannot keep the answer away). A commit whose reply was lost is a
// success when the store says so. `rows_staged` is what the commit has to hold; another count of
// the store is a failure that names both, and then the store's rows stand.
CommitVerdict CommitAndSettle(WriteSession& session, const Checkpoint& checkpoint,
                              const std::string& table, int64_t rows_staged,
                              const CallContext& context);

}  // namespace ampload::pipeline
