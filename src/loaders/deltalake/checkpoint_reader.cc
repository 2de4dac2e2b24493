#include "loaders/deltalake/checkpoint_reader.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "loaders/deltalake/checkpoint_columns.h"

namespace ampload::deltalake {
namespace {

constexpr int64_t kReadWhole = 4 << 20;  // one read, where the store is far away

// A kind of action: its column, and the field that every action of it has.
struct Kind {
  std::string_view column;
  std::string_view field;
};
constexpr Kind kAdds = {"add", "add.path"};
constexpr Kind kRemoves = {"remove", "remove.path"};
constexpr Kind kOthers[] = {{"txn", "txn.appId"},
                            {"metaData", "metaData.id"},
                            {"protocol", "protocol.minReaderVersion"},
                            {"domainMetadata", "domainMetadata.domain"},
                            {"sidecar", "sidecar.path"}};

class ParquetCheckpoint {
 public:
  static Result<ParquetCheckpoint> Open(lake::ObjectStore& table, const std::string& path,
                                        const CallContext& context) {
    ARROW_ASSIGN_OR_RAISE(auto file, table.Open(path, context));
    ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
    if (size <= kReadWhole) {
      ARROW_ASSIGN_OR_RAISE(auto bytes, file->ReadAt(0, size));
      file = std::make_shared<arrow::io::BufferReader>(std::move(bytes));
    }
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(file)));
    ParquetCheckpoint out;
    ARROW_RETURN_NOT_OK(builder.Build(&out.reader_));
    out.metadata_ = out.reader_->parquet_reader()->metadata();
    for (int i = 0; i < out.metadata_->num_columns(); ++i) {
      out.leaves_.push_back(out.metadata_->schema()->Column(i)->path()->ToDotString());
    }
    return out;
  }

  // How many actions are of the kind, as far as the file's statistics tell.
  std::optional<int64_t> CountOf(const Kind& kind) const {
    int64_t count = 0;
    for (int group = 0; group < metadata_->num_row_groups(); ++group) {
      const auto there = CountOf(kind, group);
      if (!there.has_value()) return std::nullopt;
      count += *there;
    }
    return count;
  }

  // Hands out the row groups that may have some of those kinds, with their columns alone.
  template <class Kinds, class Visit>
  Status Read(const Kinds& kinds, const Visit& visit, const CallContext& context) const {
    for (int group = 0; group < metadata_->num_row_groups(); ++group) {
      ARROW_RETURN_NOT_OK(context.Check());
      std::vector<int> columns;
      for (const Kind& kind : kinds) {
        if (CountOf(kind, group) != 0) AddColumnsOf(kind, group, &columns);
      }
      if (columns.empty()) continue;
      ARROW_ASSIGN_OR_RAISE(const auto batches, reader_->GetRecordBatchReader({group}, columns));
      for (;;) {
        ARROW_ASSIGN_OR_RAISE(const auto batch, batches->Next());
        if (batch == nullptr) break;
        ARROW_ASSIGN_OR_RAISE(const auto rows, batch->ToStructArray());
        visit(*rows);
      }
    }
    return Status::OK();
  }

 private:
  std::optional<int64_t> CountOf(const Kind& kind, int group) const {
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (leaves_[i] == kind.field) return ValuesOf(static_cast<int>(i), group);
    }
    return 0;
  }

  // Those that are not null.
  std::optional<int64_t> ValuesOf(int leaf, int group) const {
    const auto chunk = metadata_->RowGroup(group)->ColumnChunk(leaf);
    const auto stats = chunk->is_stats_set() ? chunk->statistics() : nullptr;
    if (stats == nullptr || !stats->HasNullCount()) return std::nullopt;
    return chunk->num_values() - stats->null_count();
  }

  // A list or a map without values may be empty or null.
  bool IsAllNull(int leaf, int group) const {
    return metadata_->schema()->Column(leaf)->max_repetition_level() == 0 &&
           ValuesOf(leaf, group) == 0;
  }

  // Columns that repeat in their own types what stands there as text are not read, nor those that
  // have no value.
  void AddColumnsOf(const Kind& kind, int group, std::vector<int>* columns) const {
    bool has_stats = false;
    for (const auto& leaf : leaves_) has_stats = has_stats || leaf == "add.stats";
    const std::string above = std::string(kind.column) + ".";
    for (size_t i = 0; i < leaves_.size(); ++i) {
      const auto& leaf = leaves_[i];
      if (!leaf.starts_with(above) || leaf.starts_with("add.partitionValues_parsed.") ||
          (has_stats && leaf.starts_with("add.stats_parsed.")) ||
          IsAllNull(static_cast<int>(i), group)) {
        continue;
      }
      columns->push_back(static_cast<int>(i));
    }
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::vector<std::string> leaves_;  // "add.path", ...
};

Result<CheckpointHead> HeadOfParquet(lake::ObjectStore& table, const std::string& path,
                                     const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto file, ParquetCheckpoint::Open(table, path, context));
  CheckpointHead head;
  head.adds = file.CountOf(kAdds);
  head.may_have_files = head.adds != 0 || file.CountOf(kRemoves) != 0;
  ARROW_RETURN_NOT_OK(file.Read(
      kOthers, [&](const arrow::StructArray& rows) { TakeOthers(rows, &head.actions); }, context));
  return head;
}

Result<CheckpointFiles> FilesOfParquet(lake::ObjectStore& table, const std::string& path,
                                       const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto file, ParquetCheckpoint::Open(table, path, context));
  CheckpointFiles out;
  ARROW_RETURN_NOT_OK(file.Read(
      std::vector{kAdds, kRemoves}, [&](const arrow::StructArray& rows) { TakeFiles(rows, &out); },
      context));
  return out;
}

Status Missing(const std::string& where) {
  return PermanentError("deltalake: a file of the log's checkpoint is missing: " + where,
                        kCheckpointMissing);
}

// What Parquet says, in our words.
template <class T, class Read>
Result<T> Translated(const std::string& where, const Read& read) {
  const auto damaged = [&](const std::string& why) {
    return PermanentError("deltalake: the log's checkpoint is damaged: " + why + ": " + where);
  };
  try {
    auto result = read();
    if (result.ok() || result.status().IsCancelled()) return result;
    const Status& status = result.status();
    if (StoreCodeOf(status) == kCheckpointMissing) return Missing(where);
    if (status.detail() == nullptr) return damaged(MessageOf(status));
    return WithContext(status, "deltalake: the log's checkpoint cannot be read: " + where);
  } catch (const parquet::ParquetException& e) {
    return damaged(e.what());
  }
}

Result<std::vector<Action>> ActionsOfJson(lake::ObjectStore& table, const std::string& path,
                                          const std::string& where, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, table.Read(path, context));
  if (bytes == nullptr) return Missing(where);
  return ParseLogEntry(std::string_view(*bytes), where);
}

}  // namespace

Result<CheckpointHead> ReadCheckpointHead(lake::ObjectStore& table, const std::string& path,
                                          const CallContext& context) {
  const std::string where = "table=" + table.root() + " file=" + path;
  if (!path.ends_with(".json")) {
    return Translated<CheckpointHead>(where, [&] { return HeadOfParquet(table, path, context); });
  }
  ARROW_ASSIGN_OR_RAISE(auto actions, ActionsOfJson(table, path, where, context));
  CheckpointHead head{.actions = {}, .may_have_files = false, .adds = 0};
  for (auto& action : actions) {
    const bool add = std::holds_alternative<AddFile>(action);
    if (add) ++*head.adds;
    if (add || std::holds_alternative<RemoveFile>(action)) {
      head.may_have_files = true;
    } else {
      head.actions.push_back(std::move(action));
    }
  }
  return head;
}

Result<CheckpointFiles> ReadCheckpointFiles(lake::ObjectStore& table, const std::string& path,
                                            const CallContext& context) {
  const std::string where = "table=" + table.root() + " file=" + path;
  if (!path.ends_with(".json")) {
    return Translated<CheckpointFiles>(where, [&] { return FilesOfParquet(table, path, context); });
  }
  ARROW_ASSIGN_OR_RAISE(auto actions, ActionsOfJson(table, path, where, context));
  CheckpointFiles out;
  for (auto& action : actions) {
    if (auto* add = std::get_if<AddFile>(&action)) out.adds.push_back(std::move(*add));
    if (auto* remove = std::get_if<RemoveFile>(&action)) out.removes.push_back(std::move(*remove));
  }
  return out;
}

}  // namespace ampload::deltalake
