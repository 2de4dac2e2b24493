#include "cli/stream_options.h"

#include <algorithm>

#include "base/sha256.h"
#include "cli/connection.h"
#include "cli/query_table.h"
#include "loader/identifier.h"
#include "pipeline/memory_budget.h"

namespace ampload::cli {
namespace {

// The same query into the same table goes on where it was.
std::string DerivedPipeline(const std::string& query, const std::string& table) {
  return "stream-" + base::Sha256Hex(query + "\n" + table).substr(0, 12);
}

}  // namespace

void StreamOptions::Declare(CLI::App& verb, SharedOptions& shared) {
  verb.add_option("QUERY", query_, "SQL that the server streams the rows of")
      ->type_name("QUERY")
      ->required();
  amp_.Declare(verb);
  table_.DeclareTarget(verb, "the query's, where it has one");
  table_.DeclareRules(verb);
  DeclarePlace(verb);
  DeclareCommits(verb);
  table_.DeclareColumns(verb);
  DeclareConnectionOptions(verb, shared);
  DeclareOutputOptions(verb, shared);
}

void StreamOptions::DeclarePlace(CLI::App& verb) {
  const std::string group = "Stream";
  verb.add_option("--until", until_, "end once every network has this block; default: never")
      ->type_name("BLOCK")
      ->group(group);
  verb.add_option("--pipeline", pipeline_,
                  "the name under which the table keeps the stream's place; default: derived from "
                  "query and table")
      ->type_name("NAME")
      ->group(group);
  verb.add_flag("--add-pipeline", add_pipeline_,
                "write a table that another pipeline writes, too; --pipeline says so as well")
      ->group(group);
  verb.add_flag("--reset-pipeline", reset_pipeline_,
                "forget the stream's place and begin anew: the first commit replaces the table's "
                "rows")
      ->group(group);
  verb.add_option("--retention-blocks", retention_,
                  "blocks so far below the highest are final: they cannot be taken back, and no "
                  "record of them is kept; default 128")
      ->type_name("N")
      ->group(group);
  verb.add_flag("--block-ranges", block_ranges_,
                "add a column _amp_block_ranges: the blocks of each row's batch")
      ->group(group);
  verb.add_option("--retry-for", retry_for_,
                  "give up when nothing has worked for so long; default: never")
      ->type_name("DURATION")
      ->group(group);
}

void StreamOptions::DeclareCommits(CLI::App& verb) {
  const std::string group = "Commits: as soon as one of these is reached";
  verb.add_option("--commit-rows", commit_rows_, "rows that wait; default 100000")
      ->type_name("N")
      ->group(group);
  verb.add_option("--commit-bytes", commit_bytes_, "their size in memory; default 32MiB")
      ->type_name("SIZE")
      ->group(group);
  verb.add_option("--commit-interval", commit_interval_, "how long rows wait; default 1s")
      ->type_name("DURATION")
      ->group(group);
  verb.add_option("--idle-checkpoint", idle_checkpoint_,
                  "how long the stream's place waits where no rows come; default 10m")
      ->type_name("DURATION")
      ->group(group);
}

Status StreamOptions::FillPlace(StreamSetup* setup) const {
  auto& request = setup->request;
  TableSpec& table = request.table;
  if (pipeline_.has_value() && pipeline_->empty()) {
    return ConfigurationError("--pipeline: expected a name; leave it out for one that is derived");
  }
  table.pipeline = pipeline_.value_or(DerivedPipeline(query_, table.name));
  table.add_pipeline = add_pipeline_ || pipeline_.has_value();
  table.reset_pipeline = reset_pipeline_;
  request.query = query_;
  request.block_ranges = block_ranges_;
  ARROW_ASSIGN_OR_RAISE(request.retention_blocks,
                        ParseAmount("--retention-blocks", retention_, OptionType::kInteger));
  if (request.retention_blocks == 0) {
    return ConfigurationError(
        "--retention-blocks: expected at least 1: the newest blocks are never final");
  }
  if (!until_.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto until, ParseAmount("--until", until_, OptionType::kInteger));
    request.until = BlockNumber{static_cast<uint64_t>(until)};
  }
  if (!retry_for_.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto most,
                          ParseAmount("--retry-for", retry_for_, OptionType::kDuration));
    request.retry_for = std::chrono::milliseconds(most);
  }
  return Status::OK();
}

Status StreamOptions::FillCadence(pipeline::StreamRequest* request) const {
  auto& cadence = request->cadence;
  ARROW_ASSIGN_OR_RAISE(cadence.rows,
                        ParseAmount("--commit-rows", commit_rows_, OptionType::kInteger));
  ARROW_ASSIGN_OR_RAISE(cadence.bytes,
                        ParseAmount("--commit-bytes", commit_bytes_, OptionType::kBytes));
  ARROW_ASSIGN_OR_RAISE(const auto interval,
                        ParseAmount("--commit-interval", commit_interval_, OptionType::kDuration));
  ARROW_ASSIGN_OR_RAISE(const auto idle,
                        ParseAmount("--idle-checkpoint", idle_checkpoint_, OptionType::kDuration));
  cadence.interval = std::chrono::milliseconds(interval);
  cadence.idle_checkpoint = std::chrono::milliseconds(idle);
  return Status::OK();
}

Result<StreamSetup> StreamOptions::Make(const Setting& setting, const SharedOptions& shared,
                                        std::string* loader_type) {
  StreamSetup setup;
  ARROW_ASSIGN_OR_RAISE(auto amp, amp_.Make());
  if (table_.table().empty()) {
    const auto name = OnlyTableOf(query_);
    if (!name.has_value()) {
      return ConfigurationError(
          "stream: no table name can be taken from the query; say --table NAME");
    }
    table_.table() = *name;
  }
  ARROW_RETURN_NOT_OK(CheckTableName(table_.table()));
  ARROW_RETURN_NOT_OK(table_.Fill(&setup.request.table));
  const TableSpec& table = setup.request.table;
  const bool by_key = table.mode == LoadMode::kUpsert || table.mode == LoadMode::kMerge;
  if (by_key && table.keys.empty()) {
    return ConfigurationError("stream: mode " + std::string(ToString(table.mode)) +
                              " needs --key, the columns that identify a row: table=" + table.name);
  }
  ARROW_RETURN_NOT_OK(FillPlace(&setup));
  ARROW_RETURN_NOT_OK(FillCadence(&setup.request));
  ARROW_ASSIGN_OR_RAISE(setup.request.shape, table_.MakeShape());
  ARROW_ASSIGN_OR_RAISE(const int64_t memory,
                        ParseAmount("--memory", table_.memory(), OptionType::kBytes));
  ARROW_RETURN_NOT_OK(pipeline::ShareMemory(memory, &setup.request));

  ARROW_ASSIGN_OR_RAISE(setup.target, FindTarget(setting.registry, shared, table_.target()));
  *loader_type = setup.target.descriptor->name;
  ARROW_RETURN_NOT_OK(TableOptions::CheckMode(setup.target, setup.request.table));
  if (!setup.target.descriptor->traits.supports_streaming) {
    return ConfigurationError(setup.target.descriptor->name +
                              ": streams are not supported; load finite queries with ampload load "
                              "\"SELECT ...\" --from ...: table=" +
                              table_.table());
  }
  if (setup.request.retry_for.has_value()) {
    amp.answer_timeout =
        std::clamp(*setup.request.retry_for, std::chrono::milliseconds(100), amp.answer_timeout);
  }
  amp.query = query_;
  amp.max_message_bytes = setup.request.hold_bytes / 2;  // gRPC holds several
  ARROW_ASSIGN_OR_RAISE(setup.source, source::MakeAmpStream(std::move(amp)));
  if (table_.to().empty()) {
    setting.report.Notice(std::string("no --to: the target is ") + TableOptions::DefaultTarget());
  }
  return setup;
}

}  // namespace ampload::cli
