#include "loaders/postgresql/undo_table.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "loaders/postgresql/key_writes.h"
#include "stream/undo_records.h"

namespace ampload::postgresql {
namespace {

using Json = nlohmann::json;
using stream::WriteKind;

constexpr int kKeysAtOnce = 2000;

// {1,2}: an array parameter of numbers.
std::string BatchArray(const BatchIdSet& batches) {
  std::string text = "{";
  for (const auto id : batches) text += (text.size() > 1 ? "," : "") + std::to_string(id.value());
  return text + "}";
}

// {"a","b"}: an array parameter of texts.
std::string TextArray(const std::vector<std::string>& texts) {
  std::string array = "{";
  for (const auto& text : texts) {
    array += array.size() > 1 ? ",\"" : "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

WriteKind KindOf(std::string_view letter) {
  if (letter == "c") return WriteKind::kChanged;
  return letter == "d" ? WriteKind::kDeleted : WriteKind::kReplaced;
}

const char* LetterOf(WriteKind kind) {
  if (kind == WriteKind::kChanged) return "c";
  return kind == WriteKind::kDeleted ? "d" : "r";
}

// Both are objects of texts; the change's columns take the place of the row's.
Result<std::string> Changed(const stream::RowImage& base, const std::string& change) {
  auto row = base.has_value() ? Json::parse(*base, nullptr, false) : Json::object();
  const auto columns = Json::parse(change, nullptr, false);
  if (!row.is_object() || !columns.is_object()) {
    return PermanentError("postgresql: an undo record is damaged; look at the table ampload_undo");
  }
  row.update(columns);
  return row.dump();
}

std::string KeyJoin(const PgTable& table, const std::vector<std::string>& keys,
                    const std::string& key_json) {
  std::string text;
  for (size_t i = 0; i < keys.size(); ++i) {
    text += (i == 0 ? "" : " AND ") + ("t." + Quoted(keys[i])) + " = (" + key_json + "->>" +
            Literal(keys[i]) + ")::" + table.Find(keys[i])->type.name;
  }
  return text;
}

std::vector<std::string> Writable(const PgTable& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns) {
    if (!column.generated) names.push_back(column.name);
  }
  return names;
}

}  // namespace

Result<bool> UndoTable::Exists(const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_.Query("SELECT pg_catalog.to_regclass($1) IS NOT NULL", {name_.sql()}, context));
  return rows.boolean(0, 0);
}

Status UndoTable::Create(const CallContext& context) {
  return connection_.Run(
      "CREATE TABLE IF NOT EXISTS " + name_.sql() +
          " (table_name text NOT NULL, pipeline text NOT NULL, batch bigint NOT NULL, key_hash "
          "bigint NOT NULL, key text COLLATE \"C\" NOT NULL, kind \"char\" NOT NULL, previous "
          "text, change text); "
          "CREATE INDEX IF NOT EXISTS ampload_undo_key ON " +
          name_.sql() +
          " (table_name, key_hash); CREATE INDEX IF NOT EXISTS ampload_undo_batch ON " +
          name_.sql() + " (table_name, batch); COMMENT ON TABLE " + name_.sql() +
          " IS 'ampload: what streams of upserts and merges replaced, for as long as it may have "
          "to "
          "be taken back'",
      context);
}

// The key's columns, as any record of the table names them; none where there are no records.
Result<std::vector<std::string>> UndoTable::KeyColumns(const PgTable& table,
                                                       const CallContext& context) {
  std::vector<std::string> keys;
  ARROW_ASSIGN_OR_RAISE(
      const auto rows, connection_.Query("SELECT pg_catalog.json_object_keys((SELECT key FROM " +
                                             name_.sql() + " WHERE table_name = $1 LIMIT 1)::json)",
                                         {table_.name}, context));
  for (int row = 0; row < rows.size(); ++row) {
    keys.emplace_back(rows.text(row, 0));
    if (table.Find(keys.back()) != nullptr) continue;
    return PermanentError(
        "postgresql: the table has lost a key column, and its rows cannot be taken back by it: "
        "table=" +
        table.name.text() + " column=" + keys.back());
  }
  return keys;
}

// Every record of the next keys that these batches touched, with the row as it is; keys ascend.
Result<UndoTable::Histories> UndoTable::ReadHistories(const PgTable& table,
                                                      const std::vector<std::string>& keys,
                                                      const BatchIdSet& batches,
                                                      const std::string& after,
                                                      const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_.Query(
          "SELECT u.key, u.pipeline, u.batch, u.kind, u.previous, u.change, CASE WHEN t." +
              Quoted(keys.front()) + " IS NULL THEN NULL ELSE " + AsJson(Writable(table), "t") +
              " END FROM (SELECT DISTINCT key, key_hash FROM " + name_.sql() +
              " WHERE table_name = $1 AND batch = ANY ($2::bigint[]) AND key > $3 "
              "ORDER BY 1 LIMIT " +
              std::to_string(kKeysAtOnce) + ") k JOIN " + name_.sql() +
              " u ON u.table_name = $1 AND u.key_hash = k.key_hash AND u.key = k.key LEFT JOIN " +
              table.name.sql() + " t ON " + KeyJoin(table, keys, "k.key::json") +
              " ORDER BY u.key, u.batch",
          {table_.name, BatchArray(batches), after}, context));
  Histories histories;
  for (int row = 0; row < rows.size(); ++row) {
    histories.pipeline = std::string(rows.text(row, 1));
    auto& history = histories.by_key[std::string(rows.text(row, 0))];
    history.current = rows.value(row, 6);
    history.records.push_back({BatchId(rows.integer(row, 2)), KindOf(rows.text(row, 3)),
                               rows.value(row, 4), rows.value(row, 5).value_or("")});
  }
  return histories;
}

Status UndoTable::ReplaceRecords(const Histories& histories, const CallContext& context) {
  std::vector<std::string> keys;
  for (const auto& [key, history] : histories.by_key) keys.push_back(key);
  ARROW_RETURN_NOT_OK(connection_
                          .Query("DELETE FROM " + name_.sql() +
                                     " u USING pg_catalog.unnest($2::text[]) k WHERE u.table_name "
                                     "= $1 AND u.key_hash = pg_catalog.hashtextextended(k, 0) AND "
                                     "u.key = k",
                                 {table_.name, TextArray(keys)}, context)
                          .status());
  for (const auto& [key, history] : histories.by_key) {
    for (const auto& record : history.records) {
      ARROW_RETURN_NOT_OK(
          connection_
              .Query("INSERT INTO " + name_.sql() +
                         " (table_name, pipeline, batch, key_hash, key, kind, previous, change) "
                         "VALUES ($1, $2, $3::bigint, pg_catalog.hashtextextended($4, 0), $4, "
                         "$5::\"char\", $6, $7)",
                     {table_.name, histories.pipeline, std::to_string(record.batch.value()), key,
                      LetterOf(record.kind), record.previous,
                      record.change.empty() ? Parameter() : Parameter(record.change)},
                     context)
              .status());
    }
  }
  return Status::OK();
}

// Rows that go, and rows that come or change.
Status UndoTable::WriteBack(const PgTable& table, const std::vector<std::string>& keys,
                            const std::vector<std::string>& absent_keys,
                            const std::vector<std::string>& images, const CallContext& context) {
  if (!absent_keys.empty()) {
    ARROW_RETURN_NOT_OK(connection_
                            .Query("DELETE FROM " + table.name.sql() +
                                       " t USING pg_catalog.unnest($1::text[]) k WHERE " +
                                       KeyJoin(table, keys, "k::json"),
                                   {TextArray(absent_keys)}, context)
                            .status());
  }
  if (images.empty()) return Status::OK();
  const auto columns = Writable(table);
  std::string cast_columns;
  std::string assignments;
  for (const auto& name : columns) {
    cast_columns += (cast_columns.empty() ? "" : ", ") + ("(i->>" + Literal(name)) +
                    ")::" + table.Find(name)->type.name;
    if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
    assignments += (assignments.empty() ? "" : ", ") + Quoted(name) + " = EXCLUDED." + Quoted(name);
  }
  return connection_
      .Query("INSERT INTO " + table.name.sql() + " (" + QuotedList(columns) + ") SELECT " +
                 cast_columns +
                 " FROM (SELECT x::json AS i FROM pg_catalog.unnest($1::text[]) x) y ON "
                 "CONFLICT (" +
                 QuotedList(keys) + ") DO " +
                 (assignments.empty() ? "NOTHING" : "UPDATE SET " + assignments),
             {TextArray(images)}, context)
      .status();
}

Status UndoTable::TakeBack(const PgTable& table, const BatchIdSet& batches,
                           const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto keys, KeyColumns(table, context));
  if (keys.empty()) return Status::OK();
  std::string after;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto histories, ReadHistories(table, keys, batches, after, context));
    if (histories.by_key.empty()) return Status::OK();
    after = histories.by_key.rbegin()->first;
    std::vector<std::string> absent_keys;
    std::vector<std::string> images;
    for (auto& [key, history] : histories.by_key) {
      const auto before = history.current;
      ARROW_RETURN_NOT_OK(stream::TakeBack(batches, Changed, history));
      if (history.current == before) continue;
      if (history.current.has_value()) {
        images.push_back(*history.current);
      } else {
        absent_keys.push_back(key);
      }
    }
    ARROW_RETURN_NOT_OK(ReplaceRecords(histories, context));
    ARROW_RETURN_NOT_OK(WriteBack(table, keys, absent_keys, images, context));
  }
}

Status UndoTable::ForgetFinal(const BatchIdSet& undoable, const CallContext& context) {
  // A record goes where no older one of its key may still be undone, or where a final batch behind
  // it wrote the row whole.
  return connection_
      .Query("DELETE FROM " + name_.sql() +
                 " u WHERE u.table_name = $1 AND u.batch <> ALL ($2::bigint[]) AND (NOT EXISTS "
                 "(SELECT 1 FROM " +
                 name_.sql() +
                 " o WHERE o.table_name = u.table_name AND o.key_hash = u.key_hash AND o.key = "
                 "u.key AND o.batch < u.batch AND o.batch = ANY ($2::bigint[])) OR EXISTS (SELECT "
                 "1 FROM " +
                 name_.sql() +
                 " n WHERE n.table_name = u.table_name AND n.key_hash = u.key_hash AND n.key = "
                 "u.key AND n.batch > u.batch AND n.batch <> ALL ($2::bigint[]) AND n.kind <> "
                 "'c'))",
             {table_.name, BatchArray(undoable)}, context)
      .status();
}

Status UndoTable::ForgetAll(const CallContext& context) {
  return connection_
      .Query("DELETE FROM " + name_.sql() + " WHERE table_name = $1", {table_.name}, context)
      .status();
}

}  // namespace ampload::postgresql
