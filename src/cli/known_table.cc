#include "cli/known_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "base/nearest_name.h"

namespace ampload::cli {

Result<TableInfo> FindTable(Loader& loader, const std::string& table, const std::string& verb) {
  ARROW_ASSIGN_OR_RAISE(auto info, loader.GetTableInfo(table));
  if (info.has_value()) return *std::move(info);
  const auto listed = loader.ListTables();
  if (listed.status().IsNotImplemented()) {
    return ConfigurationError(verb + ": no such table: table=" + table);
  }
  ARROW_ASSIGN_OR_RAISE(const auto tables, listed);
  const auto nearest = base::NearestName(table, tables);
  if (tables.empty()) {
    return ConfigurationError(verb + ": no such table; the store has none: table=" + table);
  }
  return ConfigurationError(fmt::format("{}: no such table{}: table={} tables={}", verb,
                                        nearest ? fmt::format("; did you mean {}?", *nearest) : "",
                                        table, fmt::join(tables, ",")));
}

}  // namespace ampload::cli
