#include "conformance/loaders/redis_client.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <set>

namespace ampload::conformance {
namespace {

constexpr timeval kMostTime = {60, 0};
constexpr size_t kAtATime = 1000;  // commands whose replies wait in memory

RedisReply ToReply(const redisReply& from) {
  RedisReply reply;
  reply.is_nil = from.type == REDIS_REPLY_NIL;
  reply.integer = from.integer;
  if (from.str != nullptr) reply.text.assign(from.str, from.len);
  if (from.type == REDIS_REPLY_ARRAY) {
    for (size_t i = 0; i < from.elements; ++i) reply.elements.push_back(ToReply(*from.element[i]));
  }
  return reply;
}

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

}  // namespace

void RedisClient::Free::operator()(redisContext* context) const { redisFree(context); }

Result<RedisClient> RedisClient::Connect(const redis::RedisConfig& config) {
  if (config.tls) return ConfigurationError("the suites do not look into a server by TLS");
  std::unique_ptr<redisContext, Free> context(
      config.socket.empty()
          ? redisConnectWithTimeout(config.host.c_str(), static_cast<int>(config.port), kMostTime)
          : redisConnectUnixWithTimeout(config.socket.c_str(), kMostTime));
  if (context == nullptr || context->err != 0) {
    return PermanentError(std::string("no connection to Redis: ") +
                          (context == nullptr ? "no memory" : context->errstr));
  }
  redisSetTimeout(context.get(), kMostTime);
  RedisClient client(std::move(context));
  if (!config.password.empty()) {
    RedisCommand command = {"AUTH"};
    if (!config.user.empty()) command.push_back(config.user);
    command.push_back(config.password);
    ARROW_RETURN_NOT_OK(client.Ask(command).status());
  }
  ARROW_RETURN_NOT_OK(client.Ask({"SELECT", std::to_string(config.database)}).status());
  return client;
}

Result<RedisReply> RedisClient::NextReply(const RedisCommand& of) {
  void* found = nullptr;
  if (redisGetReply(context_.get(), &found) != REDIS_OK || found == nullptr) {
    return PermanentError(of.front() + ": " + context_->errstr);
  }
  const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(found));
  if (reply->type == REDIS_REPLY_ERROR) return PermanentError(of.front() + ": " + reply->str);
  return ToReply(*reply);
}

Result<std::vector<RedisReply>> RedisClient::AskAll(const std::vector<RedisCommand>& commands) {
  std::vector<RedisReply> replies;
  for (size_t first = 0; first < commands.size(); first += kAtATime) {
    const size_t last = std::min(first + kAtATime, commands.size());
    for (size_t i = first; i < last; ++i) {
      std::vector<const char*> words;
      std::vector<size_t> lengths;
      for (const auto& word : commands[i]) {
        words.push_back(word.data());
        lengths.push_back(word.size());
      }
      if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(),
                                 lengths.data()) != REDIS_OK) {
        return PermanentError(commands[i].front() + ": " + context_->errstr);
      }
    }
    for (size_t i = first; i < last; ++i) {
      ARROW_ASSIGN_OR_RAISE(auto reply, NextReply(commands[i]));
      replies.push_back(std::move(reply));
    }
  }
  return replies;
}

Result<RedisReply> RedisClient::Ask(const RedisCommand& command) {
  ARROW_ASSIGN_OR_RAISE(auto replies, AskAll({command}));
  return std::move(replies.front());
}

Result<std::vector<std::string>> RedisClient::Keys(const RedisCommand& more) {
  std::set<std::string> keys;
  std::string cursor = "0";
  do {
    RedisCommand scan = {"SCAN", cursor, "COUNT", "10000"};
    scan.insert(scan.end(), more.begin(), more.end());
    ARROW_ASSIGN_OR_RAISE(const auto reply, Ask(scan));
    cursor = reply.elements.at(0).text;
    for (const auto& key : reply.elements.at(1).elements) keys.insert(key.text);
  } while (cursor != "0");
  return std::vector<std::string>(keys.begin(), keys.end());
}

}  // namespace ampload::conformance
