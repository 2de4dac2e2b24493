#include "loaders/redis/plan.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ampload/batch_id.h"
#include "encode/type_matrix.h"
#include "loader/neighbours.h"
#include "loader/row_op.h"
#include "loaders/redis/catalog.h"
#include "loaders/redis/table_rules.h"

namespace ampload::redis {
namespace {

using encode::StoreFormat;
using encode::ValueFormat;

// What rows are, from what the load decided; or, where its columns cannot be stored at all, from
// the options.
struct Shape {
  Structure structure = Structure::kHash;
  ValueFormat format = ValueFormat::kJson;
};

StoreFormat TypesOf(const Shape& shape) {
  if (!FactsOf(shape.structure).one_value) {
    return StoreFormat::kText;
  }
  return shape.format == ValueFormat::kMsgpack ? StoreFormat::kMsgpack : StoreFormat::kJson;
}

std::string KeyInWords(const RowForm& form) {
  std::string key = form.key_pattern.empty() ? "{table}:<row number>" : form.key_pattern;
  constexpr std::string_view kTable = "{table}";
  for (size_t at = key.find(kTable); at != std::string::npos;
       at = key.find(kTable, at + form.table.size())) {
    key.replace(at, kTable.size(), form.table);
  }
  return key;
}

std::string RowInWords(const RowForm& form) {
  const std::string value = form.format == ValueFormat::kMsgpack
                                ? "the row as a msgpack map from column name to value"
                                : "the row as a JSON object from column name to value";
  const std::string fields =
      std::string("a field a column, as text; a null has no field; binary values as ") +
      (form.binary == encode::BinaryText::kHex ? "0x and hex digits" : "bytes");
  switch (form.structure) {
    case Structure::kHash:
    case Structure::kStream:
      return fields;
    case Structure::kSortedSet:
      return value + ", its score the column " + form.score;
    default:
      return value;
  }
}

std::string Duration(int64_t ms) {
  constexpr int64_t kSecond = 1000;
  return ms % kSecond == 0 ? std::to_string(ms / kSecond) + "s" : std::to_string(ms) + "ms";
}

std::string RuleInWords(const TableSpec& spec, const StructureFacts& facts) {
  if (spec.mode == LoadMode::kUpsert) {
    return "rows: a key that is there is replaced whole, a new one added; of two rows of one key "
           "the later by " +
           (spec.order_by.empty() ? "arrival" : spec.order_by + ", then by arrival");
  }
  if (facts.key_per_row) {
    return spec.on_duplicate == DuplicatePolicy::kReplace
               ? "rows: a key that is there is replaced whole"
               : "rows: a key that is there is an error, and the load is taken back";
  }
  if (facts.structure == Structure::kSet || facts.structure == Structure::kSortedSet) {
    return spec.on_duplicate == DuplicatePolicy::kReplace
               ? "rows: one that is there already, byte for byte, stays as it is and counts once"
               : "rows: one that is there already, byte for byte, is an error, and the load is "
                 "taken back";
  }
  return "";
}

void AddReplacing(const TableRecord& old, const StructureFacts& facts, TablePlan* plan) {
  if (FactsOf(old.structure).key_per_row) {
    plan->layout.emplace_back(
        "overwrite: rows are written under new keys beside the old ones; with the commit the old "
        "keys go in bounded steps (SCAN and UNLINK) and the new ones are renamed; a reader sees "
        "both meanwhile; a crash in that is gone on with by the next load");
  } else if (facts.key_per_row) {
    plan->layout.emplace_back(
        "overwrite: rows are written under new keys beside the old one; with the commit that goes, "
        "and the new ones are renamed; a crash in that is gone on with by the next load");
  } else {
    plan->layout.emplace_back(
        "overwrite: rows are written under a new key beside the old one, which it replaces in one "
        "step with the commit");
  }
}

std::vector<std::string> Layout(const RowForm& form, bool exists, const std::string& place) {
  const auto& facts = FactsOf(form.structure);
  std::vector<std::string> lines;
  const std::string what = facts.key_per_row ? " a row" : " for the table";
  lines.push_back((exists ? "" : "new: ") + ("one " + std::string(facts.name)) + what + place);
  if (facts.key_per_row) {
    lines.push_back("key: " + KeyInWords(form));
  } else {
    lines.push_back("key: " + form.table);
  }
  if (form.structure == Structure::kStream) lines.emplace_back("entry: <batch id>-<row number>");
  lines.push_back((facts.one_value ? "value: " : "fields: ") + RowInWords(form));
  if (form.ttl_ms > 0) lines.push_back("rows expire " + Duration(form.ttl_ms) + " after a write");
  return lines;
}

// The columns that are stored, as the spec has them.
Result<std::shared_ptr<arrow::Schema>> ColumnsOf(const RedisConfig& config, const TableSpec& spec) {
  ARROW_ASSIGN_OR_RAISE(const auto all, StoredSchema(spec));
  const auto names = FieldNames(config);
  if (names.empty()) return all;
  arrow::FieldVector fields;
  for (const auto& field : all->fields()) {
    const bool chosen = std::find(names.begin(), names.end(), field->name()) != names.end();
    if (chosen || field->name() == kBatchIdColumn) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

// nullopt: the sample has a bad row, which is the load's matter.
Result<std::optional<double>> MeasureRow(const RowForm& form, const arrow::RecordBatch& sample) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder, RowEncoder::Make(form));
  StagedBatch rows;
  rows.batch = sample.Slice(0);
  const auto encoded = encoder->Encode(rows);
  if (!encoded.ok() && BadRowOf(encoded.status()).has_value()) return std::nullopt;
  ARROW_RETURN_NOT_OK(encoded.status());
  const auto& commands = static_cast<const EncodedCommands&>(**encoded);
  return static_cast<double>(commands.commands.size_bytes()) /
         static_cast<double>(sample.num_rows());
}

}  // namespace

Result<TablePlan> PlanLoad(Connection& connection, const RedisConfig& config, const TableSpec& spec,
                           const arrow::RecordBatch* sample, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, ColumnsOf(config, spec));
  ARROW_ASSIGN_OR_RAISE(const auto table, ReadTable(connection, spec.name, context));
  const bool replacing = spec.mode == LoadMode::kOverwrite || spec.reset_pipeline;
  const auto rules = RulesFor(config, spec, table, replacing);
  const Shape shape =
      rules.ok() ? Shape{rules->form.structure, rules->form.format}
                 : Shape{StructureFor(config, table),
                         encode::ValueFormatOf(config.value_format).value_or(ValueFormat::kJson)};
  TablePlan plan;
  plan.table_exists = table.has_value();
  plan.columns = encode::PlanColumns(*columns, TypesOf(shape));
  const bool storable = encode::CheckPlan(plan.columns, spec.allow).ok();
  // Columns that cannot be stored are lines of the plan; all else is why there is none.
  if (!rules.ok() && (storable || KindOf(rules.status()) != FailureKind::kData)) {
    return rules.status();
  }
  if (!rules.ok()) return plan;
  const auto& facts = FactsOf(shape.structure);
  plan.layout =
      Layout(rules->form, plan.table_exists,
             " in database " + std::to_string(config.database) + " at " + connection.where());
  if (replacing && table.has_value()) {
    AddReplacing(*table, facts, &plan);
  } else if (const auto rule = RuleInWords(spec, facts); !rule.empty()) {
    plan.layout.push_back(rule);
  }
  if (!rules->evolution.empty()) plan.layout.push_back("columns: " + rules->evolution);
  if (sample != nullptr && sample->num_rows() > 0 && storable) {
    ARROW_ASSIGN_OR_RAISE(plan.bytes_per_row, MeasureRow(rules->form, *sample));
  }
  return plan;
}

}  // namespace ampload::redis
