// A blocking call of S3 in another thread, so that the wait for it can be given up.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/util/future.h>
#include <arrow/util/thread_pool.h>

#include <utility>

#include "ampload/status.h"
#include "source/input/read_context.h"
#include "source/input/s3_library.h"

namespace ampload::source {

// Starts `call` (which gives a Result) in one of Arrow's IO threads. It owns all that it touches,
// and allocates from no pool that could be gone before it: the wait for it may be given up.
template <class Call>
auto InBackground(Call call) {
  return arrow::io::default_io_context().executor()->Submit([call = std::move(call)] {
    const S3Call under_way;
    return call();
  });
}

// The same, and waits for it under the context.
template <class Call>
auto InBackground(const ReadContext& context, Call call) -> decltype(call()) {
  ARROW_ASSIGN_OR_RAISE(const auto future, InBackground(std::move(call)));
  return Await(future, context);
}

}  // namespace ampload::source
