// The columns that say where a streamed row comes from.
//
//   _amp_batch_id      int64  the row's batch, always
//   _amp_block_ranges  utf8   the blocks of that batch, where asked for:
//                             [{"network":"mainnet","start":10,"end":19,"hash":"0x..","prev_hash":"0x.."}]
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/block_range.h"
#include "ampload/status.h"

namespace ampload {

inline constexpr char kBlockRangesColumn[] = "_amp_block_ranges";

// The rows' columns with the lineage behind them. A configuration error where they have one of that
// name already.
Result<std::shared_ptr<arrow::Schema>> WithLineage(const arrow::Schema& rows, bool block_ranges);

// See above. An empty text where there are no ranges.
std::string BlockRangesJson(const std::vector<BlockRange>& ranges);

// `batch` with its lineage; `schema` is WithLineage of the batch's, `ranges_json` is used where it
// has the second column. Pure.
Result<std::shared_ptr<arrow::RecordBatch>> AddLineage(const arrow::RecordBatch& batch,
                                                       const std::shared_ptr<arrow::Schema>& schema,
                                                       BatchId id, const std::string& ranges_json);

}  // namespace ampload
