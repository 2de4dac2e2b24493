// The PostgreSQL loader: tables of one database, from server 13 on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ampload/data_loader.h"
#include "ampload/registry.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/pg_table.h"
#include "loaders/postgresql/postgresql_config.h"

namespace ampload::postgresql {

const LoaderDescriptor& Descriptor();

// Reads over a connection of its own, which it makes again where it broke; each session has
// another.
class PostgreSQLLoader final : public DataLoader<PostgreSQLConfig> {
 public:
  explicit PostgreSQLLoader(PostgreSQLConfig config);
  ~PostgreSQLLoader() override;

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
  // The user's name of a table; a configuration error for ampload's own tables.
  Result<TableName> NameOf(const std::string& table) const;
  Metadata AboutTheTable() const;

  std::unique_ptr<Connection> connection_;
  TableName table_;  // of the last session
};

}  // namespace ampload::postgresql
