// The one table of cases: what the command runs, what the docs list, what tests are made from.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "conformance/kit/case_context.h"

namespace ampload::conformance {

struct TestCase {
  std::string suite;    // "core", "types", "streaming", "crash"
  std::string name;     // "OverwriteMode"
  std::string promise;  // what holds, one line
  // Why a loader of these traits cannot have the case: "needs mode merge"; empty: it runs. Null:
  // every loader has it.
  std::function<std::string(const LoaderTraits&)> lacking;
  // OK: it held. Else what did not.
  std::function<Status(CaseContext&)> run;

  std::string full_name() const { return suite + "." + name; }
};

// A case that turns out not to be for this loader only when it runs returns this: it is printed as
// skipped.
Status NotForThisLoader(const std::string& why);
bool IsNotForThisLoader(const Status& status);

inline constexpr const char* kSuites[] = {"core", "types", "streaming", "crash"};

// In the order in which they run.
const std::vector<TestCase>& AllCases();

// One file each.
std::vector<TestCase> CoreCases();
std::vector<TestCase> ModeCases();
std::vector<TestCase> ShapeCases();
std::vector<TestCase> ErrorCases();
std::vector<TestCase> TypeCases();
std::vector<TestCase> StreamingCases();
std::vector<TestCase> CrashCases();
std::vector<TestCase> ScenarioCases();

// What a loader may lack.
std::function<std::string(const LoaderTraits&)> NeedsMode(LoadMode mode);
std::string NeedsCommit(const LoaderTraits& traits);     // all or nothing
std::string NeedsStreaming(const LoaderTraits& traits);  // checkpoints and undo
std::string NeedsNulls(const LoaderTraits& traits);

}  // namespace ampload::conformance
