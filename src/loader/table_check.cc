#include "loader/table_check.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "loader/identifier.h"

namespace ampload {
namespace {

Status CheckMode(const TableSpec& spec, const LoaderTraits& traits) {
  if (!traits.supported_modes.contains(spec.mode)) {
    return ConfigurationError("this store has no such mode: use " +
                              traits.supported_modes.ToString() +
                              ": mode=" + std::string(ToString(spec.mode)));
  }
  const bool by_key = spec.mode == LoadMode::kUpsert || spec.mode == LoadMode::kMerge;
  if (by_key && spec.keys.empty()) {
    return ConfigurationError("this mode needs key columns: name them, as in --key id: mode=" +
                              std::string(ToString(spec.mode)));
  }
  if (spec.order_by.empty()) return Status::OK();
  if (!by_key) {
    return ConfigurationError(
        "order_by means something in upsert and merge only: leave it out: mode=" +
        std::string(ToString(spec.mode)));
  }
  return WithContext(CheckKeys(*spec.schema, {spec.order_by}), "order_by");
}

Status CheckPipeline(const TableSpec& spec, const LoaderTraits& traits) {
  const bool keeps_checkpoints = traits.commit != CommitKind::kNone;
  if (spec.streaming && !(traits.supports_streaming && keeps_checkpoints)) {
    return ConfigurationError(
        "this loader takes no streams into such a table: rows and checkpoint could not be "
        "committed "
        "together, or rows that hold no identity not be taken back");
  }
  if (spec.streaming && spec.pipeline.empty()) {
    return ConfigurationError("a stream needs a pipeline name");
  }
  if (!spec.pipeline.empty() && !keeps_checkpoints) {
    return ConfigurationError("this store keeps no checkpoints: leave the pipeline out: pipeline=" +
                              spec.pipeline);
  }
  return Status::OK();
}

Status CheckOne(const TableSpec& spec, const LoaderTraits& traits) {
  if (spec.schema == nullptr) return ConfigurationError("no schema was given");
  ARROW_RETURN_NOT_OK(CheckColumnNames(*spec.schema));
  ARROW_RETURN_NOT_OK(WithContext(CheckKeys(*spec.schema, spec.keys), "key"));
  ARROW_RETURN_NOT_OK(CheckMode(spec, traits));
  if (spec.parallel < 1) return ConfigurationError("parallel is a number of connections, from 1");
  if (spec.parallel > 1 && !traits.supports_parallel) {
    return ConfigurationError(
        "this store is not filled over several connections at once: leave --parallel out: "
        "parallel=" +
        std::to_string(spec.parallel));
  }
  return CheckPipeline(spec, traits);
}

void AddDifference(const std::string& difference, std::string* all) {
  if (!all->empty()) *all += "; ";
  *all += difference;
}

std::string Describe(const arrow::Field& field) {
  return field.type()->ToString() + (field.nullable() ? "" : " not null");
}

std::string ExplainDifference(const arrow::Schema& incoming, const arrow::Schema& stored) {
  std::string all;
  for (const auto& field : incoming.fields()) {
    const auto other = stored.GetFieldByName(field->name());
    if (other == nullptr) {
      AddDifference("column " + field->name() + " is not in the table", &all);
    } else if (!field->Equals(*other, /*check_metadata=*/false)) {
      AddDifference("column " + field->name() + " is " + Describe(*field) + ", in the table " +
                        Describe(*other),
                    &all);
    }
  }
  for (const auto& field : stored.fields()) {
    if (incoming.GetFieldIndex(field->name()) < 0) {
      AddDifference("column " + field->name() + " is only in the table", &all);
    }
  }
  return all.empty() ? "the columns stand in another order" : all;
}

// The same where only the names of the stored columns are known.
std::string ExplainNames(const arrow::Schema& incoming, const std::vector<ColumnInfo>& stored) {
  arrow::FieldVector fields;
  for (const auto& column : stored) {
    const auto same = incoming.GetFieldByName(column.name);
    fields.push_back(same != nullptr ? same : arrow::field(column.name, arrow::null()));
  }
  const arrow::Schema known(std::move(fields));
  return known.Equals(incoming, false) ? "" : ExplainDifference(incoming, known);
}

}  // namespace

Status CheckTableSpecs(std::span<const TableSpec> specs, const LoaderTraits& traits) {
  if (specs.empty()) return ConfigurationError("no table was named");
  if (std::cmp_greater(specs.size(), traits.max_tables_per_commit)) {
    return ConfigurationError("too many tables for one commit of this store: most=" +
                              std::to_string(traits.max_tables_per_commit) +
                              " tables=" + std::to_string(specs.size()));
  }
  std::set<std::string> names;
  for (const auto& spec : specs) {
    ARROW_RETURN_NOT_OK(CheckTableName(spec.name));
    const std::string where = "table " + spec.name;
    if (!names.insert(spec.name).second) return ConfigurationError(where + " is named twice");
    ARROW_RETURN_NOT_OK(WithContext(CheckOne(spec, traits), where));
  }
  return Status::OK();
}

Status CheckSchemaMatches(const arrow::Schema& incoming, const TableInfo& table) {
  std::string difference;
  if (table.schema == nullptr) {
    difference = ExplainNames(incoming, table.columns);
  } else if (!incoming.Equals(*table.schema, /*check_metadata=*/false)) {
    difference = ExplainDifference(incoming, *table.schema);
  }
  if (difference.empty()) return Status::OK();
  return DataError("table " + table.table_name +
                   ": the rows' schema is not the table's: " + difference);
}

}  // namespace ampload
