// One connection to one server: commands go out and replies come in at the same time, so that
// neither side's buffers fill up; replies are parsed by hiredis. The socket below (TCP, unix, TLS)
// is ours.
//
// One thread. After a failure of the connection itself is_alive() is false and everything else
// fails with the same transient error; open another.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "loaders/redis/command_buffer.h"
#include "loaders/redis/redis_config.h"

struct redisReader;

namespace ampload::redis {

class Socket;

struct Reply {
  enum class Kind { kStatus, kError, kInteger, kText, kNil, kArray };
  Kind kind = Kind::kNil;
  int64_t integer = 0;
  std::string text;  // kStatus, kError, kText
  std::vector<Reply> elements;

  bool is_error() const { return kind == Kind::kError; }
  bool is_nil() const { return kind == Kind::kNil; }
};

// Takes the replies to one Send, in order; `index` counts from 0. An error is a reply like any
// other here.
class ReplyHandler {
 public:
  virtual ~ReplyHandler() = default;
  virtual void OnReply(int64_t index, Reply reply) = 0;
};

// Who a connection is on its server. Client ids begin anew with every server: one is worth nothing
// under another run id.
struct ClientHandle {
  std::string run_id;  // the server's, of its present run
  int64_t client_id = 0;
  std::string holder;  // "process 12 on host since ...": for a person

  std::string ToText() const;
  static std::optional<ClientHandle> Parse(const std::string& text);
};

// From INFO, when the connection was opened.
struct ServerFacts {
  std::string version;  // "7.0.15"
  int major = 0;
  int minor = 0;
  std::string run_id;
  bool cluster = false;
  bool replica = false;
  std::string maxmemory_policy;
  int64_t maxmemory = 0;
  bool aof = false;
  std::optional<bool> snapshots;  // RDB files are written by themselves; nullopt: not to be known

  bool may_evict() const { return maxmemory_policy != "noeviction" && !maxmemory_policy.empty(); }
};

class Connection {
 public:
  // Connected, authenticated, the database selected, the server's facts read. A failure is
  // transient where the server may come back (refused, LOADING, BUSY, too many clients), else a
  // configuration error (password, database, TLS, a cluster) that says which option to look at.
  static Result<std::unique_ptr<Connection>> Open(const RedisConfig& config,
                                                  const CallContext& context);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends `count` commands. Returns once the socket has taken all; replies that come meanwhile
  // (also to earlier commands) go to their handlers. `handler` (may be null: replies are dropped)
  // lives until its last reply came or the connection ended; it must not call the connection.
  // Returns a ticket: see WaitFor. Where a stop or a deadline interrupts it the connection stays
  // good: what was not sent yet goes out before anything else does.
  Result<int64_t> Send(std::string_view commands, int64_t count,
                       std::shared_ptr<ReplyHandler> handler, const CallContext& context);
  Result<int64_t> Send(const CommandBuffer& commands, std::shared_ptr<ReplyHandler> handler,
                       const CallContext& context) {
    return Send(commands.bytes(), commands.count(), std::move(handler), context);
  }

  // Until every reply to the Send of that ticket, and to all before it, has come.
  Status WaitFor(int64_t ticket, const CallContext& context);
  Status WaitForAll(const CallContext& context);

  // These commands, and their replies in order; replies that were outstanding come first, to their
  // handlers. An error among the replies is no failure.
  Result<std::vector<Reply>> AskAll(const CommandBuffer& commands, const CallContext& context);
  // One command. An error reply is a failed Status: see redis_error.h.
  Result<Reply> Ask(std::initializer_list<std::string_view> words, const CallContext& context);
  // These commands, the last of them EXEC. False where somebody changed what was watched: nothing
  // was done. An error is a failed Status: see FirstError.
  Result<bool> Execute(const CommandBuffer& commands, std::string_view doing,
                       const CallContext& context);

  bool is_alive() const { return alive_; }
  int64_t outstanding() const;  // replies that are owed
  const ServerFacts& server() const { return server_; }
  const ClientHandle& handle() const { return handle_; }
  const std::string& where() const { return where_; }  // "127.0.0.1:6379", for a person
  bool encrypted() const;

 private:
  struct Waiting {
    int64_t count = 0;
    int64_t next = 0;
    std::shared_ptr<ReplyHandler> handler;
  };

  explicit Connection(std::string where);

  Status Greet(const RedisConfig& config, const CallContext& context);
  Status Exchange(int64_t until, const CallContext& context);
  Result<bool> SendSome();
  Result<bool> ReceiveSome();
  Status TakeIn(std::string_view bytes);
  Status Deliver(Reply reply);
  Status Break(FailureKind kind, const std::string& what);

  std::string where_;
  std::unique_ptr<Socket> socket_;
  redisReader* reader_ = nullptr;
  Reply reading_;  // the reply that the reader is at
  std::vector<char> space_;
  short send_waits_for_ = 0;  // what poll must see before it is worth while again
  short receive_waits_for_ = 0;
  bool alive_ = false;
  Status failure_;          // why it is not
  std::string last_error_;  // the last reply, where it was one
  std::deque<Waiting> waiting_;
  std::string_view unsent_;  // of the Send at hand; or of kept_unsent_
  std::string kept_unsent_;  // what a Send that was interrupted left
  int64_t sent_ = 0;         // replies asked for
  int64_t received_ = 0;     // replies that came
  int64_t reply_timeout_ = 0;
  ServerFacts server_;
  ClientHandle handle_;
};

// The first error among replies, or among what one of them is made of (EXEC's), as a failed Status;
// `doing` as in redis_error.h.
Status FirstError(const std::vector<Reply>& replies, std::string_view doing);

}  // namespace ampload::redis
