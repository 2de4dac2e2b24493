#include "encode/named_column.h"

#include "base/nearest_name.h"

namespace ampload::encode {

Result<int> PlaceOfColumn(std::string_view option, const std::string& column,
                          const arrow::Schema& rows, const std::string& table) {
  const int place = rows.GetFieldIndex(column);
  if (place >= 0) return place;
  const auto nearest = base::NearestName(column, rows.field_names());
  return ConfigurationError(
      std::string(option) + " names a column that the rows do not have" +
      (nearest.has_value() ? ", did you mean " + *nearest + "?" : std::string()) +
      ": table=" + table + " column=" + column);
}

}  // namespace ampload::encode
