// What a verb that writes rows says while it runs and when it has failed.
#pragma once

#include <string>

#include "ampload/load_result.h"
#include "cli/command.h"
#include "pipeline/progress.h"

namespace ampload::cli {

// --no-progress.
void DeclareNoProgress(CLI::App& verb, bool& no_progress);

// How the progress line is written, if at all.
pipeline::ProgressStyle ProgressStyleOf(const Setting& setting, const SharedOptions& shared,
                                        bool no_progress);

// The one JSON object of a load that failed before it had a result.
std::string FailedLoadJson(const std::string& table, const std::string& loader_type,
                           const std::string& error);

// Prints the result where --json asks for it, and its failure. nullopt: it is a success, and the
// rest is the caller's to say.
std::optional<ExitStatus> ReportResult(const Setting& setting, const SharedOptions& shared,
                                       const LoadResult& result, const Status& status, bool fenced);

}  // namespace ampload::cli
