#include "source/file/int96_range.h"

#include <fmt/format.h>
#include <parquet/column_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

namespace ampload::source {
namespace {

constexpr int64_t kJulianEpoch = 2'440'588;  // the Julian day of 1970-01-01
constexpr int64_t kDayNanoseconds = 86'400'000'000'000;

struct Int96Timestamp {
  int64_t day;  // since 1970-01-01
  int64_t nanoseconds;
};

Int96Timestamp Decode(const parquet::Int96& value) {
  uint64_t nanoseconds = 0;
  std::memcpy(&nanoseconds, value.value.data(), sizeof(nanoseconds));
  return {static_cast<int64_t>(value.value[2]) - kJulianEpoch, static_cast<int64_t>(nanoseconds)};
}

bool FitsNanoseconds(Int96Timestamp at) {
  if (at.nanoseconds < 0 || at.nanoseconds >= kDayNanoseconds) return false;
  // Below 1970 from the day above, so that the very lowest values do not overflow half way.
  if (at.day < 0) at = {at.day + 1, at.nanoseconds - kDayNanoseconds};
  int64_t value = 0;
  return !__builtin_mul_overflow(at.day, kDayNanoseconds, &value) &&
         !__builtin_add_overflow(value, at.nanoseconds, &value);
}

Status CheckChunk(const std::string& path, parquet::Int96Reader* column) {
  constexpr int64_t kStep = 1024;
  std::array<parquet::Int96, kStep> values;
  std::array<int16_t, kStep> definitions;
  std::array<int16_t, kStep> repetitions;
  while (column->HasNext()) {
    int64_t count = 0;
    column->ReadBatch(kStep, definitions.data(), repetitions.data(), values.data(), &count);
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      const auto at = Decode(values[i]);
      if (FitsNanoseconds(at)) continue;
      return DataError(fmt::format(
          "source: an INT96 timestamp is outside of the years 1677 to 2262 that nanoseconds hold; "
          "write the column as timestamps of microseconds: path={} column={} day={} "
          "nanoseconds={}",
          path, column->descr()->path()->ToDotString(), at.day, at.nanoseconds));
    }
  }
  return Status::OK();
}

}  // namespace

Status CheckInt96Range(const std::string& path, parquet::ParquetFileReader* reader,
                       std::span<const int> row_groups, std::span<const int> leaves) {
  for (const int leaf : leaves) {
    const auto* column = reader->metadata()->schema()->Column(leaf);
    if (column->physical_type() != parquet::Type::INT96) continue;
    for (const int group : row_groups) {
      const auto values = reader->RowGroup(group)->Column(leaf);
      ARROW_RETURN_NOT_OK(CheckChunk(path, static_cast<parquet::Int96Reader*>(values.get())));
    }
  }
  return Status::OK();
}

}  // namespace ampload::source
