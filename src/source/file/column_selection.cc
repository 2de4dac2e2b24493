#include "source/file/column_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/nearest_name.h"

namespace ampload::source {
namespace {

Result<std::vector<int>> FindColumns(const arrow::Schema& schema,
                                     std::span<const std::string> names) {
  std::vector<int> found;
  if (names.empty()) {
    for (int i = 0; i < schema.num_fields(); ++i) found.push_back(i);
    return found;
  }
  for (const auto& name : names) {
    const int index = schema.GetFieldIndex(name);
    if (index < 0) return UnknownColumn(name, schema);
    if (std::find(found.begin(), found.end(), index) != found.end()) {
      return ConfigurationError(
          fmt::format("source: a column is asked for twice: column={}", name));
    }
    found.push_back(index);
  }
  return found;
}

std::shared_ptr<arrow::Schema> Pick(const arrow::Schema& schema, const std::vector<int>& indices) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  fields.reserve(indices.size());
  for (const int index : indices) fields.push_back(schema.field(index));
  return arrow::schema(std::move(fields));
}

}  // namespace

Status UnknownColumn(const std::string& name, const arrow::Schema& schema) {
  const auto names = schema.field_names();
  const auto nearest = base::NearestName(name, names);
  const std::string hint = nearest.has_value()
                               ? fmt::format("; did you mean {}?", *nearest)
                               : fmt::format("; there are {}", fmt::join(names, ", "));
  return ConfigurationError(fmt::format("source: unknown column{}: column={}", hint, name));
}

Result<ColumnSelection> SelectColumns(const std::shared_ptr<arrow::Schema>& schema,
                                      std::span<const std::string> names,
                                      const arrow::compute::Expression* filter, int file_columns) {
  ColumnSelection selection;
  ARROW_ASSIGN_OR_RAISE(const auto wanted, FindColumns(*schema, names));
  std::set<int> read(wanted.begin(), wanted.end());
  if (filter != nullptr) {
    for (const auto& ref : arrow::compute::FieldsInExpression(*filter)) {
      ARROW_ASSIGN_OR_RAISE(const auto path, ref.FindOne(*schema));
      read.insert(path.indices()[0]);
    }
  }
  if (!read.empty() && *read.begin() >= file_columns) read.insert(0);
  selection.read.assign(read.begin(), read.end());
  for (const int index : wanted) {
    selection.output.push_back(static_cast<int>(std::distance(read.begin(), read.find(index))));
  }
  selection.read_schema = Pick(*schema, selection.read);
  selection.output_schema = Pick(*schema, wanted);
  return selection;
}

}  // namespace ampload::source
