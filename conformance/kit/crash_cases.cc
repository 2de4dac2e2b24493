// A process that plays a script is ended by SIGKILL at every fault point; the next one goes on. The
// oracle is the script's model.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "conformance/kit/cases.h"
#include "conformance/kit/child.h"
#include "conformance/kit/crash_matrix.h"
#include "conformance/kit/driver.h"
#include "conformance/kit/fault_counts.h"
#include "conformance/kit/played.h"
#include "conformance/kit/same_rows.h"

namespace ampload::conformance {
namespace {

// One table, one script, one process after the other.
class Scene {
 public:
  static Result<std::unique_ptr<Scene>> Make(CaseContext& context, const Script& script) {
    auto scene = std::unique_ptr<Scene>(new Scene(context, script));
    ARROW_ASSIGN_OR_RAISE(scene->states_, ExpectedStates(script));
    scene->table_ = context.NewTable();
    return scene;
  }

  size_t commits() const { return script_.commits.size(); }

  // The table as the script begins.
  Status Prepare() {
    ARROW_ASSIGN_OR_RAISE(auto* loader, context_.loader());
    ARROW_RETURN_NOT_OK(context_.config().CleanupTable(*loader, table_));
    std::error_code ignored;
    std::filesystem::remove(folder_.progress(), ignored);
    return PrepareTable(context_, script_, table_);
  }

  ChildJob Job(bool recover_only = false) {
    ChildJob job;
    job.loader = context_.descriptor().name;
    job.options = context_.options();
    for (const auto& [name, value] : context_.config().SmallSteps()) job.options[name] = value;
    job.script = script_.name;
    job.table = table_;
    job.progress = folder_.progress();
    job.recover_only = recover_only;
    return job;
  }

  Result<ChildEnd> Run(const ChildJob& job, const std::string& fault = "") {
    std::map<std::string, std::string> environment = {{"AMPLOAD_FAULT", fault},
                                                      {"AMPLOAD_FAULT_COUNTS", folder_.counts()}};
    // A child that passes no point writes no counts: those of the one before are not its own.
    std::error_code ignored;
    std::filesystem::remove(folder_.counts(), ignored);
    ARROW_ASSIGN_OR_RAISE(auto child, Child::Start(job, environment));
    return child.Wait();
  }

  // The points that the last child passed, by how often; one that only recovers may pass none.
  Result<std::map<std::string, int64_t>> Passings(bool may_be_none = false) {
    auto passings = ReadFaultCounts(folder_.counts());
    if (passings.empty() && !may_be_none) {
      return PermanentError("the loader passes no fault point: AMPLOAD_FAULT_POINT stands nowhere");
    }
    return passings;
  }

  // How many commits the processes so far know to have taken effect.
  size_t Progress() const {
    std::ifstream in(folder_.progress());
    size_t last = 0;
    for (size_t done = 0; in >> done;) last = done;
    return last;
  }

  Status ExpectStateOf(size_t done) {
    return ExpectState(context_, script_, table_, *states_[done]);
  }

  // After a process died: the next one cleans up, and goes on to the end.
  Status RecoverAndFinish() {
    const size_t known = Progress();
    if (context_.traits().visibility == Visibility::kCommit && !script_.streaming) {
      ARROW_RETURN_NOT_OK(WithContext(ExpectOneOf(known, nullptr), "before anybody has recovered"));
    }
    ARROW_ASSIGN_OR_RAISE(const auto recovered, Run(Job(/*recover_only=*/true)));
    ARROW_RETURN_NOT_OK(Expect(recovered.done(), "the next start failed: " + recovered.ToString()));
    ARROW_ASSIGN_OR_RAISE(const auto passings, Passings(/*may_be_none=*/true));
    recovery_points_ = passings.size();
    size_t now = Progress();
    if (script_.one_off) {
      ARROW_RETURN_NOT_OK(WithContext(ExpectOneOf(known, &now), "after the next start"));
    } else {
      ARROW_RETURN_NOT_OK(Expect(now == known || now == known + 1,
                                 "the checkpoint says " + std::to_string(now) + " commits, " +
                                     std::to_string(known) + " were confirmed"));
      ARROW_RETURN_NOT_OK(WithContext(
          ExpectStateOf(now), "after the next start, " + std::to_string(now) + " commits done"));
    }
    if (script_.one_off && now == 1) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto finished, Run(Job()));
    ARROW_RETURN_NOT_OK(
        Expect(finished.done(), "going on after it failed: " + finished.ToString()));
    return WithContext(ExpectStateOf(commits()), "at the end");
  }

  // How many points the last recovery passed: how much there was to clean up.
  size_t recovery_points() const { return recovery_points_; }

  // The table is as after `known` commits, or after one more.
  Status ExpectOneOf(size_t known, size_t* which) {
    const Status as_known = ExpectStateOf(known);
    if (as_known.ok() || known == commits()) {
      if (which != nullptr) *which = known;
      return as_known;
    }
    if (which != nullptr) *which = known + 1;
    return ExpectStateOf(known + 1).ok() ? Status::OK() : as_known;
  }

 private:
  // Files that parent and children share.
  class Folder {
   public:
    Folder() {
      path_ = (std::filesystem::temp_directory_path() / "ampload-crash-XXXXXX").string();
      if (mkdtemp(path_.data()) == nullptr) path_.clear();
    }
    ~Folder() {
      std::error_code ignored;
      if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    std::string progress() const { return path_ + "/progress"; }
    std::string counts() const { return path_ + "/counts"; }

   private:
    std::string path_;
  };

  Scene(CaseContext& context, const Script& script) : context_(context), script_(script) {}

  CaseContext& context_;
  const Script& script_;
  std::vector<std::shared_ptr<arrow::Table>> states_;
  std::string table_;
  size_t recovery_points_ = 0;
  Folder folder_;
};

std::string Fault(const std::string& point, int64_t passing) {
  return point + ":" + std::to_string(passing);
}

Status KillOnce(Scene& scene, const std::string& fault) {
  ARROW_RETURN_NOT_OK(scene.Prepare());
  ARROW_ASSIGN_OR_RAISE(const auto end, scene.Run(scene.Job(), fault));
  return Expect(end.killed(), "was not killed: " + end.ToString());
}

// Kills the process that cleans up after a killed one, too, at everything that it passes.
Status KillRecovery(Scene& scene, const std::string& first_fault, CrashMatrix::Row* row) {
  ARROW_RETURN_NOT_OK(KillOnce(scene, first_fault));
  ARROW_ASSIGN_OR_RAISE(const auto end, scene.Run(scene.Job(/*recover_only=*/true)));
  ARROW_RETURN_NOT_OK(Expect(end.done(), "the next start failed: " + end.ToString()));
  ARROW_ASSIGN_OR_RAISE(const auto passings, scene.Passings());
  for (const auto& [point, count] : passings) {
    row->recovery_points.insert(point);
    for (const int64_t passing : ChosenPassings(count)) {
      const std::string where =
          "killed at " + first_fault + ", then in recovery at " + Fault(point, passing);
      ARROW_RETURN_NOT_OK(WithContext(KillOnce(scene, first_fault), where));
      ARROW_ASSIGN_OR_RAISE(const auto second, scene.Run(scene.Job(true), Fault(point, passing)));
      ARROW_RETURN_NOT_OK(
          Expect(second.killed(), where + ": was not killed: " + second.ToString()));
      ARROW_RETURN_NOT_OK(WithContext(scene.RecoverAndFinish(), where));
      ++row->recovery_kills;
    }
  }
  return Status::OK();
}

Status KillEverywhere(CaseContext& context, const Script& script) {
  ARROW_ASSIGN_OR_RAISE(const auto scene, Scene::Make(context, script));
  ARROW_RETURN_NOT_OK(scene->Prepare());
  ARROW_ASSIGN_OR_RAISE(const auto end, scene->Run(scene->Job()));
  ARROW_RETURN_NOT_OK(Expect(end.done(), "failed without being killed: " + end.ToString()));
  ARROW_RETURN_NOT_OK(WithContext(scene->ExpectStateOf(scene->commits()), "without being killed"));
  ARROW_ASSIGN_OR_RAISE(const auto passings, scene->Passings());

  CrashMatrix::Row row;
  std::string most_to_clean;
  size_t most_points = 0;
  for (const auto& [point, count] : passings) {
    row.points.insert(point);
    for (const int64_t passing : ChosenPassings(count)) {
      const std::string fault = Fault(point, passing);
      ARROW_RETURN_NOT_OK(WithContext(KillOnce(*scene, fault), "at " + fault));
      ARROW_RETURN_NOT_OK(WithContext(scene->RecoverAndFinish(), "killed at " + fault));
      ++row.kills;
      if (scene->recovery_points() > most_points) {
        most_points = scene->recovery_points();
        most_to_clean = fault;
      }
    }
  }
  if (!most_to_clean.empty()) ARROW_RETURN_NOT_OK(KillRecovery(*scene, most_to_clean, &row));
  context.Note(std::to_string(row.points.size()) + " fault points, " + std::to_string(row.kills) +
               " kills, " + std::to_string(row.recovery_kills) + " more in recovery");
  context.matrix().Add(script.name, std::move(row));
  return Status::OK();
}

// The answer to a commit is lost, before it takes effect or after: it is asked for, and nothing
// comes twice.
Status ALostReplyIsSettled(CaseContext& context) {
  int64_t lost = 0;
  for (const auto& script : AllScripts()) {
    if (!Lacking(script, context.traits()).empty()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto scene, Scene::Make(context, script));
    ARROW_RETURN_NOT_OK(scene->Prepare());
    ARROW_ASSIGN_OR_RAISE(const auto end, scene->Run(scene->Job()));
    ARROW_RETURN_NOT_OK(Expect(end.done(), script.name + " failed: " + end.ToString()));
    ARROW_ASSIGN_OR_RAISE(const auto passings, scene->Passings());
    for (const auto& [point, count] : passings) {
      if (!point.ends_with(".reply") && !point.ends_with(".send")) continue;
      for (int64_t passing = 1; passing <= count; ++passing) {
        const std::string where = script.name + ", lost: " + Fault(point, passing);
        ARROW_RETURN_NOT_OK(WithContext(scene->Prepare(), where));
        ARROW_ASSIGN_OR_RAISE(const auto after,
                              scene->Run(scene->Job(), Fault(point, passing) + ":lose"));
        ARROW_RETURN_NOT_OK(Expect(after.done(), where + ": " + after.ToString()));
        ARROW_RETURN_NOT_OK(WithContext(scene->ExpectStateOf(scene->commits()), where));
        ++lost;
      }
    }
  }
  context.Note(std::to_string(lost) + " replies lost");
  return Expect(lost > 0, "no reply can be lost: no AMPLOAD_REPLY_LOST point is passed");
}

// A process stands still before its commit, another takes over; then the first goes on.
Status AStoppedWriterIsFenced(CaseContext& context) {
  int64_t fenced = 0;
  for (const auto& script : AllScripts()) {
    if (script.one_off || !Lacking(script, context.traits()).empty()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto scene, Scene::Make(context, script));
    for (size_t commit = 0; commit < scene->commits(); ++commit) {
      const std::string where = script.name + ", stopped before commit " + std::to_string(commit);
      ARROW_RETURN_NOT_OK(WithContext(scene->Prepare(), where));
      ChildJob stopping = scene->Job();
      stopping.stop_before_commit = static_cast<int64_t>(commit);
      ARROW_ASSIGN_OR_RAISE(auto first, Child::Start(stopping, {}));
      ARROW_ASSIGN_OR_RAISE(const auto stopped, first.Wait());
      ARROW_RETURN_NOT_OK(Expect(stopped.stopped, where + ": did not stop: " + stopped.ToString()));
      ARROW_ASSIGN_OR_RAISE(const auto second, scene->Run(scene->Job()));
      ARROW_RETURN_NOT_OK(
          Expect(second.done(), where + ": the one who took over: " + second.ToString()));
      first.Continue();
      ARROW_ASSIGN_OR_RAISE(const auto end, first.Wait());
      ARROW_RETURN_NOT_OK(
          Expect(end.fenced(), where + ": a writer who was taken over went on: " + end.ToString()));
      ARROW_RETURN_NOT_OK(WithContext(scene->ExpectStateOf(scene->commits()), where));
      ++fenced;
    }
  }
  context.Note(std::to_string(fenced) + " writers fenced");
  return Status::OK();
}

}  // namespace

std::vector<TestCase> CrashCases() {
  std::vector<TestCase> cases;
  for (const auto& script : AllScripts()) {
    cases.push_back({"crash", script.name, script.promise,
                     [&script](const LoaderTraits& traits) { return Lacking(script, traits); },
                     [&script](CaseContext& context) { return KillEverywhere(context, script); }});
  }
  cases.push_back({"crash", "ALostReplyIsSettled", "a commit whose reply is lost counts once",
                   NeedsCommit, ALostReplyIsSettled});
  cases.push_back({"crash", "AStoppedWriterIsFenced",
                   "a process that slept through a take-over writes nothing", NeedsStreaming,
                   AStoppedWriterIsFenced});
  return cases;
}

}  // namespace ampload::conformance
