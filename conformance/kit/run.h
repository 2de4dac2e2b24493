// Runs cases and prints what became of each.
//
//   ok    core.AppendMode
//   skip  core.Merge: needs mode merge
//   FAIL  core.NullHandling: a value is not the one that was loaded: column=name row=1 ...
//   core: 20 passed, 1 failed, 3 skipped
#pragma once

#include <iosfwd>
#include <set>
#include <string>
#include <string_view>

#include "conformance/kit/cases.h"
#include "conformance/kit/name_filter.h"

namespace ampload::conformance {

struct Selection {
  std::set<std::string> suites;
  NameFilter filter = {};  // of "suite.Name"
  bool Takes(const TestCase& test) const {
    return suites.contains(test.suite) && filter.Takes(test.full_name());
  }
};

struct Tally {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

// Every selected case once, in order; goes on after a failure.
Tally RunCases(StoreUnderTest& store, const Selection& selection, std::ostream& out);

// "core.AppendMode", the case that runs now; empty between two. Safe to call in a signal handler.
std::string_view RunningCase();

}  // namespace ampload::conformance
