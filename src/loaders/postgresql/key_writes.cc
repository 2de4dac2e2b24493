#include "loaders/postgresql/key_writes.h"

#include <algorithm>
#include <functional>

#include "ampload/write_session.h"

namespace ampload::postgresql {
namespace {

std::string Joined(const std::vector<std::string>& names, const char* between,
                   const std::function<std::string(const std::string&)>& each) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : between) + each(name);
  return text;
}

std::string Code(RowOp op) { return std::to_string(static_cast<int>(op)); }

std::string Names(const std::vector<std::string>& columns) {
  return "ARRAY[" + Joined(columns, ", ", [](const auto& name) { return Literal(name); }) +
         "]::text[]";
}

std::string Texts(const std::vector<std::string>& columns, const std::string& alias) {
  return "ARRAY[" +
         Joined(columns, ", ",
                [&](const auto& name) { return alias + "." + Quoted(name) + "::text"; }) +
         "]::text[]";
}

const std::string kStage = std::string("pg_temp.") + Quoted(kStageTable);

}  // namespace

std::string AsJson(const std::vector<std::string>& columns, const std::string& alias) {
  return "pg_catalog.json_object(" + Names(columns) + ", " + Texts(columns, alias) + ")::text";
}

std::string KeyWrites::StoredColumns() const { return QuotedList(form_.stored->field_names()); }

std::string KeyWrites::KeyList(const std::string& alias) const {
  return Joined(spec_.keys, ", ", [&](const auto& name) { return alias + "." + Quoted(name); });
}

std::string KeyWrites::KeysEqual(const std::string& left, const std::string& right) const {
  return Joined(spec_.keys, " AND ", [&](const auto& name) {
    return left + "." + Quoted(name) + " = " + right + "." + Quoted(name);
  });
}

// Texts are compared byte by byte, whatever the column's collation is.
std::string KeyWrites::OrderOfRows(bool descending) const {
  std::string text;
  if (!spec_.order_by.empty()) {
    const auto column = std::find_if(form_.columns.begin(), form_.columns.end(),
                                     [&](const auto& one) { return one.name == spec_.order_by; });
    const bool is_text =
        column != form_.columns.end() && column->type.kind == encode::pg::PgKind::kText;
    text = "s." + Quoted(spec_.order_by) + (is_text ? " COLLATE \"C\"" : "") +
           (descending ? " DESC NULLS LAST, " : " ASC NULLS FIRST, ");
  }
  return text + "s." + Quoted(kStageRow) + (descending ? " DESC" : " ASC");
}

std::vector<std::string> KeyWrites::MakeStage() const {
  std::string columns = Joined(form_.stored->field_names(), ", ",
                               [](const auto& name) { return "t." + Quoted(name); });
  if (has_ops_) columns += ", NULL::smallint AS " + Quoted(kStageOp);
  return {"CREATE TEMPORARY TABLE " + kStage + " ON COMMIT DROP AS SELECT " + columns + " FROM " +
              table_.sql() + " t WITH NO DATA",
          "ALTER TABLE " + kStage + " ADD COLUMN " + Quoted(kStageRow) +
              " bigint GENERATED ALWAYS AS IDENTITY"};
}

std::string KeyWrites::StageTarget() const {
  return kStage + " (" + StoredColumns() + (has_ops_ ? ", " + Quoted(kStageOp) : "") + ")";
}

std::string KeyWrites::FindWrongOp() const {
  if (!has_ops_) return "";
  const std::string op = Quoted(kStageOp);
  const std::string key = Joined(spec_.keys, " || ' ' || ", [&](const auto& name) {
    return Literal(name + "=") + " || r." + Quoted(name) + "::text";
  });
  return "SELECT r." + Quoted(kStageRow) + ", r." + op + ", w.was, " + key +
         " FROM (SELECT s.*, pg_catalog.lag(s." + op + ") OVER (PARTITION BY " + KeyList("s") +
         " ORDER BY " + OrderOfRows(false) + ") AS _ampload_before FROM " + kStage +
         " s) r CROSS JOIN LATERAL (SELECT CASE WHEN r._ampload_before IS NULL THEN EXISTS (SELECT "
         "1 FROM " +
         table_.sql() + " t WHERE " + KeysEqual("t", "r") + ") ELSE r._ampload_before <> " +
         Code(RowOp::kDelete) + " END AS was) w WHERE (r." + op + " = " + Code(RowOp::kInsert) +
         " AND w.was) OR (r." + op + " = " + Code(RowOp::kUpdate) + " AND NOT w.was) ORDER BY r." +
         Quoted(kStageRow) + " LIMIT 1";
}

// Of each key the row that counts; with _ampload_reset where a row before it deleted.
std::string KeyWrites::Ranked() const {
  const std::string reset = has_ops_ ? "pg_catalog.bool_or(s." + Quoted(kStageOp) + " = " +
                                           Code(RowOp::kDelete) + ") OVER (PARTITION BY " +
                                           KeyList("s") + ")"
                                     : "false";
  return "SELECT DISTINCT ON (" + KeyList("s") + ") s.*, " + reset + " AS _ampload_reset FROM " +
         kStage + " s ORDER BY " + KeyList("s") + ", " + OrderOfRows(true);
}

std::string KeyWrites::NoteBefore(const TableName& undo_table) const {
  const std::string changed = AsJson(form_.stored->field_names(), "r");
  std::string kind = "'r'";
  std::string change = "NULL";
  if (spec_.mode == LoadMode::kMerge) {
    kind = "CASE WHEN r._ampload_reset THEN 'r' ELSE 'c' END";
    change = "CASE WHEN r._ampload_reset THEN NULL ELSE " + changed + " END";
    if (has_ops_) {
      const std::string deletes = "r." + Quoted(kStageOp) + " = " + Code(RowOp::kDelete);
      kind = "CASE WHEN " + deletes + " THEN 'd' WHEN r._ampload_reset THEN 'r' ELSE 'c' END";
    }
  }
  const std::string key = AsJson(spec_.keys, "r");
  return "INSERT INTO " + undo_table.sql() +
         " (table_name, pipeline, batch, key_hash, key, kind, previous, change) SELECT $1, $2, "
         "$3::bigint, pg_catalog.hashtextextended(" +
         key + ", 0), " + key + ", " + kind + ", CASE WHEN t." + Quoted(spec_.keys.front()) +
         " IS NULL THEN NULL ELSE " + AsJson(form_.all_columns, "t") + " END, " + change +
         " FROM (" + Ranked() + ") r LEFT JOIN " + table_.sql() + " t ON " + KeysEqual("t", "r");
}

std::vector<std::string> KeyWrites::Apply() const {
  std::vector<std::string> statements;
  if (has_ops_) {
    statements.push_back("DELETE FROM " + table_.sql() + " t USING (SELECT DISTINCT " +
                         KeyList("s") + " FROM " + kStage + " s WHERE s." + Quoted(kStageOp) +
                         " = " + Code(RowOp::kDelete) + ") d WHERE " + KeysEqual("t", "d"));
  }
  std::string set;
  const auto add = [&](const std::string& assignment) {
    set += (set.empty() ? "" : ", ") + assignment;
  };
  for (const auto& name : form_.stored->field_names()) {
    const bool is_key = std::find(spec_.keys.begin(), spec_.keys.end(), name) != spec_.keys.end();
    if (!is_key) add(Quoted(name) + " = EXCLUDED." + Quoted(name));
  }
  // An upsert replaces the row whole: what it does not bring is as if newly inserted.
  if (spec_.mode == LoadMode::kUpsert) {
    for (const auto& name : form_.other_columns) add(Quoted(name) + " = DEFAULT");
  }
  statements.push_back(
      "INSERT INTO " + table_.sql() + " (" + StoredColumns() + ") SELECT " +
      Joined(form_.stored->field_names(), ", ",
             [](const auto& name) { return "r." + Quoted(name); }) +
      " FROM (" + Ranked() + ") r" +
      (has_ops_ ? " WHERE r." + Quoted(kStageOp) + " <> " + Code(RowOp::kDelete) : std::string()) +
      " ON CONFLICT (" + QuotedList(spec_.keys) + ") DO " +
      (set.empty() ? "NOTHING" : "UPDATE SET " + set));
  return statements;
}

}  // namespace ampload::postgresql
