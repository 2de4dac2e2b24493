#include "pipeline/row_shape.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/nearest_name.h"
#include "encode/exact_cast.h"
#include "encode/type_matrix.h"

namespace ampload::pipeline {
namespace {

Status CheckName(const arrow::Schema& schema, const std::string& name, std::string_view option) {
  if (schema.GetFieldIndex(name) >= 0) return Status::OK();
  const auto nearest = base::NearestName(name, schema.field_names());
  return ConfigurationError(std::string(option) + " names a column that the source does not have" +
                            (nearest.has_value() ? ", did you mean " + *nearest + "?" : "") +
                            ": column=" + name);
}

Status CheckNames(const arrow::Schema& schema, const ShapeOptions& options) {
  for (const auto& name : options.exclude) {
    ARROW_RETURN_NOT_OK(CheckName(schema, name, "--exclude"));
  }
  for (const auto& [name, type] : options.casts) {
    ARROW_RETURN_NOT_OK(CheckName(schema, name, "--cast"));
    ARROW_RETURN_NOT_OK(WithContext(encode::CheckCast(*schema.GetFieldByName(name)->type(), *type),
                                    "--cast " + name));
  }
  for (const auto& [name, renamed] : options.renames) {
    ARROW_RETURN_NOT_OK(CheckName(schema, name, "--rename"));
  }
  return encode::CheckLossNames(options.allow);
}

}  // namespace

Result<RowShape> RowShape::Make(const std::shared_ptr<arrow::Schema>& source,
                                const ShapeOptions& options) {
  ARROW_RETURN_NOT_OK(CheckNames(*source, options));
  RowShape shape;
  if (options.exclude.empty() && options.casts.empty() && options.renames.empty()) return shape;
  arrow::FieldVector fields;
  std::set<std::string> names;
  for (int i = 0; i < source->num_fields(); ++i) {
    auto field = source->field(i);
    const std::string name = field->name();
    if (std::find(options.exclude.begin(), options.exclude.end(), name) != options.exclude.end()) {
      continue;
    }
    if (const auto to = options.casts.find(name); to != options.casts.end()) {
      field = field->WithType(to->second);
    }
    if (const auto to = options.renames.find(name); to != options.renames.end()) {
      field = field->WithName(to->second);
    }
    if (!names.insert(field->name()).second) {
      return ConfigurationError("--rename would give two columns one name: column=" +
                                field->name());
    }
    shape.kept_.push_back(i);
    fields.push_back(std::move(field));
  }
  if (fields.empty()) return ConfigurationError("--exclude leaves no column to load");
  shape.schema_ = arrow::schema(std::move(fields));
  shape.allow_ = options.allow;
  return shape;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowShape::Apply(
    const std::shared_ptr<arrow::RecordBatch>& batch) const {
  if (is_identity()) return batch;
  arrow::ArrayVector columns;
  for (size_t i = 0; i < kept_.size(); ++i) {
    auto column = encode::ExactCast(batch->column(kept_[i]),
                                    schema_->field(static_cast<int>(i))->type(), allow_);
    if (!column.ok()) {
      return WithContext(column.status(), "cast: column=" + batch->column_name(kept_[i]));
    }
    columns.push_back(std::move(*column));
  }
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
}

}  // namespace ampload::pipeline
