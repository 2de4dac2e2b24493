// Deletion vectors (the Delta protocol, "Deletion Vectors", "Deletion Vector Format"): read, never
// written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/call_context.h"
#include "lake/object_store.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

// The rows of a data file that are deleted: ascending positions from 0. A permanent failure for
// damage (magic number, checksum, size, cardinality, version), a missing file, and a path outside
// the table.
Result<std::vector<int64_t>> ReadDeletionVector(const DeletionVectorDescriptor& descriptor,
                                                lake::ObjectStore& table,
                                                const CallContext& context);

// Pure parts, for tests.
Result<std::string> DecodeZ85(std::string_view text);  // a multiple of 5 characters
Result<std::vector<int64_t>> RowsOfBitmapArray(std::string_view bytes);

}  // namespace ampload::deltalake
