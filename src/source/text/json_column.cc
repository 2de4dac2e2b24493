#include "source/text/json_column.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <optional>
#include <set>

namespace ampload::source {
namespace {

using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

Fault WrongKind(JsonKind kind) {
  switch (kind) {
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      return "true or false, which the column's other values are not";
    case JsonKind::kNumber:
      return "a number, which the column's other values are not";
    case JsonKind::kString:
    case JsonKind::kKey:
      return "a string, which the column's other values are not";
    case JsonKind::kArray:
      return "an array, which the column's other values are not";
    case JsonKind::kObject:
      return "an object, which the column's other values are not";
    case JsonKind::kNull:
      break;
  }
  return "a null where none may be";
}

bool IsNested(JsonKind kind) { return kind == JsonKind::kArray || kind == JsonKind::kObject; }
bool IsBool(JsonKind kind) { return kind == JsonKind::kTrue || kind == JsonKind::kFalse; }

class JsonScalar final : public JsonColumn {
 public:
  JsonScalar(std::unique_ptr<CellColumn> cells, Reading reading)
      : cells_(std::move(cells)), inferred_(reading != Reading::kDeclared) {
    builder_ = cells_->builder();
  }

  Status Append(const JsonTape& tape, uint32_t value, JsonFault* fault) override {
    const JsonKind kind = tape.kind(value);
    const auto text = tape.text(value);
    Fault why = nullptr;
    if (!Takes(kind)) {
      why = WrongKind(kind);
      ARROW_RETURN_NOT_OK(builder_->AppendEmptyValue());
    } else {
      ARROW_RETURN_NOT_OK(cells_->Append(text, &why));
    }
    if (why != nullptr) fault->Set(why, text);
    return Status::OK();
  }

 private:
  bool Takes(JsonKind kind) {
    const Type::type type = builder_->type()->id();
    const bool letters = arrow::is_string(type) || type == Type::STRING_VIEW;
    if (letters && !inferred_) return true;
    if (IsNested(kind)) return false;
    if (letters) return IsTheFirstKind(kind);
    if (type == Type::BOOL) return inferred_ ? IsBool(kind) : true;
    if (IsBool(kind)) return false;
    const bool bytes = arrow::is_binary_like(type) || arrow::is_fixed_size_binary(type) ||
                       type == Type::LARGE_BINARY || type == Type::BINARY_VIEW;
    if (bytes && !arrow::is_decimal(type)) return kind == JsonKind::kString;
    return kind == JsonKind::kNumber || (!inferred_ && kind == JsonKind::kString);
  }
  // 5 and "5" would become one value: an inferred string column has values of one kind.
  bool IsTheFirstKind(JsonKind kind) {
    if (kind == JsonKind::kFalse) kind = JsonKind::kTrue;
    if (!first_kind_) first_kind_ = kind;
    return *first_kind_ == kind;
  }

  const std::unique_ptr<CellColumn> cells_;
  const bool inferred_;
  std::optional<JsonKind> first_kind_;
};

// Says where below a list or a map a new fault was found.
class Deeper {
 public:
  explicit Deeper(JsonFault* fault) : fault_(fault), before_(fault->found()) {}
  void At(std::string_view step) {
    if (!before_ && fault_->found()) fault_->where.insert(0, step);
  }
  void AtField(std::string_view name) {
    if (before_ || !fault_->found()) return;
    fault_->where.insert(0, name).insert(0, 1, '.');
    fault_->column = name;
  }

 private:
  JsonFault* const fault_;
  const bool before_;
};

template <class Builder>
class JsonList final : public JsonColumn {
 public:
  JsonList(const TypePtr& type, JsonField item, arrow::MemoryPool* pool) : item_(std::move(item)) {
    builder_ = std::make_shared<Builder>(pool, item_.column->builder(), type);
    if constexpr (std::is_same_v<Builder, arrow::FixedSizeListBuilder>) {
      list_size_ = static_cast<const arrow::FixedSizeListType&>(*type).list_size();
    }
  }

  Status Append(const JsonTape& tape, uint32_t value, JsonFault* fault) override {
    if (tape.kind(value) != JsonKind::kArray) {
      fault->Set(WrongKind(tape.kind(value)), tape.text(value));
      return builder_->AppendEmptyValue();
    }
    const uint32_t end = tape.end(value);
    if constexpr (std::is_same_v<Builder, arrow::FixedSizeListBuilder>) {
      int64_t items = 0;
      for (uint32_t at = value + 1; at < end; at = tape.end(at)) ++items;
      if (items != list_size_) {
        fault->Set("an array of another length than the type has", tape.text(value));
        return builder_->AppendEmptyValue();
      }
    }
    ARROW_RETURN_NOT_OK(static_cast<Builder&>(*builder_).Append());
    for (uint32_t at = value + 1; at < end; at = tape.end(at)) {
      Deeper deeper(fault);
      ARROW_RETURN_NOT_OK(item_.Append(tape, at, fault));
      deeper.At("[]");
    }
    return Status::OK();
  }

 private:
  const JsonField item_;
  int64_t list_size_ = 0;
};

class JsonStruct final : public JsonColumn {
 public:
  JsonStruct(const TypePtr& type, std::vector<JsonField> fields, arrow::MemoryPool* pool)
      : fields_(std::move(fields)) {
    std::vector<std::shared_ptr<arrow::ArrayBuilder>> builders;
    for (const auto& field : fields_.fields()) builders.push_back(field.column->builder());
    builder_ = std::make_shared<arrow::StructBuilder>(type, pool, std::move(builders));
  }

  Status Append(const JsonTape& tape, uint32_t value, JsonFault* fault) override {
    if (tape.kind(value) != JsonKind::kObject) {
      fault->Set(WrongKind(tape.kind(value)), tape.text(value));
      return builder_->AppendEmptyValue();
    }
    ARROW_RETURN_NOT_OK(static_cast<arrow::StructBuilder&>(*builder_).Append());
    return fields_.Append(tape, value, fault);
  }

 private:
  JsonFields fields_;
};

// An object whose keys are values.
class JsonMap final : public JsonColumn {
 public:
  JsonMap(const TypePtr& type, std::unique_ptr<CellColumn> keys, JsonField item,
          arrow::MemoryPool* pool)
      : keys_(std::move(keys)), item_(std::move(item)) {
    builder_ =
        std::make_shared<arrow::MapBuilder>(pool, keys_->builder(), item_.column->builder(), type);
  }

  Status Append(const JsonTape& tape, uint32_t value, JsonFault* fault) override {
    if (tape.kind(value) != JsonKind::kObject) {
      fault->Set(WrongKind(tape.kind(value)), tape.text(value));
      return builder_->AppendEmptyValue();
    }
    ARROW_RETURN_NOT_OK(static_cast<arrow::MapBuilder&>(*builder_).Append());
    std::set<std::string_view> seen;
    for (uint32_t at = value + 1; at < tape.end(value); at = tape.end(at + 1)) {
      const auto key = tape.text(at);
      if (!seen.insert(key).second) fault->Set(kFieldTwice, key);
      ARROW_RETURN_NOT_OK(AppendKey(key, fault));
      Deeper deeper(fault);
      ARROW_RETURN_NOT_OK(item_.Append(tape, at + 1, fault));
      deeper.At("{}");
    }
    return Status::OK();
  }

 private:
  Status AppendKey(std::string_view key, JsonFault* fault) {
    Fault why = nullptr;
    ARROW_RETURN_NOT_OK(keys_->Append(key, &why));
    if (why != nullptr) fault->Set(why, key);
    return Status::OK();
  }

  const std::unique_ptr<CellColumn> keys_;
  const JsonField item_;
};

Result<JsonField> MakeField(const arrow::Field& field, Reading reading, const std::string& where,
                            arrow::MemoryPool* pool) {
  JsonField out;
  out.name = field.name();
  out.nullable = field.nullable();
  ARROW_ASSIGN_OR_RAISE(out.column, MakeJsonColumn(field.type(), reading, where, pool));
  return out;
}

template <class Builder>
Result<std::unique_ptr<JsonColumn>> MakeList(const TypePtr& type, Reading reading,
                                             const std::string& where, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto item, MakeField(*type->field(0), reading, where + "[]", pool));
  return std::make_unique<JsonList<Builder>>(type, std::move(item), pool);
}

}  // namespace

Status JsonField::Append(const JsonTape& tape, uint32_t value, JsonFault* fault) const {
  if (tape.kind(value) != JsonKind::kNull) return column->Append(tape, value, fault);
  if (nullable) return column->builder()->AppendNull();
  fault->Set(WrongKind(JsonKind::kNull), "null");
  return column->builder()->AppendEmptyValue();
}

Status JsonField::AppendMissing(JsonFault* fault) const {
  if (nullable) return column->builder()->AppendNull();
  fault->Set("a field is missing that cannot be null", "");
  return column->builder()->AppendEmptyValue();
}

JsonFields::JsonFields(std::vector<JsonField> fields)
    : fields_(std::move(fields)), seen_(fields_.size(), 0) {
  for (size_t i = 0; i < fields_.size(); ++i) index_.emplace(fields_[i].name, i);
}

size_t JsonFields::Find(std::string_view name, size_t expected) const {
  if (expected < fields_.size() && fields_[expected].name == name) return expected;
  const auto found = index_.find(name);
  return found == index_.end() ? fields_.size() : found->second;
}

Status JsonFields::Append(const JsonTape& tape, uint32_t object, JsonFault* fault) {
  ++record_;
  size_t expected = 0;
  for (uint32_t at = object + 1; at < tape.end(object); at = tape.end(at + 1)) {
    const auto name = tape.text(at);
    const size_t i = Find(name, expected);
    Deeper deeper(fault);
    if (i == fields_.size()) {
      fault->Set(kUnknownField, tape.text(at + 1));
    } else if (seen_[i] == record_) {
      fault->Set(kFieldTwice, tape.text(at + 1));
    } else {
      seen_[i] = record_;
      expected = i + 1;
      ARROW_RETURN_NOT_OK(fields_[i].Append(tape, at + 1, fault));
    }
    deeper.AtField(name);
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (seen_[i] == record_) continue;
    Deeper deeper(fault);
    ARROW_RETURN_NOT_OK(fields_[i].AppendMissing(fault));
    deeper.AtField(fields_[i].name);
  }
  return Status::OK();
}

Result<std::unique_ptr<JsonColumn>> MakeJsonColumn(const TypePtr& type, Reading reading,
                                                   const std::string& where,
                                                   arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto cells, MakeCellColumn(type, reading, pool));
  if (cells != nullptr) return std::make_unique<JsonScalar>(std::move(cells), reading);
  switch (type->id()) {
    case Type::LIST:
      return MakeList<arrow::ListBuilder>(type, reading, where, pool);
    case Type::LARGE_LIST:
      return MakeList<arrow::LargeListBuilder>(type, reading, where, pool);
    case Type::FIXED_SIZE_LIST:
      return MakeList<arrow::FixedSizeListBuilder>(type, reading, where, pool);
    case Type::STRUCT: {
      std::vector<JsonField> fields;
      for (const auto& field : type->fields()) {
        ARROW_ASSIGN_OR_RAISE(auto inner,
                              MakeField(*field, reading, where + "." + field->name(), pool));
        fields.push_back(std::move(inner));
      }
      return std::make_unique<JsonStruct>(type, std::move(fields), pool);
    }
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      ARROW_ASSIGN_OR_RAISE(auto keys, MakeCellColumn(map.key_type(), reading, pool));
      if (keys == nullptr) break;
      ARROW_ASSIGN_OR_RAISE(auto item, MakeField(*map.item_field(), reading, where + "{}", pool));
      return std::make_unique<JsonMap>(type, std::move(keys), std::move(item), pool);
    }
    default:
      break;
  }
  return ConfigurationError(fmt::format("types: JSON has no form for this type: column={} type={}",
                                        where, type->ToString()));
}

}  // namespace ampload::source
