// Durations and intervals into interval: microseconds, days, months.
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

constexpr const char* kFiner =
    "interval is finer than a microsecond, accept that with --allow duration_ns_to_us";

struct Interval {
  int64_t micros;
  int32_t days;
  int32_t months;
};

// Form: const char* Refuse(int64_t row); Interval Load(int64_t row); std::string Text(int64_t row)
template <TimeUnit::type kUnit>
struct DurationForm {
  const int64_t* values;
  bool lossy;

  static constexpr bool kNanos = kUnit == TimeUnit::NANO;
  static constexpr int64_t kFactor = kNanos ? 1 : 1'000'000 / UnitsPerSecond(kUnit);

  const char* Refuse(int64_t row) const {
    const int64_t value = values[row];
    if (kNanos && !lossy && value % 1000 != 0) return kFiner;
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / kFactor;
    constexpr int64_t kLeast = std::numeric_limits<int64_t>::min() / kFactor;
    return value >= kLeast && value <= kMost ? nullptr : "duration is beyond an interval's range";
  }
  Interval Load(int64_t row) const {
    return {kNanos ? values[row] / 1000 : values[row] * kFactor, 0, 0};
  }
  std::string Text(int64_t row) const { return std::to_string(values[row]); }
};

struct MonthsForm {
  const int32_t* values;
  static const char* Refuse(int64_t) { return nullptr; }
  Interval Load(int64_t row) const { return {0, 0, values[row]}; }
  std::string Text(int64_t row) const { return std::to_string(values[row]); }
};

struct DayTimeForm {
  const arrow::DayTimeIntervalType::DayMilliseconds* values;
  static const char* Refuse(int64_t) { return nullptr; }
  Interval Load(int64_t row) const {
    return {int64_t{values[row].milliseconds} * 1000, values[row].days, 0};
  }
  std::string Text(int64_t row) const {
    char text[kMaxSpanSize];
    return {text, PutDayTime(text, values[row].days, values[row].milliseconds)};
  }
};

struct MonthDayNanoForm {
  const arrow::MonthDayNanoIntervalType::MonthDayNanos* values;
  bool lossy;
  const char* Refuse(int64_t row) const {
    return lossy || values[row].nanoseconds % 1000 == 0 ? nullptr : kFiner;
  }
  Interval Load(int64_t row) const {
    const auto& value = values[row];
    return {value.nanoseconds / 1000, value.days, value.months};
  }
  std::string Text(int64_t row) const {
    const auto& value = values[row];
    char text[kMaxSpanSize];
    return {text, PutMonthDayNano(text, value.months, value.days, value.nanoseconds)};
  }
};

template <class Form>
struct IntervalCodec : FixedCodec {
  Form form;
  int64_t step;  // microseconds that every value must be a multiple of

  static int64_t size() { return 16; }
  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    return RefuseUnless(
        rows, validity, [&](int64_t row) { return Refuse(row) == nullptr; },
        [&](int64_t row) { return Refuse(row); }, [&](int64_t row) { return form.Text(row); });
  }
  const char* Refuse(int64_t row) const {
    if (const char* why = form.Refuse(row)) return why;
    return step == 1 || form.Load(row).micros % step == 0
               ? nullptr
               : "value has more digits behind the second than its column";
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    const Interval value = form.Load(row);
    at = PutBig(at, value.micros);
    at = PutBig(at, value.days);
    return PutBig(at, value.months);
  }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeCopyInterval(const arrow::ArrayData& data, const PgType& type,
                                               const Losses& losses) {
  int64_t step = 1;
  for (int digits = type.second_digits(); digits < 6; ++digits) step *= 10;
  const auto make = [&]<class Form>(Form form) {
    return MakeCopyLeaf(data, IntervalCodec<Form>{{}, form, step});
  };
  switch (data.type->id()) {
    case arrow::Type::DURATION:
      return WithUnit(static_cast<const arrow::DurationType&>(*data.type).unit(), [&](auto unit) {
        return make(DurationForm<unit>{data.GetValues<int64_t>(1), losses.duration_ns});
      });
    case arrow::Type::INTERVAL_MONTHS:
      return make(MonthsForm{data.GetValues<int32_t>(1)});
    case arrow::Type::INTERVAL_DAY_TIME:
      return make(DayTimeForm{data.GetValues<arrow::DayTimeIntervalType::DayMilliseconds>(1)});
    default:
      return make(MonthDayNanoForm{
          data.GetValues<arrow::MonthDayNanoIntervalType::MonthDayNanos>(1), losses.duration_ns});
  }
}

}  // namespace ampload::encode::pg
