#include "loaders/postgresql/connection.h"

#include <poll.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <utility>

#include "ampload/log.h"
#include "loaders/postgresql/pg_error.h"

namespace ampload::postgresql {
namespace {

using std::chrono::steady_clock;

constexpr int kPollMs = 100;  // how soon a stop is seen
constexpr auto kDrainTime =
    std::chrono::seconds(10);         // for the server to say that it has cancelled
constexpr size_t kSlice = 256 << 10;  // of COPY's bytes, given to libpq at once

std::string Trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  return text;
}

// "FATAL:  28P01: password authentication failed\nLOCATION:  ...": the code, and the text without
// either.
struct Refusal {
  std::string state;
  std::string text;
};

Refusal ReadRefusal(std::string_view verbose) {
  Refusal refusal;
  for (size_t begin = 0; begin < verbose.size();) {
    const size_t end = std::min(verbose.find('\n', begin), verbose.size());
    std::string line(verbose.substr(begin, end - begin));
    begin = end + 1;
    if (line.find("LOCATION:") == 0) continue;
    for (size_t at = line.find(":  "); at != std::string::npos; at = line.find(":  ", at + 1)) {
      const std::string code = line.substr(at + 3, 5);
      const bool is_code = code.size() == 5 && line.compare(at + 8, 2, ": ") == 0 &&
                           std::all_of(code.begin(), code.end(), [](unsigned char c) {
                             return std::isdigit(c) != 0 || std::isupper(c) != 0;
                           });
      if (!is_code) continue;
      refusal.state = code;
      line.erase(at + 3, 7);
      break;
    }
    refusal.text += (refusal.text.empty() ? "" : " ") + line;
  }
  refusal.text = Trimmed(refusal.text);
  return refusal;
}

void OnNotice(void* /*arg*/, const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (text == nullptr) return;
  if (severity != nullptr && std::string_view(severity) == "WARNING") {
    LogWarning("postgresql", text);
  } else {
    LogDebug("postgresql", text);
  }
}

std::string WhereOf(PGconn* connection) {
  const auto text = [](const char* value) { return value == nullptr ? std::string() : value; };
  std::string where = text(PQhost(connection));
  if (const auto port = text(PQport(connection)); !port.empty()) where += ":" + port;
  return where;
}

Status Refused(PGconn* connection, bool met_tls) {
  const Refusal refusal = ReadRefusal(PQerrorMessage(connection));
  const std::string where = " server=" + WhereOf(connection) +
                            " database=" + std::string(PQdb(connection)) +
                            " user=" + std::string(PQuser(connection));
  const std::string head = "postgresql: cannot connect: " + refusal.text;
  if (PQconnectionNeedsPassword(connection) != 0) {
    return ConfigurationError(
        "postgresql: the server wants a password and none was given; set PGPASSWORD, a .pgpass "
        "file, or the option password or password_file:" +
        where);
  }
  if (!refusal.state.empty()) {
    auto kind = KindOfSqlState(refusal.state);
    if (kind == FailureKind::kData) kind = FailureKind::kPermanent;
    return MakeFailure(kind, head + ":" + where + " sqlstate=" + refusal.state, refusal.state);
  }
  if (met_tls) return ConfigurationError(head + "; look at sslmode and sslrootcert:" + where);
  return TransientError(head + ":" + where);
}

// libpq leaves connect_timeout to those who wait themselves: so many seconds for each host that is
// named, wherever they are said.
steady_clock::time_point GiveUpTime(PGconn* connection) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> settings(
      PQconninfo(connection), PQconninfoFree);
  int64_t seconds = 0;
  int64_t hosts = 1;
  for (const auto* one = settings.get(); one != nullptr && one->keyword != nullptr; ++one) {
    if (one->val == nullptr) continue;
    const std::string_view name = one->keyword;
    const std::string_view value = one->val;
    if (name == "connect_timeout") {
      std::from_chars(value.data(), value.data() + value.size(), seconds);
    } else if (name == "host") {
      hosts += std::count(value.begin(), value.end(), ',');
    }
  }
  constexpr int64_t kLongest = 3600 * 24;
  if (seconds <= 0 || seconds > kLongest) return steady_clock::time_point::max();
  return steady_clock::now() + std::chrono::seconds(seconds * hosts);
}

Status NoAnswer(PGconn* connection) {
  return TransientError(
      "postgresql: cannot connect: no answer; look at the address, a firewall, or "
      "the option connect_timeout: server=" +
      WhereOf(connection) + " database=" + std::string(PQdb(connection)));
}

}  // namespace

std::optional<std::string> QueryRows::value(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return std::string(text(row, column));
}

int64_t QueryRows::integer(int row, int column) const {
  int64_t number = 0;
  const auto digits = text(row, column);
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

int64_t QueryRows::affected() const {
  int64_t number = 0;
  const std::string_view digits = PQcmdTuples(result_.get());
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionKeywords& keywords,
                                                     const CallContext& context) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  // A dead server is noticed within two minutes, whatever the kernel's defaults are.
  const std::pair<const char*, const char*> defaults[] = {
      {"client_encoding", "UTF8"},   {"keepalives_idle", "30"},
      {"keepalives_interval", "10"}, {"keepalives_count", "3"},
      {"tcp_user_timeout", "90000"}, {"fallback_application_name", "ampload"}};
  for (const auto& [name, value] : defaults) {
    if (keywords.contains(name)) continue;
    names.push_back(name);
    values.push_back(value);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* raw = PQconnectStartParams(names.data(), values.data(), /*expand_dbname=*/0);
  if (raw == nullptr) return PermanentError("postgresql: no memory for a connection");
  std::unique_ptr<Connection> connection(new Connection(raw));
  if (PQstatus(raw) == CONNECTION_BAD) {
    // Keywords that cannot be, or a socket that is not there: only a ping tells the two apart.
    const std::string why = "postgresql: cannot connect: " + ReadRefusal(PQerrorMessage(raw)).text;
    const auto ping = PQpingParams(names.data(), values.data(), /*expand_dbname=*/0);
    return ping == PQPING_NO_ATTEMPT ? ConfigurationError(why) : TransientError(why);
  }
  PQsetErrorVerbosity(raw, PQERRORS_VERBOSE);
  PQsetNoticeReceiver(raw, OnNotice, nullptr);

  bool met_tls = false;
  auto state = PGRES_POLLING_WRITING;
  const auto give_up = GiveUpTime(raw);
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) return Refused(raw, met_tls);
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    for (bool ready = false; !ready;) {
      ARROW_RETURN_NOT_OK(context.Check());
      pollfd socket{PQsocket(raw), events, 0};
      ready = socket.fd < 0 || poll(&socket, 1, kPollMs) > 0;
      if (!ready && steady_clock::now() > give_up) return NoAnswer(raw);
    }
    met_tls = PQstatus(raw) == CONNECTION_SSL_STARTUP;
    state = PQconnectPoll(raw);
  }
  PQsetErrorVerbosity(raw, PQERRORS_DEFAULT);
  if (PQsetnonblocking(raw, 1) != 0) return connection->Broken("making the connection");
  return connection;
}

Connection::~Connection() { PQfinish(connection_); }

bool Connection::is_alive() const { return PQstatus(connection_) == CONNECTION_OK; }
bool Connection::in_transaction() const {
  const auto status = PQtransactionStatus(connection_);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}
int Connection::server_version() const { return PQserverVersion(connection_); }
int Connection::backend_pid() const { return PQbackendPID(connection_); }
std::string Connection::host() const { return WhereOf(connection_); }
std::string Connection::database() const { return PQdb(connection_); }
std::string Connection::user() const { return PQuser(connection_); }
bool Connection::encrypted() const { return PQsslInUse(connection_) != 0; }

Status Connection::Broken(std::string_view while_doing) const {
  const Refusal refusal = ReadRefusal(PQerrorMessage(connection_));
  return TransientError("postgresql: the connection broke while " + std::string(while_doing) +
                            ": " + refusal.text + ": server=" + host(),
                        "08006");
}

void Connection::Cancel() {
  PGcancel* cancel = PQgetCancel(connection_);
  if (cancel == nullptr) return;
  char why[256];
  PQcancel(cancel, why, sizeof why);
  PQfreeCancel(cancel);
}

// Everything that libpq holds is on its way to the server, or a failure.
Status Connection::Flush(const CallContext& context) {
  while (true) {
    const int left = PQflush(connection_);
    if (left < 0) return Broken("sending");
    if (left == 0) return Status::OK();
    ARROW_RETURN_NOT_OK(Wait(POLLIN | POLLOUT, context));
  }
}

// One look at the socket; what came is taken in.
Status Connection::Wait(short events, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  pollfd socket{PQsocket(connection_), events, 0};
  if (socket.fd < 0) return Broken("waiting");
  if (poll(&socket, 1, kPollMs) > 0 && (socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0) {
    server_spoke_ = true;
    if (PQconsumeInput(connection_) == 0) return Broken("waiting for the server");
  }
  return Status::OK();
}

// The last result of what was sent, or the first failure; the connection is ready for the next.
Result<QueryRows> Connection::Collect(const CallContext& context) {
  Status failure;
  std::optional<QueryRows> last;
  CallContext waiting = context;
  bool cancelled = false;
  while (true) {
    while (PQisBusy(connection_) != 0) {
      const Status waited = Wait(POLLIN, waiting);
      if (waited.ok()) continue;
      if (!waited.IsCancelled()) return failure.ok() ? waited : failure;
      if (cancelled) return waited;  // it does not even say that it cancelled
      Cancel();
      cancelled = true;
      failure = waited;
      waiting = CallContext{{}, steady_clock::now() + kDrainTime};
    }
    PGresult* result = PQgetResult(connection_);
    if (result == nullptr) break;
    QueryRows rows(result);
    const auto status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (failure.ok()) {
        copy_line_ = CopyLineOf(result);
        const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        failure = state == nullptr ? Broken("waiting for the server") : StatusOfResult(result);
      }
      continue;
    }
    last.emplace(std::move(rows));
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) break;
  }
  ARROW_RETURN_NOT_OK(failure);
  if (!last.has_value()) return Broken("waiting for the server");
  return std::move(*last);
}

Result<QueryRows> Connection::Query(const std::string& sql,
                                    const std::vector<Parameter>& parameters,
                                    const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  std::vector<const char*> values;
  for (const auto& one : parameters) values.push_back(one.has_value() ? one->c_str() : nullptr);
  // With parameters the extended protocol, its statement without a name.
  const int sent = PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()),
                                     nullptr, values.data(), nullptr, nullptr, 0);
  if (sent == 0) return Broken("sending a query");
  ARROW_RETURN_NOT_OK(Flush(context));
  return Collect(context);
}

Status Connection::Run(const std::string& sql, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (PQsendQuery(connection_, sql.c_str()) == 0) return Broken("sending a query");
  ARROW_RETURN_NOT_OK(Flush(context));
  return Collect(context).status();
}

Status Connection::StartCopy(const std::string& sql, const CallContext& context) {
  ARROW_RETURN_NOT_OK(Run(sql, context));
  in_copy_ = true;
  server_spoke_ = false;
  copy_line_.reset();
  return Status::OK();
}

Status Connection::PutCopy(std::string_view bytes, const CallContext& context) {
  while (!bytes.empty()) {
    const auto slice = bytes.substr(0, kSlice);
    const int put = PQputCopyData(connection_, slice.data(), static_cast<int>(slice.size()));
    if (put < 0) return Broken("sending rows");
    if (put == 1) bytes.remove_prefix(slice.size());
    ARROW_RETURN_NOT_OK(Flush(context));
  }
  // Only a server with something to say sends during a COPY.
  pollfd socket{PQsocket(connection_), POLLIN, 0};
  if (socket.fd >= 0 && poll(&socket, 1, 0) > 0) {
    server_spoke_ = true;
    if (PQconsumeInput(connection_) == 0) return Broken("sending rows");
  }
  return Status::OK();
}

Result<int64_t> Connection::EndCopy(const CallContext& context) {
  in_copy_ = false;
  int put = 0;
  while ((put = PQputCopyEnd(connection_, nullptr)) == 0) {
    ARROW_RETURN_NOT_OK(Flush(context));
  }
  if (put < 0) return Broken("ending a COPY");
  ARROW_RETURN_NOT_OK(Flush(context));
  ARROW_ASSIGN_OR_RAISE(const auto rows, Collect(context));
  return rows.affected();
}

Status Connection::FailCopy(const std::string& why) {
  if (!in_copy_) return Status::OK();
  in_copy_ = false;
  const CallContext soon{{}, steady_clock::now() + kDrainTime};
  int put = 0;
  while ((put = PQputCopyEnd(connection_, why.c_str())) == 0) {
    ARROW_RETURN_NOT_OK(Flush(soon));
  }
  if (put < 0) return Broken("ending a COPY");
  ARROW_RETURN_NOT_OK(Flush(soon));
  // Of course it failed: that is what was asked for.
  const auto ended = Collect(soon);
  return is_alive() ? Status::OK() : ended.status();
}

}  // namespace ampload::postgresql
