// What the conformance suites ask of the store: its files are read, never the loader.
#include <ampload/conformance/export.h>
#include <ampload/conformance/whole_table_config.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>

#include "minimal_config.h"

using ampload::Loader, ampload::Result;

class MinimalTestConfig final : public ampload::conformance::FolderStoreConfig<MinimalConfig> {
 public:
  Result<std::shared_ptr<arrow::Table>> ReadTable(Loader& loader,
                                                  const std::string& table) override {
    if (!std::filesystem::exists(FolderOf(loader, table))) return nullptr;
    std::vector<std::shared_ptr<arrow::Table>> parts;
    for (const auto& entry : std::filesystem::directory_iterator(FolderOf(loader, table))) {
      ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(entry.path()));
      ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
      ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), reader->ToTable());
    }
    // Dictionaries are in .schema, but not in rows: it counts only where there are none.
    if (parts.size() > 1) std::erase_if(parts, [](const auto& p) { return p->num_rows() == 0; });
    return arrow::ConcatenateTables(parts);
  }

  // A null key is a row error: the suites try the rules about those.
  std::shared_ptr<arrow::RecordBatch> RowsWithErrors(int64_t good, int64_t bad) override {
    return ampload::conformance::RowsThenNullKeys(good, bad);
  }
};

AMPLOAD_EXPORT_TEST_CONFIG("minimal", MinimalTestConfig)
