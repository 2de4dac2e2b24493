#include "cli/row_json.h"

#include <arrow/scalar.h>
#include <arrow/type_traits.h>
#include <arrow/util/float16.h>
#include <arrow/visit_array_inline.h>

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "base/hex.h"
#include "cli/moment_text.h"

namespace ampload::cli {
namespace {

using nlohmann::ordered_json;

ordered_json FloatToJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

// A float keeps its own short text: 0.1f is 0.1, not 0.10000000149011612.
ordered_json FloatToJson(float value) {
  if (!std::isfinite(value)) return FloatToJson(static_cast<double>(value));
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

// Writes the value at `row` of the visited array into `json`.
struct ValueVisitor {
  int64_t row;
  ordered_json json;

  template <class T>
  Status Visit(const T& array) {
    using Type = typename T::TypeClass;
    if constexpr (arrow::is_decimal_type<Type>::value) {
      json = array.FormatValue(row);
    } else if constexpr (arrow::is_string_type<Type>::value ||
                         arrow::is_string_view_type<Type>::value) {
      json = std::string(array.GetView(row));
    } else if constexpr (arrow::is_base_binary_type<Type>::value ||
                         arrow::is_binary_view_like_type<Type>::value ||
                         arrow::is_fixed_size_binary_type<Type>::value) {
      json = "0x" + base::ToHex(std::string_view(array.GetView(row)));
    } else if constexpr (arrow::is_var_length_list_type<Type>::value ||
                         arrow::is_list_view_type<Type>::value ||
                         arrow::is_fixed_size_list_type<Type>::value) {
      json = ListToJson(*array.value_slice(row));
    } else if constexpr (arrow::is_boolean_type<Type>::value ||
                         arrow::is_integer_type<Type>::value) {
      json = array.Value(row);
    } else {
      // Rare types (intervals, unions): Arrow's own text.
      ARROW_ASSIGN_OR_RAISE(const auto scalar, array.GetScalar(row));
      json = scalar->ToString();
    }
    return Status::OK();
  }

  Status Visit(const arrow::NullArray&) { return Status::OK(); }
  Status Visit(const arrow::FloatArray& array) { return Set(FloatToJson(array.Value(row))); }
  Status Visit(const arrow::DoubleArray& array) { return Set(FloatToJson(array.Value(row))); }
  Status Visit(const arrow::HalfFloatArray& array) {
    return Set(FloatToJson(arrow::util::Float16::FromBits(array.Value(row)).ToFloat()));
  }
  Status Visit(const arrow::Date32Array& array) { return Set(DateText(array.Value(row))); }
  Status Visit(const arrow::Date64Array& array) {
    return Set(TimestampText(array.Value(row), arrow::TimeUnit::MILLI, false).substr(0, 10));
  }
  Status Visit(const arrow::Time32Array& array) {
    const auto& type = static_cast<const arrow::Time32Type&>(*array.type());
    return Set(TimeText(array.Value(row), type.unit()));
  }
  Status Visit(const arrow::Time64Array& array) {
    const auto& type = static_cast<const arrow::Time64Type&>(*array.type());
    return Set(TimeText(array.Value(row), type.unit()));
  }
  Status Visit(const arrow::TimestampArray& array) {
    const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
    return Set(TimestampText(array.Value(row), type.unit(), !type.timezone().empty()));
  }
  Status Visit(const arrow::StructArray& array) {
    json = ordered_json::object();
    for (int i = 0; i < array.num_fields(); ++i) {
      json[array.struct_type()->field(i)->name()] = ValueToJson(*array.field(i), row);
    }
    return Status::OK();
  }
  Status Visit(const arrow::DictionaryArray& array) {
    return Set(ValueToJson(*array.dictionary(), array.GetValueIndex(row)));
  }
  Status Visit(const arrow::RunEndEncodedArray& array) {
    ARROW_ASSIGN_OR_RAISE(const auto scalar, array.GetScalar(row));
    const auto& value = *static_cast<const arrow::RunEndEncodedScalar&>(*scalar).value;
    ARROW_ASSIGN_OR_RAISE(const auto one, arrow::MakeArrayFromScalar(value, 1));
    return Set(ValueToJson(*one, 0));
  }
  Status Visit(const arrow::ExtensionArray& array) {
    return Set(ValueToJson(*array.storage(), row));
  }

 private:
  Status Set(ordered_json value) {
    json = std::move(value);
    return Status::OK();
  }

  static ordered_json ListToJson(const arrow::Array& values) {
    auto list = ordered_json::array();
    for (int64_t i = 0; i < values.length(); ++i) list.push_back(ValueToJson(values, i));
    return list;
  }
};

// "[a, b]" or "{x: a, y: b}".
std::string Bracketed(const ordered_json& value) {
  std::string out(1, value.is_object() ? '{' : '[');
  for (const auto& [name, item] : value.items()) {
    if (out.size() > 1) out += ", ";
    if (value.is_object()) out.append(name).append(": ");
    out += CellText(item);
  }
  out.push_back(value.is_object() ? '}' : ']');
  return out;
}

}  // namespace

nlohmann::ordered_json ValueToJson(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  ValueVisitor visitor{row, nullptr};
  const Status status = arrow::VisitArrayInline(array, &visitor);
  if (!status.ok()) return "(" + status.message() + ")";
  return std::move(visitor.json);
}

std::string CellText(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "NULL";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_structured()) return Bracketed(value);
  return value.dump();
}

}  // namespace ampload::cli
