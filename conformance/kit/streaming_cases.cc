// Pipelines and streams at the level of sessions: checkpoints, undo, fences, slots. The first five
// have the specification's names.
#include <set>

#include "conformance/kit/cases.h"
#include "conformance/kit/driver.h"
#include "conformance/kit/played.h"
#include "conformance/kit/same_rows.h"
#include "conformance/kit/sample_rows.h"

namespace ampload::conformance {
namespace {

const Script& Named(const std::string& name) { return *FindScript(name); }

Result<DriverEnd> Play(CaseContext& context, const Script& script, const DriverOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto loader, context.MakeLoader());
  ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
  return PlayScript(script, *loader, options);
}

// Commit by commit, the table compared after each. `restart`: by a new loader each.
Status PlayAndCompare(CaseContext& context, const Script& script, bool restart) {
  DriverOptions options;
  options.table = context.NewTable();
  ARROW_RETURN_NOT_OK(PrepareTable(context, script, options.table));
  ARROW_ASSIGN_OR_RAISE(const auto states, ExpectedStates(script));
  if (restart) {
    for (size_t done = 1; done <= script.commits.size(); ++done) {
      options.stop_after = done;
      ARROW_ASSIGN_OR_RAISE(const auto end, Play(context, script, options));
      ARROW_RETURN_NOT_OK(Expect(end == DriverEnd::kDone, "fenced, though nobody took over"));
      ARROW_RETURN_NOT_OK(WithContext(ExpectState(context, script, options.table, *states[done]),
                                      "after commit " + std::to_string(done)));
    }
    // Once more: everything is done already.
    options.stop_after = SIZE_MAX;
    ARROW_RETURN_NOT_OK(Play(context, script, options).status());
    return ExpectState(context, script, options.table, *states.back());
  }
  Status compared;
  options.on_committed = [&](size_t done) {
    if (!compared.ok()) return;
    compared = WithContext(ExpectState(context, script, options.table, *states[done]),
                           "after commit " + std::to_string(done));
  };
  ARROW_ASSIGN_OR_RAISE(const auto end, Play(context, script, options));
  ARROW_RETURN_NOT_OK(Expect(end == DriverEnd::kDone, "fenced, though nobody took over"));
  return compared;
}

Status StreamingMetadataColumns(CaseContext& context) {
  const Script& script = Named("StreamWithReorgs");
  DriverOptions options;
  options.table = context.NewTable();
  options.stop_after = 2;
  ARROW_RETURN_NOT_OK(Play(context, script, options).status());
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  ARROW_ASSIGN_OR_RAISE(const auto names, context.config().GetColumnNames(*loader, options.table));
  ARROW_RETURN_NOT_OK(Expect(std::find(names.begin(), names.end(), kBatchIdColumn) != names.end(),
                             "the table has no column _amp_batch_id"));
  ARROW_ASSIGN_OR_RAISE(const auto states, ExpectedStates(script));
  ARROW_RETURN_NOT_OK(ExpectState(context, script, options.table, *states[2]));
  return ExpectBatchIds(context, options.table, options.pipeline);
}

Status ReorgDeletion(CaseContext& context) {
  return PlayAndCompare(context, Named("StreamWithReorgs"), /*restart=*/false);
}

Status ReorgOverlappingRanges(CaseContext& context) {
  // Every reorg of this one begins inside a batch.
  return PlayAndCompare(context, Named("StreamByKeyWithReorgs"), /*restart=*/false);
}

Status ReorgMultiNetwork(CaseContext& context) {
  return PlayAndCompare(context, Named("StreamOfTwoNetworks"), /*restart=*/false);
}

// A stream that starts again does not load what the checkpoint has: no batch comes twice.
Status MicrobatchDeduplication(CaseContext& context) {
  ARROW_RETURN_NOT_OK(PlayAndCompare(context, Named("StreamWithReorgs"), /*restart=*/true));
  return PlayAndCompare(context, Named("PipelineOfCommits"), /*restart=*/true);
}

Status Checkpoints(CaseContext& context) {
  const Script& script = Named("StreamOfTwoNetworks");
  DriverOptions options;
  options.table = context.NewTable();
  ARROW_RETURN_NOT_OK(Play(context, script, options).status());
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  ARROW_ASSIGN_OR_RAISE(const auto checkpoints, loader->ReadCheckpoints(options.table));
  ARROW_RETURN_NOT_OK(Expect(checkpoints.size() == 1, "one pipeline has one checkpoint, found " +
                                                          std::to_string(checkpoints.size())));
  const auto& one = checkpoints.front();
  ARROW_RETURN_NOT_OK(Expect(one.table == options.table && one.pipeline == options.pipeline,
                             "the checkpoint is of another table or pipeline"));
  ARROW_RETURN_NOT_OK(Expect(one.sequence == static_cast<int64_t>(script.commits.size()),
                             "sequence is " + std::to_string(one.sequence) + " after " +
                                 std::to_string(script.commits.size()) + " commits"));
  ARROW_RETURN_NOT_OK(Expect(one.source_position == std::to_string(script.commits.size()),
                             "source_position is " + one.source_position));
  ARROW_RETURN_NOT_OK(
      Expect(!one.owner.empty() && !one.table_identity.empty() && one.epoch.value >= 1,
             "no owner, no table_identity or no epoch"));
  return ExpectBatchIds(context, options.table, options.pipeline);
}

Status AbortForgets(CaseContext& context) {
  const Script& script = Named("StreamByKeyWithReorgs");
  DriverOptions options;
  options.table = context.NewTable();
  ARROW_ASSIGN_OR_RAISE(const auto states, ExpectedStates(script));
  options.stop_after = 2;
  ARROW_RETURN_NOT_OK(Play(context, script, options).status());
  {
    ARROW_ASSIGN_OR_RAISE(const auto loader, context.MakeLoader());
    ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
    const TableSpec spec = SpecOf(script, context.traits(), options, 2);
    ARROW_ASSIGN_OR_RAISE(const auto session, loader->OpenSession({&spec, 1}));
    ARROW_ASSIGN_OR_RAISE(const auto recovered,
                          session->Recover(RecoverMode::kTakeOver, CallContext{}));
    BatchIdSet undo;
    for (const auto& entry : recovered.checkpoint->ladder) undo.insert(entry.batch);
    ARROW_RETURN_NOT_OK(session->Undo(undo, CallContext{}));
    ARROW_RETURN_NOT_OK(session->Abort(CallContext{}));
    ARROW_RETURN_NOT_OK(WithContext(ExpectState(context, script, options.table, *states[2]),
                                    "after an aborted undo"));
  }
  options.stop_after = SIZE_MAX;
  ARROW_RETURN_NOT_OK(Play(context, script, options).status());
  return ExpectState(context, script, options.table, *states.back());
}

Status ATakeOverFences(CaseContext& context) {
  const Script& script = Named("StreamWithReorgs");
  DriverOptions options;
  options.table = context.NewTable();
  ARROW_ASSIGN_OR_RAISE(const auto states, ExpectedStates(script));
  // The second writer comes when the first has staged its third commit, and does all that is left.
  DriverOptions late = options;
  options.before_commit = [&](size_t index) -> Status {
    if (index != 2) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto end, Play(context, script, late));
    return Expect(end == DriverEnd::kDone, "the one who took over was fenced");
  };
  ARROW_ASSIGN_OR_RAISE(const auto end, Play(context, script, options));
  ARROW_RETURN_NOT_OK(Expect(end == DriverEnd::kFenced, "a writer who was taken over went on"));
  return ExpectState(context, script, options.table, *states.back());
}

Status TwoPipelines(CaseContext& context) {
  const Script& script = Named("StreamWithReorgs");
  // The same script for ids further up, by another pipeline.
  Script other = script;
  constexpr int64_t kFurtherUp = 100'000;
  for (auto& commit : other.commits) {
    for (auto& batch : commit.batches) {
      const int64_t rows = batch.rows->num_rows();
      if (rows == 0) continue;
      ARROW_ASSIGN_OR_RAISE(const auto first, batch.rows->column(0)->GetScalar(0));
      const int64_t id = static_cast<const arrow::Int64Scalar&>(*first).value;
      batch.rows = SampleRows(id + kFurtherUp, rows);
    }
  }
  DriverOptions options;
  options.table = context.NewTable();
  DriverOptions second = options;
  second.pipeline = "another";
  ARROW_ASSIGN_OR_RAISE(const auto states, ExpectedStates(script));
  ARROW_ASSIGN_OR_RAISE(const auto other_states, ExpectedStates(other));
  options.stop_after = 1;
  ARROW_RETURN_NOT_OK(Play(context, script, options).status());
  second.stop_after = 1;
  ARROW_RETURN_NOT_OK(Expect(!Play(context, other, second).ok(),
                             "a pipeline joined another's table without add_pipeline"));
  second.add_pipeline = true;
  for (size_t done = 1; done <= script.commits.size(); ++done) {
    options.stop_after = done;
    second.stop_after = done;
    ARROW_RETURN_NOT_OK(Play(context, script, options).status());
    ARROW_RETURN_NOT_OK(Play(context, other, second).status());
    ARROW_ASSIGN_OR_RAISE(const auto both, Joined({states[done], other_states[done]}));
    ARROW_RETURN_NOT_OK(WithContext(ExpectState(context, script, options.table, *both),
                                    "after commit " + std::to_string(done) + " of both"));
  }
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  ARROW_ASSIGN_OR_RAISE(const auto checkpoints, loader->ReadCheckpoints(options.table));
  ARROW_RETURN_NOT_OK(Expect(checkpoints.size() == 2, "two pipelines have two checkpoints"));
  return Expect(checkpoints[0].slot != checkpoints[1].slot, "two pipelines have one slot");
}

std::function<std::string(const LoaderTraits&)> NeedsScript(const std::string& name) {
  return [name](const LoaderTraits& traits) { return Lacking(Named(name), traits); };
}

TestCase PlayedCase(const std::string& name, const std::string& script) {
  return {"streaming", name, Named(script).promise, NeedsScript(script),
          [script](CaseContext& context) -> Status {
            ARROW_RETURN_NOT_OK(
                WithContext(PlayAndCompare(context, Named(script), false), "in one go"));
            return WithContext(PlayAndCompare(context, Named(script), true), "with restarts");
          }};
}

}  // namespace

std::vector<TestCase> StreamingCases() {
  return {
      {"streaming", "StreamingMetadataColumns", "every row carries its batch in _amp_batch_id",
       NeedsStreaming, StreamingMetadataColumns},
      {"streaming", "ReorgDeletion", "rows that the chain took back go away", NeedsStreaming,
       ReorgDeletion},
      {"streaming", "ReorgOverlappingRanges", "a batch is taken back whole", NeedsStreaming,
       ReorgOverlappingRanges},
      {"streaming", "ReorgMultiNetwork", "a reorg of one network leaves the others' rows",
       NeedsScript("StreamOfTwoNetworks"), ReorgMultiNetwork},
      {"streaming", "MicrobatchDeduplication", "no batch is loaded twice, restarts included",
       NeedsStreaming, MicrobatchDeduplication},
      {"streaming", "Checkpoints", "the checkpoint says what the table holds", NeedsStreaming,
       Checkpoints},
      {"streaming", "AbortForgets", "an aborted undo undoes nothing", NeedsStreaming, AbortForgets},
      {"streaming", "ATakeOverFences", "who was taken over writes nothing more", NeedsStreaming,
       ATakeOverFences},
      {"streaming", "TwoPipelines", "two pipelines write one table, each with a slot of its own",
       NeedsStreaming, TwoPipelines},
      PlayedCase("OverwriteOnceThenAppend", "StreamThatOverwrites"),
      PlayedCase("UpsertStream", "UpsertStream"),
      PlayedCase("MergeStream", "MergeStream"),
      PlayedCase("MergeStreamOfSomeColumns", "MergeStreamOfSomeColumns"),
      PlayedCase("Evolve", "StreamThatEvolves"),
  };
}

}  // namespace ampload::conformance
