#include "loaders/deltalake/plan.h"

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "encode/lake_form.h"
#include "encode/type_matrix.h"
#include "loader/row_op.h"
#include "loaders/deltalake/table_rules.h"
#include "loaders/deltalake/table_schema.h"
#include "loaders/deltalake/table_writer.h"

namespace ampload::deltalake {
namespace {

using encode::StoreFormat;

std::string Quoted(const std::string& name) {
  std::string out = "`";
  for (const char c : name) out += c == '`' ? std::string("``") : std::string(1, c);
  return out + "`";
}

std::string Joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + Quoted(name);
  return out;
}

std::string InWords(const Protocol& protocol) {
  std::string text = "protocol: reader " + std::to_string(protocol.min_reader_version) +
                     ", writer " + std::to_string(protocol.min_writer_version);
  if (!protocol.writer_features || protocol.writer_features->empty()) return text;
  std::string names;
  for (const auto& feature : *protocol.writer_features) {
    names += (names.empty() ? "" : ", ") + feature;
  }
  return text + ": " + names;
}

// The same table in Delta's SQL.
std::string CreateStatement(const TableRules& rules, const std::string& place) {
  std::string text = "CREATE TABLE delta." + Quoted(place) + " (";
  bool first = true;
  for (const auto& field : rules.table->fields()) {
    text += (first ? "" : ", ") + Quoted(field->name()) + " " + DeltaTypeName(*field->type()) +
            (field->nullable() ? "" : " NOT NULL");
    first = false;
  }
  text += ") USING DELTA";
  if (!rules.partition_columns.empty()) {
    text += " PARTITIONED BY (" + Joined(rules.partition_columns) + ")";
  }
  std::string properties;
  for (const auto& [name, value] : rules.metadata->configuration) {
    properties += (properties.empty() ? "'" : ", '") + name + "' = '" + value + "'";
  }
  return properties.empty() ? text : text + " TBLPROPERTIES (" + properties + ")";
}

void SayWhatIsThere(const Snapshot& table, const TableFiles& files, const std::string& place,
                    TablePlan* plan) {
  std::string text = "table " + place + " at version " + std::to_string(table.version) + ": " +
                     std::to_string(files.adds().size()) + " data files, " +
                     std::to_string(files.bytes()) + " bytes";
  if (!table.metadata.partition_columns.empty()) {
    text += ", partitioned by " + Joined(table.metadata.partition_columns);
  }
  plan->layout.push_back(std::move(text));
}

// In bytes, without a file's footer. nullopt: the sample has a bad row, which is the load's matter.
Result<std::optional<double>> MeasureRow(const arrow::RecordBatch& sample,
                                         const TableWriter& writer, const TableRules& rules,
                                         const TableSpec& spec) {
  auto rows = encode::ToLakeColumns(sample, rules.stored, StoreFormat::kDelta, spec.allow);
  if (!rows.ok() && BadRowOf(rows.status()).has_value()) return std::nullopt;
  ARROW_RETURN_NOT_OK(rows.status());
  ARROW_ASSIGN_OR_RAISE(auto batch, writer.Rows(**rows));
  const auto settings = writer.Settings(/*memory_bytes=*/0);
  std::vector<int> in_files;
  for (int i = 0; i < batch->num_columns(); ++i) {
    const auto& beside = settings.partition_columns;
    if (std::find(beside.begin(), beside.end(), i) == beside.end()) in_files.push_back(i);
  }
  ARROW_ASSIGN_OR_RAISE(batch, batch->SelectColumns(in_files));
  ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches({batch}));
  parquet::WriterProperties::Builder properties;
  properties.compression(settings.compression);
  if (settings.compression_level) properties.compression_level(*settings.compression_level);
  if (!settings.dictionary) properties.disable_dictionary();
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink,
                                                 table->num_rows(), properties.build()));
  ARROW_ASSIGN_OR_RAISE(const auto bytes, sink->Finish());
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(bytes),
                                                 arrow::default_memory_pool()));
  const auto file = reader->parquet_reader()->metadata();
  int64_t size = 0;
  for (int i = 0; i < file->num_row_groups(); ++i) {
    size += file->RowGroup(i)->total_compressed_size();
  }
  return static_cast<double>(size) / static_cast<double>(sample.num_rows());
}

}  // namespace

Result<TablePlan> PlanLoad(const DeltaLakeStorageConfig& config, const TableSpec& spec,
                           const Snapshot* table, const TableFiles* files, const std::string& place,
                           const arrow::RecordBatch* sample) {
  TablePlan plan;
  ARROW_ASSIGN_OR_RAISE(const auto stored, StoredSchema(spec));
  plan.table_exists = table != nullptr;
  plan.columns = encode::PlanColumns(*stored, StoreFormat::kDelta);
  if (table != nullptr) SayWhatIsThere(*table, *files, place, &plan);
  if (!encode::CheckPlan(plan.columns, spec.allow).ok()) return plan;

  ARROW_ASSIGN_OR_RAISE(const auto rules,
                        RulesFor(spec, config, table, table != nullptr && files->adds().empty()));
  if (table == nullptr) plan.layout.push_back(CreateStatement(rules, place));
  for (const auto& constraint : rules.constraints) {
    plan.layout.push_back("every row must keep " + constraint.words() + ": " + constraint.sql());
  }
  if (!rules.evolution.empty()) plan.layout.push_back("columns: " + rules.evolution);
  if (rules.protocol.has_value()) plan.layout.push_back(InWords(*rules.protocol));
  if (ReplacesRows(spec) && table != nullptr) {
    plan.layout.push_back(
        "the commit that adds the new files removes the old ones: readers see the old rows or the "
        "new; VACUUM frees the space");
  }
  for (auto& column : plan.columns) {
    const auto& names = rules.partition_columns;
    if (std::find(names.begin(), names.end(), column.column) == names.end()) continue;
    if (column.note.empty()) column.note = "in the folder's name and the log, not in data files";
  }
  if (sample == nullptr || sample->num_rows() == 0) return plan;
  ARROW_ASSIGN_OR_RAISE(
      const auto writer,
      TableWriter::Make(config, rules.protocol ? *rules.protocol : table->protocol,
                        rules.metadata ? *rules.metadata : table->metadata, rules.stored));
  ARROW_ASSIGN_OR_RAISE(plan.bytes_per_row, MeasureRow(*sample, writer, rules, spec));
  return plan;
}

}  // namespace ampload::deltalake
