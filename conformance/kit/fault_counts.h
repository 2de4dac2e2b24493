// How often a process passed each fault point, and at which passings it is killed.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <string>

namespace ampload::conformance {

// What AMPLOAD_FAULT_COUNTS left in the file; empty where it left none.
inline std::map<std::string, int64_t> ReadFaultCounts(const std::string& path) {
  std::map<std::string, int64_t> counts;
  std::ifstream in(path);
  std::string name;
  for (int64_t count = 0; in >> name >> count;) counts[name] = count;
  return counts;
}

// The first passing, a middle one, the last.
inline std::set<int64_t> ChosenPassings(int64_t count) { return {1, (count + 1) / 2, count}; }

}  // namespace ampload::conformance
