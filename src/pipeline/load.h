// One load from a source into one table: reader, encoder and writer overlap, through queues bounded
// in bytes.
//
//   reader thread        encoder thread              calling thread
//   Source::Next ─▶ queue ─▶ BatchEncoder::Encode ─▶ queue ─▶ WriteSession::Stage ... Commit
//
// All three stop at the first failure or stop request; then the session is aborted, so nothing
// stays.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/load_result.h"
#include "ampload/loader.h"
#include "ampload/source.h"
#include "ampload/table.h"
#include "pipeline/bad_rows.h"
#include "pipeline/load_companion.h"
#include "pipeline/memory_budget.h"
#include "pipeline/row_shape.h"

namespace ampload::pipeline {

// What a progress line shows. Counters only grow.
struct LoadProgress {
  int64_t rows_read = 0;
  int64_t rows_staged = 0;
  int64_t rows_bad = 0;
  int64_t bytes_read = 0;    // Arrow memory
  int64_t bytes_staged = 0;  // encoded bytes, where the session has an encoder, else Arrow memory
  double seconds = 0;
  bool committing = false;
};

struct LoadRequest {
  TableSpec table;                 // `schema` is filled from the source and the shape when null
  RowShape shape;                  // what is changed about the source's columns
  BadRowSink* bad_rows = nullptr;  // takes rows that cannot be stored; null: the first one fails
                                   // the load
  std::vector<LoadCompanion*> companions;
  BudgetPool* source_pool = nullptr;  // the pool of `source`, told of batches on their way; may be
                                      // null
  int64_t queue_bytes = 64 << 20;     // for each of the two queues
  std::function<void(const LoadProgress&)>
      on_progress;  // from the calling thread, at most every 100 ms and once before the commit; may
                    // be null
};

// All rows of `source` in one commit. `loader` is connected. The result always has loader_type,
// table_name and the specification's load_table metadata; on failure `success` is false, `error`
// says what, and nothing stays. `status` is the failure itself (kind and cause), for the exit
// status.
struct LoadOutcome {
  LoadResult result;
  Status status;
  bool fenced = false;  // another writer took over: exit status 4
};
LoadOutcome RunLoad(Source& source, Loader& loader, const LoadRequest& request,
                    const CallContext& context);

}  // namespace ampload::pipeline
