// What a table or column may be called, whatever the store.
#pragma once

#include <arrow/type.h>

#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload {

// Not empty, UTF-8, no NUL, at most 255 bytes. Quoting and the store's own limits are the loader's
// matter.
Status CheckTableName(std::string_view name);

// Every column has a UTF-8 name and no name stands twice; the error names all that do.
Status CheckColumnNames(const arrow::Schema& schema);

// Every key is a column, none twice; an unknown one is named with the nearest right name.
Status CheckKeys(const arrow::Schema& schema, const std::vector<std::string>& keys);

// Equal for equal names, types and nullability, in that order of columns; metadata and the inner
// names of lists and maps are ignored. SHA-256 hex of a canonical text.
std::string SchemaFingerprint(const arrow::Schema& schema);

}  // namespace ampload
