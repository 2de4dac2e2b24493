// The Delta Lake loader: tables in a folder of this machine or of an S3 bucket.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/data_loader.h"
#include "lake/object_store.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

const LoaderDescriptor& Descriptor();

class DeltaLakeLoader final : public DataLoader<DeltaLakeStorageConfig> {
 public:
  explicit DeltaLakeLoader(DeltaLakeStorageConfig config);
  ~DeltaLakeLoader() override;

 protected:
  Status ConnectImpl(const CallContext& context) override;
  Status DisconnectImpl() override;
  Result<std::unique_ptr<WriteSession>> OpenSessionImpl(std::span<const TableSpec> tables) override;
  Result<std::vector<Checkpoint>> ReadCheckpointsImpl(const std::string& table) override;
  Result<std::vector<std::string>> ListTablesImpl() override;
  Result<std::optional<TableInfo>> GetTableInfoImpl(const std::string& table) override;
  Result<std::shared_ptr<arrow::Table>> ReadRowsImpl(const std::string& table,
                                                     const ReadOptions& options) override;
  Result<std::vector<HistoryEntry>> ReadHistoryImpl(const std::string& table,
                                                    int64_t limit) override;
  Result<TablePlan> PlanTableImpl(const TableSpec& table,
                                  const arrow::RecordBatch* sample) override;
  Result<std::vector<CheckLine>> CheckImpl(const CallContext& context) override;
  ampload::Metadata GetTableMetadata(const arrow::Table& rows, double duration_seconds,
                                     int64_t batch_count) override;
  ampload::Metadata GetBatchMetadata(const arrow::RecordBatch& batch,
                                     double duration_seconds) override;

 private:
  // The store, rooted at the table's folder.
  Result<std::shared_ptr<lake::ObjectStore>> FolderOf(const std::string& table) const;

  std::shared_ptr<lake::ObjectStore> root_;
  std::string folder_;  // of the last session's table, for people
};

}  // namespace ampload::deltalake
