#include "loaders/lmdb/catalog.h"

#include <arrow/ipc/api.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/hex.h"
#include "loader/checkpoint_json.h"
#include "loader/json_record.h"

namespace ampload::lmdb {
namespace {

using Json = nlohmann::json;

std::string TableKey(const std::string& table) { return "table/" + table; }
std::string AloneKey(const std::string& table) { return "alone/" + table; }
std::string SchemaKey(const std::string& table) { return "schema/" + table; }
std::string Pair(std::string_view kind, const std::string& table, const std::string& second) {
  std::string key(kind);
  key += table;
  key.push_back('\0');
  key += second;
  return key;
}
std::string CheckpointKey(const std::string& table, const std::string& pipeline) {
  return Pair("checkpoint/", table, pipeline);
}
std::string LoadKey(const std::string& table, const std::string& nonce) {
  return Pair("load/", table, nonce);
}

Status Damaged(const std::string& where, const std::string& why) {
  return DamagedRecord("lmdb", where, why);
}

Result<TableRecord> ToTableRecord(std::string_view text, const std::string& table) {
  return FromJsonRecord<TableRecord>(
      "lmdb", text, TableKey(table), [&](const Json& json) -> Result<TableRecord> {
        TableRecord record;
        record.uuid = json.at("uuid").get<std::string>();
        record.key.columns = json.at("key_columns").get<std::vector<std::string>>();
        record.key.pattern = json.at("key_pattern").get<std::string>();
        const auto name = json.at("value_format").get<std::string>();
        const auto format = encode::ValueFormatOf(name);
        if (!format.has_value()) return Damaged(TableKey(table), "value_format " + name);
        record.value_format = *format;
        record.last_load = json.at("last_load").get<std::string>();
        // Younger than the record's first form.
        record.remembered = json.value("remembered", std::vector<std::string>());
        return record;
      });
}

Result<OpenLoad> ToOpenLoad(std::string_view text, const std::string& where) {
  return FromJsonRecord<OpenLoad>("lmdb", text, where, [](const Json& json) -> Result<OpenLoad> {
    OpenLoad load;
    load.nonce = json.at("nonce").get<std::string>();
    load.pipeline = json.at("pipeline").get<std::string>();
    load.pid = json.at("pid").get<int64_t>();
    load.host = json.at("host").get<std::string>();
    load.started_at = json.at("started_at").get<std::string>();
    load.overwrite = json.at("overwrite").get<bool>();
    load.hidden = json.at("hidden").get<std::string>();
    // Younger than the record's first form.
    load.order = json.value("order", std::string());
    load.replaces = json.value("replaces", false);
    load.uuid = json.at("uuid").get<std::string>();
    load.has_early_rows = json.at("has_early_rows").get<bool>();
    load.created_table = json.at("created_table").get<bool>();
    if (const auto& above = json.at("above"); !above.is_null()) {
      ARROW_ASSIGN_OR_RAISE(load.above, base::FromHex(above.get<std::string>()));
    }
    load.batches = json.at("batches").get<std::vector<int64_t>>();
    return load;
  });
}

}  // namespace

std::string KeyDefinition::ToString() const {
  if (!pattern.empty()) return pattern;
  if (columns.empty()) return "row number";
  std::string text;
  for (const auto& column : columns) text += (text.empty() ? "" : ", ") + column;
  return text;
}

std::string OpenLoad::Holder() const {
  return "process " + std::to_string(pid) + " on " + host + " since " + started_at +
         (pipeline.empty() ? "" : " (pipeline " + pipeline + ")");
}

Result<Catalog> Catalog::Open(Transaction& txn, bool create) {
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(kCatalogName, create));
  return Catalog(txn, dbi);
}

Result<std::optional<std::string_view>> Catalog::Get(const std::string& key) {
  if (!dbi_.has_value()) return std::nullopt;
  return txn_->Get(*dbi_, key);
}

Result<std::optional<TableRecord>> Catalog::ReadTable(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto text, Get(TableKey(table)));
  if (!text.has_value()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto record, ToTableRecord(*text, table));
  ARROW_ASSIGN_OR_RAISE(const auto schema, Get(SchemaKey(table)));
  if (!schema.has_value()) return Damaged(SchemaKey(table), "missing");
  ARROW_ASSIGN_OR_RAISE(record.schema, SchemaFromBytes("lmdb", *schema, SchemaKey(table)));
  return record;
}

Status Catalog::WriteTable(const std::string& table, const TableRecord& record) {
  const Json json = {{"version", kJsonRecordVersion},
                     {"uuid", record.uuid},
                     {"key_columns", record.key.columns},
                     {"key_pattern", record.key.pattern},
                     {"value_format", std::string(encode::ToString(record.value_format))},
                     {"last_load", record.last_load},
                     {"remembered", record.remembered}};
  ARROW_RETURN_NOT_OK(txn_->Put(*dbi_, TableKey(table), json.dump()));
  ARROW_ASSIGN_OR_RAISE(const auto schema, arrow::ipc::SerializeSchema(*record.schema));
  return txn_->Put(*dbi_, SchemaKey(table), std::string_view(*schema));
}

Status Catalog::RemoveTable(const std::string& table) {
  ARROW_RETURN_NOT_OK(txn_->Delete(*dbi_, TableKey(table)));
  return txn_->Delete(*dbi_, SchemaKey(table));
}

Result<std::vector<std::string>> Catalog::ListTables() {
  std::vector<std::string> tables;
  if (!dbi_.has_value()) return tables;
  const std::string prefix = TableKey("");
  ARROW_RETURN_NOT_OK(txn_->ForEachPrefix(
      *dbi_, prefix, [&](std::string_view key, std::string_view) -> Result<bool> {
        tables.emplace_back(key.substr(prefix.size()));
        return true;
      }));
  return tables;
}

Result<std::optional<Checkpoint>> Catalog::ReadCheckpoint(const std::string& table,
                                                          const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const auto text, Get(CheckpointKey(table, pipeline)));
  if (!text.has_value()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto checkpoint, CheckpointFromJson(*text));
  return checkpoint;
}

Result<std::vector<Checkpoint>> Catalog::ReadCheckpoints(const std::string& table) {
  std::vector<Checkpoint> checkpoints;
  if (!dbi_.has_value()) return checkpoints;
  ARROW_RETURN_NOT_OK(
      txn_->ForEachPrefix(*dbi_, CheckpointKey(table, ""),
                          [&](std::string_view, std::string_view text) -> Result<bool> {
                            ARROW_ASSIGN_OR_RAISE(auto checkpoint, CheckpointFromJson(text));
                            checkpoints.push_back(std::move(checkpoint));
                            return true;
                          }));
  return checkpoints;
}

Status Catalog::WriteCheckpoint(const Checkpoint& checkpoint) {
  return txn_->Put(*dbi_, CheckpointKey(checkpoint.table, checkpoint.pipeline), ToJson(checkpoint));
}

Status Catalog::RemoveCheckpoint(const std::string& table, const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const auto alone, ReadAlone(table));
  if (alone == pipeline) ARROW_RETURN_NOT_OK(txn_->Delete(*dbi_, AloneKey(table)));
  return txn_->Delete(*dbi_, CheckpointKey(table, pipeline));
}

Result<std::optional<std::string>> Catalog::ReadAlone(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto text, Get(AloneKey(table)));
  if (!text.has_value()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(
      auto pipeline,
      FromJsonRecord<std::string>("lmdb", *text, AloneKey(table), [](const Json& json) {
        return Result<std::string>(json.at("pipeline").get<std::string>());
      }));
  ARROW_ASSIGN_OR_RAISE(const auto checkpoint, Get(CheckpointKey(table, pipeline)));
  return checkpoint.has_value() ? std::optional(std::move(pipeline)) : std::nullopt;
}

Status Catalog::WriteAlone(const std::string& table, const std::string& pipeline) {
  const Json json = {{"version", kJsonRecordVersion}, {"pipeline", pipeline}};
  return txn_->Put(*dbi_, AloneKey(table), json.dump());
}

Result<std::optional<OpenLoad>> Catalog::ReadLoad(const std::string& table,
                                                  const std::string& nonce) {
  ARROW_ASSIGN_OR_RAISE(const auto text, Get(LoadKey(table, nonce)));
  if (!text.has_value()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto load, ToOpenLoad(*text, "load/" + table));
  return load;
}

Result<std::vector<OpenLoad>> Catalog::ReadLoads(const std::string& table) {
  std::vector<OpenLoad> loads;
  if (!dbi_.has_value()) return loads;
  ARROW_RETURN_NOT_OK(txn_->ForEachPrefix(
      *dbi_, LoadKey(table, ""), [&](std::string_view, std::string_view text) -> Result<bool> {
        ARROW_ASSIGN_OR_RAISE(auto load, ToOpenLoad(text, "load/" + table));
        loads.push_back(std::move(load));
        return true;
      }));
  return loads;
}

Status Catalog::WriteLoad(const std::string& table, const OpenLoad& load) {
  Json json = {{"version", kJsonRecordVersion},
               {"nonce", load.nonce},
               {"pipeline", load.pipeline},
               {"pid", load.pid},
               {"host", load.host},
               {"started_at", load.started_at},
               {"overwrite", load.overwrite},
               {"hidden", load.hidden},
               {"order", load.order},
               {"replaces", load.replaces},
               {"uuid", load.uuid},
               {"has_early_rows", load.has_early_rows},
               {"created_table", load.created_table},
               {"above", nullptr},
               {"batches", load.batches}};
  if (load.above.has_value()) json["above"] = base::ToHex(*load.above);
  return txn_->Put(*dbi_, LoadKey(table, load.nonce), json.dump());
}

Status Catalog::RemoveLoad(const std::string& table, const std::string& nonce) {
  return txn_->Delete(*dbi_, LoadKey(table, nonce));
}

}  // namespace ampload::lmdb
