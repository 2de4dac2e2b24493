// Rows of a PostgreSQL table as Arrow columns: read with libpq alone, in the server's binary form,
// so that no digit is lost on the way. Knows nothing of the loader's own encoder.
#pragma once

#include <arrow/table.h>
#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::conformance {

// A connection that is closed with the value. One a question: a forked child must not hold another
// process's.
using PgConnection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using PgRows = std::unique_ptr<PGresult, decltype(&PQclear)>;

// By libpq's keywords. Notices are dropped.
Result<PgConnection> ConnectTo(const std::map<std::string, std::string>& keywords);

// One statement; parameters and rows are text. Its failure is a permanent error with the server's
// words.
Result<PgRows> AskServer(PGconn* connection, const std::string& sql,
                         const std::vector<std::string>& parameters = {});

// Names of the columns of "schema"."table", in order; empty: there is no such table.
Result<std::vector<std::string>> ColumnsOfTable(PGconn* connection, const std::string& schema,
                                                const std::string& table);

// All rows. int2, int4, int8, float4, float8, boolean, bytea, date, time, timestamp, interval and
// uuid come as what they are (interval as months, days and nanoseconds, uuid as 16 bytes); numeric
// as a decimal where its type says its digits, else as text; arrays as lists; all else as text.
Result<std::shared_ptr<arrow::Table>> ReadTableRows(PGconn* connection, const std::string& schema,
                                                    const std::string& table);

}  // namespace ampload::conformance
