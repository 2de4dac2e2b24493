#include "loaders/deltalake/tables.h"

#include <parquet/arrow/reader.h>

#include <algorithm>
#include <utility>

#include "ampload/batch_id.h"
#include "loaders/deltalake/file_reader.h"
#include "loaders/deltalake/file_stats.h"
#include "loaders/deltalake/log.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {
namespace {

constexpr int kLevels = 4;
constexpr int kFootersRead = 100;

bool IsHidden(const std::string& name) { return name.starts_with('_') || name.starts_with('.'); }

Status FindBelow(lake::ObjectStore& root, const std::string& folder, int levels,
                 std::vector<std::string>* tables, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  ARROW_ASSIGN_OR_RAISE(const auto names, root.ListFolders(folder, context));
  const bool is_table = std::find(names.begin(), names.end(), kLogFolder) != names.end();
  if (is_table && !folder.empty()) {
    tables->push_back(folder);
    return Status::OK();
  }
  if (levels == 0) return Status::OK();
  for (const auto& name : names) {
    if (IsHidden(name)) continue;
    const std::string below = folder.empty() ? name : folder + "/" + name;
    ARROW_RETURN_NOT_OK(FindBelow(root, below, levels - 1, tables, context));
  }
  return Status::OK();
}

// Oldest first.
std::vector<const AddFile*> InOrder(const TableFiles& files) {
  std::vector<const AddFile*> adds;
  adds.reserve(files.adds().size());
  for (const auto& [unused, file] : files.adds()) adds.push_back(&file);
  std::sort(adds.begin(), adds.end(), [](const AddFile* a, const AddFile* b) {
    return std::tie(a->modification_time, a->path) < std::tie(b->modification_time, b->path);
  });
  return adds;
}

Result<int64_t> RowsOfFooter(lake::ObjectStore& table, const AddFile& file,
                             const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto path, PathInTable(table, file));
  ARROW_ASSIGN_OR_RAISE(const auto input, table.Open(path, context));
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        parquet::arrow::OpenFile(input, arrow::default_memory_pool()));
  return reader->parquet_reader()->metadata()->num_rows();
}

struct Count {
  int64_t rows = 0;
  int64_t counted_bytes = 0;  // of the files whose rows are known
  int64_t other_bytes = 0;
};

Status CountRows(lake::ObjectStore& table, const Snapshot& snapshot, const TableFiles& files,
                 TableInfo* info, const CallContext& context) {
  const auto batch_field = snapshot.schema->GetFieldByName(kBatchIdColumn);
  const std::string batch_column =
      batch_field == nullptr ? kBatchIdColumn : PhysicalName(*batch_field, snapshot.mapping);
  Count count;
  int footers = 0;
  for (const auto* file : InOrder(files)) {
    auto rows = ReadStats(file->stats, batch_column).rows;
    if (!rows.has_value() && footers < kFootersRead) {
      ++footers;
      ARROW_ASSIGN_OR_RAISE(rows, RowsOfFooter(table, *file, context));
    }
    if (!rows.has_value()) {
      count.other_bytes += file->size;
      continue;
    }
    count.counted_bytes += file->size;
    count.rows += *rows - (file->deletion_vector ? file->deletion_vector->cardinality : 0);
  }
  info->row_count = count.rows;
  if (count.other_bytes == 0) return Status::OK();
  info->row_count_is_estimate = true;
  if (count.counted_bytes > 0) {
    const double rows_per_byte =
        static_cast<double>(count.rows) / static_cast<double>(count.counted_bytes);
    info->row_count += static_cast<int64_t>(rows_per_byte * static_cast<double>(count.other_bytes));
  }
  return Status::OK();
}

}  // namespace

Result<std::vector<std::string>> FindTables(lake::ObjectStore& root, const CallContext& context) {
  std::vector<std::string> tables;
  ARROW_RETURN_NOT_OK(FindBelow(root, "", kLevels, &tables, context));
  std::sort(tables.begin(), tables.end());
  return tables;
}

Result<TableInfo> DescribeTable(lake::ObjectStore& table, const std::string& name,
                                const Snapshot& snapshot, const TableFiles& files,
                                const CallContext& context) {
  TableInfo info;
  info.table_name = name;
  info.exists = true;
  info.size_bytes = files.bytes();
  arrow::FieldVector fields;
  for (const auto& field : snapshot.schema->fields()) {
    info.columns.push_back({field->name(), DeltaTypeName(*field->type()), field->nullable()});
    fields.push_back(field->RemoveMetadata());
  }
  info.schema = arrow::schema(std::move(fields));
  ARROW_RETURN_NOT_OK(CountRows(table, snapshot, files, &info, context));
  return info;
}

Result<std::shared_ptr<arrow::Table>> ReadTableRows(lake::ObjectStore& table,
                                                    const Snapshot& snapshot,
                                                    const TableFiles& files, int64_t limit,
                                                    const CallContext& context) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t left = std::max<int64_t>(limit, 0);
  for (const auto* file : InOrder(files)) {
    if (left == 0) break;
    ARROW_RETURN_NOT_OK(ReadDataFile(
        table, snapshot, *file,
        [&](std::shared_ptr<arrow::RecordBatch> batch) -> Result<bool> {
          if (batch->num_rows() > left) batch = batch->Slice(0, left);
          left -= batch->num_rows();
          if (batch->num_rows() > 0) batches.push_back(std::move(batch));
          return left > 0;
        },
        context));
  }
  if (!batches.empty()) return arrow::Table::FromRecordBatches(batches);
  arrow::FieldVector fields;
  for (const auto& field : snapshot.schema->fields()) fields.push_back(field->RemoveMetadata());
  return arrow::Table::MakeEmpty(arrow::schema(std::move(fields)));
}

}  // namespace ampload::deltalake
