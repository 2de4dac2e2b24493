// What a loader derives from: the specification's DataLoader[TConfig], at two levels.
//
//   simple         override ConnectImpl, DisconnectImpl, LoadBatchImpl (and what else you can): the
//                  base does connection checks, mode validation, table creation, overwrite
//                  clearing, timing, row-error rules, metadata and LoadResult. commit = none:
//                  streams and checkpoints are refused, and so are the modes other than append and
//                  overwrite.
//   transactional  override OpenSessionImpl: sessions of your own, exactly once.
//
// Public verbs are final; they validate, time and translate, then call the ...Impl of the same
// name. An exception that leaves an ...Impl becomes a permanent failure; of what std::filesystem
// throws the message has the path.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ampload/loader.h"
#include "ampload/options.h"
#include "ampload/registry.h"

namespace ampload {

// Collects the bad rows of one load. Up to kMaxErrors are kept and warned about; one more stops the
// load.
class RowErrors {
 public:
  static constexpr int kMaxErrors = 100;

  // OK up to the 100th; the 101st is a data error "Too many errors: 101": return it at once. `row`
  // counts from 0 in the batch; the message has the row's place in the whole load.
  Status Add(int64_t row, std::string_view reason);

  // After the last row: a data error "Failed to load any rows. Errors: " + the first five joined by
  // "; " + "; ... and N more errors" where rows_loaded is 0 and there are errors; else OK.
  Status Finish(int64_t rows_loaded) const;

  const std::vector<std::string>& messages() const { return messages_; }
  int64_t count() const { return static_cast<int64_t>(messages_.size()); }

 private:
  friend class SimpleSession;

  int64_t first_row_ = 0;              // place in the load of the current batch's row 0
  std::vector<std::string> messages_;  // "Row 7: reason"
  std::vector<RejectedRow> rejected_;  // the same, not yet handed out
};

// Everything of DataLoader that does not depend on the config type. Derive from DataLoader, not
// from this.
class LoaderFront : public Loader {
 public:
  LoaderFront(std::string loader_type, LoaderTraits traits)
      : loader_type_(std::move(loader_type)), traits_(traits) {}

  const std::string& loader_type() const final { return loader_type_; }
  const LoaderTraits& traits() const final { return traits_; }
  bool is_connected() const final { return connected_; }

  Status Connect(const CallContext& context) final;
  Status Disconnect() final;
  Result<std::unique_ptr<WriteSession>> OpenSession(std::span<const TableSpec> tables) final;
  Result<std::vector<Checkpoint>> ReadCheckpoints(const std::string& table) final;
  Result<std::vector<std::string>> ListTables() final;
  Result<std::optional<TableInfo>> GetTableInfo(const std::string& table) final;
  Result<std::shared_ptr<arrow::Table>> ReadRows(const std::string& table,
                                                 const ReadOptions& options) final;
  Result<std::vector<HistoryEntry>> ReadHistory(const std::string& table, int64_t limit) final;
  Result<TablePlan> PlanTable(const TableSpec& table, const arrow::RecordBatch* sample) final;
  Result<std::vector<CheckLine>> Check(const CallContext& context) final;
  LoadResult LoadBatch(const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& table,
                       const LoadOptions& options) final;
  LoadResult LoadTable(const std::shared_ptr<arrow::Table>& rows, const std::string& table,
                       const LoadOptions& options) final;

 protected:
  friend class SimpleSession;

  virtual Status ConnectImpl(const CallContext& context) = 0;
  virtual Status DisconnectImpl() = 0;

  // Simple level. Loads rows [0, n) and returns how many were loaded; bad rows go to `errors`.
  virtual Result<int64_t> LoadBatchImpl(const arrow::RecordBatch& batch, const std::string& table,
                                        RowErrors& errors);
  // Makes the table where it is missing and leaves an existing one alone. The default does nothing.
  virtual Status CreateTableFromSchema(const arrow::Schema& schema, const std::string& table);
  // Removes the rows of a table that exists. A loader that supports overwrite overrides it.
  virtual Status ClearTable(const std::string& table);

  // Transactional level. The default is a session over the three verbs above.
  virtual Result<std::unique_ptr<WriteSession>> OpenSessionImpl(std::span<const TableSpec> tables);

  // Defaults: no checkpoints; a connection that stands is reachable; the other four are refused,
  // as Status::NotImplemented.
  // Of a TableInfo the base fills in the table's name, and the columns from the schema.
  virtual Result<std::vector<Checkpoint>> ReadCheckpointsImpl(const std::string& table);
  virtual Result<std::vector<std::string>> ListTablesImpl();
  virtual Result<std::optional<TableInfo>> GetTableInfoImpl(const std::string& table);
  virtual Result<std::shared_ptr<arrow::Table>> ReadRowsImpl(const std::string& table,
                                                             const ReadOptions& options);
  virtual Result<std::vector<HistoryEntry>> ReadHistoryImpl(const std::string& table,
                                                            int64_t limit);
  // The default says of every column that this loader decides.
  virtual Result<TablePlan> PlanTableImpl(const TableSpec& table, const arrow::RecordBatch* sample);
  virtual Result<std::vector<CheckLine>> CheckImpl(const CallContext& context);

  // Added to what the base fills in; the base's keys win.
  virtual Metadata GetBatchMetadata(const arrow::RecordBatch& batch, double duration_seconds);
  virtual Metadata GetTableMetadata(const arrow::Table& rows, double duration_seconds,
                                    int64_t batch_count);

 private:
  // What the result says of a load that took so long and did or did not succeed.
  using MetadataMaker = std::function<Metadata(double duration_seconds, bool success)>;

  Status CheckConnected() const;
  Status CheckAgainstStore(const TableSpec& spec);
  LoadResult Load(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, TableSpec spec,
                  const CallContext& context, const MetadataMaker& metadata);
  LoadResult FailedLoad(const Status& status, const std::string& table, Metadata metadata) const;
  Result<int64_t> LoadInOneCommit(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                  const TableSpec& spec, const CallContext& context);

  std::string loader_type_;
  LoaderTraits traits_;
  bool connected_ = false;
};

// TConfig comes from its OptionTable (ParseConfig, GetRequiredConfigFields). A derived destructor
// calls Disconnect(): it is the last that may still call DisconnectImpl.
template <class TConfig>
class DataLoader : public LoaderFront {
 public:
  DataLoader(std::string loader_type, LoaderTraits traits, TConfig config)
      : LoaderFront(std::move(loader_type), traits), config_(std::move(config)) {}

  const TConfig& config() const { return config_; }

 private:
  TConfig config_;
};

// `known`, with what follows from a TLoader that is made as above and from its options: the
// options, `make`, and where nothing is said the scheme (the name) and parse_uri (SCHEME:PATH, into
// the option `path`). `options` lives as long as the process.
template <class TLoader, class TConfig>
LoaderDescriptor DescribeLoader(LoaderDescriptor known, const OptionTable<TConfig>& options) {
  known.options = options.specs();
  if (known.schemes.empty()) known.schemes = {known.name};
  if (known.client.empty()) known.client = "no client library";
  if (known.parse_uri == nullptr) {
    known.parse_uri = [](std::string_view uri) { return ParsePathUri(uri, "path"); };
  }
  known.make = [name = known.name, traits = known.traits,
                &options](const ConfigMap& config) -> Result<std::unique_ptr<Loader>> {
    ARROW_ASSIGN_OR_RAISE(TConfig parsed, options.Parse(config, name));
    return std::make_unique<TLoader>(name, traits, std::move(parsed));
  };
  return known;
}

}  // namespace ampload
