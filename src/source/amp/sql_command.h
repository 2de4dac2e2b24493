// The one command of Flight SQL that we send.
#pragma once

#include <string>
#include <string_view>

namespace ampload::source {

// The protobuf message google.protobuf.Any around arrow.flight.protocol.sql.CommandStatementQuery
// with nothing but the query (Arrow Flight SQL, FlightSql.proto). `query` is UTF-8. Pure.
//
//   0A len type_url  12 len [ 0A len query ]
std::string StatementQueryCommand(std::string_view query);

}  // namespace ampload::source
