#include "loaders/redis/connection.h"

#include <hiredis/read.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "loaders/redis/greeting.h"
#include "loaders/redis/redis_error.h"
#include "loaders/redis/reply_reader.h"
#include "loaders/redis/socket.h"

namespace ampload::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSlice(100);  // how soon a stop is seen
// While rows go out their replies are looked at this often, not one by one: each look costs the
// server a wake-up of ours.
constexpr milliseconds kReplySlice(5);
constexpr size_t kReceive = 128 << 10;
constexpr size_t kFeed = 16 << 10;  // hiredis moves what it has not read yet to and fro

class Collector final : public ReplyHandler {
 public:
  void OnReply(int64_t /*index*/, Reply reply) override { replies.push_back(std::move(reply)); }
  std::vector<Reply> replies;
};

// What an error is about, without any value that was sent: "AUTH", "HSET: key=logs:7".
std::string DoingOf(std::span<const std::string_view> words) {
  constexpr std::string_view kKeyless[] = {"AUTH",   "ACL",  "CLIENT", "COMMAND", "CONFIG",
                                           "DEBUG",  "EXEC", "HELLO",  "INFO",    "MEMORY",
                                           "MODULE", "PING", "SCAN",   "SELECT",  "WAIT"};
  std::string doing = "the server refuses " + std::string(words[0]);
  if (words.size() < 2) return doing;
  const bool keyless =
      std::find(std::begin(kKeyless), std::end(kKeyless), words[0]) != std::end(kKeyless);
  if (!keyless) return doing + ": key=" + std::string(words[1]);
  return words[0] == "AUTH" || words[0] == "HELLO" ? doing : doing + " " + std::string(words[1]);
}

}  // namespace

std::string ClientHandle::ToText() const {
  return run_id + " " + std::to_string(client_id) + " " + holder;
}

std::optional<ClientHandle> ClientHandle::Parse(const std::string& text) {
  const size_t first = text.find(' ');
  const size_t second = first == std::string::npos ? first : text.find(' ', first + 1);
  if (second == std::string::npos) return std::nullopt;
  ClientHandle handle;
  handle.run_id = text.substr(0, first);
  const char* end = text.data() + second;
  const auto parsed = std::from_chars(text.data() + first + 1, end, handle.client_id);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  handle.holder = text.substr(second + 1);
  return handle;
}

Connection::Connection(std::string where) : where_(std::move(where)), space_(kReceive) {}

Connection::~Connection() {
  if (reader_ != nullptr) redisReaderFree(reader_);
}

Result<std::unique_ptr<Connection>> Connection::Open(const RedisConfig& config,
                                                     const CallContext& context) {
  std::unique_ptr<Connection> connection(new Connection(WhereOf(config)));
  auto socket = Socket::Open(config, context);
  if (!socket.ok()) {
    if (socket.status().IsCancelled()) return socket.status();
    return MakeFailure(
        KindOf(socket.status()),
        "redis: cannot connect: " + MessageOf(socket.status()) + ": server=" + connection->where_);
  }
  connection->socket_ = std::move(*socket);
  connection->reader_ = MakeReplyReader(&connection->reading_);
  if (connection->reader_ == nullptr) return PermanentError("redis: no memory for a connection");
  connection->alive_ = true;
  ARROW_RETURN_NOT_OK(connection->Greet(config, context));
  return connection;
}

Status Connection::Greet(const RedisConfig& config, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto greeting, Greeting::Make(config));
  reply_timeout_ = config.connect_timeout;
  auto collector = std::make_shared<Collector>();
  Status told = Send(greeting.commands(), collector, context).status();
  if (told.ok()) told = WaitForAll(context);
  // A server that ends the connection may have said why.
  ARROW_RETURN_NOT_OK(greeting.Read(collector->replies, where_, &server_, &handle_));
  if (!told.ok() && !alive_ && collector->replies.empty() && !config.tls && config.socket.empty() &&
      KindOf(told) == FailureKind::kTransient) {
    return TransientError(MessageOf(told) + " (does it want TLS? then use rediss://)");
  }
  ARROW_RETURN_NOT_OK(told);
  reply_timeout_ = config.reply_timeout;
  return Status::OK();
}

bool Connection::encrypted() const { return socket_ != nullptr && socket_->encrypted(); }

int64_t Connection::outstanding() const { return sent_ - received_; }

// The end of the connection: nobody waits any more.
Status Connection::Break(FailureKind kind, const std::string& what) {
  failure_ = MakeFailure(kind, "redis: " + what + ": server=" + where_);
  alive_ = false;
  waiting_.clear();
  unsent_ = {};
  kept_unsent_.clear();
  received_ = sent_;
  socket_.reset();
  return failure_;
}

Result<int64_t> Connection::Send(std::string_view commands, int64_t count,
                                 std::shared_ptr<ReplyHandler> handler,
                                 const CallContext& context) {
  if (!alive_) return failure_;
  ARROW_RETURN_NOT_OK(context.Check());
  if (!unsent_.empty()) ARROW_RETURN_NOT_OK(Exchange(received_, context));
  kept_unsent_ = std::string();
  if (count > 0) {
    waiting_.push_back({count, 0, std::move(handler)});
    sent_ += count;
    unsent_ = commands;
  }
  const Status exchanged = Exchange(received_, context);
  if (exchanged.ok()) return sent_;
  // Of a Send that was interrupted the caller's bytes are copied; those that were kept already
  // stay.
  if (alive_ && !unsent_.empty()) {
    kept_unsent_ = std::string(unsent_);
    unsent_ = kept_unsent_;
  }
  return exchanged;
}

Status Connection::WaitFor(int64_t ticket, const CallContext& context) {
  if (!alive_) return failure_;
  ARROW_RETURN_NOT_OK(context.Check());
  return Exchange(std::min(ticket, sent_), context);
}

Status Connection::WaitForAll(const CallContext& context) { return WaitFor(sent_, context); }

Result<std::vector<Reply>> Connection::AskAll(const CommandBuffer& commands,
                                              const CallContext& context) {
  auto collector = std::make_shared<Collector>();
  ARROW_ASSIGN_OR_RAISE(const int64_t ticket, Send(commands, collector, context));
  ARROW_RETURN_NOT_OK(WaitFor(ticket, context));
  return std::move(collector->replies);
}

Result<Reply> Connection::Ask(std::initializer_list<std::string_view> words,
                              const CallContext& context) {
  CommandBuffer commands;
  commands.Add(words);
  ARROW_ASSIGN_OR_RAISE(auto replies, AskAll(commands, context));
  if (replies[0].is_error()) {
    return FromReply(replies[0].text, DoingOf({words.begin(), words.size()}));
  }
  return std::move(replies[0]);
}

// Moves bytes both ways until all of `unsent_` went out and `until` replies have come in all.
Status Connection::Exchange(int64_t until, const CallContext& context) {
  auto last_moved = steady_clock::now();
  bool looked = false;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const bool sent, SendSome());
    const bool waits = received_ < until;
    const bool sending = !unsent_.empty();
    if (!sending && !waits && (looked || waiting_.empty())) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const bool received, ReceiveSome());
    looked = true;
    if (sent || received) {
      last_moved = steady_clock::now();
      continue;
    }
    if (!sending && received_ >= until) return Status::OK();
    ARROW_RETURN_NOT_OK(context.Check());
    const auto now = steady_clock::now();
    if (reply_timeout_ > 0 && now - last_moved > milliseconds(reply_timeout_)) {
      return Break(FailureKind::kTransient, "the server has not answered for " +
                                                std::to_string(reply_timeout_) +
                                                "ms (option reply_timeout)");
    }
    if (!sending) {
      socket_->Wait(receive_waits_for_, kSlice);
    } else if (send_waits_for_ == POLLOUT) {
      socket_->Wait(POLLOUT, kReplySlice);
    } else {
      socket_->Wait(static_cast<short>(send_waits_for_ | receive_waits_for_), kSlice);
    }
  }
}

// True where bytes went out.
Result<bool> Connection::SendSome() {
  bool moved = false;
  while (!unsent_.empty()) {
    const auto sent = socket_->Send(unsent_);
    if (!sent.ok() || sent->closed) {
      // Its last words may be waiting: why it closed.
      auto read = ReceiveSome();
      ARROW_RETURN_NOT_OK(read);
      if (*read) continue;
      return Break(sent.ok() ? FailureKind::kTransient : KindOf(sent.status()),
                   "the connection broke while sending" +
                       (sent.ok() ? std::string() : ": " + MessageOf(sent.status())));
    }
    send_waits_for_ = sent->wait_for;
    if (sent->bytes == 0) break;
    moved = true;
    unsent_.remove_prefix(sent->bytes);
  }
  return moved;
}

// True where bytes came in. Reads until there are none left, or a pause is due.
Result<bool> Connection::ReceiveSome() {
  const auto came = socket_->Receive(space_);
  if (!came.ok()) {
    return Break(KindOf(came.status()), "the connection broke: " + MessageOf(came.status()));
  }
  if (came->closed) {
    return Break(FailureKind::kTransient,
                 "the server ended the connection" +
                     (last_error_.empty() ? "" : ": " + ShownError(last_error_)));
  }
  receive_waits_for_ = came->wait_for;
  if (came->bytes == 0) return false;
  ARROW_RETURN_NOT_OK(TakeIn({space_.data(), came->bytes}));
  return true;
}

Status Connection::TakeIn(std::string_view bytes) {
  constexpr char kTlsAlert = 0x15;
  const auto unlike = received_ == 0 ? FailureKind::kConfiguration : FailureKind::kTransient;
  if (received_ == 0 && bytes[0] == kTlsAlert) {
    return Break(unlike, "the server speaks TLS there: use rediss://");
  }
  while (!bytes.empty()) {
    const auto slice = bytes.substr(0, kFeed);
    bytes.remove_prefix(slice.size());
    redisReaderFeed(reader_, slice.data(), slice.size());
    while (true) {
      void* done = nullptr;
      if (redisReaderGetReply(reader_, &done) != REDIS_OK) {
        return Break(unlike, std::string("the server speaks another protocol than Redis: ") +
                                 reader_->errstr);
      }
      if (done == nullptr) break;
      ARROW_RETURN_NOT_OK(Deliver(std::move(reading_)));
    }
  }
  return Status::OK();
}

Status Connection::Deliver(Reply reply) {
  last_error_ = reply.is_error() ? reply.text : std::string();
  if (waiting_.empty()) {
    return reply.is_error() ? Status::OK()
                            : Break(FailureKind::kTransient, "the server spoke out of turn");
  }
  auto& next = waiting_.front();
  const int64_t index = next.next++;
  ++received_;
  if (next.handler != nullptr) next.handler->OnReply(index, std::move(reply));
  if (next.next == next.count) waiting_.pop_front();
  return Status::OK();
}

Result<bool> Connection::Execute(const CommandBuffer& commands, std::string_view doing,
                                 const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto replies, AskAll(commands, context));
  ARROW_RETURN_NOT_OK(FirstError(replies, doing));
  return !replies.back().is_nil();
}

Status FirstError(const std::vector<Reply>& replies, std::string_view doing) {
  for (const auto& reply : replies) {
    if (reply.is_error()) return FromReply(reply.text, doing);
    for (const auto& element : reply.elements) {
      if (element.is_error()) return FromReply(element.text, doing);
    }
  }
  return Status::OK();
}

}  // namespace ampload::redis
