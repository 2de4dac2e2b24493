// One connection to a PostgreSQL server: queries, COPY, and the error world.
//
// Blocking for the caller, non-blocking below: every wait looks at the CallContext, and a stop or a
// deadline cancels what the server is doing. Used from one thread. Nothing here needs session state
// on the server, so a pooler in transaction mode may stand in between: parameters go with the
// query, there are no prepared statements, settings are SET LOCAL.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"

namespace ampload::postgresql {

// libpq's keywords and values: host, dbname, password, sslmode, service ...
using ConnectionKeywords = std::map<std::string, std::string>;

// Rows that came back, every value as text.
class QueryRows {
 public:
  explicit QueryRows(PGresult* result) : result_(result, PQclear) {}

  int size() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  bool empty() const { return size() == 0; }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::optional<std::string> value(int row, int column) const;  // nullopt: null
  int64_t integer(int row, int column) const;                   // of a column that is a number
  bool boolean(int row, int column) const { return text(row, column) == "t"; }
  std::string_view command() const { return PQcmdStatus(result_.get()); }  // "COMMIT", "INSERT 0 3"
  int64_t affected() const;  // rows that an INSERT, UPDATE, DELETE or COPY touched

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

// A parameter as text; nullopt: null.
using Parameter = std::optional<std::string>;

class Connection {
 public:
  // Tries every address that the keywords name. A failure is transient where the server may come
  // back (refused, starting up, too many connections), else a configuration error (password,
  // database, TLS) that says which setting to look at. Passwords are never quoted.
  static Result<std::unique_ptr<Connection>> Open(const ConnectionKeywords& keywords,
                                                  const CallContext& context);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One statement. A failure has the server's SQLSTATE (StoreCodeOf), its message, detail and hint,
  // and a kind by class: see pg_error.h.
  Result<QueryRows> Query(const std::string& sql, const std::vector<Parameter>& parameters,
                          const CallContext& context);
  Result<QueryRows> Query(const std::string& sql, const CallContext& context) {
    return Query(sql, {}, context);
  }
  // One or more statements, whose rows do not matter.
  Status Run(const std::string& sql, const CallContext& context);

  // COPY ... FROM STDIN. Between StartCopy and EndCopy or FailCopy nothing else may be called.
  Status StartCopy(const std::string& sql, const CallContext& context);
  // Sends as the server takes it. A failure may be the server's, of an earlier row: the COPY is
  // over then.
  Status PutCopy(std::string_view bytes, const CallContext& context);
  Result<int64_t> EndCopy(const CallContext& context);  // rows that the server took
  Status FailCopy(const std::string& why);              // ends it so that the connection can go on

  bool in_copy() const { return in_copy_; }
  // The server has said something since the COPY began: an error, whose rows it no longer takes, or
  // a notice. EndCopy tells which.
  bool server_spoke() const { return server_spoke_; }
  // The row of the last COPY that the server's failure names, counted from 1; nullopt: none.
  std::optional<int64_t> copy_line() const { return copy_line_; }

  bool is_alive() const;        // false once the connection broke
  bool in_transaction() const;  // also one that failed and waits for ROLLBACK
  int server_version() const;   // 150018
  int backend_pid() const;      // of the server's process; a pooler's own number behind one
  std::string host() const;     // where it reached, for a person: "127.0.0.1:5432"
  std::string database() const;
  std::string user() const;
  bool encrypted() const;

 private:
  explicit Connection(PGconn* connection) : connection_(connection) {}

  Status Wait(short events, const CallContext& context);
  Status Flush(const CallContext& context);
  Result<QueryRows> Collect(const CallContext& context);
  Status Broken(std::string_view while_doing) const;
  void Cancel();

  PGconn* connection_;
  bool in_copy_ = false;
  bool server_spoke_ = false;
  std::optional<int64_t> copy_line_;
};

}  // namespace ampload::postgresql
