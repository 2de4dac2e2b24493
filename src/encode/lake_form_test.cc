#include "encode/lake_form.h"

#include <arrow/api.h>
#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <arrow/util/utf8.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <utility>

#include "encode/iso8601.h"
#include "encode/rows_for_test.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode {
namespace {

using arrow::TimeUnit;
using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

// ---- Types against the matrix.

// A lake's name of the type that its Parquet form has.
std::string NameIn(StoreFormat format, const arrow::DataType& type) {
  const bool delta = format == StoreFormat::kDelta;
  switch (type.id()) {
    case Type::BOOL:
      return "boolean";
    case Type::INT8:
      return delta ? "byte" : "no Iceberg type";
    case Type::INT16:
      return delta ? "short" : "no Iceberg type";
    case Type::INT32:
      return delta ? "integer" : "int";
    case Type::INT64:
      return "long";
    case Type::STRING:
      return "string";
    case Type::DATE32:
      return "date";
    case Type::FIXED_SIZE_BINARY: {
      const auto& fixed = static_cast<const arrow::FixedSizeBinaryType&>(type);
      return delta ? "no Delta type" : "fixed(" + std::to_string(fixed.byte_width()) + ")";
    }
    case Type::EXTENSION:
      return delta || !type.Equals(arrow::extension::uuid()) ? "no such type" : "uuid";
    case Type::TIME64:
      return delta || !type.Equals(arrow::time64(TimeUnit::MICRO)) ? "no such type" : "time";
    case Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return "decimal(" + std::to_string(decimal.precision()) + "," +
             std::to_string(decimal.scale()) + ")";
    }
    case Type::TIMESTAMP:
      if (type.Equals(arrow::timestamp(TimeUnit::MICRO))) {
        return delta ? "timestamp_ntz" : "timestamp";
      }
      if (!type.Equals(arrow::timestamp(TimeUnit::MICRO, "UTC"))) return "no such type";
      return delta ? "timestamp" : "timestamptz";
    case Type::LIST:
      if (type.field(0)->name() != "element") return "a wrong name";
      return (delta ? "array<" : "list<") + NameIn(format, *type.field(0)->type()) + ">";
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return "map<" + NameIn(format, *map.key_type()) + ", " + NameIn(format, *map.item_type()) +
             ">";
    }
    case Type::STRUCT: {
      std::string fields;
      for (const auto& field : type.fields()) {
        fields +=
            (fields.empty() ? "" : ", ") + field->name() + ": " + NameIn(format, *field->type());
      }
      return "struct<" + fields + ">";
    }
    default:
      return type.ToString();  // float, double, binary
  }
}

void ExpectTheMatrix(const std::shared_ptr<arrow::Field>& field, StoreFormat format) {
  const auto plan = PlanColumns(*arrow::schema({field}), format).at(0);
  const auto lake = LakeField(*field, format);
  if (plan.fidelity == Fidelity::kRefused) {
    EXPECT_THAT(lake, FailsWith(FailureKind::kData, "column=" + field->name()));
    return;
  }
  ASSERT_THAT(lake, IsOk()) << field->ToString();
  EXPECT_EQ(NameIn(format, *(*lake)->type()), plan.stored_as) << field->ToString();
  EXPECT_EQ((*lake)->name(), field->name());
  EXPECT_EQ((*lake)->nullable(), field->nullable());
  const bool nested = arrow::is_nested((*lake)->type()->id());
  if (!nested) {
    EXPECT_EQ((*lake)->HasMetadata(), plan.fidelity == Fidelity::kDeclared) << field->ToString();
  }
}

class LakeForm : public testing::TestWithParam<StoreFormat> {};

INSTANTIATE_TEST_SUITE_P(Of, LakeForm, testing::Values(StoreFormat::kDelta, StoreFormat::kIceberg),
                         [](const auto& of) { return std::string(NameOf(of.param)); });

TEST_P(LakeForm, HasTheTypesOfTheMatrix) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Dice dice(seed);
    RandomTypes types(dice, /*for_python=*/false);
    const auto type = types.Type(3);
    ExpectTheMatrix(arrow::field("c", type, dice.Roll(2) == 0), GetParam());
    if (HasFailure()) FAIL() << "seed " << seed;
  }
  for (const char* name : {"_block_num", "block_num", "block_number", "nonce"}) {
    ExpectTheMatrix(arrow::field(name, arrow::uint64()), GetParam());
  }
  ExpectTheMatrix(arrow::field("j", arrow::extension::json()), GetParam());
  const auto of = arrow::dense_union({arrow::field("a", arrow::int8())});
  ExpectTheMatrix(arrow::field("u", of), GetParam());
  EXPECT_THAT(LakeField(*arrow::field("u", arrow::list(of)), GetParam()),
              FailsWith(FailureKind::kData, "column=u[]"));
}

TEST(LakeFormOfDelta, KeepsNullabilityAndNamesWhatHasAnotherShape) {
  const auto times = arrow::list(arrow::field("item", arrow::time32(TimeUnit::MILLI), false));
  const auto field = arrow::field(
      "s",
      arrow::struct_(
          {arrow::field("t", arrow::duration(TimeUnit::NANO), false), arrow::field("l", times),
           arrow::field("n", arrow::dictionary(arrow::int8(), arrow::time64(TimeUnit::MICRO)))}),
      false);
  ASSERT_OK_AND_ASSIGN(const auto lake, LakeField(*field, StoreFormat::kDelta));
  const auto named = [](const char* name, const TypePtr& type, bool nullable,
                        const std::string& arrow_type) {
    return arrow::field(name, type, nullable,
                        arrow::key_value_metadata({"ampload.arrow_type"}, {arrow_type}));
  };
  const auto expected = arrow::field(
      "s",
      arrow::struct_({named("t", arrow::int64(), false, "duration[ns]"),
                      named("l", arrow::list(arrow::field("element", arrow::int64(), false)), true,
                            "list<element: time32[ms]>"),
                      named("n", arrow::int64(), true, "time64[us]")}),
      false);
  EXPECT_TRUE(lake->Equals(*expected, /*check_metadata=*/true)) << lake->ToString(true);
}

// ---- Values against an oracle that knows nothing of casts: value by value.

struct Place {
  std::shared_ptr<arrow::Array> array;
  int64_t row;
};

// Dictionaries, runs and extensions looked through.
Place Seen(const std::shared_ptr<arrow::Array>& array, int64_t row) {
  if (array->type_id() == Type::EXTENSION) {
    return Seen(static_cast<const arrow::ExtensionArray&>(*array).storage(), row);
  }
  if (array->type_id() == Type::RUN_END_ENCODED) {
    const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(*array);
    const auto& ends = *runs.run_ends();
    int64_t run = 0;
    const auto end = [&](int64_t at) {
      return std::stoll(ends.GetScalar(at).ValueOrDie()->ToString());
    };
    while (end(run) <= row + runs.offset()) ++run;
    return Seen(runs.values(), run);
  }
  if (array->type_id() == Type::DICTIONARY && array->IsValid(row)) {
    const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array);
    return Seen(dictionary.dictionary(), dictionary.GetValueIndex(row));
  }
  return {array, row};
}

// The elements of a list-like row.
std::vector<Place> ElementsOf(const Place& at) {
  const auto elements = [&]<class Lists>(std::type_identity<Lists>) {
    const auto& list = static_cast<const Lists&>(*at.array);
    std::vector<Place> out;
    for (int64_t i = 0; i < list.value_length(at.row); ++i) {
      out.push_back({list.values(), list.value_offset(at.row) + i});
    }
    return out;
  };
  switch (at.array->type_id()) {
    case Type::LIST:
      return elements(std::type_identity<arrow::ListArray>{});
    case Type::LARGE_LIST:
      return elements(std::type_identity<arrow::LargeListArray>{});
    case Type::LIST_VIEW:
      return elements(std::type_identity<arrow::ListViewArray>{});
    case Type::LARGE_LIST_VIEW:
      return elements(std::type_identity<arrow::LargeListViewArray>{});
    case Type::FIXED_SIZE_LIST:
      return elements(std::type_identity<arrow::FixedSizeListArray>{});
    default:
      return elements(std::type_identity<arrow::MapArray>{});
  }
}

int64_t IntegerOf(const arrow::Array& array, int64_t row) {
  switch (arrow::bit_width(array.type_id())) {
    case 8:
      return array.data()->GetValues<int8_t>(1)[row];
    case 16:
      return array.data()->GetValues<int16_t>(1)[row];
    case 32:
      return array.data()->GetValues<int32_t>(1)[row];
    default:
      return array.data()->GetValues<int64_t>(1)[row];
  }
}

std::string BytesOf(const arrow::Array& array, int64_t row) {
  const auto scalar = array.GetScalar(row).ValueOrDie();
  return static_cast<const arrow::BaseBinaryScalar&>(*scalar).value->ToString();
}

// {digits, scale}: digits without a point.
std::pair<std::string, int> DecimalOf(const arrow::Array& array, int64_t row) {
  const auto& type = static_cast<const arrow::DecimalType&>(*array.type());
  const auto* bytes = static_cast<const arrow::FixedSizeBinaryArray&>(array).GetValue(row);
  std::string digits;
  switch (type.bit_width()) {
    case 32:
      digits = std::to_string(*reinterpret_cast<const int32_t*>(bytes));
      break;
    case 64:
      digits = std::to_string(*reinterpret_cast<const int64_t*>(bytes));
      break;
    case 128:
      digits = arrow::Decimal128(bytes).ToIntegerString();
      break;
    default:
      digits = arrow::Decimal256(bytes).ToIntegerString();
  }
  return {digits, type.scale()};
}

// "1.20", "-0.05", "1200": with so many digits behind the point as `scale` has, none for less.
std::string DigitsOf(const std::pair<std::string, int>& decimal) {
  auto [digits, scale] = decimal;
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (scale <= 0) {
    if (digits != "0") digits += std::string(static_cast<size_t>(-scale), '0');
  } else {
    const auto after = static_cast<size_t>(scale);
    if (digits.size() <= after) digits.insert(0, after + 1 - digits.size(), '0');
    digits.insert(digits.size() - after, ".");
  }
  return (negative ? "-" : "") + digits;
}

// How many of `unit` are a microsecond; negative: how many microseconds a unit is.
int64_t PerMicro(TimeUnit::type unit) {
  const int64_t of[] = {-1'000'000, -1'000, 1, 1'000};
  return of[static_cast<int>(unit)];
}

// In microseconds; nullopt: no whole number of them, or none of int64.
std::optional<int64_t> Micros(int64_t value, TimeUnit::type unit) {
  const int64_t per = PerMicro(unit);
  if (per > 0) return value % per == 0 ? std::optional(value / per) : std::nullopt;
  int64_t out = 0;
  return __builtin_mul_overflow(value, -per, &out) ? std::nullopt : std::optional(out);
}

std::string IntervalText(const arrow::Array& array, int64_t row) {
  char text[kMaxSpanSize];
  char* end = text;
  if (array.type_id() == Type::INTERVAL_MONTHS) {
    end = PutMonths(text, static_cast<const arrow::MonthIntervalArray&>(array).Value(row));
  } else if (array.type_id() == Type::INTERVAL_DAY_TIME) {
    const auto value = static_cast<const arrow::DayTimeIntervalArray&>(array).GetValue(row);
    end = PutDayTime(text, value.days, value.milliseconds);
  } else {
    const auto value = static_cast<const arrow::MonthDayNanoIntervalArray&>(array).GetValue(row);
    end = PutMonthDayNano(text, value.months, value.days, value.nanoseconds);
  }
  return {text, end};
}

// The value of a row as text that both sides have in common; nullopt: a lake cannot have it.
class Oracle {
 public:
  explicit Oracle(StoreFormat format) : delta_(format == StoreFormat::kDelta) {}

  std::optional<std::string> In(const std::shared_ptr<arrow::Array>& array, int64_t row) const {
    const Place at = Seen(array, row);
    if (at.array->IsNull(at.row)) return "null";
    const auto part = [&](const std::shared_ptr<arrow::Array>& inner, int64_t i) {
      return In(inner, i);
    };
    if (arrow::is_nested(at.array->type_id())) return Nested(at, part);
    return Leaf(*at.array, at.row);
  }

  std::optional<std::string> Out(const std::shared_ptr<arrow::Array>& array, int64_t row) const {
    const auto storage = array->type_id() == Type::EXTENSION
                             ? static_cast<const arrow::ExtensionArray&>(*array).storage()
                             : array;
    if (storage->IsNull(row)) return "null";
    const auto part = [&](const std::shared_ptr<arrow::Array>& inner, int64_t i) {
      return Out(inner, i);
    };
    if (arrow::is_nested(storage->type_id())) return Nested({storage, row}, part);
    switch (storage->type_id()) {
      case Type::BOOL:
        return static_cast<const arrow::BooleanArray&>(*storage).Value(row) ? "true" : "false";
      case Type::FLOAT:
        return Float(static_cast<const arrow::FloatArray&>(*storage).Value(row));
      case Type::DOUBLE:
        return Float(static_cast<const arrow::DoubleArray&>(*storage).Value(row));
      case Type::DECIMAL128:
        return DigitsOf(DecimalOf(*storage, row));
      case Type::STRING:
      case Type::BINARY:
      case Type::FIXED_SIZE_BINARY:
        return BytesOf(*storage, row);
      default:
        return std::to_string(IntegerOf(*storage, row));
    }
  }

 private:
  static std::string Float(double value) {
    if (std::isnan(value)) return "nan";
    char text[64];
    return {text, static_cast<size_t>(std::snprintf(text, sizeof(text), "%a", value))};
  }

  template <class Part>
  static std::optional<std::string> Nested(const Place& at, const Part& part) {
    std::string text = "[";
    if (at.array->type_id() == Type::STRUCT) {
      const auto& whole = static_cast<const arrow::StructArray&>(*at.array);
      for (int i = 0; i < whole.num_fields(); ++i) {
        const auto value = part(whole.field(i), at.row);
        if (!value) return value;
        text += *value + ",";
      }
      return text + "]";
    }
    for (const auto& element : ElementsOf(at)) {
      const auto value = part(element.array, element.row);
      if (!value) return value;
      text += *value + ",";
    }
    return text + "]";
  }

  std::optional<std::string> Leaf(const arrow::Array& array, int64_t row) const {
    const auto micros = [&](TimeUnit::type unit) -> std::optional<std::string> {
      const auto value = Micros(IntegerOf(array, row), unit);
      return value ? std::optional(std::to_string(*value)) : std::nullopt;
    };
    const auto& type = *array.type();
    switch (type.id()) {
      case Type::BOOL:
        return static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
      case Type::UINT8:
        return std::to_string(static_cast<const arrow::UInt8Array&>(array).Value(row));
      case Type::UINT16:
        return std::to_string(static_cast<const arrow::UInt16Array&>(array).Value(row));
      case Type::UINT32:
        return std::to_string(static_cast<const arrow::UInt32Array&>(array).Value(row));
      case Type::UINT64:
        return std::to_string(static_cast<const arrow::UInt64Array&>(array).Value(row));
      case Type::HALF_FLOAT: {
        const auto half = static_cast<const arrow::HalfFloatArray&>(array).Value(row);
        return Float(arrow::util::Float16::FromBits(half).ToFloat());
      }
      case Type::FLOAT:
        return Float(static_cast<const arrow::FloatArray&>(array).Value(row));
      case Type::DOUBLE:
        return Float(static_cast<const arrow::DoubleArray&>(array).Value(row));
      case Type::DECIMAL32:
      case Type::DECIMAL64:
      case Type::DECIMAL128:
      case Type::DECIMAL256:
        return DigitsOf(DecimalOf(array, row));
      case Type::STRING:
      case Type::LARGE_STRING:
      case Type::STRING_VIEW: {
        const std::string bytes = BytesOf(array, row);
        return arrow::util::ValidateUTF8(bytes) ? std::optional(bytes) : std::nullopt;
      }
      case Type::BINARY:
      case Type::LARGE_BINARY:
      case Type::BINARY_VIEW:
      case Type::FIXED_SIZE_BINARY:
        return BytesOf(array, row);
      case Type::DATE64: {
        const int64_t value = IntegerOf(array, row);
        if (value % 86'400'000 != 0 || !std::in_range<int32_t>(value / 86'400'000)) {
          return std::nullopt;
        }
        return std::to_string(value / 86'400'000);
      }
      case Type::TIME32:
      case Type::TIME64:
        if (delta_) return std::to_string(IntegerOf(array, row));
        return micros(static_cast<const arrow::TimeType&>(type).unit());
      case Type::TIMESTAMP:
        return micros(static_cast<const arrow::TimestampType&>(type).unit());
      case Type::INTERVAL_MONTHS:
      case Type::INTERVAL_DAY_TIME:
      case Type::INTERVAL_MONTH_DAY_NANO:
        return IntervalText(array, row);
      default:
        return std::to_string(IntegerOf(array, row));
    }
  }

  bool delta_;
};

TEST_P(LakeForm, HasEveryValueOrNamesARowThatItCannotHave) {
  const Oracle oracle(GetParam());
  int whole = 0;
  int refused = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    RandomColumns random(seed);
    const int64_t rows = random.Roll(40);
    const auto batch = random.Batch(1, rows);
    const auto& in = batch->column(0);
    SCOPED_TRACE("seed " + std::to_string(seed) + " " + in->type()->ToString());
    ASSERT_OK_AND_ASSIGN(const auto stored, LakeSchema(*batch->schema(), GetParam()));
    const auto lake = ToLakeColumns(*batch, stored, GetParam(), {});
    if (!lake.ok()) {
      const auto row = BadRowOf(lake.status());
      ASSERT_TRUE(row.has_value()) << lake.status();
      ASSERT_LT(*row, rows);
      EXPECT_EQ(oracle.In(in, *row), std::nullopt) << lake.status();
      EXPECT_THAT(MessageOf(lake.status()),
                  testing::HasSubstr("column=" + batch->schema()->field(0)->name()));
      ++refused;
      continue;
    }
    ASSERT_THAT((*lake)->ValidateFull(), IsOk());
    ASSERT_TRUE((*lake)->schema()->Equals(*stored, true));
    ASSERT_TRUE((*lake)->column(0)->type()->Equals(*stored->field(0)->type()));
    for (int64_t row = 0; row < rows; ++row) {
      const auto expected = oracle.In(in, row);
      ASSERT_TRUE(expected.has_value()) << "row " << row << " was taken";
      ASSERT_EQ(oracle.Out((*lake)->column(0), row), expected) << "row " << row;
    }
    ++whole;
  }
  EXPECT_GT(whole, 1000);
  EXPECT_GT(refused, 20);
}

Result<std::shared_ptr<arrow::RecordBatch>> ToDelta(const std::shared_ptr<arrow::Field>& field,
                                                    std::string_view json,
                                                    std::vector<std::string> allow = {}) {
  const auto values = FromJson(field->type(), json);
  const auto batch = arrow::RecordBatch::Make(arrow::schema({field}), values->length(), {values});
  ARROW_ASSIGN_OR_RAISE(const auto stored, LakeSchema(*batch->schema(), StoreFormat::kDelta));
  return ToLakeColumns(*batch, stored, StoreFormat::kDelta, allow);
}

TEST(LakeColumns, NameTheRowTheColumnAndTheValue) {
  const auto expect = [](const std::shared_ptr<arrow::Field>& field, std::string_view json,
                         int64_t row, const std::string& text) {
    const auto lake = ToDelta(field, json);
    EXPECT_THAT(lake, FailsWith(FailureKind::kData, text));
    EXPECT_EQ(BadRowOf(lake.status()), row) << lake.status();
  };
  expect(arrow::field("block_num", arrow::uint64()), "[1, 9223372036854775808]", 1,
         "column=block_num type=uint64 value=9223372036854775808");
  expect(arrow::field("t", arrow::timestamp(TimeUnit::NANO)), "[1000, null, 1001]", 2,
         "--allow timestamp_ns_to_us: column=t type=timestamp[ns] value=");
  expect(arrow::field("t", arrow::timestamp(TimeUnit::SECOND, "UTC")), "[0, 9223372036855]", 1,
         "column=t type=timestamp[s, tz=UTC]");
  const auto nested = arrow::list(arrow::struct_(
      {arrow::field("t", arrow::map(arrow::utf8(), arrow::timestamp(TimeUnit::NANO)))}));
  expect(arrow::field("l", nested),
         R"([null, [], [{"t": [["a", 1000]]}, {"t": null}], [{"t": [["a", 0], ["b", 7]]}]])", 3,
         "column=l[].t.value type=timestamp[ns]");
}

TEST(LakeColumns, TakeAnAllowedLoss) {
  ASSERT_OK_AND_ASSIGN(const auto lake, ToDelta(arrow::field("t", arrow::timestamp(TimeUnit::NANO)),
                                                "[1000, 1999, null]", {"timestamp_ns_to_us"}));
  EXPECT_TRUE(lake->column(0)->Equals(FromJson(arrow::timestamp(TimeUnit::MICRO), "[1, 1, null]")));
}

TEST(LakeColumns, RefuseANullWhereNoneMayBe) {
  const auto never = arrow::field("s", arrow::struct_({arrow::field("a", arrow::int64(), false)}));
  const auto stored = arrow::schema({never, arrow::field("b", arrow::int64(), false)});
  const auto convert = [&](std::string_view s, std::string_view b) {
    const auto loose = arrow::struct_({arrow::field("a", arrow::int32())});
    const auto first = FromJson(loose, s);
    return ToLakeColumns(
        *arrow::RecordBatch::Make(
            arrow::schema({arrow::field("b", arrow::int64()), arrow::field("s", loose)}),
            first->length(), {FromJson(arrow::int64(), b), first}),
        stored, StoreFormat::kDelta, {});
  };
  EXPECT_THAT(convert(R"([{"a": 1}, null])", "[1, 2]"), IsOk());
  const auto inner = convert(R"([{"a": 1}, null, {"a": null}])", "[1, 2, 3]");
  EXPECT_THAT(inner, FailsWith(FailureKind::kData, "column=s.a"));
  EXPECT_EQ(BadRowOf(inner.status()), 2);
  const auto outer = convert(R"([{"a": 1}, null])", "[1, null]");
  EXPECT_THAT(outer, FailsWith(FailureKind::kData, "column=b"));
  EXPECT_EQ(BadRowOf(outer.status()), 1);
  const auto missing = ToLakeColumns(
      *arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 3, arrow::ArrayVector{}),
      stored, StoreFormat::kDelta, {});
  EXPECT_THAT(missing, FailsWith(FailureKind::kData, "column=b"));
}

TEST(LakeColumns, ComeInTheTablesOrderWithNullsForWhatIsMissing) {
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())}), 2,
      {FromJson(arrow::int32(), "[1, 2]"), FromJson(arrow::utf8(), R"(["x", null])")});
  const auto stored =
      arrow::schema({arrow::field("b", arrow::utf8()), arrow::field("new", arrow::int64()),
                     arrow::field("a", arrow::decimal128(12, 2))});
  ASSERT_OK_AND_ASSIGN(const auto lake, ToLakeColumns(*batch, stored, StoreFormat::kDelta, {}));
  EXPECT_EQ(lake->column(0).get(), batch->column(1).get()) << "copied";
  EXPECT_TRUE(lake->column(1)->Equals(FromJson(arrow::int64(), "[null, null]")));
  EXPECT_TRUE(lake->column(2)->Equals(FromJson(arrow::decimal128(12, 2), R"(["1.00", "2.00"])")));
}

TEST(LakeColumns, RefuseAnotherType) {
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("a", arrow::int32())}), 1,
                                              {FromJson(arrow::int32(), "[1]")});
  for (const auto& type :
       {arrow::utf8(), arrow::binary(), arrow::date32(), arrow::list(arrow::int32())}) {
    EXPECT_THAT(
        ToLakeColumns(*batch, arrow::schema({arrow::field("a", type)}), StoreFormat::kDelta, {}),
        FailsWith(FailureKind::kData, "not the table's: column=a type=int32"));
  }
}

TEST(LakeColumns, RefuseTextThatIsNoUtf8) {
  arrow::StringBuilder builder;
  ASSERT_THAT(builder.AppendValues({"ok", "\xff"}), IsOk());
  const auto texts = builder.Finish().ValueOrDie();
  const auto schema = arrow::schema({arrow::field("a", arrow::utf8())});
  const auto lake =
      ToLakeColumns(*arrow::RecordBatch::Make(schema, 2, {texts}), schema, StoreFormat::kDelta, {});
  EXPECT_THAT(lake, FailsWith(FailureKind::kData, "a text is no UTF-8: column=a"));
  EXPECT_EQ(BadRowOf(lake.status()), 1);
}

TEST(LakeColumns, RefuseAnIndexOutsideItsDictionary) {
  const auto array = arrow::DictionaryArray(arrow::dictionary(arrow::int8(), arrow::utf8()),
                                            FromJson(arrow::int8(), "[0, 5]"),
                                            FromJson(arrow::utf8(), R"(["x"])"));
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("a", array.type())}), 2,
                                              {arrow::MakeArray(array.data())});
  EXPECT_THAT(ToLakeColumns(*batch, arrow::schema({arrow::field("a", arrow::utf8())}),
                            StoreFormat::kDelta, {}),
              FailsWith(FailureKind::kData, "outside its dictionary: size=1: column=a"));
}

}  // namespace
}  // namespace ampload::encode
