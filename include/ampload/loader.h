// One connection to one store, as the engine and an embedding program see it.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/checkpoint.h"
#include "ampload/load_result.h"
#include "ampload/loader_traits.h"
#include "ampload/status.h"
#include "ampload/table.h"
#include "ampload/type_plan.h"
#include "ampload/write_session.h"

namespace ampload {

// How LoadBatch and LoadTable load.
struct LoadOptions {
  LoadMode mode = LoadMode::kAppend;
  std::vector<std::string> keys;
  std::string order_by;
  DuplicatePolicy on_duplicate = DuplicatePolicy::kFail;
  bool create_table = true;  // false: a missing table is refused
  CallContext context;
};

// Which stored rows ReadRows returns: at most `limit`, in the store's own order.
struct ReadOptions {
  int64_t limit = 10;
};

// One line of `ampload check`.
struct CheckLine {
  std::string what;  // "reachable", "version", "may write"
  bool ok = false;
  std::string detail;
};

// One version of a table, in a store that keeps them.
struct HistoryEntry {
  int64_t version = 0;
  int64_t timestamp_ms = 0;    // since the Unix epoch; 0: not known
  std::string operation = {};  // the store's own name for it: "WRITE"; empty: not known
  std::string writer = {};     // the program that made it, as it calls itself
  std::string detail = {};     // one line for people
  std::string json = "{}";     // all that the store says of it, as a JSON object
};

// Blocking; used from one thread at a time. Connect first; every other verb without it is a
// configuration error. The destructor disconnects.
class Loader {
 public:
  virtual ~Loader() = default;

  virtual const std::string& loader_type() const = 0;  // the loader's folder name: "lmdb"
  virtual const LoaderTraits& traits() const = 0;

  virtual Status Connect(const CallContext& context) = 0;
  virtual Status Disconnect() = 0;
  virtual bool is_connected() const = 0;

  // A session over these tables (at most traits().max_tables_per_commit). Refuses a mode that the
  // store cannot do, a stream where it cannot, and keys that the schema lacks; writes nothing yet.
  // The session must end before the loader does.
  virtual Result<std::unique_ptr<WriteSession>> OpenSession(std::span<const TableSpec> tables) = 0;

  // Every pipeline's checkpoint of that table, without taking a fence. Empty where there is none.
  virtual Result<std::vector<Checkpoint>> ReadCheckpoints(const std::string& table) = 0;

  virtual Result<std::vector<std::string>> ListTables() = 0;  // sorted
  virtual Result<std::optional<TableInfo>> GetTableInfo(
      const std::string& table) = 0;  // nullopt: missing
  virtual Result<std::shared_ptr<arrow::Table>> ReadRows(const std::string& table,
                                                         const ReadOptions& options) = 0;

  // The table's newest versions, at most `limit`, the newest first. Refused, as
  // Status::NotImplemented, where the store keeps no history.
  virtual Result<std::vector<HistoryEntry>> ReadHistory(const std::string& table,
                                                        int64_t limit) = 0;

  // What a load of these rows would do, writing nothing. `sample` (may be null) has the spec's
  // schema and serves to measure a row's size. A column that cannot be stored is a line of the
  // plan, not a failure; a table that the rows cannot go into at all is one.
  virtual Result<TablePlan> PlanTable(const TableSpec& table, const arrow::RecordBatch* sample) = 0;

  // Reaches the store and says version and rights, writing nothing that stays. A line that is not
  // ok is no failed Status.
  virtual Result<std::vector<CheckLine>> Check(const CallContext& context) = 0;

  // The specification's verbs. LoadBatch is one commit; LoadTable is one commit for all its
  // batches. Overwrite clears at every LoadBatch, and once in a LoadTable. Failures are in the
  // result, with `error`.
  virtual LoadResult LoadBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                               const std::string& table, const LoadOptions& options) = 0;
  virtual LoadResult LoadTable(const std::shared_ptr<arrow::Table>& rows, const std::string& table,
                               const LoadOptions& options) = 0;
};

}  // namespace ampload
