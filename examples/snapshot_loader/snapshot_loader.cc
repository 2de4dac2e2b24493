#include <ampload/data_loader.h>
#include <ampload/plugin.h>
#include <ampload/row_bytes.h>
#include <arrow/compute/initialize.h>

#include "snapshot_config.h"
#include "snapshot_session.h"

namespace {

using ampload::LoadMode, ampload::Result, ampload::Status;

class SnapshotLoader final : public ampload::DataLoader<SnapshotConfig> {
 public:
  static constexpr ampload::LoaderTraits kTraits = {
      .supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite},
      .requires_schema_match = true,
      .supports_transactions = true,
      .supports_overwrite = true,
      .supports_streaming = true,
      .supports_multi_network = true,
      .commit = ampload::CommitKind::kAtomic,
      .visibility = ampload::Visibility::kCommit};

  using DataLoader::DataLoader;
  ~SnapshotLoader() override { static_cast<void>(Disconnect()); }

 private:
  std::filesystem::path FolderOf(const std::string& table) const {
    return std::filesystem::path(config().path) / ampload::FileNameOf(table);
  }

  Status ConnectImpl(const ampload::CallContext& /*context*/) override {
    std::filesystem::create_directories(config().path);
    return arrow::compute::Initialize();
  }
  Status DisconnectImpl() override { return Status::OK(); }

  Result<std::unique_ptr<ampload::WriteSession>> OpenSessionImpl(
      std::span<const ampload::TableSpec> tables) override {
    const auto& spec = tables.front();
    return std::make_unique<SnapshotSession>(FolderOf(spec.name), spec);
  }

  Result<std::vector<ampload::Checkpoint>> ReadCheckpointsImpl(const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(TableFile file, ReadTableFile(FolderOf(table)));
    return std::move(file.checkpoints);
  }

  Result<std::optional<ampload::TableInfo>> GetTableInfoImpl(const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const TableFile file, ReadTableFile(FolderOf(table)));
    if (!file.exists()) return std::nullopt;
    ampload::TableInfo info = {.exists = true, .schema = file.rows->schema()};
    info.row_count = file.rows->num_rows();
    return info;
  }

  Result<std::shared_ptr<arrow::Table>> ReadRowsImpl(const std::string& table,
                                                     const ampload::ReadOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(const TableFile file, ReadTableFile(FolderOf(table)));
    return file.rows->Slice(0, options.limit);
  }
};

const ampload::LoaderDescriptor& Descriptor() {
  static const auto options = ampload::OptionTable<SnapshotConfig>().Add(
      {.name = "path", .required = true, .meaning = "folder of the tables"}, &SnapshotConfig::path);
  static const auto descriptor = ampload::DescribeLoader<SnapshotLoader>(
      {.name = "snapshot",
       .summary = "a file a table, replaced whole at each commit; for small tables",
       .example_uri = "snapshot:./tables",
       .client = "POSIX files",
       .traits = SnapshotLoader::kTraits},
      options);
  return descriptor;
}

}  // namespace

AMPLOAD_EXPORT_LOADER(Descriptor)
