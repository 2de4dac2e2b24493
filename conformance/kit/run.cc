#include "conformance/kit/run.h"

#include <array>
#include <exception>
#include <map>
#include <ostream>

namespace ampload::conformance {
namespace {

// No std::string, so that a signal handler may read it.
std::array<char, 128> running_case = {};

void NoteRunning(const std::string& name) {
  running_case[name.copy(running_case.data(), running_case.size() - 1)] = '\0';
}

Status RunOne(const TestCase& test, StoreUnderTest& store, std::string* note) {
  if (test.lacking != nullptr) {
    const std::string lacking = test.lacking(store.traits);
    if (!lacking.empty()) return NotForThisLoader(lacking);
  }
  CaseContext context(store, test.name);
  try {
    const Status status = test.run(context);
    *note = context.note();
    return status;
  } catch (const std::exception& error) {
    return PermanentError("an exception: " + std::string(error.what()));
  }
}

// One line, whatever the message has in it.
std::string OnOneLine(std::string text) {
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.replace(at, 1, "\\n");
  }
  return text;
}

}  // namespace

std::string_view RunningCase() { return running_case.data(); }

Tally RunCases(StoreUnderTest& store, const Selection& selection, std::ostream& out) {
  Tally all;
  std::map<std::string, Tally> by_suite;
  for (const auto& test : AllCases()) {
    if (!selection.Takes(test)) continue;
    std::string note;
    NoteRunning(test.full_name());
    const Status status = RunOne(test, store, &note);
    auto& suite = by_suite[test.suite];
    if (status.ok()) {
      ++suite.passed;
      out << "ok    " << test.full_name() << (note.empty() ? "" : ": ") << OnOneLine(note)
          << std::endl;
    } else if (IsNotForThisLoader(status)) {
      ++suite.skipped;
      out << "skip  " << test.full_name() << ": " << OnOneLine(MessageOf(status)) << std::endl;
    } else {
      ++suite.failed;
      out << "FAIL  " << test.full_name() << ": " << OnOneLine(MessageOf(status)) << std::endl;
    }
  }
  NoteRunning("");
  if (!store.matrix.empty()) store.matrix.Print(out);
  for (const auto* name : kSuites) {
    const auto found = by_suite.find(name);
    if (found == by_suite.end()) continue;
    const auto& tally = found->second;
    out << name << ": " << tally.passed << " passed, " << tally.failed << " failed, "
        << tally.skipped << " skipped" << std::endl;
    all.passed += tally.passed;
    all.failed += tally.failed;
    all.skipped += tally.skipped;
  }
  return all;
}

}  // namespace ampload::conformance
