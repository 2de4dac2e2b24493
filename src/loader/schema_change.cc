#include "loader/schema_change.h"

#include <arrow/type_traits.h>

#include <algorithm>
#include <utility>

#include "encode/exact_cast.h"

namespace ampload {
namespace {

void Add(const std::string& text, std::string* all) {
  if (!all->empty()) *all += "; ";
  *all += text;
}

class Comparer {
 public:
  Comparer(const arrow::Schema& table, std::span<const std::string> keys)
      : keys_(keys), fields_(table.fields()) {}

  void Compare(const arrow::Field& row) {
    const auto known = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const auto& field) { return field->name() == row.name(); });
    if (known == fields_.end()) return New(row);
    const auto& column = **known;
    const std::string where = "column " + row.name() + " ";
    if (!column.nullable() && row.nullable()) {
      Add(where + "is never null in the table and may be null in the rows", &result_.impossible);
    }
    if (column.type()->Equals(*row.type())) return;
    const std::string types =
        column.type()->ToString() + " in the table, " + row.type()->ToString() + " in the rows";
    const bool is_key = std::find(keys_.begin(), keys_.end(), row.name()) != keys_.end();
    if (!is_key && encode::IsExactWidening(*column.type(), *row.type())) {
      *known = column.WithType(row.type());
      result_.change.widened.push_back(*known);
      Add("widens " + row.name() + " (" + types + ")", &result_.possible);
    } else if (!is_key && encode::IsExactWidening(*row.type(), *column.type())) {
      Add("takes narrower values into " + row.name() + " (" + types + ")", &result_.possible);
    } else {
      Add(where + "is " + types, &result_.impossible);
    }
  }

  void Missing(const arrow::Schema& rows) {
    for (const auto& field : fields_) {
      if (field->nullable() || rows.GetFieldByName(field->name()) != nullptr) continue;
      Add("column " + field->name() + " (" + field->type()->ToString() + ") is missing in the rows",
          &result_.impossible);
    }
  }

  SchemaComparison Finish() {
    for (const auto& field : result_.change.added) fields_.push_back(field);
    result_.evolved = arrow::schema(fields_);
    return std::move(result_);
  }

 private:
  void New(const arrow::Field& row) {
    result_.change.added.push_back(arrow::field(row.name(), row.type()));
    Add("adds " + row.name() + " (" + row.type()->ToString() + ")", &result_.possible);
  }

  std::span<const std::string> keys_;
  arrow::FieldVector fields_;
  SchemaComparison result_;
};

}  // namespace

SchemaComparison CompareSchemas(const arrow::Schema& table, const arrow::Schema& rows,
                                std::span<const std::string> keys) {
  Comparer comparer(table, keys);
  comparer.Missing(rows);
  for (const auto& field : rows.fields()) comparer.Compare(*field);
  return comparer.Finish();
}

Result<std::shared_ptr<arrow::Schema>> ChangedRows(const arrow::Schema& rows,
                                                   const SchemaChange& change,
                                                   const std::string& where) {
  auto fields = rows.fields();
  const auto find = [&](const std::string& name) {
    return std::find_if(fields.begin(), fields.end(),
                        [&](const auto& field) { return field->name() == name; });
  };
  for (const auto& wider : change.widened) {
    const auto field = find(wider->name());
    if (field == fields.end() || !((*field)->type()->Equals(*wider->type()) ||
                                   encode::IsExactWidening(*(*field)->type(), *wider->type()))) {
      return DataError("a column can only be widened, so that every old value stays as it is" +
                       where + " column=" + wider->name() +
                       " type=" + (field == fields.end() ? "none" : (*field)->type()->ToString()) +
                       " wanted=" + wider->type()->ToString());
    }
    *field = (*field)->WithType(wider->type());
  }
  for (const auto& added : change.added) {
    if (find(added->name()) != fields.end()) {
      return DataError("a column to be added is there already" + where +
                       " column=" + added->name());
    }
    fields.push_back(added->WithNullable(true));
  }
  return arrow::schema(std::move(fields), rows.metadata());
}

Status CheckComparison(const SchemaComparison& comparison, SchemaPolicy policy,
                       const std::string& table) {
  if (comparison.same()) return Status::OK();
  if (comparison.impossible.empty()) {
    if (policy == SchemaPolicy::kEvolve) return Status::OK();
    return DataError(
        "the rows' columns are not the table's; --on-schema-change evolve would take them, "
        "--columns or --exclude leave columns out: table=" +
        table + " evolve=[" + comparison.possible + "]");
  }
  return DataError(
      "the rows do not fit the table; load matching columns (--columns, --exclude, --cast), "
      "overwrite the table, or choose another: table=" +
      table + " differences=[" + comparison.impossible +
      (comparison.possible.empty() ? ""
                                   : "; besides, evolve would do this: " + comparison.possible) +
      "]");
}

Status CheckFloatsKeepTheirType(const arrow::Schema& table_columns, const arrow::Schema& rows,
                                const std::string& table) {
  for (const auto& field : rows.fields()) {
    const auto known = table_columns.GetFieldByName(field->name());
    if (known == nullptr || !arrow::is_floating(known->type()->id()) ||
        !arrow::is_floating(field->type()->id()) || known->type()->Equals(*field->type())) {
      continue;
    }
    return DataError(
        "a float column of a table in JSON or text keeps its type, since its digits are those of "
        "that type; give --cast " +
        field->name() + ":" + known->type()->ToString() + ": table=" + table +
        " column=" + field->name() + " type=" + known->type()->ToString() +
        " rows=" + field->type()->ToString());
  }
  return Status::OK();
}

}  // namespace ampload
