// A Redis connection of the suites' own, with hiredis alone: not the loader's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/redis/redis_config.h"

struct redisContext;

namespace ampload::conformance {

struct RedisReply {
  bool is_nil = false;
  int64_t integer = 0;
  std::string text;
  std::vector<RedisReply> elements;
};

using RedisCommand = std::vector<std::string>;

// One a question: a forked child must not hold another process's.
class RedisClient {
 public:
  // By socket or host, user and password; TLS is not for tests of this kind. Database as in
  // `config`.
  static Result<RedisClient> Connect(const redis::RedisConfig& config);

  // An error reply is a permanent error with the server's words.
  Result<RedisReply> Ask(const RedisCommand& command);
  // Many at once, their replies in order.
  Result<std::vector<RedisReply>> AskAll(const std::vector<RedisCommand>& commands);
  // Every key that a SCAN with these further words finds, each once, sorted.
  Result<std::vector<std::string>> Keys(const RedisCommand& more = {});

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  explicit RedisClient(std::unique_ptr<redisContext, Free> context)
      : context_(std::move(context)) {}

  Result<RedisReply> NextReply(const RedisCommand& of);

  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace ampload::conformance
