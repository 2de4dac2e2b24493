// Looks into an LMDB environment with the library's own calls. The environment is the process's one
// handle of it: liblmdb forbids a second.
#include <unistd.h>

#include <filesystem>

#include "conformance/kit/built_in_configs.h"
#include "encode/row_format_encoder.h"
#include "loaders/lmdb/catalog.h"
#include "loaders/lmdb/lmdb_loader.h"
#include "loaders/lmdb/undo_log.h"

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

class LmdbTestConfig final : public LoaderTestConfig {
 public:
  ~LmdbTestConfig() override {
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
    return ConfigMap{{"path", folder_ + "/env"}, {"sync", "none"}};
  }

  Result<int64_t> GetRowCount(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(auto environment, Open(loader));
    if (environment == nullptr) return 0;
    ARROW_ASSIGN_OR_RAISE(auto txn, environment->BeginRead());
    ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(table, false));
    if (!dbi.has_value()) return 0;
    ARROW_ASSIGN_OR_RAISE(const auto stat, txn.Stat(*dbi));
    return static_cast<int64_t>(stat.ms_entries);
  }

  Result<std::shared_ptr<arrow::Table>> QueryRows(Loader& loader, const std::string& table,
                                                  std::span<const Predicate> where,
                                                  std::span<const std::string> order_by) override {
    ARROW_ASSIGN_OR_RAISE(auto environment, Open(loader));
    if (environment == nullptr) return DataError("there is no environment yet");
    ARROW_ASSIGN_OR_RAISE(auto txn, environment->BeginRead());
    ARROW_ASSIGN_OR_RAISE(auto catalog, lmdb::Catalog::Open(txn, false));
    ARROW_ASSIGN_OR_RAISE(const auto record, catalog.ReadTable(table));
    ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(table, false));
    if (!record.has_value() || !dbi.has_value())
      return DataError("there is no such table: " + table);
    std::vector<std::string_view> rows;
    ARROW_ASSIGN_OR_RAISE(auto cursor, lmdb::Cursor::Open(txn, *dbi));
    MDB_val key;
    MDB_val value;
    for (auto op = MDB_FIRST;; op = MDB_NEXT) {
      ARROW_ASSIGN_OR_RAISE(const bool found, cursor.Move(&key, &value, op));
      if (!found) break;
      rows.emplace_back(static_cast<const char*>(value.mv_data), value.mv_size);
    }
    ARROW_ASSIGN_OR_RAISE(const auto batch,
                          encode::DecodeRows(record->value_format, rows, record->schema));
    ARROW_ASSIGN_OR_RAISE(const auto all, arrow::Table::FromRecordBatches({batch}));
    return SelectRows(all, where, order_by);
  }

  Status CleanupTable(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(auto environment, Open(loader));
    if (environment == nullptr) return Status::OK();
    return environment->Write(0, [&](lmdb::Transaction& txn) -> Status {
      ARROW_ASSIGN_OR_RAISE(auto catalog, lmdb::Catalog::Open(txn, true));
      // A record that is not ampload's, and plain keys of that name, are left alone.
      const auto database = txn.OpenDatabase(table, false);
      if (database.ok() && database->has_value()) {
        ARROW_RETURN_NOT_OK(txn.Drop(table, /*remove=*/true));
      }
      ARROW_ASSIGN_OR_RAISE(const auto record, catalog.ReadTable(table));
      if (record.has_value()) {
        ARROW_ASSIGN_OR_RAISE(auto undo, lmdb::UndoLog::Open(txn, record->uuid, false));
        ARROW_RETURN_NOT_OK(undo.ForgetAll());
        ARROW_RETURN_NOT_OK(catalog.RemoveTable(table));
      }
      ARROW_ASSIGN_OR_RAISE(const auto checkpoints, catalog.ReadCheckpoints(table));
      for (const auto& one : checkpoints) {
        ARROW_RETURN_NOT_OK(catalog.RemoveCheckpoint(table, one.pipeline));
      }
      ARROW_ASSIGN_OR_RAISE(const auto loads, catalog.ReadLoads(table));
      for (const auto& one : loads) {
        if (one.overwrite) ARROW_RETURN_NOT_OK(txn.Drop(one.hidden, /*remove=*/true));
        ARROW_RETURN_NOT_OK(catalog.RemoveLoad(table, one.nonce));
      }
      return Status::OK();
    });
  }

  Result<std::vector<std::string>> GetColumnNames(Loader& loader,
                                                  const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(auto environment, Open(loader));
    if (environment == nullptr) return std::vector<std::string>{};
    ARROW_ASSIGN_OR_RAISE(auto txn, environment->BeginRead());
    ARROW_ASSIGN_OR_RAISE(auto catalog, lmdb::Catalog::Open(txn, false));
    ARROW_ASSIGN_OR_RAISE(const auto record, catalog.ReadTable(table));
    return record.has_value() ? record->schema->field_names() : std::vector<std::string>{};
  }

  bool can_go_back() const override { return true; }
  Status RememberStore(const ConfigMap& options) override {
    const fs::path folder = options.at("path");
    return Replace(folder, folder.string() + ".remembered");
  }
  Status RestoreStore(const ConfigMap& options) override {
    const fs::path folder = options.at("path");
    return Replace(folder.string() + ".remembered", folder);
  }

  ConfigMap SmallSteps() override { return {{"step_bytes", "16KiB"}}; }

 private:
  static Status Replace(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::remove_all(to, error);
    fs::copy(from, to, fs::copy_options::recursive, error);
    return error ? PermanentError("cannot copy the environment: " + error.message()) : Status::OK();
  }

  // Null where there is no environment yet.
  static Result<std::shared_ptr<lmdb::Environment>> Open(Loader& loader) {
    const auto* lmdb_loader = dynamic_cast<const lmdb::LMDBLoader*>(&loader);
    if (lmdb_loader == nullptr) return ConfigurationError("this is no LMDB loader");
    const auto& config = lmdb_loader->config();
    std::error_code ignored;
    if (!fs::exists(fs::path(config.path) / "data.mdb", ignored)) return nullptr;
    return lmdb::Environment::Open(config.path, config.environment(/*create=*/false));
  }

  std::string folder_;
};

}  // namespace

std::unique_ptr<LoaderTestConfig> MakeLmdbTestConfig() {
  return std::make_unique<LmdbTestConfig>();
}

}  // namespace ampload::conformance
