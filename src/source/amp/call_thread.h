// A blocking call that cannot be interrupted, in a thread that the wait for it may leave behind.
#pragma once

#include <arrow/util/future.h>

#include <atomic>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "source/input/read_context.h"

namespace ampload::source {

// CallInThread was used. Its threads may live for longer than anybody waits, so the process must
// end without destroying what they use (std::_Exit).
inline std::atomic<bool> calls_made = false;

// What `call` returns, or Cancelled once the context ends. `call` owns all that it touches: left
// behind, it goes on until its own end, and its value is destroyed there.
template <class T>
Result<std::shared_ptr<T>> CallInThread(std::function<Result<std::shared_ptr<T>>()> call,
                                        const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  auto future = arrow::Future<std::shared_ptr<T>>::Make();
  try {
    calls_made = true;
    std::thread([future, call = std::move(call)]() mutable {
      future.MarkFinished(call());
    }).detach();
  } catch (const std::system_error& error) {
    return TransientError(std::string("amp: cannot start a thread: ") + error.what());
  }
  return Await(future, ReadContext(context));
}

}  // namespace ampload::source
