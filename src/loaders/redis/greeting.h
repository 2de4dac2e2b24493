// The first commands on a connection, and what their replies say about the server.
#pragma once

#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/redis/command_buffer.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/redis_config.h"

namespace ampload::redis {

// What is said, in this order; replies come in the same.
class Greeting {
 public:
  // Reads password_file.
  static Result<Greeting> Make(const RedisConfig& config);

  const CommandBuffer& commands() const { return commands_; }

  // Configuration errors for a password, user or database that the server does not take, rights
  // that the user lacks, a cluster, a Sentinel, a server older than 6.2; transient ones while it
  // loads its data. Neither has the password in it.
  Status Read(const std::vector<Reply>& replies, const std::string& where, ServerFacts* server,
              ClientHandle* handle) const;

 private:
  enum class Step { kAuth, kSelect, kName, kId, kInfo, kSave };

  void Say(Step step, std::initializer_list<std::string_view> words);
  Status Judge(Step step, const Reply& reply, const std::string& values) const;

  CommandBuffer commands_;
  std::vector<Step> steps_;
  std::string user_;
  std::string password_;
  int64_t database_ = 0;
};

// From the text of INFO; `snapshots` stays unset.
ServerFacts FactsFromInfo(std::string_view info);

// The value of one line of INFO, or empty.
std::string_view InfoValue(std::string_view info, std::string_view name);

}  // namespace ampload::redis
