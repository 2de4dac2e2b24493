#include "pipeline/commit.h"

#include <optional>
#include <utility>
#include <variant>

#include "pipeline/stages.h"

namespace ampload::pipeline {
namespace {

std::string AtTable(const std::string& table) { return ": table=" + table; }

CommitVerdict FencedVerdict(const std::string& table, const std::string& by) {
  return {.status = ConflictError("another writer took over, nothing was loaded: stop here, and do "
                                  "not load again while it runs" +
                                  AtTable(table) + " by=" + by),
          .fenced = true};
}

CommitVerdict StillUnknown(const std::string& table, const std::string& why,
                           const std::string& finding) {
  return {.status = MakeFailure(FailureKind::kUnknownOutcome,
                                "it is not known whether the rows were committed: compare the "
                                "table's row count before loading again" +
                                    AtTable(table) + " commit=" + why + " settle=" + finding)};
}

CommitVerdict NotCommitted(const std::string& table, const std::string& why) {
  return {.status = TransientError("the commit did not take effect, nothing was loaded: run the "
                                   "load again" +
                                   AtTable(table) + " why=" + why),
          .still_staged = true};
}

// What the store says of a commit whose reply was lost.
CommitVerdict Settle(WriteSession& session, const std::string& table, int64_t rows_staged,
                     const std::string& why) {
  Result<Recovered> settled;
  try {
    settled = session.Recover(RecoverMode::kSettle, CallContext{});
  } catch (...) {
    settled = CaughtFailure("settle");
  }
  if (!settled.ok()) return StillUnknown(table, why, MessageOf(settled.status()));
  switch (settled->finding) {
    case RecoverFinding::kCommitted:
      return {.status = Status::OK(), .rows = rows_staged};
    case RecoverFinding::kNotCommitted:
    case RecoverFinding::kWentBack:
      return NotCommitted(table, why);
    case RecoverFinding::kFenced:
      return FencedVerdict(table, settled->fenced_by);
    case RecoverFinding::kFresh:
      return StillUnknown(table, why, "the store has no record of this load");
    case RecoverFinding::kResumed:
      return StillUnknown(table, why, "the store does not say which commit it has");
  }
  return StillUnknown(table, why, "an unknown finding");
}

}  // namespace

CommitVerdict CommitAndSettle(WriteSession& session, const Checkpoint& checkpoint,
                              const std::string& table, int64_t rows_staged,
                              const CallContext& context) {
  CommitOutcome outcome;
  try {
    auto result = session.Commit(checkpoint, context);
    if (!result.ok()) return {.status = result.status(), .still_staged = true};
    outcome = *std::move(result);
  } catch (...) {
    outcome = Unknown{MessageOf(CaughtFailure("commit"))};
  }
  if (const auto* committed = std::get_if<Committed>(&outcome)) {
    CommitVerdict verdict{.status = Status::OK(), .rows = committed->rows};
    if (committed->rows != rows_staged) {
      verdict.status = PermanentError(
          "the store committed another number of rows than were staged, and they stand: check the "
          "table" +
          AtTable(table) + " staged=" + std::to_string(rows_staged) +
          " committed=" + std::to_string(committed->rows));
    }
    return verdict;
  }
  if (const auto* fenced = std::get_if<Fenced>(&outcome)) return FencedVerdict(table, fenced->by);
  if (const auto* conflict = std::get_if<Conflict>(&outcome)) {
    return {.status = ConflictError("another writer changed the table, nothing was loaded: run the "
                                    "load again" +
                                    AtTable(table) + " why=" + conflict->why)};
  }
  return Settle(session, table, rows_staged, std::get<Unknown>(outcome).why);
}

}  // namespace ampload::pipeline
