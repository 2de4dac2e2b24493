// A column's time unit as a constant of the code that goes over its values.
#pragma once

#include <arrow/type.h>

#include <type_traits>

namespace ampload::encode {

// Calls make(unit as a constant).
template <class Make>
auto WithUnit(arrow::TimeUnit::type unit, Make&& make) {
  using arrow::TimeUnit;
  switch (unit) {
    case TimeUnit::SECOND:
      return make(std::integral_constant<TimeUnit::type, TimeUnit::SECOND>{});
    case TimeUnit::MILLI:
      return make(std::integral_constant<TimeUnit::type, TimeUnit::MILLI>{});
    case TimeUnit::MICRO:
      return make(std::integral_constant<TimeUnit::type, TimeUnit::MICRO>{});
    case TimeUnit::NANO:
      break;
  }
  return make(std::integral_constant<TimeUnit::type, TimeUnit::NANO>{});
}

}  // namespace ampload::encode
