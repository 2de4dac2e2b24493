// Where processes were killed: scenarios by fault points.
#pragma once

#include <iosfwd>
#include <map>
#include <set>
#include <string>

namespace ampload::conformance {

class CrashMatrix {
 public:
  struct Row {
    std::set<std::string> points;           // passed, and killed at
    std::set<std::string> recovery_points;  // passed, and killed at, by the one that cleans up
    int kills = 0;
    int recovery_kills = 0;
  };

  void Add(const std::string& scenario, Row row) { rows_[scenario] = std::move(row); }
  bool empty() const { return rows_.empty(); }

  // The points, each with the scenarios that pass it, and F x S = N.
  void Print(std::ostream& out) const;

 private:
  std::map<std::string, Row> rows_;
};

}  // namespace ampload::conformance
