#include "ampload/load_result.h"

#include <cmath>

namespace ampload {

double RoundTo2(double value) {
  const double scaled = value * 100;
  return std::isfinite(scaled) ? std::round(scaled) / 100 : value;
}

double RatePerSecond(int64_t rows, double seconds) {
  return seconds > 0 ? RoundTo2(static_cast<double>(rows) / seconds) : 0;
}

}  // namespace ampload
