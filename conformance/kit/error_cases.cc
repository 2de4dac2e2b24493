// Bad rows, and two loads at once.
#include <thread>

#include "conformance/kit/cases.h"
#include "conformance/kit/same_rows.h"
#include "conformance/kit/sample_rows.h"

namespace ampload::conformance {
namespace {

Result<std::shared_ptr<arrow::RecordBatch>> BadRows(CaseContext& context, int64_t good,
                                                    int64_t bad) {
  auto batch = context.config().RowsWithErrors(good, bad);
  if (batch == nullptr) return NotForThisLoader("refuses no single row");
  return batch;
}

Status AHundredRowErrors(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  ARROW_ASSIGN_OR_RAISE(const auto batch, BadRows(context, 7, 100));
  const LoadResult result = loader->LoadBatch(batch, table, {});
  ARROW_RETURN_NOT_OK(Expect(result.success, "100 bad rows failed the load: " + result.error));
  ARROW_RETURN_NOT_OK(Expect(result.rows_loaded == 7, "7 rows are good, rows_loaded is " +
                                                          std::to_string(result.rows_loaded)));
  return context.ExpectRowCount(table, 7);
}

Status TheHundredAndFirstRowError(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  ARROW_ASSIGN_OR_RAISE(const auto batch, BadRows(context, 7, 101));
  const LoadResult result = loader->LoadBatch(batch, table, {});
  ARROW_RETURN_NOT_OK(Expect(!result.success, "101 bad rows did not fail the load"));
  return Expect(result.error.find("Too many errors: 101") != std::string::npos,
                "the error is not \"Too many errors: 101\": " + result.error);
}

Status OnlyRowErrors(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  ARROW_ASSIGN_OR_RAISE(const auto batch, BadRows(context, 0, 8));
  const LoadResult result = loader->LoadBatch(batch, table, {});
  ARROW_RETURN_NOT_OK(Expect(!result.success, "a load of bad rows alone did not fail"));
  ARROW_RETURN_NOT_OK(Expect(
      result.error.find("Failed to load any rows. Errors: ") != std::string::npos &&
          result.error.find("... and 3 more errors") != std::string::npos,
      "the error does not tell the first five and the number of the others: " + result.error));
  return context.ExpectRowCount(table, 0);
}

// A load that fails in its middle leaves the table as it was.
Status AllOrNothing(CaseContext& context) {
  const std::string table = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 20), table));
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  for (const auto mode : {LoadMode::kAppend, LoadMode::kOverwrite}) {
    if (!context.traits().supported_modes.contains(mode)) continue;
    TableSpec spec;
    spec.name = table;
    spec.schema = SampleSchema();
    spec.mode = mode;
    ARROW_ASSIGN_OR_RAISE(const auto session, loader->OpenSession({&spec, 1}));
    ARROW_RETURN_NOT_OK(session->Recover(RecoverMode::kTakeOver, CallContext{}).status());
    StagedBatch staged;
    ARROW_ASSIGN_OR_RAISE(staged.batch, SampleRows(100, 5000)->CombineChunksToBatch());
    ARROW_RETURN_NOT_OK(session->Stage(std::move(staged), CallContext{}));
    ARROW_RETURN_NOT_OK(session->Abort(CallContext{}));
    ARROW_RETURN_NOT_OK(WithContext(context.ExpectRows(table, SampleRows(0, 20)),
                                    "aborted " + std::string(ToString(mode))));
  }
  // Told to stop, it stops.
  std::stop_source stop;
  stop.request_stop();
  LoadOptions options;
  options.context.stop = stop.get_token();
  ARROW_RETURN_NOT_OK(context.LoadMustFail(SampleRows(20, 10), table, options).status());
  return context.ExpectRows(table, SampleRows(0, 20));
}

// Both may succeed; one may be told that the other has the table. Rows are those of the loads that
// say so.
Status TwoLoadsAtOnce(CaseContext& context) {
  const std::string table = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 10), table));
  constexpr int kLoads = 2;
  constexpr int64_t kRows = 3000;
  std::vector<LoadResult> results(kLoads);
  std::vector<Status> connected(kLoads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kLoads; ++i) {
      threads.emplace_back([&, i] {
        auto loader = context.MakeLoader();
        connected[i] = loader.ok() ? (*loader)->Connect(CallContext{}) : loader.status();
        if (!connected[i].ok()) return;
        results[i] = (*loader)->LoadTable(SampleRows(1000 + i * kRows, kRows, 100), table, {});
      });
    }
  }
  std::vector<std::shared_ptr<arrow::Table>> expected = {SampleRows(0, 10)};
  for (int i = 0; i < kLoads; ++i) {
    ARROW_RETURN_NOT_OK(connected[i]);
    ARROW_RETURN_NOT_OK(
        Expect(results[i].success || !results[i].error.empty(), "a load failed without an error"));
    if (results[i].success) expected.push_back(SampleRows(1000 + i * kRows, kRows));
  }
  ARROW_RETURN_NOT_OK(Expect(expected.size() > 1, "neither of two loads was done: " +
                                                      results[0].error + "; " + results[1].error));
  ARROW_ASSIGN_OR_RAISE(const auto all, Joined(expected));
  return context.ExpectRows(table, all);
}

std::string NeedsRowErrors(const LoaderTraits& traits) {
  return traits.commit == CommitKind::kNone ? "" : "needs loads that skip bad rows";
}

}  // namespace

std::vector<TestCase> ErrorCases() {
  return {
      {"core", "AHundredRowErrors", "a hundred bad rows are left out, the others loaded",
       NeedsRowErrors, AHundredRowErrors},
      {"core", "TheHundredAndFirstRowError", "one more stops the load", NeedsRowErrors,
       TheHundredAndFirstRowError},
      {"core", "OnlyRowErrors", "bad rows alone fail, and the first five are told", NeedsRowErrors,
       OnlyRowErrors},
      {"core", "AllOrNothing", "an aborted load leaves the table as it was", NeedsCommit,
       AllOrNothing},
      {"core", "TwoLoadsAtOnce", "of two loads at once each is whole or refused", nullptr,
       TwoLoadsAtOnce},
  };
}

}  // namespace ampload::conformance
