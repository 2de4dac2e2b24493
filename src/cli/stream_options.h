// The options of a stream.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "ampload/stream_source.h"
#include "cli/amp_options.h"
#include "cli/command.h"
#include "cli/table_options.h"
#include "pipeline/stream_load.h"

namespace ampload::cli {

// Everything that a stream needs before anybody is asked.
struct StreamSetup {
  Target target;
  std::unique_ptr<StreamSource> source;
  pipeline::StreamRequest request;
};

class StreamOptions {
 public:
  void Declare(CLI::App& verb, SharedOptions& shared);

  // Finds out all that is wrong with the command, connects nothing. `loader_type` is set as soon as
  // the target is known.
  Result<StreamSetup> Make(const Setting& setting, const SharedOptions& shared,
                           std::string* loader_type);

  const std::string& table() const { return table_.table(); }
  const std::string& query() const { return query_; }

 private:
  void DeclarePlace(CLI::App& verb);
  void DeclareCommits(CLI::App& verb);
  Status FillPlace(StreamSetup* setup) const;
  Status FillCadence(pipeline::StreamRequest* request) const;

  std::string query_;
  AmpOptionSet amp_;
  TableOptions table_;

  std::optional<std::string> pipeline_;
  bool add_pipeline_ = false;
  bool reset_pipeline_ = false;
  bool block_ranges_ = false;
  std::string until_;
  std::string retention_ = std::to_string(stream::kDefaultRetentionBlocks);

  std::string commit_rows_ = "100000";
  std::string commit_bytes_ = "32MiB";
  std::string commit_interval_ = "1s";
  std::string idle_checkpoint_ = "10m";
  std::string retry_for_;
};

}  // namespace ampload::cli
