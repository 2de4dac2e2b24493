// The server's errors as ours: by SQLSTATE, whatever language the server speaks.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::postgresql {

// The kind of a failure by its SQLSTATE: connection (08), resources (53), operator intervention
// (57P: shutdown, crash) and in-progress conflicts (40, 55P03) are transient; data (22), integrity
// (23), raised by a trigger (P0001) are data errors; rights (28, 42501), names and objects that are
// missing (3D, 3F, 42) are configuration errors; the rest is permanent.
FailureKind KindOfSqlState(std::string_view state);

// "postgresql: <message>: detail=... hint=... sqlstate=23505".
Status StatusOfResult(const PGresult* result);

// The line that the context of a failed COPY names, counted from 1: "COPY logs, line 17, column x".
std::optional<int64_t> CopyLineOf(const PGresult* result);

}  // namespace ampload::postgresql
