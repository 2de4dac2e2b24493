// Looks into a folder of Delta tables, on disk or on S3, by replaying their logs in its own way.
#include <unistd.h>

#include <filesystem>
#include <map>

#include "ampload/data_loader.h"
#include "conformance/kit/built_in_configs.h"
#include "conformance/loaders/bare_files.h"
#include "conformance/loaders/delta_rows.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/table_name.h"

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;
using deltalake::DeltaLakeStorageConfig;
using lake::ObjectStore;

class DeltaLakeTestConfig final : public LoaderTestConfig {
 public:
  ~DeltaLakeTestConfig() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  Result<ConfigMap> StartStore() override {
    std::string pattern = (fs::temp_directory_path() / "ampload-conformance-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      return PermanentError("cannot make a folder for the tests: pattern=" + pattern);
    }
    folder_ = pattern;
    // No test cuts the power: a commit need not reach the disk.
    // Columns may grow.
    return ConfigMap{{"path", folder_ + "/lake"},
                     {"durability", "process"},
                     {"properties", "delta.enableTypeWidening=true"}};
  }

  Result<int64_t> GetRowCount(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto rows, Read(loader, table));
    return rows == nullptr ? 0 : rows->num_rows();
  }

  Result<std::shared_ptr<arrow::Table>> QueryRows(Loader& loader, const std::string& table,
                                                  std::span<const Predicate> where,
                                                  std::span<const std::string> order_by) override {
    ARROW_ASSIGN_OR_RAISE(const auto rows, Read(loader, table));
    if (rows == nullptr) return DataError("there is no such table: " + table);
    return SelectRows(rows, where, order_by);
  }

  Status CleanupTable(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(loader, table));
    if (folder == nullptr) return Status::OK();
    const auto* mine = dynamic_cast<const DataLoader<DeltaLakeStorageConfig>*>(&loader);
    return RemoveAll(*folder, mine->config().store());
  }

  Result<std::vector<std::string>> GetColumnNames(Loader& loader,
                                                  const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(loader, table));
    if (folder == nullptr) return std::vector<std::string>{};
    ARROW_ASSIGN_OR_RAISE(const auto state, ReadDeltaState(*folder));
    return state.has_value() ? state->schema->field_names() : std::vector<std::string>{};
  }

  ConfigMap SmallSteps() override {
    return {{"target_file_size", "16KiB"}, {"row_group_rows", "100"}, {"checkpoint_interval", "3"}};
  }

  bool can_go_back() const override { return true; }
  Status RememberStore(const ConfigMap& options) override {
    ARROW_ASSIGN_OR_RAISE(const auto root, RootOf(options));
    remembered_.clear();
    return EachFile(*root, "", [&](const std::string& path) -> Status {
      ARROW_ASSIGN_OR_RAISE(remembered_[path], root->Read(path, {}));
      return Status::OK();
    });
  }
  Status RestoreStore(const ConfigMap& options) override {
    ARROW_ASSIGN_OR_RAISE(const auto config, deltalake::ParseDeltaLakeConfig(options));
    ARROW_ASSIGN_OR_RAISE(const auto root, RootOf(options));
    ARROW_RETURN_NOT_OK(RemoveAll(*root, config.store()));
    ARROW_ASSIGN_OR_RAISE(const auto bare, BareFiles::Of(root->root(), config.store()));
    for (const auto& [path, bytes] : remembered_) {
      ARROW_RETURN_NOT_OK(bare->Put(path, std::string_view(*bytes)));
    }
    return Status::OK();
  }

 private:
  template <class Visit>
  static Status EachFile(ObjectStore& store, const std::string& folder, const Visit& visit) {
    ARROW_ASSIGN_OR_RAISE(const auto files, store.List(folder, "", {}));
    for (const auto& file : files) ARROW_RETURN_NOT_OK(visit(file.path));
    ARROW_ASSIGN_OR_RAISE(const auto folders, store.ListFolders(folder, {}));
    for (const auto& name : folders) {
      ARROW_RETURN_NOT_OK(EachFile(store, folder.empty() ? name : folder + "/" + name, visit));
    }
    return Status::OK();
  }

  static Status RemoveAll(ObjectStore& store, const lake::StoreSettings& settings) {
    ARROW_ASSIGN_OR_RAISE(const auto bare, BareFiles::Of(store.root(), settings));
    ARROW_RETURN_NOT_OK(
        EachFile(store, "", [&](const std::string& path) { return bare->Delete(path); }));
    if (store.root().starts_with("s3://")) return Status::OK();
    std::error_code error;
    fs::remove_all(store.root(), error);  // the folders, too
    return error ? PermanentError("cannot remove a folder: " + error.message()) : Status::OK();
  }

  static Result<std::shared_ptr<ObjectStore>> RootOf(const ConfigMap& options) {
    ARROW_ASSIGN_OR_RAISE(const auto config, deltalake::ParseDeltaLakeConfig(options));
    return lake::OpenObjectStore(config.path, config.store(), {});
  }

  // Null: no table can have that name.
  static Result<std::shared_ptr<ObjectStore>> FolderOf(const Loader& loader,
                                                       const std::string& table) {
    const auto* mine = dynamic_cast<const DataLoader<DeltaLakeStorageConfig>*>(&loader);
    if (mine == nullptr) return ConfigurationError("this is no Delta Lake loader");
    if (!deltalake::CheckTableFolder(table).ok()) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const auto root,
                          lake::OpenObjectStore(mine->config().path, mine->config().store(), {}));
    return root->Below(table);
  }

  // Null: there is no table.
  static Result<std::shared_ptr<arrow::Table>> Read(const Loader& loader,
                                                    const std::string& table) {
    ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(loader, table));
    if (folder == nullptr) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const auto state, ReadDeltaState(*folder));
    if (!state.has_value()) return nullptr;
    return ReadDeltaRows(*folder, *state);
  }

  std::string folder_;
  std::map<std::string, std::shared_ptr<arrow::Buffer>> remembered_;
};

}  // namespace

std::unique_ptr<LoaderTestConfig> MakeDeltaLakeTestConfig() {
  return std::make_unique<DeltaLakeTestConfig>();
}

}  // namespace ampload::conformance
