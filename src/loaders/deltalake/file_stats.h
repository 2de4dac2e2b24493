// Per-file statistics (the Delta protocol, "Per-file Statistics") as JSON text. Pure.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ampload/batch_id.h"
#include "lake/data_file.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

// Which columns get statistics: delta.dataSkippingStatsColumns, else the first
// delta.dataSkippingNumIndexedCols (32; -1: all) leaf columns, and _amp_batch_id in any case.
// Paths of physical names, as lake::ColumnStats has them.
Result<std::vector<std::vector<std::string>>> IndexedColumns(const arrow::Schema& physical,
                                                             const Metadata& metadata,
                                                             const arrow::Schema& logical);

// {"numRecords":..,"minValues":{..},"maxValues":{..},"nullCount":{..}}. Strings longer than 32
// characters are cut: a minimum short, a maximum short and raised so that it stays a bound, or left
// out where it cannot be raised. Timestamps are cut to milliseconds, a maximum's rounded up.
std::string StatsJson(const lake::DataFile& file,
                      const std::vector<std::vector<std::string>>& indexed);

// What we ask of a file's statistics. A member that is nullopt is not known.
struct FileStats {
  std::optional<int64_t> rows;
  std::optional<std::pair<int64_t, int64_t>> batches;  // least and greatest _amp_batch_id
  std::optional<int64_t> null_batches;                 // rows that are no stream's
};

// `batch_column`: the physical name of _amp_batch_id. Damaged text is as good as none.
FileStats ReadStats(const std::optional<std::string>& text, const std::string& batch_column);

}  // namespace ampload::deltalake
