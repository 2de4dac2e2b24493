// What is said of a file that could not be read to its end.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

// `what`: "Parquet file", "Arrow IPC stream". A failure that says its kind already, an interruption
// and one of the system (errno) keep theirs; memory that the pool refuses says to raise --memory
// and where in the file that was (`where`, may be empty: "row_group=3"); everything else is a
// damaged file. Each is permanent and names the path.
Status ReadFailure(std::string_view what, const std::string& path, const Status& cause,
                   std::string_view where = {});

}  // namespace ampload::source
