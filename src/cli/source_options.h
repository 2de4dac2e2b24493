// The options that say what to read, shared by the verbs that load.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/amp_options.h"
#include "source/file/file_source.h"

namespace ampload::cli {

class SourceOptions {
 public:
  void Declare(CLI::App& verb);
  // One quarantine in place of files.
  void DeclareReplay(CLI::App& verb);

  const std::vector<std::string>& sources() const { return sources_; }
  // The one source is a query for an Amp server.
  bool asks_server() const { return amp_.given(); }
  // All rows of the sources are wanted, so that their estimate is the load's.
  bool whole() const { return where_.empty() && limit_.empty(); }

  // A configuration error for a value that cannot be understood. Opens nothing.
  Result<source::FileSourceOptions> Make() const;
  Result<source::AmpOptions> MakeQuery() const;
  Result<source::TextOptions> MakeText() const;

 private:
  std::vector<std::string> sources_;
  AmpOptionSet amp_;
  std::string format_;
  std::vector<std::string> types_;
  std::string delimiter_;
  std::string quote_;
  std::string null_;
  std::string header_ = "true";
  bool no_hive_ = false;
  std::vector<std::string> columns_;
  std::string where_;
  std::string limit_;
};

}  // namespace ampload::cli
