#include "conformance/kit/crash_matrix.h"

#include <ostream>

namespace ampload::conformance {

void CrashMatrix::Print(std::ostream& out) const {
  std::map<std::string, int> scenarios_of;
  std::set<std::string> in_recovery;
  int passed = 0;
  int kills = 0;
  int recovery_kills = 0;
  for (const auto& [scenario, row] : rows_) {
    for (const auto& point : row.points) ++scenarios_of[point];
    in_recovery.insert(row.recovery_points.begin(), row.recovery_points.end());
    passed += static_cast<int>(row.points.size());
    kills += row.kills;
    recovery_kills += row.recovery_kills;
  }
  out << "fault points, and how many scenarios pass them:\n";
  for (const auto& [point, count] : scenarios_of) out << "  " << point << " " << count << "\n";
  out << "fault points in recovery:";
  for (const auto& point : in_recovery) out << " " << point;
  out << "\n";
  const auto points = scenarios_of.size();
  out << "F x S = N: " << points << " fault points x " << rows_.size()
      << " scenarios = " << points * rows_.size() << ", of which " << passed << " are passed; "
      << kills << " processes were killed there, and " << recovery_kills << " while they recovered"
      << std::endl;
}

}  // namespace ampload::conformance
