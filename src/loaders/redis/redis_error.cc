#include "loaders/redis/redis_error.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace ampload::redis {
namespace {

struct Rule {
  std::string_view code;
  FailureKind kind;
  std::string_view advice;  // in place of the server's text where `instead`, else behind it
  bool instead = true;
};

constexpr std::string_view kCluster =
    "the server is part of a cluster, which ampload does not support: give a server that stands "
    "alone, or a primary with replicas";

constexpr auto kRules = std::to_array<Rule>({
    {"LOADING", FailureKind::kTransient, "the server is still reading its data from the disk"},
    {"BUSY", FailureKind::kTransient, "the server is busy with a script"},
    {"TRYAGAIN", FailureKind::kTransient, "", false},
    {"MASTERDOWN", FailureKind::kTransient, "the replica has lost its primary"},
    {"CLUSTERDOWN", FailureKind::kTransient, "", false},
    {"NOREPLICAS", FailureKind::kTransient,
     "too few replicas are there for a write: look at the server's min-replicas-to-write"},
    {"READONLY", FailureKind::kTransient,
     "the server is a replica and takes no writes (a failover may have moved the primary): give "
     "the primary's address"},
    {"OOM", FailureKind::kPermanent,
     "the server's memory is full: raise its maxmemory, or remove keys"},
    {"MISCONF", FailureKind::kPermanent,
     "the server takes no writes because it cannot save to its disk: make room there, or look at "
     "its log and at stop-writes-on-bgsave-error"},
    {"NOPERM", FailureKind::kPermanent,
     "; give the user that right with ACL SETUSER, or connect as another (option user)", false},
    {"NOAUTH", FailureKind::kConfiguration,
     "the server wants a password: give REDIS_PASSWORD or the option password or password_file"},
    {"WRONGPASS", FailureKind::kConfiguration,
     "the server does not take this user and password: look at the options user and password"},
    {"DENIED", FailureKind::kConfiguration,
     "the server is in protected mode and takes connections from its own machine alone: give it a "
     "password"},
    {"WRONGTYPE", FailureKind::kData,
     "the key is there already and holds another type: choose another name or pattern, or remove "
     "the key"},
    {"MOVED", FailureKind::kConfiguration, kCluster},
    {"ASK", FailureKind::kConfiguration, kCluster},
    {"CROSSSLOT", FailureKind::kConfiguration, kCluster},
});

}  // namespace

std::string ShownError(std::string_view error) {
  constexpr size_t kMost = 300;
  // Rows, perhaps a password.
  error = error.substr(0, error.find(", with args beginning with"));
  std::string text(error.substr(0, kMost));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return text;
}

std::string_view CodeOf(std::string_view error) { return error.substr(0, error.find(' ')); }

Status FromReply(std::string_view error, std::string_view doing) {
  const std::string code(CodeOf(error));
  const size_t colon = doing.find(": ");
  std::string message = "redis: " + std::string(doing.substr(0, colon)) + ": ";
  const std::string values(colon == std::string_view::npos ? "" : doing.substr(colon));

  const auto* rule =
      std::find_if(kRules.begin(), kRules.end(), [&](const Rule& one) { return one.code == code; });
  if (rule == kRules.end()) {
    // The one refusal that passes by itself and has no code of its own.
    const bool too_many = error.starts_with("ERR max number of clients");
    return MakeFailure(too_many ? FailureKind::kTransient : FailureKind::kPermanent,
                       message + ShownError(error) + values, code);
  }
  message +=
      rule->instead ? std::string(rule->advice) : ShownError(error) + std::string(rule->advice);
  return MakeFailure(rule->kind, message + values + (rule->instead ? " code=" + code : ""), code);
}

}  // namespace ampload::redis
