// Rows of a table's data files, as the table's schema has them now.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ampload/call_context.h"
#include "lake/object_store.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

// Where the file lies, as the store takes it: an absolute path is one of ours where it leads into
// the table, else a configuration error.
Result<std::string> PathInTable(const lake::ObjectStore& table, const AddFile& file);

// Hands out the file's rows, in its order, as batches of `snapshot.schema`'s columns (Arrow types,
// logical names): columns are found by name or by id as the mapping says, missing ones are null,
// narrower types (typeWidening) are widened, INT96 timestamps are microseconds, partition columns
// have the file's value, and rows of the deletion vector are left out. `visit` returning false ends
// it. Memory: one row group's pages and one batch.
//
// `take`, where given, decides by _amp_batch_id which rows are handed out (null: a row of no
// stream).
//
// Permanent failures: the file is missing, damaged, or has a column of a type that is not the
// table's.
Status ReadDataFile(lake::ObjectStore& table, const Snapshot& snapshot, const AddFile& file,
                    const std::function<Result<bool>(std::shared_ptr<arrow::RecordBatch>)>& visit,
                    const CallContext& context,
                    const std::function<bool(std::optional<int64_t> batch)>& take = nullptr);

}  // namespace ampload::deltalake
