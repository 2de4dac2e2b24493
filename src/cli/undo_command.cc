// ampload undo TARGET --table T --from-block N
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/nearest_name.h"
#include "cli/amounts.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/known_table.h"
#include "cli/signal_watch.h"
#include "cli/text.h"
#include "loader/undo_spec.h"
#include "stream/undo_set.h"

namespace ampload::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kExamples[] = R"(Examples:
  ampload undo lmdb:./eth.lmdb --table logs --from-block 15000000 --dry-run
  ampload undo lmdb:./eth.lmdb --table logs --from-block 15000000
  ampload undo local --table transfers --network base --from-block 812000

Takes a stream's batches with a block from N on back, whole, and those of other
networks that came in the same batches. Rows and the stream's place go back in
one commit; a stream that goes on loads the blocks again.

A stream that runs on this table is fenced: it stops with exit status 4. Final
blocks cannot be taken back. --dry-run writes nothing and fences nobody.
Exit status: 0 done, or nothing to take back; 1 failed; 2 wrong command or
configuration; 4 another writer took over.
)";

Result<BlockNumber> ParseBlock(const std::string& text) {
  BlockNumber block;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, block.value);
  if (error != std::errc() || stopped != end) {
    return ConfigurationError("--from-block: expected a block number: value=" + text);
  }
  return block;
}

bool IsStream(const Checkpoint& checkpoint) {
  return !checkpoint.ladder.empty() || !checkpoint.highest_end.empty();
}

std::set<std::string> NetworksOf(const Checkpoint& checkpoint) {
  std::set<std::string> networks;
  for (const auto& [network, end] : checkpoint.highest_end) networks.insert(network);
  for (const auto& entry : checkpoint.ladder) {
    for (const auto& range : entry.ranges) networks.insert(range.network);
  }
  return networks;
}

// `name`, or the only one of `names` where it is empty.
Result<std::string> ChooseOne(const std::string& option, const std::string& what,
                              const std::string& name, const std::set<std::string>& names,
                              const std::string& table) {
  if (names.contains(name)) return name;
  if (name.empty() && names.size() == 1) return *names.begin();
  const std::string known = fmt::format(": table={} {}s={}", table, what, fmt::join(names, ","));
  if (name.empty()) {
    return ConfigurationError(
        fmt::format("undo: the table has several {}s; name one with {}{}", what, option, known));
  }
  const std::vector<std::string> list(names.begin(), names.end());
  const auto nearest = base::NearestName(name, list);
  return ConfigurationError(fmt::format("undo: no such {}{}{} {}={}", what,
                                        nearest ? fmt::format("; did you mean {}?", *nearest) : "",
                                        known, what, name));
}

// What goes, for a person and a program.
struct Extent {
  BatchIdSet batches;
  int64_t rows = 0;
  std::map<std::string, std::pair<BlockNumber, BlockNumber>> blocks;  // by network: first and last

  std::string ToString() const {
    std::string text = fmt::format("{} {}, {}", CountText(static_cast<int64_t>(batches.size())),
                                   batches.size() == 1 ? "batch" : "batches", RowsText(rows));
    for (const auto& [network, range] : blocks) {
      text += fmt::format(", {} {} to {}", network, range.first.value, range.second.value);
    }
    return text;
  }
};

Extent ExtentOf(const Checkpoint& checkpoint, BatchIdSet batches) {
  Extent extent;
  for (const auto& entry : checkpoint.ladder) {
    if (!batches.contains(entry.batch)) continue;
    extent.rows += entry.rows;
    for (const auto& range : entry.ranges) {
      auto& [first, last] =
          extent.blocks.try_emplace(range.network, range.start, range.end).first->second;
      first = std::min(first, range.start);
      last = std::max(last, range.end);
    }
  }
  extent.batches = std::move(batches);
  return extent;
}

class UndoCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("undo", "Take a stream's table back to an earlier block");
    verb->add_option("TARGET", target_, "a URI, or the name of a connection in the config file")
        ->type_name("TARGET")
        ->required();
    verb->add_option("--table", table_, "the table that the stream writes")
        ->type_name("TABLE")
        ->required();
    verb->add_option("--from-block", from_block_, "the first block to take back")
        ->type_name("N")
        ->required();
    verb->add_option("--network", network_, "the block's network, where the stream has several")
        ->type_name("NAME");
    verb->add_option("--pipeline", pipeline_, "the stream, where the table has several")
        ->type_name("NAME");
    verb->add_option("--retention-blocks", retention_,
                     "blocks below the highest that are not final; default: the stream's own")
        ->type_name("N");
    verb->add_flag("--dry-run", dry_run_, "say what would be taken back, and write nothing");
    DeclareConnectionOptions(*verb, shared_);
    DeclareOutputOptions(*verb, shared_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    SignalWatch signals;
    const CallContext context{.stop = signals.token()};
    ARROW_ASSIGN_OR_RAISE(lost_.from, ParseBlock(from_block_));
    if (!retention_.empty()) {
      ARROW_ASSIGN_OR_RAISE(retention_blocks_,
                            ParseAmount("--retention-blocks", retention_, OptionType::kInteger));
    }
    ARROW_ASSIGN_OR_RAISE(const Target target, FindTarget(setting.registry, shared_, target_));
    ARROW_ASSIGN_OR_RAISE(const auto loader, ConnectTo(target, context));
    ARROW_ASSIGN_OR_RAISE(const auto info, FindTable(*loader, table_, "undo"));
    ARROW_ASSIGN_OR_RAISE(const auto checkpoint, FindStream(*loader));
    ARROW_ASSIGN_OR_RAISE(
        lost_.network, ChooseOne("--network", "network", network_, NetworksOf(checkpoint), table_));
    ARROW_ASSIGN_OR_RAISE(Extent extent, FindExtent(checkpoint));
    // A killed stream may have left early rows, a killed undo old ones.
    const bool nothing = extent.batches.empty() && checkpoint.unfinished.empty();
    if (nothing || dry_run_) {
      Tell(setting, target, *loader, extent);
      return ExitStatus::kDone;
    }
    if (!extent.batches.empty()) {
      setting.report.Notice(fmt::format("{}: takes back {}: pipeline={}", table_, extent.ToString(),
                                        checkpoint.pipeline));
    }
    ARROW_ASSIGN_OR_RAISE(const auto status,
                          TakeBack(*loader, info, checkpoint, setting, context, &extent));
    if (status == ExitStatus::kDone) Tell(setting, target, *loader, extent);
    return status;
  }

 private:
  // The checkpoint of the stream that is to go back.
  Result<Checkpoint> FindStream(Loader& loader) const {
    ARROW_ASSIGN_OR_RAISE(const auto checkpoints, loader.ReadCheckpoints(table_));
    std::set<std::string> streams;
    for (const auto& checkpoint : checkpoints) {
      if (IsStream(checkpoint)) streams.insert(checkpoint.pipeline);
    }
    if (streams.empty()) {
      return ConfigurationError(
          "undo: no stream writes this table, so there are no batches to take back: table=" +
          table_);
    }
    ARROW_ASSIGN_OR_RAISE(const auto name,
                          ChooseOne("--pipeline", "stream", pipeline_, streams, table_));
    return *std::find_if(checkpoints.begin(), checkpoints.end(),
                         [&](const Checkpoint& one) { return one.pipeline == name; });
  }

  Result<Extent> FindExtent(const Checkpoint& checkpoint) const {
    const int64_t known = checkpoint.retention_blocks > 0 ? checkpoint.retention_blocks
                                                          : stream::kDefaultRetentionBlocks;
    ARROW_ASSIGN_OR_RAISE(
        auto batches, stream::FindUndoSet(checkpoint, lost_, retention_blocks_.value_or(known)));
    return ExtentOf(checkpoint, std::move(batches));
  }

  // Judges anew by the checkpoint that it has fenced: a stream may have gone on meanwhile.
  Result<ExitStatus> TakeBack(Loader& loader, const TableInfo& info, const Checkpoint& seen,
                              const Setting& setting, const CallContext& context,
                              Extent* extent) const {
    if (info.schema == nullptr) {
      return ConfigurationError(
          "undo: the store does not keep this table's schema, so it cannot be opened: table=" +
          table_);
    }
    const TableSpec spec = SpecToUndo(info, seen.pipeline);
    ARROW_ASSIGN_OR_RAISE(const auto session, loader.OpenSession({&spec, 1}));
    ARROW_ASSIGN_OR_RAISE(const auto recovered, session->Recover(RecoverMode::kTakeOver, context));
    if (!recovered.cleaned_up.empty()) setting.report.Notice(recovered.cleaned_up);
    if (!recovered.checkpoint.has_value()) {
      return PermanentError("undo: the stream's checkpoint is gone; nothing was changed: table=" +
                            table_ + " pipeline=" + seen.pipeline);
    }
    ARROW_ASSIGN_OR_RAISE(*extent, FindExtent(*recovered.checkpoint));
    if (extent->batches.empty()) return ExitStatus::kDone;
    ARROW_RETURN_NOT_OK(session->Undo(extent->batches, context));
    ARROW_ASSIGN_OR_RAISE(
        const auto outcome,
        session->Commit(stream::WithoutBatches(*recovered.checkpoint, extent->batches), context));
    return Judge(*session, outcome, setting);
  }

  Result<ExitStatus> Judge(WriteSession& session, const CommitOutcome& outcome,
                           const Setting& setting) const {
    if (std::holds_alternative<Committed>(outcome)) return ExitStatus::kDone;
    if (const auto* fenced = std::get_if<Fenced>(&outcome)) return BeFenced(fenced->by, setting);
    if (const auto* conflict = std::get_if<Conflict>(&outcome)) {
      return ConflictError(
          "undo: another writer changed the table, nothing was taken back; try "
          "again: table=" +
          table_ + " why=" + conflict->why);
    }
    const auto& why = std::get<Unknown>(outcome).why;
    // With a context of its own, so that a stop request cannot keep the answer away.
    const auto settled = session.Recover(RecoverMode::kSettle, CallContext{});
    if (settled.ok() && settled->finding == RecoverFinding::kCommitted) return ExitStatus::kDone;
    if (settled.ok() && settled->finding == RecoverFinding::kFenced) {
      return BeFenced(settled->fenced_by, setting);
    }
    if (settled.ok() && settled->finding == RecoverFinding::kNotCommitted) {
      return TransientError(
          "undo: the commit did not take effect, nothing was taken back; try again: table=" +
          table_ + " why=" + why);
    }
    return MakeFailure(FailureKind::kUnknownOutcome,
                       "undo: it is not known whether the rows were taken back; ask with ampload "
                       "inspect: table=" +
                           table_ + " why=" + why +
                           (settled.ok() ? "" : " settle=" + MessageOf(settled.status())));
  }

  ExitStatus BeFenced(const std::string& by, const Setting& setting) const {
    const std::string error =
        "undo: another writer took over, nothing was taken back: table=" + table_ + " by=" + by;
    if (shared_.json) setting.console.out << FailureJson(error) << "\n";
    setting.report.Error(error);
    return ExitStatus::kFenced;
  }

  void Tell(const Setting& setting, const Target& target, const Loader& loader,
            const Extent& extent) const {
    if (shared_.json) {
      setting.console.out << ToJson(target, loader, extent)
                                 .dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                          << "\n";
    }
    if (shared_.quiet) return;
    if (extent.batches.empty()) {
      setting.report.Notice(fmt::format("{}: nothing to take back: network={} from_block={}",
                                        table_, lost_.network, lost_.from.value));
    } else if (dry_run_) {
      setting.report.Notice(
          fmt::format("{}: would take back {}; nothing was written", table_, extent.ToString()));
    } else if (!shared_.json) {
      setting.console.out << EscapeControls(
                                 fmt::format("{}: took back {}", table_, extent.ToString()))
                          << "\n";
    }
  }

  ordered_json ToJson(const Target& target, const Loader& loader, const Extent& extent) const {
    auto blocks = ordered_json::object();
    for (const auto& [network, range] : extent.blocks) {
      blocks[network] = {{"start", range.first.value}, {"end", range.second.value}};
    }
    auto ids = ordered_json::array();
    for (const auto batch : extent.batches) ids += batch.value();
    return {{"success", true},
            {"error", nullptr},
            {"target", target.display},
            {"loader_type", loader.loader_type()},
            {"table_name", table_},
            {"network", lost_.network},
            {"from_block", lost_.from.value},
            {"dry_run", dry_run_},
            {"batches", extent.batches.size()},
            {"rows", extent.rows},
            {"blocks", std::move(blocks)},
            {"batch_ids", std::move(ids)}};
  }

  std::string target_;
  std::string table_;
  std::string from_block_;
  std::string network_;
  std::string pipeline_;
  std::string retention_;
  bool dry_run_ = false;
  stream::Invalidation lost_;
  std::optional<int64_t> retention_blocks_;  // none: the checkpoint's
};

}  // namespace

std::unique_ptr<Command> MakeUndoCommand() { return std::make_unique<UndoCommand>(); }

}  // namespace ampload::cli
