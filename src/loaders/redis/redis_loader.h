// The Redis loader: tables in one database of one server, from Redis 6.2 on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ampload/data_loader.h"
#include "ampload/registry.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/redis_config.h"

namespace ampload::redis {

const LoaderDescriptor& Descriptor();

// Reads over a connection of its own, which it makes again where it broke; each session has
// another. Its traits are those of the structure that the options name, else of hash.
class RedisLoader final : public DataLoader<RedisConfig> {
 public:
  explicit RedisLoader(const RedisConfig& config);
  ~RedisLoader() override;

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
  Status Open(const CallContext& context);
  // Runs `verb` on the connection; where that breaks, once more on a new one. For reading alone.
  template <class Verb>
  auto Read(Verb verb) -> decltype(verb(std::declval<Connection&>()));
  Metadata AboutTheTable();

  std::unique_ptr<Connection> connection_;
  std::string table_;  // of the last session
};

}  // namespace ampload::redis
