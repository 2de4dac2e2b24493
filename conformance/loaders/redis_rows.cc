#include "conformance/loaders/redis_rows.h"

#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "ampload/batch_id.h"
#include "encode/text_decoder.h"
#include "loaders/redis/names.h"

namespace ampload::conformance {
namespace {

using redis::FactsOf;
using redis::Structure;
using redis::TableRecord;

// A row's fields, by name.
using Fields = std::map<std::string, std::string>;

Fields FieldsOf(const RedisReply& names_and_values) {
  Fields fields;
  const auto& words = names_and_values.elements;
  for (size_t i = 0; i + 1 < words.size(); i += 2) fields[words[i].text] = words[i + 1].text;
  return fields;
}

Result<std::vector<Fields>> ReadHashes(RedisClient& client, const std::vector<std::string>& keys) {
  std::vector<RedisCommand> commands;
  for (const auto& key : keys) commands.push_back({"HGETALL", key});
  ARROW_ASSIGN_OR_RAISE(const auto replies, client.AskAll(commands));
  std::vector<Fields> rows;
  for (const auto& reply : replies) rows.push_back(FieldsOf(reply));
  return rows;
}

Result<std::vector<Fields>> ReadStream(RedisClient& client, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const auto reply, client.Ask({"XRANGE", key, "-", "+"}));
  std::vector<Fields> rows;
  for (const auto& entry : reply.elements) {
    const std::string& id = entry.elements.at(0).text;
    rows.push_back(FieldsOf(entry.elements.at(1)));
    const auto batch = rows.back().find(kBatchIdColumn);
    if (batch != rows.back().end() && !id.starts_with(batch->second + "-")) {
      return DataError("an entry is not under its batch: id=" + id + " batch=" + batch->second);
    }
  }
  return rows;
}

// Rows of a table whose rows are one value each.
Result<std::vector<std::string>> ReadValues(RedisClient& client, Structure structure,
                                            const std::vector<std::string>& keys) {
  std::vector<RedisCommand> commands;
  for (const auto& key : keys) {
    switch (structure) {
      case Structure::kSet:
        commands.push_back({"SMEMBERS", key});
        break;
      case Structure::kSortedSet:
        commands.push_back({"ZRANGE", key, "0", "-1"});
        break;
      case Structure::kList:
        commands.push_back({"LRANGE", key, "0", "-1"});
        break;
      case Structure::kJson:
        commands.push_back({"JSON.GET", key});
        break;
      default:
        commands.push_back({"GET", key});
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto replies, client.AskAll(commands));
  std::vector<std::string> values;
  for (const auto& reply : replies) {
    if (FactsOf(structure).key_per_row) {
      values.push_back(reply.text);
    } else {
      for (const auto& element : reply.elements) values.push_back(element.text);
    }
  }
  return values;
}

Result<std::shared_ptr<arrow::RecordBatch>> Decode(const std::vector<Fields>& rows,
                                                   const TableRecord& record) {
  std::vector<std::vector<std::optional<std::string_view>>> texts;
  for (const auto& row : rows) {
    auto& columns = texts.emplace_back();
    size_t known = 0;
    for (const auto& field : record.schema->fields()) {
      const auto found = row.find(field->name());
      if (found == row.end()) {
        columns.emplace_back(std::nullopt);
      } else {
        columns.emplace_back(found->second);
        ++known;
      }
    }
    if (known == row.size()) continue;
    for (const auto& [name, value] : row) {
      if (record.schema->GetFieldIndex(name) < 0) {
        return DataError("a row has a field that is no column: field=" + name);
      }
    }
  }
  return encode::DecodeFields(record.schema, texts, record.binary);
}

}  // namespace

Result<std::optional<TableRecord>> ReadTableRecord(RedisClient& client, const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto found, client.Ask({"GET", redis::TableKey(table)}));
  if (found.is_nil) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto record, redis::TableRecordFromJson(found.text, table));
  ARROW_ASSIGN_OR_RAISE(const auto schema, client.Ask({"GET", redis::SchemaKey(table)}));
  arrow::io::BufferReader reader(std::make_shared<arrow::Buffer>(schema.text));
  arrow::ipc::DictionaryMemo memo;
  ARROW_ASSIGN_OR_RAISE(record.schema, arrow::ipc::ReadSchema(&reader, &memo));
  return record;
}

Result<std::vector<std::string>> KeysOfTable(RedisClient& client, const std::string& table,
                                             const std::optional<TableRecord>& record) {
  if (record.has_value() && !FactsOf(record->structure).key_per_row) {
    ARROW_ASSIGN_OR_RAISE(const auto there, client.Ask({"EXISTS", table}));
    return there.integer == 0 ? std::vector<std::string>{} : std::vector<std::string>{table};
  }
  RedisCommand more = {"MATCH",
                       redis::KeyGlobOf(table, record.has_value() ? record->key_pattern : "")};
  if (record.has_value()) {
    more.insert(more.end(), {"TYPE", std::string(FactsOf(record->structure).redis_type)});
  }
  ARROW_ASSIGN_OR_RAISE(auto keys, client.Keys(more));
  std::erase_if(keys, [](const std::string& key) { return redis::IsOwnKey(key); });
  if (!record.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const auto there, client.Ask({"EXISTS", table}));
    if (there.integer != 0) keys.push_back(table);
  }
  return keys;
}

Result<int64_t> CountTableRows(RedisClient& client, const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto record, ReadTableRecord(client, table));
  ARROW_ASSIGN_OR_RAISE(const auto keys, KeysOfTable(client, table, record));
  auto count = static_cast<int64_t>(keys.size());
  if (!record.has_value()) return count;
  if (FactsOf(record->structure).key_per_row) {
    ARROW_ASSIGN_OR_RAISE(const auto said, client.Ask({"HGET", redis::kRowsKey, table}));
    if (record->expires || said.text == std::to_string(count)) return count;
    return DataError("the loader counts other rows than there are: counted=" +
                     (said.is_nil ? "nothing" : said.text) + " rows=" + std::to_string(count));
  }
  if (keys.empty()) return 0;
  static const std::map<Structure, std::string> kLength = {{Structure::kStream, "XLEN"},
                                                           {Structure::kSet, "SCARD"},
                                                           {Structure::kSortedSet, "ZCARD"},
                                                           {Structure::kList, "LLEN"}};
  ARROW_ASSIGN_OR_RAISE(const auto length, client.Ask({kLength.at(record->structure), table}));
  return length.integer;
}

Result<std::shared_ptr<arrow::Table>> ReadTableRows(RedisClient& client, const std::string& table,
                                                    const TableRecord& record) {
  ARROW_ASSIGN_OR_RAISE(const auto keys, KeysOfTable(client, table, record));
  std::shared_ptr<arrow::RecordBatch> batch;
  if (FactsOf(record.structure).one_value) {
    ARROW_ASSIGN_OR_RAISE(const auto values, ReadValues(client, record.structure, keys));
    const std::vector<std::string_view> views(values.begin(), values.end());
    ARROW_ASSIGN_OR_RAISE(batch, encode::DecodeRows(record.value_format, views, record.schema));
  } else {
    std::vector<Fields> rows;
    if (record.structure == Structure::kHash) {
      ARROW_ASSIGN_OR_RAISE(rows, ReadHashes(client, keys));
    } else if (!keys.empty()) {
      ARROW_ASSIGN_OR_RAISE(rows, ReadStream(client, table));
    }
    ARROW_ASSIGN_OR_RAISE(batch, Decode(rows, record));
  }
  return arrow::Table::FromRecordBatches(batch->schema(), {batch});
}

}  // namespace ampload::conformance
