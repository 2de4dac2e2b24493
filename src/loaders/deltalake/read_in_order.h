// Reads many small files of a store, a few at a time.
#pragma once

#include <algorithm>
#include <functional>
#include <future>
#include <type_traits>
#include <utility>
#include <vector>

#include "ampload/status.h"

namespace ampload::deltalake {

// Runs `read` for each of the items, a few at a time on threads of their own, and hands the results
// to `take` in the items' order, on this thread. The first failure ends it.
template <class Item, class Read, class Take>
Status ReadInOrder(const std::vector<Item>& items, Read read, Take take) {
  constexpr size_t kAtOnce = 16;
  if (items.size() == 1) {
    ARROW_ASSIGN_OR_RAISE(auto result, read(items.front()));
    return take(items.front(), std::move(result));
  }
  for (size_t begin = 0; begin < items.size(); begin += kAtOnce) {
    const size_t end = std::min(items.size(), begin + kAtOnce);
    std::vector<std::future<std::invoke_result_t<Read, const Item&>>> ahead;
    ahead.reserve(end - begin);
    for (size_t i = begin; i < end; ++i) {
      ahead.push_back(std::async(std::launch::async, read, std::cref(items[i])));
    }
    for (size_t i = begin; i < end; ++i) {
      ARROW_ASSIGN_OR_RAISE(auto result, ahead[i - begin].get());
      ARROW_RETURN_NOT_OK(take(items[i], std::move(result)));
    }
  }
  return Status::OK();
}

}  // namespace ampload::deltalake
