// The options of a load, shared by the verbs that load or say what a load would do.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/source_options.h"
#include "cli/table_options.h"
#include "loader/target.h"
#include "pipeline/load.h"
#include "pipeline/quarantine.h"

namespace ampload::cli {

// Everything that a load needs before the store is touched. The order of members is that of their
// dependence: what is first ends last.
struct LoadSetup {
  Target target;
  pipeline::BudgetPool* pool = nullptr;  // for the life of the process
  std::unique_ptr<Source> source;
  std::shared_ptr<arrow::Schema> schema;             // of the rows as they reach the table
  std::unique_ptr<pipeline::Quarantine> quarantine;  // null: a bad row fails the load
  std::vector<std::unique_ptr<pipeline::LoadCompanion>> companions;
  pipeline::MemoryBudget memory;
  pipeline::LoadRequest request;
};

class LoadOptions {
 public:
  enum class From { kFiles, kQuarantine };
  explicit LoadOptions(From from = From::kFiles) : from_(from) {}

  void Declare(CLI::App& verb, SharedOptions& shared);

  // Finds out all that is wrong with the command, opens the source, connects nothing. `loader_type`
  // is set as soon as the target is known, for reports of what fails behind it.
  Result<LoadSetup> Make(const Setting& setting, const SharedOptions& shared,
                         const CallContext& context, std::string* loader_type);

  const std::string& table() const { return table_.table(); }
  bool names_target() const { return !table_.to().empty(); }
  bool whole() const { return source_.whole(); }

 private:
  void DeclareBadRows(CLI::App& verb);
  Status OpenSource(const CallContext& context, LoadSetup* setup) const;
  Status OpenQuery(const CallContext& context, LoadSetup* setup) const;
  Status OpenReplay(LoadSetup* setup) const;
  Result<std::string> DefaultTable() const;
  Status MakeQuarantine(LoadSetup* setup) const;

  From from_;
  SourceOptions source_;
  TableOptions table_;
  std::string parallel_ = "1";
  std::string on_duplicate_ = "fail";

  std::string on_bad_row_ = "fail";
  std::string max_bad_rows_ = "100";
  std::string quarantine_;
};

}  // namespace ampload::cli
