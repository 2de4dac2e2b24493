#include "loaders/postgresql/ddl.h"

#include <arrow/type_traits.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>

#include "ampload/batch_id.h"
#include "encode/type_family.h"
#include "loaders/postgresql/partitions.h"

namespace ampload::postgresql {
namespace {

using encode::pg::PgColumn;
using encode::pg::PgKind;

constexpr size_t kMaxNameBytes = 63;
constexpr std::string_view kTypeComment = "Arrow type: ";
constexpr int kMinMaxMultiSince = 140000;  // int8_minmax_multi_ops
// Of 10 million rows of 200 bytes, ten batches of 1,000 are found in 1 ms with 64 pages or 128, in
// 5 ms with 16, whose index has more ranges to look at.
constexpr int kPagesPerRange = 128;

// Whether a person needs the Arrow type to know what the values are.
bool TypeSaysLess(const arrow::Field& field) {
  switch (encode::FamilyOf(*field.type())) {
    case encode::TypeFamily::kInt8:
    case encode::TypeFamily::kUint8:
    case encode::TypeFamily::kUint16:
    case encode::TypeFamily::kUint32:
    case encode::TypeFamily::kUint64:
    case encode::TypeFamily::kBlockNumber:
    case encode::TypeFamily::kFloat16:
    case encode::TypeFamily::kFixedBinary:
    case encode::TypeFamily::kTimeNs:
    case encode::TypeFamily::kTimestampNs:
    case encode::TypeFamily::kTimestampNsZone:
    case encode::TypeFamily::kDurationNs:
    case encode::TypeFamily::kIntervalNs:
    case encode::TypeFamily::kNestedList:
    case encode::TypeFamily::kStruct:
    case encode::TypeFamily::kMap:
    case encode::TypeFamily::kNull:
      return true;
    case encode::TypeFamily::kScalarList:
      return TypeSaysLess(*encode::Unwrapped(*field.type()).field(0));
    default:
      return false;
  }
}

std::string CommentOf(const arrow::Field& field) {
  std::string comment;
  if (const auto& metadata = field.metadata(); metadata != nullptr) {
    if (const auto found = metadata->Get("comment"); found.ok()) comment = *found;
  }
  if (!TypeSaysLess(field)) return comment;
  const std::string type = std::string(kTypeComment) + encode::Unwrapped(*field.type()).ToString();
  return comment.empty() ? type : comment + " (" + type + ")";
}

std::string CommentOf(const arrow::Schema& schema) {
  if (const auto& metadata = schema.metadata(); metadata != nullptr) {
    if (const auto found = metadata->Get("comment"); found.ok()) return *found;
  }
  return "";
}

// Texts of Arrow metadata may hold what no text of the server's can.
bool IsStorable(const std::string& comment) {
  return !comment.empty() && std::count(comment.begin(), comment.end(), '\0') == 0;
}

Status CheckColumnName(const TableName& table, const std::string& name) {
  const auto unfit = [&](std::string_view why) {
    return DataError("postgresql: " + std::string(why) + ": table=" + table.text() +
                     " column=" + name);
  };
  if (name.empty()) return unfit("a column has no name; give it one in the query or the file");
  if (name.find('\0') != std::string::npos) return unfit("a column's name has a NUL");
  if (name.size() > kMaxNameBytes) {
    return unfit(
        "a column's name has more than 63 bytes, and the server would cut its end; "
        "leave it out with --exclude, or rename it");
  }
  return Status::OK();
}

bool IsInteger(PgKind kind) {
  return kind == PgKind::kInt2 || kind == PgKind::kInt4 || kind == PgKind::kInt8;
}

// Rows without a value would have no partition, so the column is never null.
Status SetPartitioning(const PartitionBy& by, NewTable* table) {
  const auto unfit = [&](std::string_view why) {
    return ConfigurationError("postgresql: partition_by: " + std::string(why) +
                              ": table=" + table->name.text() + " column=" + by.column);
  };
  const auto column =
      std::find_if(table->columns.begin(), table->columns.end(),
                   [&](const PgColumn& candidate) { return candidate.name == by.column; });
  if (column == table->columns.end()) return unfit("the rows have no such column");
  if (!IsInteger(column->type.kind)) {
    return unfit("the column is no integer; give another, or --cast " + by.column + ":int64");
  }
  const auto& key = table->primary_key;
  if (!key.empty() && std::find(key.begin(), key.end(), by.column) == key.end()) {
    return unfit("the key of a partitioned table has the column in it; add it to --key");
  }
  column->not_null = true;
  return Status::OK();
}

std::string ColumnList(const NewTable& table) {
  std::string out;
  for (const auto& column : table.columns) {
    out += (out.empty() ? "" : ", ") + Quoted(column.name) + " " + column.type.name +
           (column.not_null ? " NOT NULL" : "");
  }
  if (!table.primary_key.empty()) {
    out += ", PRIMARY KEY (" + QuotedList(table.primary_key) + ")";
  }
  return out;
}

// An empty comment takes the one that is there away.
std::string CommentStatement(const TableName& table, const std::string& column,
                             const std::string& comment) {
  return "COMMENT ON COLUMN " + table.sql() + "." + Quoted(column) + " IS " +
         (comment.empty() ? "NULL" : Literal(comment));
}

// Whether the comment is one that CommentOf made.
bool IsOurs(const std::string& comment) {
  return comment.starts_with(kTypeComment) ||
         (comment.ends_with(')') &&
          comment.find(" (" + std::string(kTypeComment)) != std::string::npos);
}

}  // namespace

Result<NewTable> TableFor(const TableSpec& spec, const TableName& name, const arrow::Schema& stored,
                          const PostgreSQLConfig& config) {
  NewTable table;
  table.name = name;
  const bool by_key = spec.mode == LoadMode::kUpsert || spec.mode == LoadMode::kMerge;
  if (by_key) table.primary_key = spec.keys;
  for (const auto& field : stored.fields()) {
    ARROW_RETURN_NOT_OK(CheckColumnName(name, field->name()));
    ARROW_ASSIGN_OR_RAISE(auto type, encode::pg::TypeForNewColumn(*field));
    const bool is_key = std::find(table.primary_key.begin(), table.primary_key.end(),
                                  field->name()) != table.primary_key.end();
    table.columns.push_back({field->name(), std::move(type), is_key || !field->nullable()});
    if (auto comment = CommentOf(*field); IsStorable(comment)) {
      table.comments[field->name()] = std::move(comment);
    }
  }
  if (auto comment = CommentOf(stored); IsStorable(comment)) table.comment = std::move(comment);
  ARROW_ASSIGN_OR_RAISE(const auto by, ParsePartitionBy(config.partition_by));
  if (by.has_value()) ARROW_RETURN_NOT_OK(SetPartitioning(*by, &table));
  return table;
}

std::vector<std::string> CreateStatements(const NewTable& table, const PostgreSQLConfig& config,
                                          bool streaming, int server_version) {
  std::vector<std::string> statements;
  const std::string name = table.name.sql();
  const auto by = ParsePartitionBy(config.partition_by).ValueOr(std::nullopt);
  // The partitions are unlogged; of the parent the server knows no such thing.
  const bool unlogged = config.unlogged && !by.has_value();
  std::string create = std::string("CREATE ") + (unlogged ? "UNLOGGED " : "") + "TABLE " + name +
                       " (" + ColumnList(table) + ")";
  if (by.has_value()) create += " PARTITION BY RANGE (" + Quoted(by->column) + ")";
  if (!config.tablespace.empty()) create += " TABLESPACE " + Quoted(config.tablespace);
  statements.push_back(std::move(create));
  if (!table.comment.empty()) {
    statements.push_back("COMMENT ON TABLE " + name + " IS " + Literal(table.comment));
  }
  for (const auto& column : table.columns) {
    const auto comment = table.comments.find(column.name);
    if (comment == table.comments.end()) continue;
    statements.push_back(CommentStatement(table.name, column.name, comment->second));
  }
  if (streaming) statements.push_back(BatchIndexStatement(table.name, server_version));
  return statements;
}

std::string BatchIndexStatement(const TableName& table, int server_version) {
  const std::string column = Quoted(kBatchIdColumn);
  const std::string on = "CREATE INDEX ON " + table.sql();
  if (server_version < kMinMaxMultiSince) return on + " (" + column + ")";
  return on + " USING brin (" + column +
         " int8_minmax_multi_ops) WITH (pages_per_range = " + std::to_string(kPagesPerRange) +
         ", autosummarize = on)";
}

Result<std::string> EvolveStatement(const PgTable& table, const SchemaChange& change) {
  std::string actions;
  std::string comments;
  const auto add = [&](const std::string& action) {
    actions += (actions.empty() ? " " : ", ") + action;
  };
  for (const auto& field : change.added) {
    ARROW_RETURN_NOT_OK(CheckColumnName(table.name, field->name()));
    ARROW_ASSIGN_OR_RAISE(const auto type, encode::pg::TypeForNewColumn(*field));
    add("ADD COLUMN " + Quoted(field->name()) + " " + type.name);
    if (const auto comment = CommentOf(*field); IsStorable(comment)) {
      comments += "; " + CommentStatement(table.name, field->name(), comment);
    }
  }
  for (const auto& field : change.widened) {
    ARROW_ASSIGN_OR_RAISE(const auto type, encode::pg::TypeForNewColumn(*field));
    add("ALTER COLUMN " + Quoted(field->name()) + " TYPE " + type.name);
    const auto* column = table.Find(field->name());
    const std::string old = column == nullptr ? "" : column->comment;
    const auto comment = CommentOf(*field);
    if ((old.empty() || IsOurs(old)) && comment != old &&
        (comment.empty() || IsStorable(comment))) {
      comments += "; " + CommentStatement(table.name, field->name(), comment);
    }
  }
  if (actions.empty()) return "";
  return "ALTER TABLE " + table.name.sql() + actions + comments;
}

std::string AfterLoadStatements(const TableName& table, const PostgreSQLConfig& config) {
  constexpr std::string_view kPlace = "{table}";
  const std::string name = table.sql();
  std::string statements = config.after_load;
  for (size_t at = statements.find(kPlace); at != std::string::npos;
       at = statements.find(kPlace, at + name.size())) {
    statements.replace(at, kPlace.size(), name);
  }
  return statements;
}

}  // namespace ampload::postgresql
