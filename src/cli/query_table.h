// Which one table a query reads, as far as that is plain to see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ampload::cli {

// "logs" of `SELECT * FROM "_/eth_rpc".logs WHERE ...`. nullopt where the query has more than one
// FROM, a JOIN, several tables, a table function or a name that is no plain identifier. Pure.
std::optional<std::string> OnlyTableOf(std::string_view query);

// Begins with SELECT or WITH and a second word: no path, that is.
bool LooksLikeQuery(std::string_view text);

}  // namespace ampload::cli
