// How far the text of a value reaches, by its type: what a reader of text_encoder.h's texts can
// count on where something else stands before or behind them.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "encode/text_encoder.h"

namespace ampload::encode {

struct TextExtent {
  std::optional<int64_t> width;  // all values' texts are so many bytes
  bool complete = false;         // no value's text begins or ends with another's
  std::string_view chars;        // a text has no others; empty: it may have any
  bool sign = false;             // but for a '-' in front
};

// Dictionary, run-end-encoded and extension types are looked through.
TextExtent ExtentOf(const arrow::DataType& type, BinaryText binaries);

}  // namespace ampload::encode
