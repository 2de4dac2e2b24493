// Old timestamps (INT96: a day and nanoseconds) that 64 bits of nanoseconds cannot hold.
#pragma once

#include <parquet/file_reader.h>

#include <span>
#include <string>

#include "ampload/status.h"

namespace ampload::source {

// Arrow reads INT96 as nanoseconds and wraps years before 1677 and after 2262 round to others, so
// the values are looked at before. A data error names the file, the column and the day. Reads
// nothing where no leaf is INT96. Throws what the Parquet library does.
Status CheckInt96Range(const std::string& path, parquet::ParquetFileReader* reader,
                       std::span<const int> row_groups, std::span<const int> leaves);

}  // namespace ampload::source
