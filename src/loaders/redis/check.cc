#include "loaders/redis/check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "loaders/redis/names.h"
#include "loaders/redis/redis_error.h"
#include "loaders/redis/table_rules.h"

namespace ampload::redis {
namespace {

std::string Memory(int64_t bytes) {
  return bytes == 0 ? "without a limit" : "of at most " + std::to_string(bytes >> 20) + " MiB";
}

bool IsSaved(const ServerFacts& server) { return server.aof || server.snapshots.value_or(true); }

std::string PersistenceInWords(const ServerFacts& server) {
  std::string text = server.aof ? "append-only file" : "";
  if (!server.snapshots.has_value()) {
    return text.empty() ? "no append-only file; snapshots: the server does not say" : text;
  }
  if (*server.snapshots) text += text.empty() ? "snapshots" : ", snapshots";
  return text.empty() ? "no: a restart empties the server" : text;
}

// nullopt: the server has it, or does not say.
Result<std::optional<std::string>> WhyNoJson(Connection& connection, const CallContext& context) {
  CommandBuffer commands;
  commands.Add({"COMMAND", "INFO", "JSON.SET"});
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(commands, context));
  const auto& reply = replies[0];
  const bool lacks = reply.kind == Reply::Kind::kArray && reply.elements.size() == 1 &&
                     (reply.elements[0].is_nil() || reply.elements[0].elements.empty());
  if (!lacks) return std::nullopt;
  return "the server has not loaded RedisJSON, which the structure json needs";
}

// Commands of a load on keys that nobody has: what the server would refuse a load it refuses here.
Result<CheckLine> WriteLine(Connection& connection, const RedisConfig& config,
                            const CallContext& context) {
  constexpr std::string_view kNothing = "__ampload__:nothing";
  constexpr std::string_view kNobody = "9223372036854775807";
  CommandBuffer commands;
  commands.Add({"UNLINK", kNothing});
  commands.Add({"HDEL", kNothing, kNothing});
  commands.Add({"LTRIM", kNothing, "0", "0"});
  commands.Add({"DUMP", kNothing});
  commands.Add({"WATCH", kNothing});
  commands.Add({"MULTI"});
  commands.Add({"EXEC"});
  commands.Add({"SCAN", "0", "COUNT", "1"});
  commands.Add({"TIME"});
  commands.Add({"CLIENT", "LIST", "ID", kNobody});
  commands.Add({"CLIENT", "KILL", "ID", kNobody});
  // Permitted, it says that the payload is none.
  commands.Add({"RESTORE", kNothing, "0", ""});
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(commands, context));
  for (const auto& reply : replies) {
    if (!reply.is_error() || CodeOf(reply.text) == "ERR") continue;
    const auto why = MessageOf(FromReply(reply.text, "no"));
    return CheckLine{"may write", false, why.substr(why.find("no: "))};
  }
  return CheckLine{"may write", true, "user " + (config.user.empty() ? "default" : config.user)};
}

}  // namespace

std::vector<std::string> WarningsOf(const ServerFacts& server) {
  std::vector<std::string> warnings;
  if (!IsSaved(server)) {
    warnings.emplace_back(
        "the server saves nothing to a disk (neither append-only file nor snapshots): a restart "
        "loses all rows");
  }
  if (server.replica) {
    warnings.emplace_back("the server is a replica: give the primary's address");
  }
  return warnings;
}

Status CheckForLoad(const ServerFacts& server, const RedisConfig& config, const TableSpec& spec) {
  const bool allowed =
      std::find(spec.allow.begin(), spec.allow.end(), "eviction") != spec.allow.end();
  if (spec.streaming && server.may_evict() && !allowed) {
    return ConfigurationError(
        "redis: the server may remove rows when its memory is full, and a stream would not know; "
        "set CONFIG SET maxmemory-policy noeviction there, or accept it with --allow eviction: "
        "table=" +
        spec.name + " maxmemory-policy=" + server.maxmemory_policy);
  }
  if (!config.wait_aof) return Status::OK();
  if (server.major < 7 || (server.major == 7 && server.minor < 2)) {
    return ConfigurationError("redis: wait_aof needs Redis 7.2 or later: version=" +
                              server.version);
  }
  if (server.aof) return Status::OK();
  return ConfigurationError(
      "redis: wait_aof needs a server with an append-only file: CONFIG SET appendonly yes, or "
      "leave "
      "wait_aof out");
}

Status CheckStructure(Connection& connection, const RedisConfig& config, const std::string& table,
                      const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto record, ReadTable(connection, table, context));
  if (StructureFor(config, record) != Structure::kJson) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto why, WhyNoJson(connection, context));
  if (!why.has_value()) return Status::OK();
  return ConfigurationError("redis: " + *why + ": use hash or string, or load the module: table=" +
                            table + " structure=json");
}

Result<int64_t> GuessSize(Connection& connection, const std::string& table,
                          const TableRecord& record, int64_t rows, const CallContext& context) {
  constexpr size_t kLooked = 32;
  constexpr std::string_view kScanned = "1000";
  std::vector<std::string> keys = {table};
  const auto& facts = FactsOf(record.structure);
  if (facts.key_per_row) {
    CommandBuffer scan;
    scan.Add({"SCAN", "0", "MATCH", KeyGlobOf(table, record.key_pattern), "COUNT", kScanned, "TYPE",
              facts.redis_type});
    ARROW_ASSIGN_OR_RAISE(auto replies, connection.AskAll(scan, context));
    keys.clear();
    if (replies[0].elements.size() != 2) return 0;
    for (auto& key : replies[0].elements[1].elements) {
      if (keys.size() < kLooked && !IsOwnKey(key.text)) keys.push_back(std::move(key.text));
    }
  }
  CommandBuffer ask;
  for (const auto& key : keys) ask.Add({"MEMORY", "USAGE", key});
  ARROW_ASSIGN_OR_RAISE(const auto sizes, connection.AskAll(ask, context));
  int64_t bytes = 0;
  int64_t found = 0;
  for (const auto& size : sizes) {
    if (size.kind != Reply::Kind::kInteger) continue;
    bytes += size.integer;
    ++found;
  }
  if (found == 0) return 0;
  return facts.key_per_row ? bytes / found * rows : bytes;
}

Result<std::vector<CheckLine>> CheckServer(Connection& connection, const RedisConfig& config,
                                           const CallContext& context) {
  const auto& server = connection.server();
  std::vector<CheckLine> lines;
  lines.push_back({"reachable", true,
                   "database " + std::to_string(config.database) + " at " + connection.where()});
  lines.push_back({"version", true, "Redis " + server.version});
  lines.push_back({"TLS", true, connection.encrypted() ? "yes" : "no"});
  ARROW_ASSIGN_OR_RAISE(auto write, WriteLine(connection, config, context));
  lines.push_back(std::move(write));
  lines.push_back({"keeps keys", true,
                   server.may_evict()
                       ? "no: maxmemory-policy " + server.maxmemory_policy +
                             " may remove rows: streams "
                             "need --allow eviction, or CONFIG SET maxmemory-policy noeviction"
                       : "memory " + Memory(server.maxmemory) + ", nothing is evicted"});
  lines.push_back({"saved to disk", true, PersistenceInWords(server)});
  ARROW_ASSIGN_OR_RAISE(const auto no_json, WhyNoJson(connection, context));
  lines.push_back({"RedisJSON", config.structure != "json" || !no_json.has_value(),
                   no_json.has_value() ? "no: structure json cannot be used" : "yes"});
  return lines;
}

}  // namespace ampload::redis
