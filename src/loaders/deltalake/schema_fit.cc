#include "loaders/deltalake/schema_fit.h"

#include <arrow/util/key_value_metadata.h>

#include <map>
#include <utility>

#include "ampload/batch_id.h"
#include "base/ascii.h"
#include "encode/lake_form.h"
#include "loader/lineage.h"
#include "loader/schema_change.h"
#include "loaders/deltalake/features.h"
#include "loaders/deltalake/field_metadata.h"
#include "loaders/deltalake/table_rules.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {
namespace {

// The Arrow type of values that Delta keeps in another shape; empty: the column's own.
std::string ArrowTypeOf(const arrow::Field& field) {
  if (field.metadata() == nullptr) return {};
  if (const auto own = field.metadata()->Get(encode::kArrowTypeKey); own.ok()) return *own;
  const auto kept = DeltaMetadataOf(field);
  const auto at = kept.find(encode::kArrowTypeKey);
  return at != kept.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool IsStruct(const arrow::DataType& type) { return type.id() == arrow::Type::STRUCT; }

void Add(const std::string& text, std::string* all) {
  if (!text.empty()) *all += (all->empty() ? "" : "; ") + text;
}

bool IsLineage(const std::string& name) {
  return name == kBatchIdColumn || name == kBlockRangesColumn;
}

// May values of `rows` stand where the table has `table`, as they are? Names and types must be the
// same at every depth; what is never null in the rows may be null in the table.
bool FitsWithin(const arrow::Field& table, const arrow::Field& rows) {
  const auto& type = *table.type();
  if (type.num_fields() == 0) return type.Equals(*rows.type());
  if (type.id() != rows.type()->id() || type.num_fields() != rows.type()->num_fields()) {
    return false;
  }
  for (int i = 0; i < type.num_fields(); ++i) {
    const auto& inner = *type.field(i);
    const auto& given = *rows.type()->field(i);
    if (IsStruct(type) && inner.name() != given.name()) return false;
    if (IsStruct(type) && ArrowTypeOf(inner) != ArrowTypeOf(given)) return false;
    if (!inner.nullable() && given.nullable()) return false;
    if (!FitsWithin(inner, given)) return false;
  }
  return true;
}

class Fitter {
 public:
  Fitter(const TableSpec& spec, const Snapshot& table, bool table_is_empty)
      : spec_(spec), table_(table), table_is_empty_(table_is_empty) {}

  // A column of the rows, as the comparison gets it.
  void Take(const arrow::Field& field) {
    const auto known = table_.schema->GetFieldByName(field.name());
    if (known == nullptr) return TakeNew(field);
    if (const auto kept = ArrowTypeOf(*known), given = ArrowTypeOf(field); kept != given) {
      const auto words = [](const std::string& arrow_type, const arrow::Field& at) {
        const std::string stored = DeltaTypeName(*at.type());
        return arrow_type.empty() ? stored : arrow_type + " kept as " + stored;
      };
      Add("column " + field.name() + " is " + words(kept, *known) + " in the table, " +
              words(given, field) + " in the rows",
          &impossible_);
      return;
    }
    const bool fits = FitsWithin(*known, field);
    if (!fits && known->type()->Equals(*field.type())) {
      Add("column " + field.name() + " has longs that stand for other times, or none, in the table",
          &impossible_);
      return;
    }
    compared_.push_back(arrow::field(field.name(), fits ? known->type() : field.type(),
                                     field.nullable() && known->nullable()));
  }

  Result<SchemaFit> Finish() {
    const bool keeps = ReplacesRows(spec_) && spec_.on_schema_change != SchemaPolicy::kEvolve;
    if (!no_lineage_.empty()) {
      return DataError(
          "deltalake: the table has rows and no column for a stream's batches; "
          "--on-schema-change evolve adds it: table=" +
          spec_.name + " missing=[" + no_lineage_ + "]");
    }
    if (!case_only_.empty() && !keeps) {
      return DataError(
          "deltalake: names of columns differ in their case alone, which Delta takes for the same; "
          "give them the table's names with --rename: table=" +
          spec_.name + " columns=[" + case_only_ + "]");
    }
    auto comparison = CompareSchemas(*WithoutMetadata(), *arrow::schema(compared_), {});
    for (const auto& wider : comparison.change.widened) CheckWidening(*wider);
    Add(impossible_, &comparison.impossible);
    Add(case_only_, &comparison.impossible);
    if (keeps && !comparison.same()) return OverwriteKeepsColumns(comparison);
    ARROW_RETURN_NOT_OK(
        WithContext(CheckComparison(comparison, spec_.on_schema_change, spec_.name), "deltalake"));
    SchemaFit fit;
    for (const auto& field : new_) {
      fit.added.push_back(field->WithNullable(true));
      if (comparison.evolved->GetFieldByName(field->name()) == nullptr) {
        Add("adds " + field->name() + " (" + field->type()->ToString() + ")", &comparison.possible);
      }
    }
    fit.widened = comparison.change.widened;
    // Narrower values alone change nothing.
    if (!fit.added.empty() || !fit.widened.empty()) fit.words = comparison.possible;
    return fit;
  }

 private:
  Status OverwriteKeepsColumns(const SchemaComparison& comparison) const {
    std::string differences = comparison.impossible;
    Add(comparison.possible, &differences);
    return DataError(
        "deltalake: an overwrite keeps the table's columns, and the rows have others; give "
        "--on-schema-change evolve to change the table's, load matching columns (--columns, "
        "--exclude, --cast, --rename), or choose another table: table=" +
        spec_.name + " differences=[" + differences + "]");
  }

  void TakeNew(const arrow::Field& field) {
    for (const auto& known : table_.schema->fields()) {
      if (base::LowerAscii(known->name()) != base::LowerAscii(field.name())) continue;
      Add(field.name() + " is " + known->name() + " in the table", &case_only_);
      return;
    }
    const bool evolves = spec_.on_schema_change == SchemaPolicy::kEvolve;
    const bool lineage = spec_.streaming && IsLineage(field.name());
    if (lineage && !table_is_empty_ && !evolves) Add(field.name(), &no_lineage_);
    new_.push_back(field.Copy());
    // An empty table gets a stream's columns whatever the policy is: it lacks them for no row.
    if (!lineage) compared_.push_back(field.Copy());
  }

  void CheckWidening(const arrow::Field& wider) {
    const auto& old = *table_.schema->GetFieldByName(wider.name())->type();
    if (old.id() == arrow::Type::NA) return;  // see "Void Type"
    const std::string change = "column " + wider.name() + " would grow from " + DeltaTypeName(old) +
                               " to " + DeltaTypeName(*wider.type());
    if (!IsDeltaWidening(old, *wider.type())) {
      Add(change + ", which Delta does not do", &impossible_);
    } else if (!HasFeature(table_.protocol, "typeWidening") ||
               !IsOn(table_.metadata, "enableTypeWidening")) {
      Add(change +
              ", which the table does not allow: set its property delta.enableTypeWidening to "
              "true with another tool",
          &impossible_);
    }
  }

  std::shared_ptr<arrow::Schema> WithoutMetadata() const {
    arrow::FieldVector fields;
    for (const auto& field : table_.schema->fields()) fields.push_back(field->RemoveMetadata());
    return arrow::schema(std::move(fields));
  }

  const TableSpec& spec_;
  const Snapshot& table_;
  bool table_is_empty_;
  arrow::FieldVector compared_;
  arrow::FieldVector new_;
  std::string impossible_;
  std::string case_only_;
  std::string no_lineage_;
};

}  // namespace

Result<SchemaFit> FitSchema(const TableSpec& spec, const arrow::Schema& rows, const Snapshot& table,
                            bool table_is_empty) {
  Fitter fitter(spec, table, table_is_empty);
  for (const auto& field : rows.fields()) fitter.Take(*field);
  return fitter.Finish();
}

bool IsPlainColumnName(std::string_view name) {
  return name.find_first_of(" ,;{}()\n\t=") == std::string_view::npos;
}

std::optional<std::string> UnplainName(const arrow::FieldVector& fields) {
  for (const auto& field : fields) {
    if (!IsPlainColumnName(field->name())) return field->name();
    if (auto inner = UnplainName(field->type()->fields())) return inner;
  }
  return std::nullopt;
}

Status CheckCase(const arrow::Schema& schema, const std::string& where) {
  std::map<std::string, std::string> seen;
  for (const auto& field : schema.fields()) {
    const auto [at, is_new] = seen.emplace(base::LowerAscii(field->name()), field->name());
    if (is_new) continue;
    return DataError(
        "deltalake: names of columns differ in their case alone, which Delta takes for the same; "
        "give one another name with --rename: " +
        where + " columns=[" + at->second + ", " + field->name() + "]");
  }
  return Status::OK();
}

}  // namespace ampload::deltalake
