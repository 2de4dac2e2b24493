// The LMDB loader: an embedded key-value store, one folder an environment.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ampload/data_loader.h"
#include "ampload/registry.h"
#include "loaders/lmdb/environment.h"
#include "loaders/lmdb/lmdb_config.h"

namespace ampload::lmdb {

const LoaderDescriptor& Descriptor();

class LMDBLoader final : public DataLoader<LMDBConfig> {
 public:
  explicit LMDBLoader(LMDBConfig config);
  ~LMDBLoader() override;

 protected:
  Status ConnectImpl(const CallContext& context) override;
  Status DisconnectImpl() override;
  Result<std::unique_ptr<WriteSession>> OpenSessionImpl(std::span<const TableSpec> tables) override;
  Result<std::vector<Checkpoint>> ReadCheckpointsImpl(const std::string& table) override;
  Result<std::vector<std::string>> ListTablesImpl() override;
  Result<std::optional<TableInfo>> GetTableInfoImpl(const std::string& table) override;
  Result<std::shared_ptr<arrow::Table>> ReadRowsImpl(const std::string& table,
                                                     const ReadOptions& options) override;
  Result<TablePlan> PlanTableImpl(const TableSpec& table,
                                  const arrow::RecordBatch* sample) override;
  Result<std::vector<CheckLine>> CheckImpl(const CallContext& context) override;
  Metadata GetTableMetadata(const arrow::Table& rows, double duration_seconds,
                            int64_t batch_count) override;
  Metadata GetBatchMetadata(const arrow::RecordBatch& batch, double duration_seconds) override;

 private:
  Status NoEnvironment() const;
  Metadata AboutTheTable() const;
  // Null where the folder holds no environment yet: nothing is made for reading.
  Result<std::shared_ptr<Environment>> OpenForReading() const;

  std::shared_ptr<Environment> environment_;  // held while connected, where there is one
  std::string table_;                         // of the last session
};

}  // namespace ampload::lmdb
