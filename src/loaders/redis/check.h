// What a server says of itself that a load should know: `ampload check`, warnings, refusals.
#pragma once

#include <string>
#include <vector>

#include "ampload/loader.h"
#include "loaders/redis/catalog.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/redis_config.h"

namespace ampload::redis {

// What may cost rows later, in words: nothing is saved to a disk, the server is a replica.
std::vector<std::string> WarningsOf(const ServerFacts& server);

// What this server cannot give a load that wants it, each a configuration error: a stream where
// rows may be evicted and nobody allowed that, WAITAOF before 7.2 or without an append-only file.
Status CheckForLoad(const ServerFacts& server, const RedisConfig& config, const TableSpec& spec);

// A configuration error where the table's rows are, or are to be, documents of RedisJSON and the
// server has none. Where it does not say, OK: the first row will tell.
Status CheckStructure(Connection& connection, const RedisConfig& config, const std::string& table,
                      const CallContext& context);

// Bytes of memory. Of a table with a key a row a guess from a few of them; 0 where none is cheaply
// found, or the server does not say.
Result<int64_t> GuessSize(Connection& connection, const std::string& table,
                          const TableRecord& record, int64_t rows, const CallContext& context);

// Lines on the server, the way there, and what the user may do. Only reads.
Result<std::vector<CheckLine>> CheckServer(Connection& connection, const RedisConfig& config,
                                           const CallContext& context);

}  // namespace ampload::redis
