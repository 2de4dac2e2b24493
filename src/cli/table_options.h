// The options that say what is written: the target, its table, the columns on their way. Shared by
// the verbs that write rows.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "ampload/table.h"
#include "loader/target.h"
#include "pipeline/row_shape.h"

namespace ampload::cli {

class TableOptions {
 public:
  // `default_table` completes "the table; default: ...". DeclareRules goes on with the same group
  // of the help, behind what a verb has of its own to say of keys.
  void DeclareTarget(CLI::App& verb, const std::string& default_table);
  void DeclareRules(CLI::App& verb);
  void DeclareColumns(CLI::App& verb);

  // The target that goes without --to.
  static const char* DefaultTarget();
  const std::string& to() const { return to_; }
  std::string target() const { return to_.empty() ? DefaultTarget() : to_; }
  std::string& table() { return table_; }
  const std::string& table() const { return table_; }
  const std::vector<std::string>& keys() const { return keys_; }
  const std::string& memory() const { return memory_; }

  Status Fill(TableSpec* table) const;
  Result<pipeline::ShapeOptions> MakeShape() const;

  // A configuration error where the target's loader cannot do the mode.
  static Status CheckMode(const Target& target, const TableSpec& table);

 private:
  std::string to_;
  std::string table_;
  std::string mode_ = "append";
  std::vector<std::string> keys_;
  std::string order_by_;
  std::string on_schema_change_ = "freeze";
  bool no_create_table_ = false;
  bool force_ = false;
  std::string memory_ = "256MiB";

  std::vector<std::string> exclude_;
  std::vector<std::string> casts_;
  std::vector<std::string> renames_;
  std::vector<std::string> allow_;
};

}  // namespace ampload::cli
