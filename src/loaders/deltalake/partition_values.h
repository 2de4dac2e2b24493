// Partition values as text (the Delta protocol, "Partition Value Serialization"), the folders they
// make, and the paths of the log. Pure.
#pragma once

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::deltalake {

// nullopt: null. A data error for an empty string, which Delta cannot tell from a null, for NaN and
// infinities, and for a type that cannot partition (nested ones, binary).
Result<std::optional<std::string>> PartitionText(const arrow::Scalar& value);

// OK where a column of that type may partition a table; else a configuration error.
Status CheckPartitionType(const arrow::Field& field);

// The way back, also of what other writers put there (a timestamp with or without a zone). A
// permanent failure for a text that is no value of the type.
Result<std::shared_ptr<arrow::Scalar>> PartitionScalar(
    const std::optional<std::string>& text, const std::shared_ptr<arrow::DataType>& type);

// "date=2024-01-01", "name=a%2Cb", "x=__HIVE_DEFAULT_PARTITION__": as Hive names them, of letters,
// digits, - . _ and escapes alone: safe for every file system, and spelled alike by every writer.
std::string PartitionFolder(std::string_view column, const std::optional<std::string>& text);

// A path of ours as `add.path`: percent-encoded as a URI's path; and the way back (a permanent
// failure for damage). A partition folder's own % signs are encoded once more.
std::string EncodePath(std::string_view path);
Result<std::string> DecodePath(std::string_view path);

}  // namespace ampload::deltalake
