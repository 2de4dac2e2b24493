#include "conformance/scenario/play.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <new>
#include <set>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/loader.h"
#include "base/random.h"
#include "conformance/kit/fault_counts.h"
#include "conformance/scenario/stored_rows.h"
#include "conformance/scenario/world.h"
#include "pipeline/stream_load.h"
#include "stream/ladder.h"

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kFenced = 4;
constexpr int kMostProcesses = 200;
constexpr unsigned kMostSeconds = 60;  // of one process: it hangs

// What the processes of a scenario share.
struct Shared {
  SharedProgress progress;
  std::atomic<int64_t> commits_compared = 0;
  char error[2000] = {};
};

class SharedMemory {
 public:
  SharedMemory() {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) shared_ = new (memory) Shared;
  }
  ~SharedMemory() {
    if (shared_ != nullptr) munmap(shared_, sizeof(Shared));
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  Shared* get() const { return shared_; }

 private:
  Shared* shared_ = nullptr;
};

// One process's part.
class Part {
 public:
  Part(const Scenario& scenario, const ScenarioStore& store, std::string table, Shared* shared)
      : scenario_(scenario), store_(store), table_(std::move(table)), shared_(shared) {}

  Result<int> Run() {
    ARROW_ASSIGN_OR_RAISE(world_, World::Make(scenario_, &shared_->progress));
    ARROW_ASSIGN_OR_RAISE(const auto loader, Connect());
    ARROW_ASSIGN_OR_RAISE(reader_, Connect());
    world_->OnTakeOver([this] { TakeOver(); });
    const auto source = world_->MakeSource();
    const auto request = MakeRequest();
    const CallContext context{.stop = world_->finished().get_token()};
    const auto outcome = pipeline::RunStream(*source, *loader, request, context);
    if (outcome.fenced) return kFenced;
    ARROW_RETURN_NOT_OK(outcome.status);
    ARROW_RETURN_NOT_OK(compared_);
    if (!outcome.stopped) return PermanentError("the stream ended by itself");
    ARROW_ASSIGN_OR_RAISE(const auto checkpoints, reader_->ReadCheckpoints(table_));
    if (checkpoints.size() != 1) {
      return PermanentError("not one checkpoint: " + std::to_string(checkpoints.size()));
    }
    const auto cursor = stream::CursorAt(checkpoints.front().ladder);
    ARROW_RETURN_NOT_OK(WithContext(Compare(checkpoints.front()), "at the end"));
    if (!world_->IsTheEnd(cursor)) return PermanentError("the end is not the chain's");
    ARROW_RETURN_NOT_OK(store_.config->CleanupTable(*reader_, table_));
    return kDone;
  }

 private:
  Result<std::unique_ptr<Loader>> Connect() const {
    ConfigMap options = store_.options;
    if (scenario_.small_steps) {
      for (const auto& [name, value] : store_.config->SmallSteps()) options[name] = value;
    }
    ARROW_ASSIGN_OR_RAISE(auto loader, store_.loader->make(options));
    ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
    return loader;
  }

  TableSpec MakeSpec() const {
    TableSpec spec;
    spec.name = table_;
    spec.mode = scenario_.mode;
    if (!scenario_.numbered && store_.traits.supports_keys) spec.keys = KeysOf(scenario_);
    spec.pipeline = "scenario";
    return spec;
  }

  pipeline::StreamRequest MakeRequest() {
    pipeline::StreamRequest request;
    request.table = MakeSpec();
    request.query = "SELECT * FROM a_scenario";
    request.block_ranges = scenario_.block_ranges;
    request.retention_blocks = scenario_.retention_blocks;
    request.cadence.rows = scenario_.commit_rows;
    request.cadence.interval = scenario_.commit_interval;
    request.cadence.idle_checkpoint = std::chrono::milliseconds(20);
    request.hold_bytes = scenario_.hold_bytes;
    request.backoff = {std::chrono::milliseconds(1), std::chrono::milliseconds(4)};
    request.on_commit = [this](const Checkpoint& checkpoint) {
      if (compared_.ok()) {
        compared_ = WithContext(Compare(checkpoint),
                                "after commit " + std::to_string(++commits_) + " of this process");
      }
      if (!compared_.ok()) world_->finished().request_stop();
      world_->NoteCommitted(stream::CursorAt(checkpoint.ladder));
    };
    return request;
  }

  Status Compare(const Checkpoint& checkpoint) {
    ARROW_ASSIGN_OR_RAISE(const auto info, reader_->GetTableInfo(table_));
    std::shared_ptr<arrow::Table> stored;
    if (info.has_value() && info->exists) {
      ARROW_ASSIGN_OR_RAISE(stored, store_.config->QueryRows(*reader_, table_, {}, {}));
    }
    ++shared_->commits_compared;
    ARROW_RETURN_NOT_OK(
        ExpectRowsTo(stream::CursorAt(checkpoint.ladder), *world_, scenario_, stored.get()));
    return stored == nullptr || scenario_.mode != LoadMode::kAppend ||
                   stored->num_rows() == checkpoint.rows_total
               ? Status::OK()
               : DataError("the checkpoint counts other rows: rows_total=" +
                           std::to_string(checkpoint.rows_total) +
                           " rows=" + std::to_string(stored->num_rows()));
  }

  // Another writer, for a moment.
  void TakeOver() {
    const auto loader = Connect();
    if (!loader.ok()) return;
    TableSpec spec = MakeSpec();
    spec.streaming = true;
    const auto info = (*loader)->GetTableInfo(table_);
    if (!info.ok() || !info->has_value() || (*info)->schema == nullptr) return;
    spec.schema = (*info)->schema;
    const auto session = (*loader)->OpenSession({&spec, 1});
    if (session.ok()) (void)(*session)->Recover(RecoverMode::kTakeOver, CallContext{});
  }

  const Scenario& scenario_;
  const ScenarioStore& store_;
  const std::string table_;
  Shared* shared_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Loader> reader_;
  Status compared_;
  int64_t commits_ = 0;
};

[[noreturn]] void BeTheChild(const Scenario& scenario, const ScenarioStore& store,
                             const std::string& table, const std::string& fault,
                             const std::string& counts, Shared* shared) {
  alarm(kMostSeconds);
  if (fault.empty()) {
    unsetenv("AMPLOAD_FAULT");
  } else {
    setenv("AMPLOAD_FAULT", fault.c_str(), 1);
  }
  if (!counts.empty()) setenv("AMPLOAD_FAULT_COUNTS", counts.c_str(), 1);
  int status = kFailed;
  try {
    const auto ran = Part(scenario, store, table, shared).Run();
    if (ran.ok()) status = *ran;
    if (!ran.ok()) {
      std::strncpy(shared->error, MessageOf(ran.status()).c_str(), sizeof shared->error - 1);
    }
  } catch (const std::exception& error) {
    std::strncpy(shared->error, error.what(), sizeof shared->error - 1);
  }
  if (!counts.empty()) exit(status);  // writes the counts
  _exit(status);
}

// One process, to its end. The exit status, or 128 and the signal that ended it.
Result<int> RunProcess(const Scenario& scenario, const ScenarioStore& store,
                       const std::string& table, const std::string& fault,
                       const std::string& counts, Shared* shared) {
  const pid_t pid = fork();
  if (pid == 0) BeTheChild(scenario, store, table, fault, counts, shared);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return PermanentError("fork or waitpid failed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// What is done between two processes, where the next step asks for it.
Status PlayStoreStep(const Scenario& scenario, const ScenarioStore& store, Shared* shared) {
  const uint64_t done = shared->progress.steps;
  if (done >= scenario.steps.size()) return Status::OK();
  const StepKind kind = scenario.steps[done].kind;
  if (kind != StepKind::kRemember && kind != StepKind::kRestore) return Status::OK();
  ++shared->progress.steps;
  return kind == StepKind::kRemember ? store.config->RememberStore(store.options)
                                     : store.config->RestoreStore(store.options);
}

std::string FaultOf(const Scenario& scenario, int64_t process) {
  const auto index = static_cast<size_t>(process);
  return index < scenario.faults.size() ? scenario.faults[index] : "";
}

std::string NewTable() { return "scenario_" + base::RandomNonce().substr(0, 12); }

PlayedScenario Play(const Scenario& scenario, const ScenarioStore& store,
                    const std::string& counts) {
  PlayedScenario played;
  const SharedMemory memory;
  Shared* shared = memory.get();
  const std::string table = NewTable();
  const auto failed = [&](const std::string& why) {
    played.status = DataError(why + ": process=" + std::to_string(played.processes) +
                              " step=" + std::to_string(shared->progress.steps.load()) + " " +
                              scenario.ToString());
  };
  for (;;) {
    const std::string fault = FaultOf(scenario, played.processes);
    const auto ended = RunProcess(scenario, store, table, fault, counts, shared);
    ++played.processes;
    played.commits_compared = shared->commits_compared;
    if (!ended.ok()) {
      played.status = ended.status();
      return played;
    }
    if (*ended == kDone) return played;
    if (*ended == kFenced) {
      ++played.fenced;
    } else if (*ended == 128 + SIGKILL) {
      ++played.killed;
    } else {
      failed(*ended == kFailed ? shared->error : "ended by signal " + std::to_string(*ended - 128));
      return played;
    }
    const Status stepped = PlayStoreStep(scenario, store, shared);
    if (!stepped.ok()) failed(MessageOf(stepped));
    if (played.processes == kMostProcesses) failed("no end after many processes");
    if (!played.status.ok()) return played;
  }
}

}  // namespace

PlayedScenario PlayScenario(const Scenario& scenario, const ScenarioStore& store) {
  return Play(scenario, store, "");
}

bool PlayRandomScenarios(uint64_t first, uint64_t count, const ScenarioStore& store,
                         std::ostream& out) {
  int64_t failures = 0;
  PlayedScenario all;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const auto scenario = RandomScenario(seed, store.traits);
    const auto played = PlayScenario(scenario, store);
    all.processes += played.processes;
    all.killed += played.killed;
    all.fenced += played.fenced;
    all.commits_compared += played.commits_compared;
    if (played.status.ok()) continue;
    ++failures;
    out << "FAILED seed " << seed << ": " << MessageOf(played.status) << std::endl;
    if (failures == 20) break;
  }
  out << "random scenarios: " << count << " from seed " << first << ", " << failures << " failed; "
      << all.processes << " processes, " << all.killed << " killed, " << all.fenced << " fenced, "
      << all.commits_compared << " commits compared" << std::endl;
  return failures == 0;
}

bool PlayScenarioMatrix(const ScenarioStore& store, std::ostream& out) {
  const std::string counts =
      (fs::temp_directory_path() / ("ampload-counts-" + std::to_string(getpid()))).string();
  std::set<std::string> points;
  int64_t scenarios = 0;
  int64_t passed = 0;
  int64_t kills = 0;
  int64_t failures = 0;
  const auto judge = [&](const Scenario& scenario, const PlayedScenario& played) {
    kills += played.killed;
    if (played.status.ok()) return true;
    ++failures;
    out << "FAILED " << scenario.name << ": " << MessageOf(played.status) << std::endl;
    return false;
  };
  for (const auto& named : NamedScenarios()) {
    if (!Lacking(named, store.traits).empty()) continue;
    if (named.goes_back() && !store.config->can_go_back()) continue;
    std::error_code ignored;
    fs::remove(counts, ignored);
    if (!judge(named, Play(named, store, counts))) continue;
    ++scenarios;
    for (const auto& [point, times] : ReadFaultCounts(counts)) {
      points.insert(point);
      ++passed;
      for (const int64_t passing : ChosenPassings(times)) {
        Scenario killed = named;
        killed.faults = {point + ":" + std::to_string(passing)};
        judge(killed, PlayScenario(killed, store));
      }
    }
    fs::remove(counts, ignored);
  }
  const auto product = static_cast<int64_t>(points.size()) * scenarios;
  out << "F x S = N: " << points.size() << " fault points x " << scenarios
      << " scenarios = " << product << ", of which " << passed << " are passed; " << kills
      << " processes killed, " << failures << " failures" << std::endl;
  for (const auto& point : points) out << "  " << point << "\n";
  return failures == 0;
}

}  // namespace ampload::conformance
