// The one set of matchers for statuses and results.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "ampload/status.h"

namespace ampload {

inline const Status& StatusOf(const Status& status) { return status; }
template <class T>
const Status& StatusOf(const Result<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  if (StatusOf(arg).ok()) return true;
  *result_listener << StatusOf(arg).ToString();
  return false;
}

// FailsWith(FailureKind::kData, "column=to"): a failure of that kind whose message contains the
// text.
MATCHER_P2(FailsWith, kind, text, "fails with kind and text") {
  const Status& status = StatusOf(arg);
  if (status.ok()) {
    *result_listener << "which is OK";
    return false;
  }
  *result_listener << status.ToString() << " [" << ToString(KindOf(status)) << "]";
  return KindOf(status) == kind && status.message().find(text) != std::string::npos;
}

// Inside a TEST: fails it where `expression` is an error, else declares `name` with the value.
#define ASSERT_OK_AND_ASSIGN_IMPL(name, result, expression) \
  auto result = (expression);                               \
  ASSERT_THAT(result, ::ampload::IsOk());                   \
  name = std::move(result).ValueUnsafe()
#define AMPLOAD_CONCAT_INNER(a, b) a##b
#define AMPLOAD_CONCAT(a, b) AMPLOAD_CONCAT_INNER(a, b)
#define ASSERT_OK_AND_ASSIGN(name, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL(name, AMPLOAD_CONCAT(result_at_, __LINE__), expression)

}  // namespace ampload
