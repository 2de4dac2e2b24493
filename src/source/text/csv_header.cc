#include "source/text/csv_header.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest_name.h"
#include "source/text/cell_column.h"
#include "source/text/row_faults.h"

namespace ampload::source {

Status CheckCsvOptions(const TextOptions& options) {
  const auto taken = [](char c) {
    return c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= 0x80;
  };
  if (options.delimiter == 0 || taken(options.delimiter)) {
    return ConfigurationError(
        fmt::format("csv: the delimiter must be one byte of ASCII and no line ending: delimiter={}",
                    ShownValue({&options.delimiter, 1})));
  }
  if (taken(options.quote) || options.quote == options.delimiter) {
    return ConfigurationError(fmt::format(
        "csv: the quote must be one byte of ASCII, no line ending and not the delimiter: quote={}",
        ShownValue({&options.quote, 1})));
  }
  const auto& null_text = options.null_text;
  const bool broken = std::any_of(null_text.begin(), null_text.end(), [&](char c) {
    return c == '\n' || c == '\r' || c == options.delimiter;
  });
  if (broken || (options.quote != 0 && null_text.starts_with(options.quote))) {
    return ConfigurationError(
        fmt::format("csv: the text of a null stands without quotes, so it can have no delimiter or "
                    "line ending and begin with no quote: null={}",
                    ShownValue(null_text)));
  }
  return Status::OK();
}

Result<std::vector<std::string>> CsvColumnNames(std::span<const CsvCell> cells,
                                                const TextOptions& options,
                                                const std::string& path) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  std::string scratch;
  for (const CsvCell& cell : cells) {
    auto name = options.header ? std::string(CellText(cell, options.quote, &scratch)) : "";
    if (name.empty()) name = fmt::format("f{}", names.size());
    if (!arrow::util::ValidateUTF8(name)) {
      return DataError(fmt::format("{}: in the header a column's name is {}: column={}", path,
                                   kNotUtf8, ShownValue(name)));
    }
    if (!seen.insert(name).second) {
      return DataError(fmt::format(
          "{}: the header has two columns of one name; rename one, or read the header as a "
          "record with --header false: column={}",
          path, ShownValue(name)));
    }
    names.push_back(std::move(name));
  }
  return names;
}

Status CheckDeclaredTypes(const std::vector<std::string>& names, const TextOptions& options,
                          const std::string& path) {
  for (const auto& [column, type] : options.types) {
    if (std::find(names.begin(), names.end(), column) == names.end()) {
      const auto nearest = base::NearestName(column, names);
      return ConfigurationError(
          fmt::format("types: no such column{}: column={} path={}",
                      nearest ? fmt::format("; did you mean {}?", *nearest) : "", column, path));
    }
    if (!IsCellType(*type)) {
      return ConfigurationError(fmt::format(
          "types: a CSV cell cannot hold this type; declare string and cast it in the store, or "
          "use NDJSON for nested values: column={} type={} path={}",
          column, type->ToString(), path));
    }
  }
  return Status::OK();
}

}  // namespace ampload::source
