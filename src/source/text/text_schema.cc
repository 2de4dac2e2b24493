#include "source/text/text_schema.h"

#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace ampload::source {
namespace {

using arrow::DataType;
using arrow::Field;
using arrow::Schema;
using arrow::Type;
using FieldPtr = std::shared_ptr<Field>;
using TypePtr = std::shared_ptr<DataType>;

constexpr char kMark[] = "ampload.text";
constexpr char kNoValues[] = "no values";

bool HasNoValues(const Field& field) {
  return field.metadata() != nullptr && field.metadata()->Contains(kMark);
}

bool IsScalar(const DataType& type) { return type.num_fields() == 0 && type.id() != Type::STRUCT; }

TypePtr UniteScalars(const TypePtr& a, const TypePtr& b, TextFormat format) {
  const auto both = [&](Type::type x, Type::type y) {
    return (a->id() == x && b->id() == y) || (a->id() == y && b->id() == x);
  };
  if (both(Type::INT64, Type::UINT64)) return arrow::uint64();
  if (both(Type::INT64, Type::DOUBLE) || both(Type::UINT64, Type::DOUBLE)) return arrow::float64();
  if (a->id() == Type::TIMESTAMP && b->id() == Type::TIMESTAMP) {
    const auto& zone = static_cast<const arrow::TimestampType&>(*a).timezone();
    if (zone == static_cast<const arrow::TimestampType&>(*b).timezone()) {
      return arrow::timestamp(arrow::TimeUnit::NANO, zone);
    }
  }
  // In JSON a number and a string are two things, which text alone would make one.
  return format == TextFormat::kCsv ? arrow::utf8() : nullptr;
}

FieldPtr UniteFields(const FieldPtr& a, const FieldPtr& b, TextFormat format);

// Those of `a`, then those that only `b` has; null where two of one name have nothing in common.
std::optional<std::vector<FieldPtr>> UniteFieldLists(const std::vector<FieldPtr>& a,
                                                     const std::vector<FieldPtr>& b,
                                                     TextFormat format) {
  std::vector<FieldPtr> fields = a;
  for (const auto& field : b) {
    const auto same = std::find_if(fields.begin(), fields.end(),
                                   [&](const auto& one) { return one->name() == field->name(); });
    if (same == fields.end()) {
      fields.push_back(field);
      continue;
    }
    *same = UniteFields(*same, field, format);
    if (*same == nullptr) return std::nullopt;
  }
  return fields;
}

// Null where they have nothing in common.
TypePtr UniteTypes(const TypePtr& a, const TypePtr& b, TextFormat format) {
  if (a->Equals(*b, /*check_metadata=*/true)) return a;
  if (a->id() == Type::STRUCT && b->id() == Type::STRUCT) {
    const auto fields = UniteFieldLists(a->fields(), b->fields(), format);
    return fields ? arrow::struct_(*fields) : nullptr;
  }
  if (a->id() == Type::LIST && b->id() == Type::LIST) {
    auto item = UniteFields(a->field(0), b->field(0), format);
    return item == nullptr ? nullptr : arrow::list(std::move(item));
  }
  return IsScalar(*a) && IsScalar(*b) ? UniteScalars(a, b, format) : nullptr;
}

FieldPtr UniteFields(const FieldPtr& a, const FieldPtr& b, TextFormat format) {
  if (HasNoValues(*a)) return b;
  if (HasNoValues(*b)) return a;
  auto type = UniteTypes(a->type(), b->type(), format);
  return type == nullptr ? nullptr : arrow::field(a->name(), std::move(type));
}

FieldPtr WithoutMarks(const FieldPtr& field) {
  TypePtr type = field->type();
  if (type->id() == Type::STRUCT) {
    std::vector<FieldPtr> fields;
    for (const auto& inner : type->fields()) fields.push_back(WithoutMarks(inner));
    type = arrow::struct_(fields);
  } else if (type->id() == Type::LIST) {
    type = arrow::list(WithoutMarks(type->field(0)));
  }
  return arrow::field(field->name(), std::move(type), field->nullable());
}

std::vector<std::string> CsvDifferences(const Schema& united, const std::string& first,
                                        const FileSchema& file) {
  std::vector<std::string> out;
  for (const auto& field : united.fields()) {
    if (file.schema->GetFieldIndex(field->name()) < 0) {
      out.push_back(
          fmt::format("column {}: only in {}, missing in {}", field->name(), first, file.path));
    }
  }
  for (const auto& field : file.schema->fields()) {
    if (united.GetFieldIndex(field->name()) < 0) {
      out.push_back(
          fmt::format("column {}: only in {}, missing in {}", field->name(), file.path, first));
    }
  }
  if (!out.empty()) return out;
  return OrderDifferences(united, first, file);
}

std::vector<std::string> TypeDifferences(const Schema& united, const std::string& first,
                                         const FileSchema& file, TextFormat format) {
  std::vector<std::string> out;
  for (const auto& field : united.fields()) {
    const auto other = file.schema->GetFieldByName(field->name());
    if (other == nullptr || UniteFields(field, other, format) != nullptr) continue;
    out.push_back(fmt::format("column {}: {} in {}, {} in {}; --types {}:string keeps its text",
                              field->name(), field->type()->ToString(), first,
                              other->type()->ToString(), file.path, field->name()));
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<Schema>> UniteTextSchemas(std::span<const FileSchema> files,
                                                 TextFormat format, const TextOptions& options) {
  if (files.empty()) return Status::Invalid("no schemas");
  const auto declared = [&](const FileSchema& file) {
    std::vector<FieldPtr> fields;
    for (const auto& field : file.schema->fields()) {
      const auto type = options.types.find(field->name());
      fields.push_back(type == options.types.end() ? field
                                                   : arrow::field(field->name(), type->second));
    }
    return FileSchema{file.path, arrow::schema(std::move(fields))};
  };
  auto united = declared(files[0]).schema;
  for (const auto& each : files.subspan(1)) {
    const auto file = declared(each);
    auto differences = format == TextFormat::kCsv ? CsvDifferences(*united, files[0].path, file)
                                                  : std::vector<std::string>();
    if (differences.empty()) differences = TypeDifferences(*united, files[0].path, file, format);
    if (!differences.empty()) return FilesDiffer("columns", differences);
    united = arrow::schema(*UniteFieldLists(united->fields(), file.schema->fields(), format));
  }
  std::vector<FieldPtr> fields;
  for (const auto& field : united->fields()) {
    fields.push_back(options.types.contains(field->name()) ? field : WithoutMarks(field));
  }
  return arrow::schema(std::move(fields));
}

FieldPtr FieldWithoutValues(const std::string& name) {
  return arrow::field(name, arrow::utf8(), /*nullable=*/true,
                      arrow::key_value_metadata({kMark}, {kNoValues}));
}

}  // namespace ampload::source
