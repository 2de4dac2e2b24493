// Every Arrow type: stored so that every value comes back, or refused with nothing written, as the
// plan has said.
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/json/from_string.h>

#include "conformance/kit/cases.h"
#include "conformance/kit/same_rows.h"
#include "conformance/kit/sample_rows.h"

namespace ampload::conformance {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

struct Sample {
  std::string name;
  TypePtr type;
  std::string values;  // as arrow::json reads them; the last but one is null, then an ordinary one
};

std::string Digits(int count) { return std::string(static_cast<size_t>(count), '9'); }

// "0xab.." is no JSON of Arrow's: binary values are text there.
std::vector<Sample> PlainSamples() {
  return {
      {"Bool", arrow::boolean(), "[true, false, null, true]"},
      {"Int8", arrow::int8(), "[-128, 127, null, 0]"},
      {"Int16", arrow::int16(), "[-32768, 32767, null, 1]"},
      {"Int32", arrow::int32(), "[-2147483648, 2147483647, null, 1]"},
      {"Int64", arrow::int64(), "[-9223372036854775808, 9223372036854775807, null, 1]"},
      {"UInt8", arrow::uint8(), "[0, 255, null, 1]"},
      {"UInt16", arrow::uint16(), "[0, 65535, null, 1]"},
      {"UInt32", arrow::uint32(), "[0, 4294967295, null, 1]"},
      {"UInt64", arrow::uint64(), "[0, 18446744073709551615, null, 9223372036854775808]"},
      {"HalfFloat", arrow::float16(), "[0, 65504, null, -1.5]"},
      {"Float", arrow::float32(), "[0.1, -3.4028234663852886e38, null, 16777216]"},
      {"Double", arrow::float64(), "[0.1, 1.7976931348623157e308, null, 5e-324]"},
      {"Decimal32", arrow::decimal32(9, 2), R"(["-9999999.99", "0.01", null, "1.00"])"},
      {"Decimal64", arrow::decimal64(18, 3),
       "[\"-" + Digits(15) + ".999\", \"0.001\", null, \"1.000\"]"},
      {"Decimal128", arrow::decimal128(38, 0),
       "[\"" + Digits(38) + "\", \"-" + Digits(38) + "\", null, \"1\"]"},
      {"Decimal128Scaled", arrow::decimal128(38, 18),
       "[\"" + Digits(20) +
           ".000000000000000001\", \"-0.000000000000000001\", null, "
           "\"1.000000000000000000\"]"},
      {"Decimal256", arrow::decimal256(76, 0),
       "[\"" + Digits(76) + "\", \"-" + Digits(76) + "\", null, \"1\"]"},
      {"String", arrow::utf8(),
       R"(["", "a \"quoted\" \\ text\nof two lines", null, "ünïcödé 🦀"])"},
      {"LargeString", arrow::large_utf8(), R"(["", "text", null, "ü"])"},
      {"StringView", arrow::utf8_view(), R"(["", "longer than twelve bytes", null, "ü"])"},
      {"Binary", arrow::binary(), R"(["", "\u0000\u0001 bytes", null, "x"])"},
      {"LargeBinary", arrow::large_binary(), R"(["", "bytes", null, "x"])"},
      {"BinaryView", arrow::binary_view(), R"(["", "longer than twelve bytes", null, "x"])"},
      {"FixedSizeBinary20", arrow::fixed_size_binary(20),
       R"(["0123456789abcdefghij", "\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000", null, "ABCDEFGHIJ0123456789"])"},
      {"FixedSizeBinary32", arrow::fixed_size_binary(32),
       R"(["0123456789abcdefghij0123456789ab", "ABCDEFGHIJ0123456789ABCDEFGHIJ01", null, "abcdefghabcdefghabcdefghabcdefgh"])"},
      {"Date32", arrow::date32(), "[0, 19000, null, -1]"},
      {"Date64", arrow::date64(), "[0, 1641600000000, null, -86400000]"},
      {"Time32Seconds", arrow::time32(arrow::TimeUnit::SECOND), "[0, 86399, null, 1]"},
      {"Time32Milliseconds", arrow::time32(arrow::TimeUnit::MILLI), "[0, 86399999, null, 1]"},
      {"Time64Microseconds", arrow::time64(arrow::TimeUnit::MICRO), "[0, 86399999999, null, 1]"},
      {"Time64Nanoseconds", arrow::time64(arrow::TimeUnit::NANO), "[0, 86399999999999, null, 1]"},
      {"TimestampSeconds", arrow::timestamp(arrow::TimeUnit::SECOND), "[0, 1655778500, null, -1]"},
      {"TimestampMilliseconds", arrow::timestamp(arrow::TimeUnit::MILLI),
       "[0, 1655778500123, null, -1]"},
      {"TimestampMicroseconds", arrow::timestamp(arrow::TimeUnit::MICRO),
       "[0, 1655778500123456, null, -1]"},
      {"TimestampNanoseconds", arrow::timestamp(arrow::TimeUnit::NANO),
       "[0, 1655778500123456789, null, -1]"},
      {"TimestampNanosecondsUtc", arrow::timestamp(arrow::TimeUnit::NANO, "UTC"),
       "[0, 1655778500123456789, null, 1]"},
      {"TimestampMicrosecondsUtc", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
       "[0, 1655778500123456, null, 1]"},
      {"TimestampOfAZone", arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin"),
       "[0, 1655778500123456, null, 1]"},
      {"Duration", arrow::duration(arrow::TimeUnit::MICRO), "[0, 1234567, null, -1]"},
      {"IntervalMonths", arrow::month_interval(), "[0, 14, null, -1]"},
      {"IntervalDayTime", arrow::day_time_interval(), "[[1, 2], [0, 0], null, [-1, -2]]"},
      {"IntervalMonthDayNano", arrow::month_day_nano_interval(),
       "[[1, 2, 3], [0, 0, 0], null, [-1, -2, -3]]"},
      {"Null", arrow::null(), "[null, null, null, null]"},
  };
}

std::vector<Sample> NestedSamples() {
  const auto point =
      arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("label", arrow::utf8())});
  return {
      {"List", arrow::list(arrow::int64()), "[[], [1, null, 3], null, [2]]"},
      {"ListOfText", arrow::list(arrow::utf8()), R"([[], ["a", "", null], null, ["b\"c"]])"},
      {"ListOfFixedSizeBinary", arrow::list(arrow::fixed_size_binary(4)),
       R"([[], ["abcd", null], null, ["wxyz"]])"},
      {"ListOfLists", arrow::list(arrow::list(arrow::int32())),
       "[[], [[1], [], null], null, [[2, 3]]]"},
      {"ListOfStructs", arrow::list(point),
       R"([[], [{"x": 1, "label": "a"}, {"x": null, "label": null}, null], null, [{"x": 2, "label": ""}]])"},
      {"LargeList", arrow::large_list(arrow::int64()), "[[], [1, 2], null, [3]]"},
      {"FixedSizeList", arrow::fixed_size_list(arrow::int32(), 2),
       "[[1, 2], [3, null], null, [4, 5]]"},
      {"Struct", point,
       R"([{"x": 1, "label": "a"}, {"x": null, "label": null}, null, {"x": 2, "label": ""}])"},
      {"StructOfStruct", arrow::struct_({arrow::field("p", point)}),
       R"([{"p": {"x": 1, "label": "a"}}, {"p": null}, null, {"p": {"x": 2, "label": "b"}}])"},
      {"Map", arrow::map(arrow::utf8(), arrow::int64()),
       R"([[["a", 1], ["b", null]], [], null, [["c", 3]]])"},
      {"Dictionary", arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["a", "b", null, "a"])"},
      {"Union",
       arrow::sparse_union({arrow::field("i", arrow::int32()), arrow::field("t", arrow::utf8())}),
       R"([[0, 1], [1, "a"], [0, null], [1, "b"]])"},
  };
}

Result<std::shared_ptr<arrow::Array>> ValuesOf(const Sample& sample) {
  return arrow::json::ArrayFromJSONString(sample.type, sample.values);
}

const ColumnPlan* PlanOf(const TablePlan& plan, const std::string& column) {
  for (const auto& one : plan.columns) {
    if (one.column == column) return &one;
  }
  return nullptr;
}

Status LoadOfType(CaseContext& context, const std::shared_ptr<arrow::Array>& values) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  arrow::Int64Builder ids;
  for (int64_t i = 0; i < values->length(); ++i) ARROW_RETURN_NOT_OK(ids.Append(i));
  ARROW_ASSIGN_OR_RAISE(const auto id_column, ids.Finish());
  const auto rows = arrow::Table::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("value", values->type())}),
      {id_column, values});

  TableSpec spec;
  spec.name = table;
  spec.schema = rows->schema();
  ARROW_ASSIGN_OR_RAISE(const auto batch, rows->CombineChunksToBatch());
  ARROW_ASSIGN_OR_RAISE(const auto plan, loader->PlanTable(spec, batch.get()));
  const auto* column = PlanOf(plan, "value");
  ARROW_RETURN_NOT_OK(Expect(column != nullptr, "the plan has no line for the column"));
  ARROW_RETURN_NOT_OK(context.ExpectRowCount(table, 0));
  const std::string said = "the plan says " + std::string(ToString(column->fidelity)) +
                           (column->stored_as.empty() ? "" : " as " + column->stored_as);
  const bool promised =
      column->fidelity == Fidelity::kExact || column->fidelity == Fidelity::kDeclared;
  // A loader that declares no types promises nothing; it must not change a value all the same.
  const bool declares = !context.descriptor().types.empty();

  const LoadResult result = loader->LoadTable(rows, table, {});
  if (!result.success) {
    ARROW_RETURN_NOT_OK(Expect(!result.error.empty(), "a load failed without an error"));
    ARROW_RETURN_NOT_OK(
        Expect(!(declares && promised), said + ", and the load was refused: " + result.error));
    return WithContext(context.ExpectRowCount(table, 0), "a refused load wrote rows");
  }
  ARROW_RETURN_NOT_OK(
      Expect(promised || column->by_value, said + ", and the load took the column without asking"));
  return WithContext(context.ExpectRows(table, rows), said);
}

Status RunEndEncoded(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto plain, arrow::json::ArrayFromJSONString(
                                              arrow::int64(), "[7, 7, 7, null, null, 8]"));
  ARROW_ASSIGN_OR_RAISE(const auto encoded, arrow::compute::RunEndEncode(plain));
  return LoadOfType(context, encoded.make_array());
}

// The order of names and nulls is not the only trap: a slice has offsets in every buffer.
Status SlicesOfEveryType(CaseContext& context) {
  for (const auto& samples : {PlainSamples(), NestedSamples()}) {
    for (const auto& sample : samples) {
      ARROW_ASSIGN_OR_RAISE(const auto values, ValuesOf(sample));
      ARROW_RETURN_NOT_OK(WithContext(LoadOfType(context, values->Slice(1, 3)), sample.name));
      ARROW_RETURN_NOT_OK(WithContext(LoadOfType(context, values->Slice(3, 1)), sample.name));
      ARROW_RETURN_NOT_OK(WithContext(LoadOfType(context, values->Slice(2, 1)), sample.name));
    }
  }
  return Status::OK();
}

Status FloatsThatAreNoNumbers(CaseContext& context) {
  for (const auto& type : {arrow::float32(), arrow::float64()}) {
    ARROW_ASSIGN_OR_RAISE(const auto values,
                          arrow::json::ArrayFromJSONString(
                              type, "[NaN, Inf, -Inf, -0.0, 0.0, 1e-45, 0.30000000000000004]"));
    ARROW_RETURN_NOT_OK(WithContext(LoadOfType(context, values), type->ToString()));
  }
  return Status::OK();
}

}  // namespace

std::vector<TestCase> TypeCases() {
  std::vector<TestCase> cases;
  for (const auto& samples : {PlainSamples(), NestedSamples()}) {
    for (const auto& sample : samples) {
      cases.push_back({"types", sample.name, sample.type->ToString() + ": exact, or refused",
                       NeedsNulls, [sample](CaseContext& context) -> Status {
                         ARROW_ASSIGN_OR_RAISE(const auto values, ValuesOf(sample));
                         return LoadOfType(context, values);
                       }});
    }
  }
  cases.push_back(
      {"types", "RunEndEncoded", "run-end-encoded: exact, or refused", NeedsNulls, RunEndEncoded});
  cases.push_back({"types", "FloatsThatAreNoNumbers", "NaN, infinities, negative zero, subnormals",
                   nullptr, FloatsThatAreNoNumbers});
  cases.push_back({"types", "SlicesOfEveryType", "every type again, as slices with offsets",
                   NeedsNulls, SlicesOfEveryType});
  return cases;
}

}  // namespace ampload::conformance
