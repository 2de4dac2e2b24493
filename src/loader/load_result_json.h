// LoadResult as the one JSON object that `--json` prints.
#pragma once

#include <string>

#include "ampload/load_result.h"

namespace ampload {

// One line, keys in the order success, rows_loaded, duration_seconds, ops_per_second, table_name,
// loader_type, error (null on success), metadata. Text that is not UTF-8 is replaced, never
// refused.
std::string ToJson(const LoadResult& result);

}  // namespace ampload
