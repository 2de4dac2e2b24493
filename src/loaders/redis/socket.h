// The way to a server: TCP, a unix socket, or TLS over TCP. Bytes in and out; nothing here knows
// what they mean.
//
// Open waits; afterwards nothing does but Wait. One thread. No signal is ever raised.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "loaders/redis/redis_config.h"

namespace ampload::redis {

// "127.0.0.1:6379", "[::1]:6379", "/run/redis.sock": for a person.
std::string WhereOf(const RedisConfig& config);

class Socket {
 public:
  struct Moved {
    size_t bytes = 0;
    short wait_for = 0;   // where no byte moved: what poll must see first
    bool closed = false;  // the other side has ended the connection
  };

  // Tries every address of the host; each may take connect_timeout, TLS included. A failure is
  // transient where the server may come back, else a configuration error that says which option to
  // look at.
  static Result<std::unique_ptr<Socket>> Open(const RedisConfig& config,
                                              const CallContext& context);
  virtual ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  virtual Result<Moved> Send(std::string_view bytes) = 0;
  virtual Result<Moved> Receive(std::span<char> space) = 0;
  virtual bool encrypted() const = 0;

  // True once poll sees one of the events (or a failure: the next Send or Receive has it).
  bool Wait(short events, std::chrono::milliseconds at_most) const;

 protected:
  explicit Socket(int fd) : fd_(fd) {}  // owns it
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace ampload::redis
