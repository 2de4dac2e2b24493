#include "conformance/kit/case_context.h"

#include <algorithm>
#include <array>

#include "ampload/log.h"
#include "base/random.h"
#include "conformance/kit/same_rows.h"

namespace ampload::conformance {

Result<LoaderTraits> TraitsOf(const LoaderDescriptor& loader, const ConfigMap& options) {
  ARROW_ASSIGN_OR_RAISE(const auto made, loader.make(options));
  return made->traits();
}

CaseContext::CaseContext(StoreUnderTest& store, std::string case_name)
    : store_(store), name_(std::move(case_name)) {}

CaseContext::~CaseContext() {
  for (const auto& table : tables_) {
    const auto connected = loader();
    const Status status =
        connected.ok() ? config().CleanupTable(**connected, table) : connected.status();
    if (!status.ok()) LogWarning("conformance", "a table stays: " + MessageOf(status));
  }
}

Result<std::unique_ptr<Loader>> CaseContext::MakeLoader() const {
  return store_.loader->make(store_.options);
}

Result<Loader*> CaseContext::loader() {
  if (loader_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(loader_, MakeLoader());
  }
  if (!loader_->is_connected()) ARROW_RETURN_NOT_OK(loader_->Connect(CallContext{}));
  return loader_.get();
}

std::string CaseContext::NewTable() {
  // Within what every store takes: lower case, no longer than 63 bytes.
  std::string text = "ac_" + base::RandomNonce().substr(0, 10) + "_" + name_;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::tolower(c)); });
  tables_.push_back(text.substr(0, 60));
  return tables_.back();
}

Status CaseContext::UseTable(const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(auto* connected, loader());
  tables_.push_back(name);
  return config().CleanupTable(*connected, name);
}

Status CaseContext::Load(const std::shared_ptr<arrow::Table>& rows, const std::string& table,
                         const LoadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto* connected, loader());
  const LoadResult result = connected->LoadTable(rows, table, options);
  ARROW_RETURN_NOT_OK(Expect(result.success, "a load failed: " + result.error));
  return Expect(result.rows_loaded == rows->num_rows(),
                "a load says another number of rows: given=" + std::to_string(rows->num_rows()) +
                    " rows_loaded=" + std::to_string(result.rows_loaded));
}

Result<LoadResult> CaseContext::LoadMustFail(const std::shared_ptr<arrow::Table>& rows,
                                             const std::string& table, const LoadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto* connected, loader());
  LoadResult result = connected->LoadTable(rows, table, options);
  ARROW_RETURN_NOT_OK(
      Expect(!result.success, "a load that cannot be right says that it succeeded"));
  ARROW_RETURN_NOT_OK(Expect(!result.error.empty(), "a load failed without an error"));
  ARROW_RETURN_NOT_OK(Expect(
      result.rows_loaded == 0,
      "a failed load says that it loaded rows: rows_loaded=" + std::to_string(result.rows_loaded)));
  return result;
}

Status CaseContext::ExpectRows(const std::string& table,
                               const std::shared_ptr<arrow::Table>& expected,
                               const std::string& sort_column) {
  ARROW_ASSIGN_OR_RAISE(auto* connected, loader());
  const std::array order = {sort_column};
  ARROW_ASSIGN_OR_RAISE(const auto sorted, SelectRows(expected, {}, order));
  ARROW_ASSIGN_OR_RAISE(const auto actual, config().QueryRows(*connected, table, {}, order));
  ARROW_RETURN_NOT_OK(WithContext(ExpectSameRows(*sorted, *actual), "table " + table));
  return ExpectRowCount(table, expected->num_rows());
}

Status CaseContext::ExpectRowCount(const std::string& table, int64_t rows) {
  ARROW_ASSIGN_OR_RAISE(auto* connected, loader());
  ARROW_ASSIGN_OR_RAISE(const int64_t found, config().GetRowCount(*connected, table));
  return Expect(found == rows, "table " + table + ": the number of rows is wrong: expected=" +
                                   std::to_string(rows) + " found=" + std::to_string(found));
}

}  // namespace ampload::conformance
