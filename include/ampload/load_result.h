// The outcome of one load, under the specification's names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace ampload {

using MetadataValue = std::variant<bool, int64_t, double, std::string>;
using Metadata = std::map<std::string, MetadataValue>;

struct LoadResult {
  bool success = false;
  int64_t rows_loaded = 0;
  double duration_seconds = 0;
  double ops_per_second = 0;  // rows_loaded / duration_seconds; 0 where the duration is 0
  std::string table_name;
  std::string loader_type;
  std::string error;  // empty on success
  Metadata metadata;
};

// Rows per second, rounded to two decimals; 0 where the duration is 0.
double RatePerSecond(int64_t rows, double seconds);

// Two decimals, as the specification's metadata has them.
double RoundTo2(double value);

}  // namespace ampload
