// Which tables lie in a lake's folder, and what one of them holds.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/table.h"
#include "lake/object_store.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

// The folders with a _delta_log below the root, at most four levels down, sorted. Does not look
// into tables, nor into folders whose names begin with '_' or '.'.
Result<std::vector<std::string>> FindTables(lake::ObjectStore& root, const CallContext& context);

// `files` are the snapshot's. Rows are counted from the files' statistics less what their deletion
// vectors take away; of files that have none the footers are read, unless they are many: then it is
// an estimate.
Result<TableInfo> DescribeTable(lake::ObjectStore& table, const std::string& name,
                                const Snapshot& snapshot, const TableFiles& files,
                                const CallContext& context);

// At most `limit` rows, of the oldest files first, each column of its Delta type's Arrow type.
Result<std::shared_ptr<arrow::Table>> ReadTableRows(lake::ObjectStore& table,
                                                    const Snapshot& snapshot,
                                                    const TableFiles& files, int64_t limit,
                                                    const CallContext& context);

}  // namespace ampload::deltalake
