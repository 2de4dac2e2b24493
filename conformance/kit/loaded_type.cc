#include "conformance/kit/loaded_type.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include <string>
#include <utility>
#include <vector>

#include "encode/row_format_encoder.h"

namespace ampload::conformance {
namespace {

using encode::ValueFormat;

std::shared_ptr<arrow::Schema> OneColumn(const std::shared_ptr<arrow::DataType>& type) {
  return arrow::schema({arrow::field("v", type)});
}

Result<std::shared_ptr<arrow::Array>> FromJson(const std::vector<std::string>& rows,
                                               const std::shared_ptr<arrow::DataType>& type) {
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  ARROW_ASSIGN_OR_RAISE(const auto batch,
                        encode::DecodeRows(ValueFormat::kJson, views, OneColumn(type)));
  return batch->column(0);
}

// Text is a JSON value each.
std::vector<std::string> JsonOfText(const arrow::StringArray& text) {
  std::vector<std::string> rows;
  for (int64_t i = 0; i < text.length(); ++i) {
    rows.push_back(text.IsNull(i) ? "{}" : R"({"v":)" + text.GetString(i) + "}");
  }
  return rows;
}

Result<std::vector<std::string>> JsonOfValues(const std::shared_ptr<arrow::Array>& values) {
  const auto schema = OneColumn(values->type());
  ARROW_ASSIGN_OR_RAISE(const auto encoder,
                        encode::MakeRowFormatEncoder(ValueFormat::kJson, schema));
  ARROW_ASSIGN_OR_RAISE(const auto encoded, encoder->Encode(*arrow::RecordBatch::Make(
                                                schema, values->length(), {values})));
  std::vector<std::string> rows;
  for (int64_t i = 0; i < values->length(); ++i) rows.emplace_back(encoded.row(i));
  return rows;
}

Status NotExact(const arrow::Array& stored, int64_t row, const arrow::DataType& loaded) {
  const auto value = stored.GetScalar(row);
  return DataError("no " + loaded.ToString() +
                   " is this interval: value=" + (value.ok() ? (*value)->ToString() : "?"));
}

// The parts that the loaded type has; the others must be none.
Result<std::shared_ptr<arrow::Array>> OfIntervals(const arrow::MonthDayNanoIntervalArray& stored,
                                                  const std::shared_ptr<arrow::DataType>& loaded) {
  constexpr int64_t kPerMillisecond = 1'000'000;
  constexpr int64_t kPerTick[] = {1'000'000'000, kPerMillisecond, 1'000, 1};  // of s, ms, us, ns
  ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::MakeBuilder(loaded));
  for (int64_t row = 0; row < stored.length(); ++row) {
    if (stored.IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder->AppendNull());
      continue;
    }
    const auto [months, days, nanoseconds] = stored.GetValue(row);
    if (loaded->id() == arrow::Type::INTERVAL_MONTHS && days == 0 && nanoseconds == 0) {
      ARROW_RETURN_NOT_OK(static_cast<arrow::MonthIntervalBuilder&>(*builder).Append(months));
    } else if (loaded->id() == arrow::Type::INTERVAL_DAY_TIME && months == 0 &&
               nanoseconds % kPerMillisecond == 0 &&
               std::in_range<int32_t>(nanoseconds / kPerMillisecond)) {
      ARROW_RETURN_NOT_OK(static_cast<arrow::DayTimeIntervalBuilder&>(*builder).Append(
          {days, static_cast<int32_t>(nanoseconds / kPerMillisecond)}));
    } else if (loaded->id() == arrow::Type::DURATION && months == 0 && days == 0) {
      const int64_t tick = kPerTick[static_cast<const arrow::DurationType&>(*loaded).unit()];
      if (nanoseconds % tick != 0) return NotExact(stored, row, *loaded);
      ARROW_RETURN_NOT_OK(
          static_cast<arrow::DurationBuilder&>(*builder).Append(nanoseconds / tick));
    } else {
      return NotExact(stored, row, *loaded);
    }
  }
  return builder->Finish();
}

bool IsInterval(const arrow::DataType& type) {
  return arrow::is_interval(type.id()) || type.id() == arrow::Type::DURATION;
}

bool IsNested(const arrow::DataType& type) { return type.num_fields() > 0; }

}  // namespace

Result<std::shared_ptr<arrow::Array>> AsLoaded(const std::shared_ptr<arrow::Array>& stored,
                                               const std::shared_ptr<arrow::DataType>& loaded) {
  if (stored->type()->Equals(*loaded)) return stored;
  if (stored->null_count() == stored->length()) {
    return arrow::MakeArrayOfNull(loaded, stored->length());
  }
  if (stored->type_id() == arrow::Type::INTERVAL_MONTH_DAY_NANO && IsInterval(*loaded)) {
    return OfIntervals(static_cast<const arrow::MonthDayNanoIntervalArray&>(*stored), loaded);
  }
  if (stored->type_id() == arrow::Type::STRING && IsNested(*loaded)) {
    return FromJson(JsonOfText(static_cast<const arrow::StringArray&>(*stored)), loaded);
  }
  if (loaded->id() == arrow::Type::TIME32 && stored->type_id() == arrow::Type::INT64) {
    ARROW_ASSIGN_OR_RAISE(const auto ticks, arrow::compute::Cast(*stored, arrow::int32()));
    return arrow::compute::Cast(*ticks, loaded);
  }
  auto cast = arrow::compute::Cast(*stored, loaded);
  if (cast.ok() || !cast.status().IsNotImplemented()) return cast;
  ARROW_ASSIGN_OR_RAISE(const auto rows, JsonOfValues(stored));
  return FromJson(rows, loaded);
}

}  // namespace ampload::conformance
