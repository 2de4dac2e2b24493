// What the conformance suites ask of the store: its files are read, never the loader.
#include <ampload/conformance/export.h>
#include <ampload/conformance/whole_table_config.h>
#include <ampload/row_bytes.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>

#include "minimal_config.h"

namespace fs = std::filesystem;
using ampload::FileNameOf, ampload::Loader, ampload::Result, ampload::Status;

class MinimalTestConfig final : public ampload::conformance::FolderStoreConfig<MinimalConfig> {
 public:
  Result<std::shared_ptr<arrow::Table>> ReadTable(Loader& loader,
                                                  const std::string& table) override {
    const fs::path folder = PathOf(loader) / FileNameOf(table);
    if (!fs::exists(folder)) return nullptr;
    std::vector<std::shared_ptr<arrow::Table>> parts;
    for (const auto& entry : fs::directory_iterator(folder)) {
      ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(entry.path()));
      ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
      ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), reader->ToTable());
    }
    // Dictionaries are in .schema, but not in rows: it counts only where there are none.
    if (parts.size() > 1) std::erase_if(parts, [](const auto& p) { return p->num_rows() == 0; });
    return arrow::ConcatenateTables(parts);
  }

  Status CleanupTable(Loader& loader, const std::string& table) override {
    fs::remove_all(PathOf(loader) / FileNameOf(table));
    return Status::OK();
  }
};

AMPLOAD_EXPORT_TEST_CONFIG("minimal", MinimalTestConfig)
