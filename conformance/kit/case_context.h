// What a case works with: the loader under test, tables of its own, a look past the loader.
#pragma once

#include <arrow/table.h>

#include <memory>
#include <string>
#include <vector>

#include "ampload/conformance/loader_test_config.h"
#include "ampload/registry.h"
#include "conformance/kit/crash_matrix.h"

namespace ampload::conformance {

// What a loader with these options can do: it may depend on them.
Result<LoaderTraits> TraitsOf(const LoaderDescriptor& loader, const ConfigMap& options);

// One loader and a store for it. Lives as long as the run.
struct StoreUnderTest {
  const LoaderDescriptor* loader = nullptr;  // owned by the registry
  ConfigMap options;
  LoaderTraits traits;         // with those options
  std::string plugin_folders;  // where plugins and their test configs are
  std::unique_ptr<LoaderTestConfig> config;
  CrashMatrix matrix;  // filled by the crash suite
};

// Used from one thread. The tables that it named are removed at its end.
class CaseContext {
 public:
  CaseContext(StoreUnderTest& store, std::string case_name);
  ~CaseContext();
  CaseContext(const CaseContext&) = delete;
  CaseContext& operator=(const CaseContext&) = delete;

  const LoaderTraits& traits() const { return store_.traits; }
  const LoaderDescriptor& descriptor() const { return *store_.loader; }
  LoaderTestConfig& config() { return *store_.config; }
  const ConfigMap& options() const { return store_.options; }

  // Connected; made at the first call.
  Result<Loader*> loader();
  // Another one over the same store, not connected.
  Result<std::unique_ptr<Loader>> MakeLoader() const;

  // A table name that nobody else has.
  std::string NewTable();
  // One of the case's own choosing, removed now and at the end.
  Status UseTable(const std::string& name);

  // LoadTable, which must succeed and say that it loaded every row.
  Status Load(const std::shared_ptr<arrow::Table>& rows, const std::string& table,
              const LoadOptions& options = {});
  // LoadTable, which must fail with an error that says something; the result.
  Result<LoadResult> LoadMustFail(const std::shared_ptr<arrow::Table>& rows,
                                  const std::string& table, const LoadOptions& options = {});

  // The table holds exactly these rows; both sides are sorted by the column.
  Status ExpectRows(const std::string& table, const std::shared_ptr<arrow::Table>& expected,
                    const std::string& sort_column = "id");
  Status ExpectRowCount(const std::string& table, int64_t rows);

  // What the case did, for a person; printed where it holds.
  void Note(std::string text) { note_ = std::move(text); }
  const std::string& note() const { return note_; }
  const std::string& plugin_folders() const { return store_.plugin_folders; }
  CrashMatrix& matrix() { return store_.matrix; }

 private:
  StoreUnderTest& store_;
  std::string name_;
  std::string note_;
  std::unique_ptr<Loader> loader_;
  std::vector<std::string> tables_;
};

}  // namespace ampload::conformance
