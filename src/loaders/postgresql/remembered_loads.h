// The table `ampload_loads`: ids of one-off loads that were committed and asked to be remembered,
// because something beside the store (a quarantine) is judged by them. Made with the first.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"

namespace ampload::postgresql {

inline constexpr char kLoadTable[] = "ampload_loads";
inline constexpr size_t kRememberedLoads = 256;  // of a table; older ones are forgotten

// The oldest first; none where the table is missing.
Result<std::vector<std::string>> ReadRememberedLoads(Connection& connection, const TableName& table,
                                                     const CallContext& context);

// In the transaction at hand.
Status RememberLoadId(Connection& connection, const TableName& table, const std::string& load_id,
                      const CallContext& context);

}  // namespace ampload::postgresql
