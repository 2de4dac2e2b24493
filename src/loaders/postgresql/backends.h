// Other processes of the server that stand in the way: who holds what, and ending our own dead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"

namespace ampload::postgresql {

// What a checkpoint keeps of the session that holds it, as its store handle: text for a person that
// also finds the server's process again.
struct BackendHandle {
  int64_t pid = 0;      // of the server's process; 0: not known, a pooler stands in between
  std::string started;  // its backend_start, so that a later process of that pid is not meant
  std::string holder;   // "pid 71 on host since 2026-01-01T00:00:00Z": the client

  std::string ToText() const;  // "pid 71 on host since ...; server process 812 since ..."
  static std::optional<BackendHandle> Parse(const std::string& text);
};

// This connection's own. Behind a pooler in transaction mode pid is 0: tomorrow that process serves
// somebody else.
Result<BackendHandle> DescribeBackend(Connection& connection, const CallContext& context);

// Is that process still there?
Result<bool> IsAlive(Connection& connection, const BackendHandle& backend,
                     const CallContext& context);

// Is it there, and not idle between transactions?
Result<bool> IsInTransaction(Connection& connection, const BackendHandle& backend,
                             const CallContext& context);

// Ends that process where it is still there and is a session of ampload's. True: it was there and
// is gone. Missing rights are a failure that names it and says who may end it.
Result<bool> EndBackend(Connection& connection, const BackendHandle& backend,
                        const CallContext& context);

// Who holds the lock on this row of the checkpoint table, or locks on the table itself, for a
// person: "server process 812 (user loader, application ampload, idle in transaction since ...)".
// Empty where nobody does any more.
struct Blocker {
  BackendHandle backend;
  std::string application;
  std::string text;
};
Result<std::optional<Blocker>> FindRowBlocker(Connection& connection, const TableName& checkpoints,
                                              const std::string& table, const std::string& pipeline,
                                              const CallContext& context);
Result<std::string> DescribeTableBlockers(Connection& connection, const TableName& table,
                                          const CallContext& context);

}  // namespace ampload::postgresql
