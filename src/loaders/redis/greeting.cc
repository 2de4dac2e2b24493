#include "loaders/redis/greeting.h"

#include <charconv>
#include <fstream>
#include <utility>

#include "base/this_process.h"
#include "loaders/redis/redis_error.h"

namespace ampload::redis {
namespace {

// From 6.2 on: CLIENT LIST ID, XRANGE behind an id.
constexpr int kOldestMajor = 6;
constexpr int kOldestMinor = 2;

Result<std::string> FirstLineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) {
    return ConfigurationError("redis: password_file cannot be read, or is empty: password_file=" +
                              path);
  }
  while (line.ends_with('\r')) line.pop_back();
  return line;
}

int64_t NumberOf(std::string_view digits) {
  int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Status CheckKindOfServer(std::string_view info, const ServerFacts& server,
                         const std::string& values) {
  if (server.cluster) {
    return ConfigurationError(
        "redis: the server is part of a cluster, which ampload does not support: give a server "
        "that stands alone, or a primary with replicas" +
        values);
  }
  if (InfoValue(info, "redis_mode") == "sentinel") {
    return ConfigurationError(
        "redis: this is a Sentinel, which keeps no data: give the primary's address" + values);
  }
  if (InfoValue(info, "loading") == "1") {
    return TransientError("redis: the server is still reading its data from the disk" + values,
                          "LOADING");
  }
  if (server.version.empty()) {
    return ConfigurationError("redis: the server does not say its version: is it a Redis?" +
                              values);
  }
  if (std::pair(server.major, server.minor) < std::pair(kOldestMajor, kOldestMinor)) {
    return ConfigurationError("redis: the server is too old, ampload needs Redis 6.2 or later" +
                              values + " version=" + server.version);
  }
  return Status::OK();
}

}  // namespace

std::string_view InfoValue(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const size_t end = std::min(info.find('\n'), info.size());
    auto line = info.substr(0, end);
    info.remove_prefix(std::min(end + 1, info.size()));
    if (line.size() <= name.size() || !line.starts_with(name) || line[name.size()] != ':') continue;
    line.remove_prefix(name.size() + 1);
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }
  return {};
}

ServerFacts FactsFromInfo(std::string_view info) {
  ServerFacts facts;
  facts.version = InfoValue(info, "redis_version");
  facts.major = static_cast<int>(NumberOf(facts.version));
  if (const size_t dot = facts.version.find('.'); dot != std::string::npos) {
    facts.minor = static_cast<int>(NumberOf(std::string_view(facts.version).substr(dot + 1)));
  }
  facts.run_id = InfoValue(info, "run_id");
  facts.cluster =
      InfoValue(info, "cluster_enabled") == "1" || InfoValue(info, "redis_mode") == "cluster";
  facts.replica = InfoValue(info, "role") == "slave";
  facts.maxmemory_policy = InfoValue(info, "maxmemory_policy");
  facts.maxmemory = NumberOf(InfoValue(info, "maxmemory"));
  facts.aof = InfoValue(info, "aof_enabled") == "1";
  return facts;
}

Result<Greeting> Greeting::Make(const RedisConfig& config) {
  Greeting greeting;
  greeting.user_ = config.user;
  greeting.password_ = config.password;
  greeting.database_ = config.database;
  if (!config.password_file.empty()) {
    ARROW_ASSIGN_OR_RAISE(greeting.password_, FirstLineOf(config.password_file));
  }
  // A user without a password may be one that needs none.
  if (!config.user.empty()) {
    greeting.Say(Step::kAuth, {"AUTH", config.user, greeting.password_});
  } else if (!greeting.password_.empty()) {
    greeting.Say(Step::kAuth, {"AUTH", greeting.password_});
  }
  if (config.database != 0) {
    greeting.Say(Step::kSelect, {"SELECT", std::to_string(config.database)});
  }
  if (!config.client_name.empty()) {
    greeting.Say(Step::kName, {"CLIENT", "SETNAME", config.client_name});
  }
  greeting.Say(Step::kId, {"CLIENT", "ID"});
  greeting.Say(Step::kInfo, {"INFO"});
  greeting.Say(Step::kSave, {"CONFIG", "GET", "save"});
  return greeting;
}

void Greeting::Say(Step step, std::initializer_list<std::string_view> words) {
  steps_.push_back(step);
  commands_.Add(words);
}

Status Greeting::Judge(Step step, const Reply& reply, const std::string& values) const {
  if (!reply.is_error()) return Status::OK();
  const auto code = CodeOf(reply.text);
  const Status status = FromReply(reply.text, "cannot use the server" + values);
  if (step == Step::kAuth && KindOf(status) != FailureKind::kTransient) {
    // An old or foreign server may say anything here, even what it was given.
    if (code == "WRONGPASS" || code == "DENIED") return status;
    return ConfigurationError(
        "redis: the server does not take this user and password: look at the options user and "
        "password; a server without a password wants none" +
        values);
  }
  if (step == Step::kSelect && code == "ERR") {
    return ConfigurationError(
        "redis: the server has no such database: look at the option database" + values +
        " database=" + std::to_string(database_));
  }
  if (step == Step::kSave) return Status::OK();  // many do not let one look
  if (code == "NOPERM" && (step == Step::kId || step == Step::kInfo)) {
    return ConfigurationError(
        "redis: the user lacks a right that every load needs: ACL SETUSER <user> +info "
        "+client|id +client|setname +client|kill" +
        values);
  }
  // A name is a convenience.
  if (step == Step::kName && KindOf(status) == FailureKind::kPermanent) return Status::OK();
  return status;
}

Status Greeting::Read(const std::vector<Reply>& replies, const std::string& where,
                      ServerFacts* server, ClientHandle* handle) const {
  const std::string values = ": server=" + where + (user_.empty() ? "" : " user=" + user_);
  for (size_t i = 0; i < replies.size(); ++i) {
    const auto& reply = replies[i];
    ARROW_RETURN_NOT_OK(Judge(steps_[i], reply, values));
    switch (steps_[i]) {
      case Step::kId:
        handle->client_id = reply.integer;
        break;
      case Step::kInfo:
        *server = FactsFromInfo(reply.text);
        ARROW_RETURN_NOT_OK(CheckKindOfServer(reply.text, *server, values));
        break;
      case Step::kSave:
        if (reply.kind == Reply::Kind::kArray && reply.elements.size() == 2) {
          server->snapshots = !reply.elements[1].text.empty();
        }
        break;
      default:
        break;
    }
  }
  handle->run_id = server->run_id;
  handle->holder = base::ThisProcess();
  return Status::OK();
}

}  // namespace ampload::redis
