#include "loaders/postgresql/backends.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>

#include "base/this_process.h"

namespace ampload::postgresql {
namespace {

constexpr std::string_view kServerProcess = "; server process ";
constexpr std::string_view kSince = " since ";
constexpr int kEndTries = 100;  // of 50 ms: a process that was told to end has so long
constexpr auto kEndPause = std::chrono::milliseconds(50);

constexpr char kAboutActivity[] =
    "a.pid, pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "
    "coalesce(a.application_name, ''), coalesce(a.usename, ''), coalesce(a.state, ''), "
    "coalesce(pg_catalog.to_char(a.state_change AT TIME ZONE 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')";

constexpr char kThatBackend[] =
    " FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1::integer AND "
    "pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') = $2";

Blocker FromActivity(const QueryRows& rows, int row) {
  Blocker blocker;
  blocker.backend.pid = rows.integer(row, 0);
  blocker.backend.started = std::string(rows.text(row, 1));
  blocker.application = std::string(rows.text(row, 2));
  blocker.text = "server process " + std::string(rows.text(row, 0)) + " (user " +
                 std::string(rows.text(row, 3)) + ", application " + blocker.application + ", " +
                 std::string(rows.text(row, 4)) + " since " + std::string(rows.text(row, 5)) + ")";
  return blocker;
}

}  // namespace

std::string BackendHandle::ToText() const {
  if (pid == 0) return holder;
  return holder + std::string(kServerProcess) + std::to_string(pid) + std::string(kSince) + started;
}

std::optional<BackendHandle> BackendHandle::Parse(const std::string& text) {
  const size_t at = text.find(kServerProcess);
  if (at == std::string::npos) return std::nullopt;
  BackendHandle handle;
  handle.holder = text.substr(0, at);
  const size_t digits = at + kServerProcess.size();
  const size_t since = text.find(kSince, digits);
  if (since == std::string::npos) return std::nullopt;
  const auto parsed = std::from_chars(text.data() + digits, text.data() + since, handle.pid);
  if (parsed.ec != std::errc()) return std::nullopt;
  handle.started = text.substr(since + kSince.size());
  return handle;
}

Result<BackendHandle> DescribeBackend(Connection& connection, const CallContext& context) {
  BackendHandle handle;
  handle.holder = "pid " + std::to_string(getpid()) + " on " + base::HostName() +
                  std::string(kSince) + base::NowRfc3339();
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        connection.Query("SELECT " + std::string(kAboutActivity) +
                                             " FROM pg_catalog.pg_stat_activity a WHERE a.pid = "
                                             "pg_catalog.pg_backend_pid()",
                                         context));
  if (!rows.empty() && rows.integer(0, 0) == connection.backend_pid()) {
    handle.pid = rows.integer(0, 0);
    handle.started = std::string(rows.text(0, 1));
  }
  return handle;
}

Result<bool> IsAlive(Connection& connection, const BackendHandle& backend,
                     const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto there,
                        connection.Query("SELECT 1" + std::string(kThatBackend),
                                         {std::to_string(backend.pid), backend.started}, context));
  return !there.empty();
}

Result<bool> IsInTransaction(Connection& connection, const BackendHandle& backend,
                             const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto there,
      connection.Query("SELECT 1" + std::string(kThatBackend) + " AND a.xact_start IS NOT NULL",
                       {std::to_string(backend.pid), backend.started}, context));
  return !there.empty();
}

Result<bool> EndBackend(Connection& connection, const BackendHandle& backend,
                        const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto ended,
      connection.Query("SELECT pg_catalog.pg_terminate_backend(a.pid)" + std::string(kThatBackend),
                       {std::to_string(backend.pid), backend.started}, context));
  if (ended.empty()) return false;
  for (int i = 0; i < kEndTries; ++i) {
    ARROW_ASSIGN_OR_RAISE(const bool alive, IsAlive(connection, backend, context));
    if (!alive) return true;
    std::this_thread::sleep_for(kEndPause);
  }
  return TransientError("postgresql: a server process was told to end and has not: pid=" +
                        std::to_string(backend.pid));
}

Result<std::optional<Blocker>> FindRowBlocker(Connection& connection, const TableName& checkpoints,
                                              const std::string& table, const std::string& pipeline,
                                              const CallContext& context) {
  // Whoever is about to change a row, or has locked it, has left its transaction in xmax; and holds
  // the lock on that transaction for as long as it lives.
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query("SELECT " + std::string(kAboutActivity) + " FROM " + checkpoints.sql() +
                           " c JOIN pg_catalog.pg_locks l ON l.locktype = 'transactionid' AND "
                           "l.granted AND l.transactionid = c.xmax JOIN "
                           "pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE c.table_name = $1 "
                           "AND c.pipeline = $2 LIMIT 1",
                       {table, pipeline}, context));
  if (rows.empty()) return std::nullopt;
  return FromActivity(rows, 0);
}

Result<std::string> DescribeTableBlockers(Connection& connection, const TableName& table,
                                          const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query("SELECT DISTINCT " + std::string(kAboutActivity) +
                           " FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON "
                           "a.pid = l.pid WHERE l.relation = pg_catalog.to_regclass($1) AND "
                           "l.granted AND a.pid <> pg_catalog.pg_backend_pid() LIMIT 5",
                       {table.sql()}, context));
  std::string text;
  for (int row = 0; row < rows.size(); ++row) {
    text += (text.empty() ? "" : ", ") + FromActivity(rows, row).text;
  }
  return text;
}

}  // namespace ampload::postgresql
