// Dates, times and timestamps: days and microseconds from 2000-01-01, microseconds of a day.
//
// Nothing is rounded: a column of fewer digits behind the second takes the values that have no
// more, and nanoseconds go in where they are whole microseconds or the user accepts the loss.
#include <arrow/type.h>

#include <limits>
#include <string>

#include "encode/iso8601.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"
#include "encode/time_unit.h"

namespace ampload::encode::pg {
namespace {

using arrow::TimeUnit;
__extension__ using Int128 = __int128;

constexpr int64_t kPgEpochDays = 10957;  // 2000-01-01
constexpr int64_t kPgEpochMicros = kPgEpochDays * kSecondsPerDay * 1'000'000;
constexpr const char* kDigits = "value has more digits behind the second than its column";

// Microseconds that every value must be a multiple of.
int64_t StepOf(const PgType& type) {
  int64_t step = 1;
  for (int digits = type.second_digits(); digits < 6; ++digits) step *= 10;
  return step;
}

// Toward zero, from `epoch` (in microseconds, whole seconds) on, which is taken off first: what is
// in range fits then.
template <TimeUnit::type kUnit>
constexpr int64_t Micros(int64_t value, int64_t epoch) {
  if constexpr (kUnit == TimeUnit::NANO) {
    return value / 1000 - epoch;
  } else {
    constexpr int64_t kFactor = 1'000'000 / UnitsPerSecond(kUnit);
    return (value - epoch / kFactor) * kFactor;
  }
}

// The numbers of a unit that a range of microseconds has, as far as int64 holds them.
template <TimeUnit::type kUnit>
constexpr int64_t InUnit(Int128 micros) {
  constexpr Int128 kLow = std::numeric_limits<int64_t>::min();
  constexpr Int128 kHigh = std::numeric_limits<int64_t>::max();
  const Int128 value = micros * UnitsPerSecond(kUnit) / 1'000'000;
  return static_cast<int64_t>(value < kLow ? kLow : value > kHigh ? kHigh : value);
}

// Form: what a column's numbers become.
//   Wire; const char* Refuse(int64_t value) (nullptr: it can be encoded); Wire Convert(value)
template <int64_t kUnitsPerDay>
struct DateForm {
  using Wire = int32_t;
  static constexpr int64_t kFirst = -2451545;  // 4713-11-24 BC, from 2000-01-01
  static constexpr int64_t kBehind = 2147483494 - 2451545;

  static const char* Refuse(int64_t value) {
    if (value % kUnitsPerDay != 0) return "date64 is not a whole day";
    const int64_t days = value / kUnitsPerDay - kPgEpochDays;
    return days >= kFirst && days < kBehind
               ? nullptr
               : "date is not in PostgreSQL's range, 4714-11-24 BC to 5874897-12-31";
  }
  static Wire Convert(int64_t value) {
    return static_cast<Wire>(value / kUnitsPerDay - kPgEpochDays);
  }
};

template <TimeUnit::type kUnit>
struct TimeForm {
  using Wire = int64_t;
  int64_t step;
  bool lossy;

  // The day's end is a value, too: 24:00:00.
  const char* Refuse(int64_t value) const {
    if (value < 0 || value > kSecondsPerDay * UnitsPerSecond(kUnit))
      return "time is not within a day";
    if (kUnit == TimeUnit::NANO && !lossy && value % 1000 != 0) {
      return "time is finer than a microsecond, accept that with --allow time_ns_to_us";
    }
    return step == 1 || Convert(value) % step == 0 ? nullptr : kDigits;
  }
  static Wire Convert(int64_t value) { return Micros<kUnit>(value, 0); }
};

template <TimeUnit::type kUnit>
struct TimestampForm {
  using Wire = int64_t;
  // In microseconds from 2000-01-01; beyond them the server has its infinities.
  static constexpr int64_t kFirst = -211813488000000000;
  static constexpr int64_t kBehind = 9223371331200000000;
  static constexpr int64_t kLow = InUnit<kUnit>(Int128{kFirst} + kPgEpochMicros);
  static constexpr int64_t kHigh = InUnit<kUnit>(Int128{kBehind} + kPgEpochMicros - 1);
  int64_t step;
  bool lossy;

  const char* Refuse(int64_t value) const {
    if (value < kLow || value > kHigh) {
      return "timestamp is not in PostgreSQL's range, 4714-11-24 BC to 294276-12-31";
    }
    if (kUnit == TimeUnit::NANO && !lossy && value % 1000 != 0) {
      return "timestamp is finer than a microsecond, accept that with --allow timestamp_ns_to_us";
    }
    return step == 1 || Convert(value) % step == 0 ? nullptr : kDigits;
  }
  static Wire Convert(int64_t value) { return Micros<kUnit>(value, kPgEpochMicros); }
};

template <class T, class Form>
struct TemporalCodec : FixedCodec {
  const T* values;
  Form form;

  static int64_t size() { return sizeof(typename Form::Wire); }
  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    const Form the_form = form;
    return RefuseUnless(
        rows, validity, [&](int64_t row) { return the_form.Refuse(values[row]) == nullptr; },
        [&](int64_t row) { return the_form.Refuse(values[row]); },
        [&](int64_t row) { return std::to_string(values[row]); });
  }
  uint8_t* Put(uint8_t* at, int64_t row) const { return PutBig(at, Form::Convert(values[row])); }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeCopyTemporal(const arrow::ArrayData& data, const PgType& type,
                                               const Losses& losses) {
  const auto make = [&]<class T, class Form>(T, Form form) {
    return MakeCopyLeaf(data, TemporalCodec<T, Form>{{}, data.GetValues<T>(1), form});
  };
  const int64_t step = StepOf(type);
  switch (data.type->id()) {
    case arrow::Type::DATE32:
      return make(int32_t{}, DateForm<1>{});
    case arrow::Type::DATE64:
      return make(int64_t{}, DateForm<kMillisecondsPerDay>{});
    case arrow::Type::TIME32:
      return WithUnit(static_cast<const arrow::TimeType&>(*data.type).unit(), [&](auto unit) {
        return make(int32_t{}, TimeForm<unit>{step, losses.time_ns});
      });
    case arrow::Type::TIME64:
      return WithUnit(static_cast<const arrow::TimeType&>(*data.type).unit(), [&](auto unit) {
        return make(int64_t{}, TimeForm<unit>{step, losses.time_ns});
      });
    default:
      return WithUnit(static_cast<const arrow::TimestampType&>(*data.type).unit(), [&](auto unit) {
        return make(int64_t{}, TimestampForm<unit>{step, losses.timestamp_ns});
      });
  }
}

}  // namespace ampload::encode::pg
