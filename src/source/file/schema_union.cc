#include "source/file/schema_union.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/nested_type.h"

namespace ampload::source {
namespace {

using arrow::DataType;
using arrow::Field;
using arrow::Schema;
using arrow::Type;

using TypePtr = std::shared_ptr<DataType>;
using FieldPtr = std::shared_ptr<Field>;

TypePtr UniteTypes(const TypePtr& a, const TypePtr& b);

// The names of a list's or a map's inner fields mean nothing; those of a struct do.
FieldPtr UniteFields(const Field& a, const Field& b, bool names_matter) {
  if (names_matter && a.name() != b.name()) return nullptr;
  TypePtr type = UniteTypes(a.type(), b.type());
  if (type == nullptr) return nullptr;
  return arrow::field(a.name(), std::move(type), a.nullable() || b.nullable());
}

// The type that holds both; null where they are different types.
TypePtr UniteTypes(const TypePtr& a, const TypePtr& b) {
  if (a->id() != b->id()) return nullptr;
  if (a->num_fields() == 0 || a->num_fields() != b->num_fields()) {
    return a->Equals(*b) ? a : nullptr;
  }
  std::vector<FieldPtr> fields;
  for (int i = 0; i < a->num_fields(); ++i) {
    auto field = UniteFields(*a->field(i), *b->field(i), a->id() == Type::STRUCT);
    if (field == nullptr) return nullptr;
    fields.push_back(std::move(field));
  }
  switch (a->id()) {
    case Type::MAP: {
      const auto& map_a = static_cast<const arrow::MapType&>(*a);
      const auto& map_b = static_cast<const arrow::MapType&>(*b);
      auto key = UniteFields(*map_a.key_field(), *map_b.key_field(), false);
      auto item = UniteFields(*map_a.item_field(), *map_b.item_field(), false);
      if (key == nullptr || item == nullptr) return nullptr;
      return std::make_shared<arrow::MapType>(std::move(key), std::move(item),
                                              map_a.keys_sorted() && map_b.keys_sorted());
    }
    case Type::FIXED_SIZE_LIST: {
      const auto size = static_cast<const arrow::FixedSizeListType&>(*a).list_size();
      if (size != static_cast<const arrow::FixedSizeListType&>(*b).list_size()) return nullptr;
      return base::WithFields(a, fields);
    }
    case Type::STRUCT:
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
      return base::WithFields(a, fields);
    default:
      return a->Equals(*b) ? a : nullptr;
  }
}

Status RefuseDuplicates(const FileSchema& file) {
  if (file.schema->num_fields() == 0) {
    return DataError(fmt::format("source: the file has no columns: path={}", file.path));
  }
  std::set<std::string> seen;
  for (const auto& field : file.schema->fields()) {
    if (!seen.insert(field->name()).second) {
      return DataError(
          fmt::format("source: the file has two columns of one name; rename one where the file is "
                      "written: column={} path={}",
                      field->name(), file.path));
    }
  }
  return Status::OK();
}

std::vector<std::string> Differences(const Schema& united, const std::string& first,
                                     const FileSchema& file) {
  std::vector<std::string> out;
  for (const auto& field : united.fields()) {
    const auto other = file.schema->GetFieldByName(field->name());
    if (other == nullptr) {
      out.push_back(fmt::format("column {}: only in {} ({}), missing in {}", field->name(), first,
                                field->type()->ToString(), file.path));
    } else if (UniteTypes(field->type(), other->type()) == nullptr) {
      out.push_back(fmt::format("column {}: {} in {}, {} in {}", field->name(),
                                field->type()->ToString(), first, other->type()->ToString(),
                                file.path));
    }
  }
  for (const auto& field : file.schema->fields()) {
    if (united.GetFieldByName(field->name()) == nullptr) {
      out.push_back(fmt::format("column {}: only in {} ({}), missing in {}", field->name(),
                                file.path, field->type()->ToString(), first));
    }
  }
  if (!out.empty()) return out;
  return OrderDifferences(united, first, file);
}

std::shared_ptr<arrow::ArrayData> RelabelData(const arrow::ArrayData& data, const TypePtr& type) {
  auto out = data.Copy();
  out->type = type;
  if (type->num_fields() == static_cast<int>(out->child_data.size())) {
    for (int i = 0; i < type->num_fields(); ++i) {
      auto& child = out->child_data[static_cast<size_t>(i)];
      child = RelabelData(*child, type->field(i)->type());
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> OrderDifferences(const Schema& united, const std::string& first,
                                          const FileSchema& file) {
  std::vector<std::string> out;
  for (int i = 0; i < united.num_fields(); ++i) {
    const auto& name = united.field(i)->name();
    const int other = file.schema->GetFieldIndex(name);
    if (other == i) continue;
    out.push_back(fmt::format("column {}: number {} in {}, number {} in {}", name, i + 1, first,
                              other + 1, file.path));
  }
  return out;
}

Status FilesDiffer(std::string_view in_what, std::span<const std::string> differences) {
  constexpr size_t kMostShown = 20;
  std::string text = fmt::format("source: the files have different {}; load them apart", in_what);
  for (const auto& difference : differences.first(std::min(differences.size(), kMostShown))) {
    text += "\n  " + difference;
  }
  if (differences.size() > kMostShown) {
    text += fmt::format("\n  and {} more", differences.size() - kMostShown);
  }
  return DataError(std::move(text));
}

Result<std::shared_ptr<Schema>> UniteSchemas(std::span<const FileSchema> files) {
  if (files.empty()) return Status::Invalid("no schemas");
  std::shared_ptr<Schema> united;
  for (const auto& file : files) {
    ARROW_RETURN_NOT_OK(RefuseDuplicates(file));
    if (united == nullptr) {
      std::vector<FieldPtr> plain;
      for (const auto& field : file.schema->fields()) {
        plain.push_back(UniteFields(*field, *field, true));
      }
      united = arrow::schema(std::move(plain));
      continue;
    }
    const auto differences = Differences(*united, files[0].path, file);
    if (!differences.empty()) return FilesDiffer("schemas", differences);
    std::vector<FieldPtr> fields;
    fields.reserve(static_cast<size_t>(united->num_fields()));
    for (int i = 0; i < united->num_fields(); ++i) {
      fields.push_back(UniteFields(*united->field(i), *file.schema->field(i), true));
    }
    united = arrow::schema(std::move(fields));
  }
  return united;
}

Result<std::shared_ptr<arrow::RecordBatch>> Relabel(
    const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& type = schema->field(i)->type();
    const bool same = batch->column(i)->type()->Equals(*type, /*check_metadata=*/true);
    columns.push_back(same ? batch->column(i)
                           : arrow::MakeArray(RelabelData(*batch->column_data(i), type)));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

}  // namespace ampload::source
