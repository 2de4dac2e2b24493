// Numbers as a person reads them at a glance, and the text of a progress line. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/load.h"
#include "pipeline/stream_load.h"

namespace ampload::pipeline {

// Cut, never rounded up: "999", "1.2k", "12.3M", "812k", "2.0G".
std::string HumanCount(int64_t count);

// Cut, never rounded up, in powers of 1024: "999 B", "1.2 KiB", "64.0 MiB", "812 GiB".
std::string HumanBytes(int64_t bytes);

// "0:02", "12:34", "1:02:03"; whole seconds, cut.
std::string HumanDuration(double seconds);

// "logs  1.2M of 2.0M rows  812k rows/s  0:02  eta 0:01", at most `width` columns: the elapsed time
// goes first, then the rate, then the eta, then the end of what is left. `total_rows` is left out
// where more than that was staged. Control characters of the label become '?'; a character that is
// not ASCII counts as one column.
std::string ProgressText(std::string_view label, const LoadProgress& progress,
                         std::optional<int64_t> total_rows, int64_t width);

// "logs  1.2M rows  block 19000123  2 reorgs  1:02", cut in the same way.
std::string ProgressText(std::string_view label, const StreamProgress& progress, int64_t width);

}  // namespace ampload::pipeline
