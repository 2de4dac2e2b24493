// Scalars that are written as text, as the msgpack values that stand for them. What the columns'
// readers check (ranges, dates, digits of decimals) is not checked here.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::encode {

// "what: column=path", a data error.
Status RefuseText(std::string_view what, const std::string& path);

// Each appends one value to `out`.
void AppendNil(std::string* out);
void AppendBool(bool value, std::string* out);
void AppendStr(std::string_view text, std::string* out);
Status AppendInteger(std::string_view digits, const std::string& path, std::string* out);
// "0x00ff".
Status AppendHexBinary(std::string_view text, const std::string& path, std::string* out);
void AppendBinary(std::string_view bytes, std::string* out);

// What stands for floats that are no numbers.
struct FloatWords {
  std::string_view nan;
  std::string_view infinity;
  std::string_view minus_infinity;

  bool Has(std::string_view text) const {
    return text == nan || text == infinity || text == minus_infinity;
  }
};
inline constexpr FloatWords kJsonFloatWords{"NaN", "Infinity", "-Infinity"};
inline constexpr FloatWords kTextFloatWords{"NaN", "inf", "-inf"};

// `text` is one of the words, or digits: those of a float64 where `type` is one, else of a float32.
Status AppendFloat(const arrow::DataType& type, std::string_view text, const FloatWords& words,
                   const std::string& path, std::string* out);

}  // namespace ampload::encode
