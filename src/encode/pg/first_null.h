// Nulls as a store sees them: dictionaries, runs and extensions looked through.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <optional>

namespace ampload::encode::pg {

// The first row that is null; nullopt where none is.
std::optional<int64_t> FirstNull(const arrow::Array& array);

}  // namespace ampload::encode::pg
