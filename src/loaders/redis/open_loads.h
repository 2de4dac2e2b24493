// What loads left open: who holds it, is he alive, and how it is brought to an end. Before a load's
// commit what it wrote is taken back; behind it the rest of the commit is done.
#pragma once

#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "ampload/table.h"
#include "loaders/redis/catalog.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/journal_chunk.h"

namespace ampload::redis {

// Is the client of that handle (ClientHandle as text) connected? Clients of an earlier run of the
// server are not. A permanent failure where this user may not ask.
Result<bool> IsConnected(Connection& connection, const std::string& client,
                         const CallContext& context);

// Ends that client, with whatever it has sent and the server not yet read. OK where it has gone.
// Where this user may not end others, a client that does not go by itself is a permanent failure
// that names it and the right that is missing.
Status EndClient(Connection& connection, const std::string& client, const CallContext& context);

// A one-off load wants the table for itself; pipelines write one table side by side. But what
// replaced an early row, or was replaced by one, would be lost when that row is taken back.
// `writes`: its first row is next. One that does not watch its keys would not see it come.
bool StandsInTheWay(const OpenLoad& load, const OpenLoad& asking, bool writes);

// The record under this client's name, so that nobody else brings it to an end. False: somebody
// else has changed it meanwhile.
Result<bool> Adopt(Connection& connection, const std::string& table, OpenLoad* load,
                   const CallContext& context);

// Brings an adopted load to an end, in bounded steps; its record goes with the last. Done again
// after a crash in the middle, it goes on.
Status EndLoad(Connection& connection, const std::string& table, const OpenLoad& load,
               const CallContext& context);

// Takes back what a load that has no commit wrote; its record stays.
Status TakeBackLoad(Connection& connection, const std::string& table, const OpenLoad& load,
                    const CallContext& context);

// The commands that take these rows of the load back.
void AddTakeBack(const std::string& table, const OpenLoad& load,
                 const std::vector<JournalEntry>& entries, CommandBuffer* commands);

// "an unfinished load was taken back: process 7 on host ...": what EndLoad did, for a person.
std::string WhatWasDone(const OpenLoad& load);

}  // namespace ampload::redis
