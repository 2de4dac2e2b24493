#include "loaders/postgresql/partitions.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/sha256.h"

namespace ampload::postgresql {
namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();
constexpr size_t kMaxNameBytes = 63;

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool Take(std::string_view* rest, std::string_view prefix) {
  if (!rest->starts_with(prefix)) return false;
  rest->remove_prefix(prefix.size());
  return true;
}

// "('17')", "(17)" or "(MINVALUE)" at the beginning of `rest`; false: none of these.
bool TakeBound(std::string_view* rest, std::optional<int64_t>* bound) {
  if (Take(rest, "(MINVALUE)") || Take(rest, "(MAXVALUE)")) return true;
  if (!Take(rest, "(")) return false;
  const size_t close = rest->find(')');
  if (close == std::string_view::npos) return false;
  std::string_view digits = rest->substr(0, close);
  rest->remove_prefix(close + 1);
  if (digits.size() >= 2 && digits.front() == '\'' && digits.back() == '\'') {
    digits = digits.substr(1, digits.size() - 2);
  }
  *bound = ParseInteger(digits);
  return bound->has_value();
}

// The multiple of `width` at or below the value, never below the lowest integer.
int64_t AlignDown(int64_t value, int64_t width) {
  const int64_t rest = value % width;
  const int64_t below = rest >= 0 ? rest : rest + width;
  return value < kLowest + below ? kLowest : value - below;
}

// The next multiple; nullopt: there is none.
std::optional<int64_t> NextMultiple(int64_t value, int64_t width) {
  const int64_t start = AlignDown(value, width);
  if (start == kLowest && start % width != 0) {
    const int64_t rest = start % width + width;  // 1 .. width - 1 above a multiple out of reach
    return start + (width - rest);
  }
  if (start > kHighest - width) return std::nullopt;
  return start + width;
}

bool Holds(const ValueRange& range, int64_t value) {
  return (!range.from || *range.from <= value) && (!range.to || value < *range.to);
}

std::string CutToBytes(std::string text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
  return text;
}

std::string BoundText(const std::optional<int64_t>& bound, std::string_view otherwise) {
  return bound.has_value() ? "('" + std::to_string(*bound) + "')"
                           : "(" + std::string(otherwise) + ")";
}

struct Partitions {
  std::vector<ValueRange> ranges;
  bool has_default = false;
};

Result<Partitions> ReadPartitions(Connection& connection, const TableName& table,
                                  const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        connection.Query("SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid)"
                                         " FROM pg_catalog.pg_inherits i"
                                         " JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
                                         " JOIN pg_catalog.pg_class p ON p.oid = i.inhparent"
                                         " JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace"
                                         " WHERE n.nspname = $1 AND p.relname = $2",
                                         {table.schema, table.name}, context));
  Partitions found;
  for (int row = 0; row < rows.size(); ++row) {
    const std::string bounds = rows.value(row, 0).value_or("");
    if (bounds == "DEFAULT") {
      found.has_default = true;
      continue;
    }
    const auto range = ParseBounds(bounds);
    if (!range.has_value()) {
      return ConfigurationError(
          "postgresql: the table is not partitioned by ranges of one integer column, so none can "
          "be made; leave partition_by out: table=" +
          table.text() + " partition=[" + bounds + "]");
    }
    found.ranges.push_back(*range);
  }
  return found;
}

Status MakePartition(Connection& connection, const TableName& table, const ValueRange& range,
                     const PostgreSQLConfig& config, const CallContext& context) {
  const std::string parent = table.sql();
  const TableName name = {table.schema, PartitionName(table.name, range)};
  ARROW_RETURN_NOT_OK(connection.Run(
      std::string("CREATE ") + (config.unlogged ? "UNLOGGED " : "") + "TABLE " + name.sql() +
          " (LIKE " + parent +
          " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)" +
          (config.tablespace.empty() ? "" : " TABLESPACE " + Quoted(config.tablespace)),
      context));
  return connection.Run("ALTER TABLE " + parent + " ATTACH PARTITION " + name.sql() +
                            " FOR VALUES FROM " + BoundText(range.from, "MINVALUE") + " TO " +
                            BoundText(range.to, "MAXVALUE"),
                        context);
}

}  // namespace

Result<std::optional<PartitionBy>> ParsePartitionBy(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const size_t colon = text.rfind(':');
  const auto width =
      colon == std::string_view::npos ? std::nullopt : ParseInteger(text.substr(colon + 1));
  if (colon == 0 || !width.has_value() || *width < 1) {
    return ConfigurationError(
        "postgresql: partition_by: expected COLUMN:N, as in block_num:1000000: value=" +
        std::string(text));
  }
  return PartitionBy{std::string(text.substr(0, colon)), *width};
}

std::optional<ValueRange> ParseBounds(std::string_view text) {
  ValueRange range;
  if (!Take(&text, "FOR VALUES FROM ") || !TakeBound(&text, &range.from) || !Take(&text, " TO ") ||
      !TakeBound(&text, &range.to) || !text.empty()) {
    return std::nullopt;
  }
  return range;
}

std::vector<ValueRange> MissingRanges(const std::vector<ValueRange>& existing, int64_t width,
                                      int64_t min, int64_t max) {
  std::vector<ValueRange> missing;
  std::optional<int64_t> at = AlignDown(min, width);
  while (at.has_value() && *at <= max) {
    const auto holder = std::find_if(existing.begin(), existing.end(),
                                     [&](const ValueRange& range) { return Holds(range, *at); });
    if (holder != existing.end()) {
      at = holder->to;
      continue;
    }
    ValueRange range = {at, NextMultiple(*at, width)};
    for (const auto& other : existing) {
      if (other.from && *other.from > *at && (!range.to || *other.from < *range.to)) {
        range.to = other.from;
      }
    }
    // A gap in front of the first value, which an odd partition leaves, stays one.
    if (!range.to || *range.to > min) missing.push_back(range);
    at = range.to;
  }
  return missing;
}

std::string PartitionName(const std::string& table, const ValueRange& range) {
  const std::string suffix =
      "_p" + (range.from.has_value() ? std::to_string(*range.from) : std::string("min"));
  if (table.size() + suffix.size() <= kMaxNameBytes) return table + suffix;
  const std::string digest = "_" + base::Sha256Hex(table).substr(0, 8);
  return CutToBytes(table, kMaxNameBytes - digest.size() - suffix.size()) + digest + suffix;
}

Result<std::vector<std::string>> EnsurePartitions(Connection& connection, const TableName& table,
                                                  const PartitionBy& by, int64_t min, int64_t max,
                                                  const PostgreSQLConfig& config,
                                                  const CallContext& context) {
  constexpr uint64_t kMostAtOnce = 10'000;
  std::vector<std::string> made;
  const uint64_t span = static_cast<uint64_t>(max) - static_cast<uint64_t>(min);
  if (span / static_cast<uint64_t>(by.width) > kMostAtOnce) {
    return ConfigurationError(
        "postgresql: the rows would need more than 10000 partitions; give partition_by larger "
        "ranges: table=" +
        table.text() + " column=" + by.column + " values=" + std::to_string(min) + ".." +
        std::to_string(max) + " range=" + std::to_string(by.width));
  }
  ARROW_ASSIGN_OR_RAISE(auto found, ReadPartitions(connection, table, context));
  if (found.has_default || MissingRanges(found.ranges, by.width, min, max).empty()) return made;
  // Another writer may be making the same ones: whoever comes second sees them behind the lock.
  ARROW_RETURN_NOT_OK(connection.Run(
      "LOCK TABLE ONLY " + table.sql() + " IN SHARE UPDATE EXCLUSIVE MODE", context));
  ARROW_ASSIGN_OR_RAISE(found, ReadPartitions(connection, table, context));
  if (found.has_default) return made;
  for (const auto& range : MissingRanges(found.ranges, by.width, min, max)) {
    ARROW_RETURN_NOT_OK(MakePartition(connection, table, range, config, context));
    made.push_back(PartitionName(table.name, range));
  }
  return made;
}

}  // namespace ampload::postgresql
