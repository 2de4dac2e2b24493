// Dates, times and timestamps, all of one length a column; durations and intervals.
#include <arrow/type.h>

#include <cstring>
#include <string>

#include "encode/iso8601.h"
#include "encode/leaf_column.h"
#include "encode/time_unit.h"

namespace ampload::encode {
namespace {

uint8_t* AsBytes(char* at) { return reinterpret_cast<uint8_t*>(at); }

constexpr const char* kYears = "date is not in the years 0000 to 9999";

// Form: how a column's numbers are written.
//   static/const int64_t size(); const char* Refuse(int64_t value) (nullptr: it can be encoded);
//   char* Put(char* at, int64_t value)
struct Date32Form {
  static int64_t size() { return kDateSize; }
  static const char* Refuse(int64_t value) { return IsDate(value) ? nullptr : kYears; }
  static char* Put(char* at, int64_t value) { return PutDate(at, value); }
};
struct Date64Form {
  static int64_t size() { return kDateSize; }
  static const char* Refuse(int64_t value) {
    if (value % kMillisecondsPerDay != 0) return "date64 is not a whole day";
    return IsDate(value / kMillisecondsPerDay) ? nullptr : kYears;
  }
  static char* Put(char* at, int64_t value) { return PutDate(at, value / kMillisecondsPerDay); }
};
template <arrow::TimeUnit::type kUnit>
struct TimeForm {
  static int64_t size() { return TimeSize(kUnit); }
  static const char* Refuse(int64_t value) {
    return IsTimeOfDay(value, kUnit) ? nullptr : "time is not within a day";
  }
  static char* Put(char* at, int64_t value) { return PutTimeOfDay(at, value, kUnit); }
};
template <arrow::TimeUnit::type kUnit>
struct TimestampForm {
  bool utc;
  int64_t size() const { return TimestampSize(kUnit, utc); }
  static const char* Refuse(int64_t value) {
    return IsTimestamp(value, kUnit) ? nullptr : "timestamp is not in the years 0000 to 9999";
  }
  char* Put(char* at, int64_t value) const { return PutTimestamp(at, value, kUnit, utc); }
};

// Rows that follow each other often carry one value (the time of their block): its text is kept.
template <class Format, class T, class Form>
struct FixedTextCodec {
  const T* values;
  Form form;
  int64_t text_size;
  int64_t size;  // with what follows the text
  char kept[32] = {};
  bool has_kept = false;
  T kept_value = 0;

  FixedTextCodec(const T* numbers, Form the_form)
      : values(numbers),
        form(the_form),
        text_size(form.size()),
        size(Format::TextSize(text_size) - static_cast<int64_t>(head().size())) {}

  std::string head() const { return Format::TextHead(text_size); }

  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    const int64_t k = FindRefused(rows, validity,
                                  [&](int64_t row) { return form.Refuse(values[row]) == nullptr; });
    if (k == rows.count) return std::nullopt;
    const T value = values[rows[k]];
    return Refusal{k, form.Refuse(value), "value=" + std::to_string(value), ""};
  }
  int64_t Size(int64_t) const { return size; }
  uint8_t* Put(uint8_t* at, int64_t row) {
    const T value = values[row];
    if (!has_kept || value != kept_value) {
      Format::EndText(AsBytes(form.Put(kept, value)));
      has_kept = true;
      kept_value = value;
    }
    CopyShort(at, AsBytes(kept), static_cast<size_t>(size));
    return at + size;
  }
};

// Durations and intervals: rare, so their text is made in both passes.
template <class Format, class Form>
struct SpanCodec : PlainCodec {
  Form form;

  int64_t Size(int64_t row) const {
    char text[kMaxSpanSize];
    return Format::TextSize(form.Put(text, row) - text);
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    char text[kMaxSpanSize];
    const int64_t length = form.Put(text, row) - text;
    at = Format::BeginText(at, length);
    std::memcpy(at, text, static_cast<size_t>(length));
    return Format::EndText(at + length);
  }
};

struct DurationForm {
  const int64_t* values;
  arrow::TimeUnit::type unit;
  char* Put(char* at, int64_t row) const { return PutDuration(at, values[row], unit); }
};
struct MonthsForm {
  const int32_t* values;
  char* Put(char* at, int64_t row) const { return PutMonths(at, values[row]); }
};
struct DayTimeForm {
  const arrow::DayTimeIntervalType::DayMilliseconds* values;
  char* Put(char* at, int64_t row) const {
    return PutDayTime(at, values[row].days, values[row].milliseconds);
  }
};
struct MonthDayNanoForm {
  const arrow::MonthDayNanoIntervalType::MonthDayNanos* values;
  char* Put(char* at, int64_t row) const {
    const auto& value = values[row];
    return PutMonthDayNano(at, value.months, value.days, value.nanoseconds);
  }
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeTemporalColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&]<class T, class Form>(T, Form form) {
    using Codec = FixedTextCodec<Format, T, Form>;
    return MakeLeaf<Format>(data, std::move(prefix), Codec(data.GetValues<T>(1), form));
  };
  switch (data.type->id()) {
    case arrow::Type::DATE32:
      return make(int32_t{}, Date32Form{});
    case arrow::Type::DATE64:
      return make(int64_t{}, Date64Form{});
    case arrow::Type::TIME32:
      return WithUnit(static_cast<const arrow::TimeType&>(*data.type).unit(),
                      [&](auto unit) { return make(int32_t{}, TimeForm<unit>{}); });
    case arrow::Type::TIME64:
      return WithUnit(static_cast<const arrow::TimeType&>(*data.type).unit(),
                      [&](auto unit) { return make(int64_t{}, TimeForm<unit>{}); });
    default: {
      const auto& type = static_cast<const arrow::TimestampType&>(*data.type);
      const bool utc = !type.timezone().empty();
      return WithUnit(type.unit(),
                      [&](auto unit) { return make(int64_t{}, TimestampForm<unit>{utc}); });
    }
  }
}

template <class Format>
std::unique_ptr<ColumnWriter> MakeSpanColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&]<class Form>(Form form) {
    return MakeLeaf<Format>(data, std::move(prefix), SpanCodec<Format, Form>{{}, form});
  };
  switch (data.type->id()) {
    case arrow::Type::DURATION: {
      const auto unit = static_cast<const arrow::DurationType&>(*data.type).unit();
      return make(DurationForm{data.GetValues<int64_t>(1), unit});
    }
    case arrow::Type::INTERVAL_MONTHS:
      return make(MonthsForm{data.GetValues<int32_t>(1)});
    case arrow::Type::INTERVAL_DAY_TIME:
      return make(DayTimeForm{data.GetValues<arrow::DayTimeIntervalType::DayMilliseconds>(1)});
    default:
      return make(
          MonthDayNanoForm{data.GetValues<arrow::MonthDayNanoIntervalType::MonthDayNanos>(1)});
  }
}

AMPLOAD_FOR_EVERY_FORMAT(MakeTemporalColumn)
AMPLOAD_FOR_EVERY_FORMAT(MakeSpanColumn)

}  // namespace ampload::encode
