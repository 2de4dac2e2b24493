// What the conformance suites ask of the store: its files are read, never the loader.
#include <ampload/conformance/export.h>
#include <ampload/conformance/whole_table_config.h>
#include <arrow/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>

#include "snapshot_config.h"

using ampload::Loader, ampload::Result;

class SnapshotTestConfig final : public ampload::conformance::FolderStoreConfig<SnapshotConfig> {
 public:
  Result<std::shared_ptr<arrow::Table>> ReadTable(Loader& loader,
                                                  const std::string& table) override {
    const auto path = FolderOf(loader, table) / "current";
    if (!std::filesystem::exists(path)) return nullptr;
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
    ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
    ARROW_ASSIGN_OR_RAISE(auto rows, reader->ToTable());
    ARROW_ASSIGN_OR_RAISE(const auto identity, rows->schema()->metadata()->Get("identity"));
    if (identity.empty()) return nullptr;
    return rows->ReplaceSchemaMetadata(nullptr);
  }
};

AMPLOAD_EXPORT_TEST_CONFIG("snapshot", SnapshotTestConfig)
