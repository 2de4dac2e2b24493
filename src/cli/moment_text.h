// Dates and times as RFC 3339 writes them, for every value that Arrow can hold: years beyond 9999
// take more digits, years before 0 a sign. Pure.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace ampload::cli {

std::string DateText(int64_t days_since_1970);                        // "2022-06-21"
std::string TimeText(int64_t since_midnight, arrow::TimeUnit::type);  // "02:28:20.000001"

// "2022-06-21T02:28:20Z". The fraction has the unit's digits (3, 6, 9), and is left out where it is
// 0.
std::string TimestampText(int64_t since_1970, arrow::TimeUnit::type unit, bool utc);

}  // namespace ampload::cli
