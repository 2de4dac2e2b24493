#include "cli/load_report.h"

#include "loader/load_result_json.h"

namespace ampload::cli {

void DeclareNoProgress(CLI::App& verb, bool& no_progress) {
  verb.add_flag("--no-progress", no_progress, "no progress line on the terminal")->group("Output");
}

pipeline::ProgressStyle ProgressStyleOf(const Setting& setting, const SharedOptions& shared,
                                        bool no_progress) {
  const bool silent = shared.quiet || no_progress || !setting.console.err_is_terminal ||
                      shared.log_format == "json";
  return {.quiet = silent, .color = !setting.console.no_color()};
}

std::string FailedLoadJson(const std::string& table, const std::string& loader_type,
                           const std::string& error) {
  LoadResult result;
  result.table_name = table;
  result.loader_type = loader_type;
  result.error = error;
  return ToJson(result);
}

std::optional<ExitStatus> ReportResult(const Setting& setting, const SharedOptions& shared,
                                       const LoadResult& result, const Status& status,
                                       bool fenced) {
  if (shared.json) setting.console.out << ToJson(result) << "\n";
  if (result.success) return std::nullopt;
  setting.report.Error(result.error);
  return fenced ? ExitStatus::kFenced : ExitStatusOf(status);
}

}  // namespace ampload::cli
