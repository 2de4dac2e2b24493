#include "loaders/redis/catalog.h"

#include <arrow/ipc/api.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "ampload/checkpoint_json.h"
#include "base/hex.h"
#include "encode/key_pattern.h"
#include "loader/json_record.h"
#include "loaders/redis/names.h"
#include "loaders/redis/redis_error.h"

namespace ampload::redis {
namespace {

using Json = nlohmann::json;

constexpr std::pair<OpenLoad::Stage, const char*> kStages[] = {
    {OpenLoad::Stage::kWriting, "writing"},
    {OpenLoad::Stage::kClearing, "clearing"},
    {OpenLoad::Stage::kNaming, "naming"},
};

Status Damaged(const std::string& where, const std::string& why) {
  return DamagedRecord("redis", where, why);
}

Status ReplyError(const Reply& reply, const std::string& doing) {
  return FromReply(reply.is_error() ? reply.text : "ERR an answer of another kind", doing);
}

std::string PatternOr(const std::string& key_pattern) {
  return key_pattern.empty() ? "{table}:{number}" : key_pattern;
}

}  // namespace

std::string OpenLoad::Holder() const {
  const auto handle = ClientHandle::Parse(client);
  return (handle.has_value() ? handle->holder : client) +
         (pipeline.empty() ? "" : " (pipeline " + pipeline + ")");
}

std::string ToJson(const TableRecord& record) {
  const Json json = {{"version", kJsonRecordVersion},
                     {"uuid", record.uuid},
                     {"structure", FactsOf(record.structure).name},
                     {"key_pattern", record.key_pattern},
                     {"key_columns", record.key_columns},
                     {"value_format", encode::ToString(record.value_format)},
                     {"binary", record.binary == encode::BinaryText::kHex ? "hex" : "bytes"},
                     {"score", record.score},
                     {"next_number", record.next_number},
                     {"recent_loads", record.recent_loads},
                     {"remembered", record.remembered},
                     {"expires", record.expires}};
  return json.dump();
}

Result<TableRecord> TableRecordFromJson(std::string_view text, const std::string& table) {
  const std::string where = TableKey(table);
  return FromJsonRecord<TableRecord>(
      "redis", text, where, [&](const Json& json) -> Result<TableRecord> {
        TableRecord record;
        record.uuid = json.at("uuid").get<std::string>();
        const auto structure = StructureOf(json.at("structure").get<std::string>());
        if (!structure.has_value()) return Damaged(where, "structure");
        record.structure = *structure;
        record.key_pattern = json.at("key_pattern").get<std::string>();
        record.key_columns = json.at("key_columns").get<std::vector<std::string>>();
        const auto format = encode::ValueFormatOf(json.at("value_format").get<std::string>());
        if (!format.has_value()) return Damaged(where, "value_format");
        record.value_format = *format;
        if (json.at("binary").get<std::string>() == "hex") record.binary = encode::BinaryText::kHex;
        record.score = json.at("score").get<std::string>();
        record.next_number = json.at("next_number").get<uint64_t>();
        record.recent_loads = json.at("recent_loads").get<std::vector<std::string>>();
        record.remembered = json.at("remembered").get<std::vector<std::string>>();
        record.expires = json.at("expires").get<bool>();
        return record;
      });
}

std::string ToJson(const OpenLoad& load) {
  const char* stage = "";
  for (const auto& [one, name] : kStages) {
    if (one == load.stage) stage = name;
  }
  const Json json = {{"version", kJsonRecordVersion},
                     {"nonce", load.nonce},
                     {"pipeline", load.pipeline},
                     {"client", load.client},
                     {"stage", stage},
                     {"replaces", load.replaces},
                     {"unguarded", load.unguarded},
                     {"structure", FactsOf(load.structure).name},
                     {"hidden", load.hidden},
                     {"list_length", load.list_length},
                     {"batches", load.batches},
                     {"undone", load.undone},
                     {"by_key", load.by_key},
                     {"unnamed", load.unnamed},
                     {"old_glob", base::ToHex(load.old_glob)},  // may hold any bytes
                     {"old_shape", load.old_shape},
                     {"old_structure", FactsOf(load.old_structure).name}};
  return json.dump();
}

Result<OpenLoad> OpenLoadFromJson(std::string_view text, const std::string& table) {
  const std::string where = LoadsKey(table);
  return FromJsonRecord<OpenLoad>("redis", text, where, [&](const Json& json) -> Result<OpenLoad> {
    OpenLoad load;
    load.nonce = json.at("nonce").get<std::string>();
    load.pipeline = json.at("pipeline").get<std::string>();
    load.client = json.at("client").get<std::string>();
    const auto stage = json.at("stage").get<std::string>();
    const auto* known = std::find_if(std::begin(kStages), std::end(kStages),
                                     [&](const auto& one) { return stage == one.second; });
    if (known == std::end(kStages)) return Damaged(where, "stage " + stage);
    load.stage = known->first;
    load.replaces = json.at("replaces").get<bool>();
    load.unguarded = json.at("unguarded").get<bool>();
    const auto structure = StructureOf(json.at("structure").get<std::string>());
    const auto old_structure = StructureOf(json.at("old_structure").get<std::string>());
    if (!structure.has_value() || !old_structure.has_value()) return Damaged(where, "structure");
    load.structure = *structure;
    load.old_structure = *old_structure;
    load.hidden = json.at("hidden").get<std::string>();
    load.list_length = json.at("list_length").get<int64_t>();
    load.batches = json.at("batches").get<std::vector<int64_t>>();
    load.undone = json.at("undone").get<std::vector<int64_t>>();
    load.by_key = json.at("by_key").get<bool>();
    load.unnamed = json.at("unnamed").get<int64_t>();
    ARROW_ASSIGN_OR_RAISE(load.old_glob, base::FromHex(json.at("old_glob").get<std::string>()));
    load.old_shape = json.at("old_shape").get<std::string>();
    return load;
  });
}

Result<std::optional<TableRecord>> TableOf(const Reply& record, const Reply& schema,
                                           const std::string& table) {
  for (const auto* reply : {&record, &schema}) {
    if (reply->is_error()) {
      return ReplyError(*reply, "cannot read ampload's records: table=" + table);
    }
  }
  if (record.is_nil()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto parsed, TableRecordFromJson(record.text, table));
  if (schema.is_nil()) return Damaged(SchemaKey(table), "missing");
  ARROW_ASSIGN_OR_RAISE(parsed.schema, SchemaFromBytes("redis", schema.text, SchemaKey(table)));
  return parsed;
}

Result<std::vector<Checkpoint>> CheckpointsOf(const Reply& values) {
  if (values.is_error()) return ReplyError(values, "cannot read checkpoints");
  std::vector<Checkpoint> checkpoints;
  for (const auto& element : values.elements) {
    ARROW_ASSIGN_OR_RAISE(auto checkpoint, CheckpointFromJson(element.text));
    checkpoints.push_back(std::move(checkpoint));
  }
  std::sort(checkpoints.begin(), checkpoints.end(),
            [](const Checkpoint& a, const Checkpoint& b) { return a.pipeline < b.pipeline; });
  return checkpoints;
}

Result<std::vector<OpenLoad>> LoadsOf(const Reply& values, const std::string& table) {
  if (values.is_error()) return ReplyError(values, "cannot read open loads: table=" + table);
  std::vector<OpenLoad> loads;
  for (const auto& element : values.elements) {
    ARROW_ASSIGN_OR_RAISE(auto load, OpenLoadFromJson(element.text, table));
    loads.push_back(std::move(load));
  }
  return loads;
}

Result<std::optional<TableRecord>> ReadTable(Connection& connection, const std::string& table,
                                             const CallContext& context) {
  CommandBuffer ask;
  ask.Add({"GET", TableKey(table)});
  ask.Add({"GET", SchemaKey(table)});
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(ask, context));
  return TableOf(replies[0], replies[1], table);
}

Result<std::vector<std::string>> ReadTableNames(Connection& connection,
                                                const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto reply, connection.Ask({"SMEMBERS", kTablesKey}, context));
  std::vector<std::string> names;
  for (auto& element : reply.elements) names.push_back(std::move(element.text));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<Checkpoint>> ReadCheckpoints(Connection& connection, const std::string& table,
                                                const CallContext& context) {
  CommandBuffer ask;
  ask.Add({"HVALS", CheckpointsKey(table)});
  ask.Add({"HVALS", LoadsKey(table)});
  ARROW_ASSIGN_OR_RAISE(const auto replies, connection.AskAll(ask, context));
  ARROW_ASSIGN_OR_RAISE(auto checkpoints, CheckpointsOf(replies[0]));
  ARROW_ASSIGN_OR_RAISE(const auto loads, LoadsOf(replies[1], table));
  for (auto& checkpoint : checkpoints) {
    for (const auto& load : loads) {
      if (load.pipeline != checkpoint.pipeline) continue;
      const bool committed = load.stage != OpenLoad::Stage::kWriting;
      checkpoint.unfinished = (committed ? "a commit's rows are not all in place: "
                                         : "rows are there ahead of their commit: ") +
                              load.Holder();
    }
  }
  return checkpoints;
}

Result<std::vector<OpenLoad>> ReadLoads(Connection& connection, const std::string& table,
                                        const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto reply, connection.Ask({"HVALS", LoadsKey(table)}, context));
  return LoadsOf(reply, table);
}

Result<int64_t> CountRows(Connection& connection, const std::string& table,
                          const TableRecord& record, const CallContext& context) {
  const auto ask = [&](std::string_view command) -> Result<int64_t> {
    ARROW_ASSIGN_OR_RAISE(const auto reply, connection.Ask({command, table}, context));
    return reply.integer;
  };
  switch (record.structure) {
    case Structure::kStream:
      return ask("XLEN");
    case Structure::kSet:
      return ask("SCARD");
    case Structure::kSortedSet:
      return ask("ZCARD");
    case Structure::kList:
      return ask("LLEN");
    case Structure::kHash:
    case Structure::kString:
    case Structure::kJson:
      break;
  }
  ARROW_ASSIGN_OR_RAISE(const auto reply, connection.Ask({"HGET", kRowsKey, table}, context));
  if (reply.is_nil()) return 0;
  return std::max<int64_t>(std::atoll(reply.text.c_str()), 0);
}

Status AddTable(const std::string& table, const TableRecord& record, CommandBuffer* commands) {
  ARROW_ASSIGN_OR_RAISE(const auto schema, arrow::ipc::SerializeSchema(*record.schema));
  commands->Add({"SET", TableKey(table), ToJson(record)});
  commands->Add({"SET", SchemaKey(table), std::string_view(*schema)});
  commands->Add({"SADD", kTablesKey, table});
  return Status::OK();
}

void AddCheckpoint(const Checkpoint& checkpoint, CommandBuffer* commands) {
  commands->Add(
      {"HSET", CheckpointsKey(checkpoint.table), checkpoint.pipeline, ToJson(checkpoint)});
}

void AddLoad(const std::string& table, const OpenLoad& load, CommandBuffer* commands) {
  commands->Add({"HSET", LoadsKey(table), load.nonce, ToJson(load)});
}

std::string KeyPrefixOf(const std::string& table, const std::string& key_pattern) {
  const auto parts = encode::SplitPattern(PatternOr(key_pattern), table);
  // A pattern was judged before its table was made.
  if (!parts.ok() || parts->empty() || parts->front().is_column) return "";
  return parts->front().text;
}

std::string KeyGlobOf(const std::string& table, const std::string& key_pattern) {
  std::string glob;
  const auto parts = encode::SplitPattern(PatternOr(key_pattern), table);
  if (!parts.ok()) return glob;  // as above; matches nothing
  for (const auto& part : *parts) {
    if (part.is_column) {
      if (!glob.ends_with('*') || glob.ends_with("\\*")) glob += '*';
      continue;
    }
    for (const char c : part.text) {
      if (std::string_view("*?[]\\^-").find(c) != std::string_view::npos) glob += '\\';
      glob += c;
    }
  }
  return glob;
}

}  // namespace ampload::redis
