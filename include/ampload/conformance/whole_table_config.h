// Test configs of stores whose tables can be read whole: fewer verbs are left to write.
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "ampload/conformance/loader_test_config.h"
#include "ampload/data_loader.h"
#include "ampload/row_bytes.h"

namespace ampload::conformance {

// `good` rows with ids from 0, then `bad` rows without: for RowsWithErrors of a store whose keys
// are not null.
inline std::shared_ptr<arrow::RecordBatch> RowsThenNullKeys(int64_t good, int64_t bad) {
  arrow::Int64Builder ids;
  Status status;
  for (int64_t i = 0; i < good && status.ok(); ++i) status = ids.Append(i);
  if (status.ok()) status = ids.AppendNulls(bad);
  auto made = status.ok() ? ids.Finish() : Result<std::shared_ptr<arrow::Array>>(status);
  if (!made.ok()) return nullptr;
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), good + bad,
                                  {*std::move(made)});
}

// StartStore, ReadTable and CleanupTable are left to write.
class WholeTableConfig : public LoaderTestConfig {
 public:
  // The table as the store has it, its columns in the table's order; null: there is none. What it
  // says is the oracle, as in LoaderTestConfig.
  virtual Result<std::shared_ptr<arrow::Table>> ReadTable(Loader& loader,
                                                          const std::string& table) = 0;

  Result<int64_t> GetRowCount(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto rows, ReadTable(loader, table));
    return rows == nullptr ? 0 : rows->num_rows();
  }

  Result<std::shared_ptr<arrow::Table>> QueryRows(Loader& loader, const std::string& table,
                                                  std::span<const Predicate> where,
                                                  std::span<const std::string> order_by) override {
    ARROW_ASSIGN_OR_RAISE(const auto rows, ReadTable(loader, table));
    if (rows == nullptr) return DataError("no such table: table=" + table);
    return SelectRows(rows, where, order_by);
  }

  Result<std::vector<std::string>> GetColumnNames(Loader& loader,
                                                  const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto rows, ReadTable(loader, table));
    if (rows == nullptr) return DataError("no such table: table=" + table);
    return rows->ColumnNames();
  }
};

// For a store that is files in a folder, which the option `path` of its TConfig names. ReadTable
// and CleanupTable are left to write.
template <class TConfig>
class FolderStoreConfig : public WholeTableConfig {
 public:
  FolderStoreConfig() = default;
  FolderStoreConfig(const FolderStoreConfig&) = delete;
  FolderStoreConfig& operator=(const FolderStoreConfig&) = delete;
  ~FolderStoreConfig() override {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  // A temporary folder; removed, with all that is in it, at the end.
  Result<ConfigMap> StartStore() override {
    std::error_code ignored;
    const auto parent = std::filesystem::temp_directory_path(ignored);
    std::string path = (parent / "ampload-conformance-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) {
      return PermanentError("cannot make a temporary folder: " +
                            std::generic_category().message(errno) + ": path=" + path);
    }
    folder_ = path;
    return ConfigMap{{"path", path}};
  }

  Status CleanupTable(Loader& loader, const std::string& table) override {
    std::error_code error;
    std::filesystem::remove_all(FolderOf(loader, table), error);
    if (!error) return Status::OK();
    return PermanentError("cannot remove the table: " + error.message() + ": table=" + table);
  }

 protected:
  // In the store at hand, which may also be one that the user named.
  static std::filesystem::path FolderOf(const Loader& loader, const std::string& table) {
    const auto& config = static_cast<const DataLoader<TConfig>&>(loader).config();
    return std::filesystem::path(config.path) / FileNameOf(table);
  }

 private:
  std::string folder_;
};

}  // namespace ampload::conformance
