// What the conformance suites need to know of one loader: how to get a store of its own, and how to
// look into it past the loader. One implementation a loader; what the loader can do comes from its
// LoaderTraits.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ampload/loader.h"
#include "ampload/options.h"
#include "ampload/status.h"

namespace ampload::conformance {

enum class Comparison {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIsNull,
  kIsNotNull
};

// One condition on a stored row; several are joined by "and". `value` is null for the last two.
struct Predicate {
  std::string column;
  Comparison op = Comparison::kEqual;
  std::shared_ptr<arrow::Scalar> value;
};

// Used from one thread. The loader that is handed in is connected. What these calls say is the
// oracle: read with the store's own client rather than through the loader.
class LoaderTestConfig {
 public:
  virtual ~LoaderTestConfig() = default;

  // Options of a store for these tests alone; starts what it needs and ends it in the destructor.
  // Called once, and only where neither --config nor AMPLOAD_TEST_<LOADER>_URI names a store.
  virtual Result<ConfigMap> StartStore() = 0;

  // How many rows the table has; a missing one has none.
  virtual Result<int64_t> GetRowCount(Loader& loader, const std::string& table) = 0;

  // The stored rows that meet every predicate, in ascending order of the sort columns (nulls
  // last). Columns have the names and the order of the table; values are comparable with those that
  // were loaded. SelectRows does the selecting for a config that reads a table whole.
  virtual Result<std::shared_ptr<arrow::Table>> QueryRows(
      Loader& loader, const std::string& table, std::span<const Predicate> where,
      std::span<const std::string> order_by) = 0;

  // Removes the table, its checkpoints and all else that belongs to it; a missing one is fine.
  virtual Status CleanupTable(Loader& loader, const std::string& table) = 0;

  // The table's columns in order, those that the loader adds included.
  virtual Result<std::vector<std::string>> GetColumnNames(Loader& loader,
                                                          const std::string& table) = 0;

  // Options added to the store's in the crash suite, that make a load of some thousand rows go
  // through everything that a large one goes through: several steps, several files.
  virtual ConfigMap SmallSteps() { return {}; }

  // A store that goes back to an earlier state, as after a failover: keeps a copy of all that it
  // holds, and puts it back. Called while no loader is connected, with the store's options.
  virtual bool can_go_back() const { return false; }
  virtual Status RememberStore(const ConfigMap& /*options*/) {
    return Status::NotImplemented("this store is not copied");
  }
  virtual Status RestoreStore(const ConfigMap& /*options*/) {
    return Status::NotImplemented("this store is not copied");
  }

  // `good` rows that load, then `bad` rows that the store refuses one by one: for the rules about
  // row errors. Their first column is an int64 `id`. Null: this store refuses no single row.
  virtual std::shared_ptr<arrow::RecordBatch> RowsWithErrors(int64_t /*good*/, int64_t /*bad*/) {
    return nullptr;
  }
};

// Rows that meet every predicate, sorted. Dictionary, run-end-encoded and view columns come back as
// plain ones. For configs that read a table whole.
Result<std::shared_ptr<arrow::Table>> SelectRows(const std::shared_ptr<arrow::Table>& rows,
                                                 std::span<const Predicate> where,
                                                 std::span<const std::string> order_by);

}  // namespace ampload::conformance
