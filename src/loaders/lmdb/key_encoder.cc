#include "loaders/lmdb/key_encoder.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/arrow_compute.h"
#include "base/hex.h"
#include "base/nearest_name.h"

namespace ampload::lmdb {
namespace {

bool IsBytes(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id()) || type.id() == arrow::Type::STRING_VIEW ||
         type.id() == arrow::Type::BINARY_VIEW;
}

bool IsKeyType(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || type.id() == arrow::Type::FIXED_SIZE_BINARY ||
         IsBytes(type);
}

// Calls visit(row, bytes) for every row of a string, binary or fixed-size column.
template <class Array, class Visit>
void VisitRows(const arrow::Array& array, const Visit& visit) {
  const auto& typed = static_cast<const Array&>(array);
  for (int64_t i = 0; i < typed.length(); ++i) visit(i, std::string_view(typed.GetView(i)));
}
template <class Visit>
void VisitBytes(const arrow::Array& array, const Visit& visit) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return VisitRows<arrow::BinaryArray>(array, visit);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return VisitRows<arrow::LargeBinaryArray>(array, visit);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return VisitRows<arrow::BinaryViewArray>(array, visit);
    default:
      return VisitRows<arrow::FixedSizeBinaryArray>(array, visit);
  }
}

// Calls visit(row, value) for every row of an integer column, with the value in its own type.
template <class Visit>
void VisitIntegers(const arrow::Array& array, const Visit& visit) {
  const auto rows = [&]<class Type>(std::type_identity<Type>) {
    const auto* values = static_cast<const arrow::NumericArray<Type>&>(array).raw_values();
    for (int64_t i = 0; i < array.length(); ++i) visit(i, values[i]);
  };
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return rows(std::type_identity<arrow::Int8Type>());
    case arrow::Type::INT16:
      return rows(std::type_identity<arrow::Int16Type>());
    case arrow::Type::INT32:
      return rows(std::type_identity<arrow::Int32Type>());
    case arrow::Type::INT64:
      return rows(std::type_identity<arrow::Int64Type>());
    case arrow::Type::UINT8:
      return rows(std::type_identity<arrow::UInt8Type>());
    case arrow::Type::UINT16:
      return rows(std::type_identity<arrow::UInt16Type>());
    case arrow::Type::UINT32:
      return rows(std::type_identity<arrow::UInt32Type>());
    default:
      return rows(std::type_identity<arrow::UInt64Type>());
  }
}

template <class T>
void PutBigEndian(T value, char* out) {
  using U = std::make_unsigned_t<T>;
  auto bits = static_cast<U>(value);
  if constexpr (std::is_signed_v<T>) bits = static_cast<U>(bits ^ (U{1} << (sizeof(U) * 8 - 1)));
  for (size_t i = sizeof(U); i-- > 0;) {
    out[i] = static_cast<char>(bits & 0xff);
    if constexpr (sizeof(U) > 1) bits = static_cast<U>(bits >> 8);
  }
}

size_t EscapedSize(std::string_view bytes) {
  size_t size = bytes.size() + 2;
  for (const char c : bytes) size += c == '\0' ? 1 : 0;
  return size;
}
char* PutEscaped(std::string_view bytes, char* out) {
  for (const char c : bytes) {
    *out++ = c;
    if (c == '\0') *out++ = '\xff';
  }
  *out++ = '\0';
  *out++ = '\0';
  return out;
}

constexpr size_t kMaxDigits = 20;
template <class T>
size_t PutDigits(T value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + kMaxDigits, value).ptr - out);
}

// The column as its plain value type: dictionary and run-end-encoded ones decoded, extension types
// unwrapped.
Result<std::shared_ptr<arrow::Array>> PlainColumn(const arrow::RecordBatch& batch, int column,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  auto array = batch.column(column);
  if (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  if (array->type()->Equals(*type)) return array;
  if (array->type_id() == arrow::Type::RUN_END_ENCODED) {
    ARROW_ASSIGN_OR_RAISE(const auto decoded, arrow::compute::RunEndDecode(array));
    return decoded.make_array();
  }
  ARROW_ASSIGN_OR_RAISE(const auto cast, arrow::compute::Cast(array, type));
  return cast.make_array();
}

std::shared_ptr<arrow::DataType> ValueType(std::shared_ptr<arrow::DataType> type) {
  if (type->id() == arrow::Type::EXTENSION) {
    type = static_cast<const arrow::ExtensionType&>(*type).storage_type();
  }
  if (type->id() == arrow::Type::DICTIONARY) {
    return static_cast<const arrow::DictionaryType&>(*type).value_type();
  }
  if (type->id() == arrow::Type::RUN_END_ENCODED) {
    return static_cast<const arrow::RunEndEncodedType&>(*type).value_type();
  }
  return type;
}

}  // namespace

std::string RowNumberKey(uint64_t number) {
  std::string key(8, '\0');
  PutBigEndian(number, key.data());
  return key;
}

Result<uint64_t> RowNumberOf(std::string_view key) {
  if (key.size() != 8) {
    return DataError(
        "lmdb: the table's last key is no row number; give the table's own key columns: length=" +
        std::to_string(key.size()));
  }
  uint64_t number = 0;
  for (const char c : key) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

Result<std::unique_ptr<KeyEncoder>> KeyEncoder::Make(const arrow::Schema& schema,
                                                     const KeyDefinition& key,
                                                     const std::string& table) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  auto encoder = std::make_unique<KeyEncoder>();
  encoder->table_ = table;
  encoder->is_pattern_ = !key.pattern.empty();

  const auto add_column = [&](const std::string& name) -> Status {
    const int column = schema.GetFieldIndex(name);
    if (column < 0) {
      const auto nearest = base::NearestName(name, schema.field_names());
      return ConfigurationError(
          "lmdb: the key names a column that the rows do not have" +
          (nearest.has_value() ? ", did you mean " + *nearest + "?" : std::string()) +
          ": table=" + table + " column=" + name);
    }
    auto type = ValueType(schema.field(column)->type());
    if (!IsKeyType(*type)) {
      return ConfigurationError(
          "lmdb: a column of this type cannot be part of a key; keys take integers, strings "
          "and binary: table=" +
          table + " column=" + name + " type=" + type->ToString());
    }
    encoder->parts_.push_back({column, name, {}, std::move(type)});
    return Status::OK();
  };

  for (const auto& name : key.columns) ARROW_RETURN_NOT_OK(add_column(name));
  std::string_view rest = key.pattern;
  while (!rest.empty()) {
    const size_t open = std::min(rest.find('{'), rest.size());
    if (open > 0) encoder->parts_.push_back({-1, {}, std::string(rest.substr(0, open)), nullptr});
    if (open == rest.size()) break;
    const size_t close = rest.find('}', open);
    if (close == std::string_view::npos) {
      return ConfigurationError("lmdb: key_pattern lacks a closing brace: key_pattern=" +
                                key.pattern);
    }
    const std::string name(rest.substr(open + 1, close - open - 1));
    if (name == "table") {
      encoder->parts_.push_back({-1, {}, table, nullptr});
    } else {
      ARROW_RETURN_NOT_OK(add_column(name));
    }
    rest.remove_prefix(close + 1);
  }
  return encoder;
}

Status KeyEncoder::Fail(std::string_view what, std::string_view column, int64_t row,
                        std::string_view more) const {
  std::string message = "lmdb: ";
  message.append(what).append(": table=").append(table_);
  if (!column.empty()) message.append(" column=").append(column);
  message.append(" row=").append(std::to_string(row));
  if (!more.empty()) message.append(" ").append(more);
  return DataError(std::move(message));
}

Status KeyEncoder::CheckNulls(const arrow::RecordBatch& batch, int64_t first_row) const {
  for (const auto& part : parts_) {
    if (part.column < 0) continue;
    const auto& array = *batch.column(part.column);
    if (array.null_count() == 0 && array.type_id() != arrow::Type::DICTIONARY &&
        array.type_id() != arrow::Type::RUN_END_ENCODED) {
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const auto plain, PlainColumn(batch, part.column, part.type));
    for (int64_t i = 0; i < plain->length(); ++i) {
      if (plain->IsNull(i))
        return Fail("a key column is null; every row needs its key", part.name, first_row + i, "");
    }
  }
  return Status::OK();
}

Result<EncodedKeys> KeyEncoder::Encode(const arrow::RecordBatch& batch, int64_t first_row) const {
  ARROW_RETURN_NOT_OK(CheckNulls(batch, first_row));
  const auto rows = static_cast<size_t>(batch.num_rows());
  std::vector<std::shared_ptr<arrow::Array>> columns(parts_.size());

  // First pass: sizes, checked. After it nothing can fail.
  std::vector<size_t> sizes(rows, 0);
  for (size_t p = 0; p < parts_.size(); ++p) {
    const auto& part = parts_[p];
    const bool last = p + 1 == parts_.size();
    if (part.column < 0) {
      for (auto& size : sizes) size += part.literal.size();
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(columns[p], PlainColumn(batch, part.column, part.type));
    const auto& array = *columns[p];
    if (arrow::is_integer(array.type_id())) {
      if (is_pattern_) {
        char digits[kMaxDigits];
        VisitIntegers(array, [&](int64_t i, auto value) {
          sizes[static_cast<size_t>(i)] += PutDigits(value, digits);
        });
      } else {
        const auto width = static_cast<size_t>(array.type()->byte_width());
        for (auto& size : sizes) size += width;
      }
    } else {
      const bool escaped =
          !is_pattern_ && !last && array.type_id() != arrow::Type::FIXED_SIZE_BINARY;
      VisitBytes(array, [&](int64_t i, std::string_view bytes) {
        sizes[static_cast<size_t>(i)] += escaped ? EscapedSize(bytes) : bytes.size();
      });
    }
  }
  EncodedKeys keys;
  keys.offsets.resize(rows + 1);
  size_t total = 0;
  for (size_t i = 0; i < rows; ++i) {
    const auto row = first_row + static_cast<int64_t>(i);
    if (sizes[i] == 0)
      return Fail("the key is empty; LMDB has no empty keys", parts_[0].name, row, "");
    if (sizes[i] > kMaxKeyBytes) {
      return Fail("the key is longer than LMDB's 511 bytes; choose shorter key columns",
                  parts_.back().name, row, "length=" + std::to_string(sizes[i]));
    }
    total += sizes[i];
    if (total > UINT32_MAX)
      return Fail("the keys of one batch exceed 4 GiB; load smaller batches", "", row, "");
    keys.offsets[i + 1] = static_cast<uint32_t>(total);
  }

  // Second pass: each column's bytes to its place in every key.
  keys.bytes.resize(total);
  std::vector<char*> places(rows);
  for (size_t i = 0; i < rows; ++i) places[i] = keys.bytes.data() + keys.offsets[i];
  for (size_t p = 0; p < parts_.size(); ++p) {
    const auto& part = parts_[p];
    if (part.column < 0) {
      for (auto& place : places) {
        std::memcpy(place, part.literal.data(), part.literal.size());
        place += part.literal.size();
      }
      continue;
    }
    const auto& array = *columns[p];
    if (arrow::is_integer(array.type_id())) {
      VisitIntegers(array, [&](int64_t i, auto value) {
        auto& place = places[static_cast<size_t>(i)];
        if (is_pattern_) {
          place += PutDigits(value, place);
        } else {
          PutBigEndian(value, place);
          place += sizeof(value);
        }
      });
    } else {
      const bool last = p + 1 == parts_.size();
      const bool escaped =
          !is_pattern_ && !last && array.type_id() != arrow::Type::FIXED_SIZE_BINARY;
      VisitBytes(array, [&](int64_t i, std::string_view bytes) {
        auto& place = places[static_cast<size_t>(i)];
        if (escaped) {
          place = PutEscaped(bytes, place);
        } else if (!bytes.empty()) {
          std::memcpy(place, bytes.data(), bytes.size());
          place += bytes.size();
        }
      });
    }
  }
  for (int64_t i = 1; i < keys.size() && keys.ascending; ++i)
    keys.ascending = keys.key(i - 1) < keys.key(i);
  return keys;
}

std::string KeyEncoder::Describe(std::string_view key) const {
  if (is_pattern_) return "key=" + std::string(key);
  std::string text;
  for (size_t p = 0; p < parts_.size(); ++p) {
    const auto& part = parts_[p];
    const bool last = p + 1 == parts_.size();
    text += (text.empty() ? "" : " ") + part.name + "=";
    if (arrow::is_integer(part.type->id())) {
      const auto width = std::min(static_cast<size_t>(part.type->byte_width()), key.size());
      const bool is_signed = arrow::is_signed_integer(part.type->id());
      uint64_t bits = 0;
      for (const char c : key.substr(0, width)) bits = bits << 8 | static_cast<unsigned char>(c);
      if (is_signed) {
        bits ^= uint64_t{1} << (width * 8 - 1);
        const int unused = static_cast<int>(64 - width * 8);
        text += std::to_string(static_cast<int64_t>(bits << unused) >> unused);
      } else {
        text += std::to_string(bits);
      }
      key.remove_prefix(width);
      continue;
    }
    size_t end = key.size();
    if (part.type->id() == arrow::Type::FIXED_SIZE_BINARY) {
      end = std::min(end, static_cast<size_t>(part.type->byte_width()));
    } else if (!last) {
      end = std::min(key.find(std::string_view("\0\0", 2)), key.size());
    }
    const bool is_text = part.type->id() == arrow::Type::STRING ||
                         part.type->id() == arrow::Type::LARGE_STRING ||
                         part.type->id() == arrow::Type::STRING_VIEW;
    text += is_text ? std::string(key.substr(0, end)) : "0x" + base::ToHex(key.substr(0, end));
    const bool ended = !last && part.type->id() != arrow::Type::FIXED_SIZE_BINARY;
    key.remove_prefix(std::min(key.size(), end + (ended ? 2 : 0)));
  }
  return text;
}

}  // namespace ampload::lmdb
