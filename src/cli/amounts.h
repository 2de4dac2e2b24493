// Counts, sizes, times and rates as a person reads them. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace ampload::cli {

std::string CountText(int64_t count);          // "1,234,567"
std::string RowsText(int64_t rows);            // "1 row", "1,234 rows"
std::string SizeText(int64_t bytes);           // "512 B", "312 KiB", "1.2 GiB"
std::string SecondsText(double seconds);       // "0.02 s", "1.5 s", "3 m 20 s"
std::string RateText(double rows_per_second);  // three figures: "31,200 rows/s"

}  // namespace ampload::cli
