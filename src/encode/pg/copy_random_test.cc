// Random tables of every type, read back by a plain decoder that knows the wire and Arrow's arrays
// alone. Whether a server agrees, the golden tuples say.
#include <arrow/extension_type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <optional>

#include "encode/pg/copy_rows_for_test.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode::pg {
namespace {

using arrow::Array;
using arrow::Type;

class Wire {
 public:
  explicit Wire(std::string_view bytes) : bytes_(bytes) {}

  std::string_view Take(size_t count) {
    EXPECT_LE(count, bytes_.size());
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  int64_t Int(size_t bytes) {
    uint64_t value = 0;
    for (const char c : Take(bytes)) value = value << 8 | static_cast<uint8_t>(c);
    const auto shift = 64 - 8 * bytes;
    return static_cast<int64_t>(value << shift) >> shift;
  }
  std::optional<std::string_view> Field() {
    const int64_t length = Int(4);
    if (length < 0) return std::nullopt;
    return Take(static_cast<size_t>(length));
  }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

// "-12.340": the number that a numeric's groups are, with as many digits as it shows.
std::string NumericText(std::string_view field) {
  Wire wire(field);
  const int64_t groups = wire.Int(2), weight = wire.Int(2);
  const bool negative = wire.Int(2) == 0x4000;
  const int64_t shown = wire.Int(2);
  std::string whole, fraction;
  for (int64_t at = std::max<int64_t>(weight, 0); at > weight; --at) whole += "0000";
  for (int64_t at = -1; at > weight; --at) fraction += "0000";
  for (int64_t i = 0; i < groups; ++i) {
    std::string digits = std::to_string(10000 + wire.Int(2)).substr(1);
    (weight - i >= 0 ? whole : fraction) += digits;
  }
  for (int64_t at = weight - groups; at >= 0; --at) whole += "0000";
  EXPECT_TRUE(wire.empty());
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  fraction.resize(std::max<size_t>(fraction.size(), static_cast<size_t>(shown)), '0');
  EXPECT_EQ(fraction.find_first_not_of('0', static_cast<size_t>(shown)), std::string::npos);
  fraction.resize(static_cast<size_t>(shown));
  return (negative ? "-" : "") + whole + "." + fraction;
}
std::string NumericText(std::string digits, int scale) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (digits == "0") digits.clear();
  const auto places = static_cast<size_t>(std::max(scale, 0));
  if (scale < 0 && !digits.empty()) digits += std::string(static_cast<size_t>(-scale), '0');
  if (digits.size() < places) digits.insert(0, places - digits.size(), '0');
  return (negative ? "-" : "") + digits.insert(digits.size() - places, ".");
}

int64_t IntegerAt(const Array& array, int64_t row) {
  const auto scalar = array.GetScalar(row).ValueOrDie();
  if (array.type_id() == Type::UINT64) {
    return static_cast<int64_t>(static_cast<const arrow::UInt64Array&>(array).Value(row));
  }
  const auto wide = scalar->CastTo(arrow::int64()).ValueOrDie();
  return static_cast<const arrow::Int64Scalar&>(*wide).value;
}
int64_t MicrosPer(arrow::TimeUnit::type unit) {
  return unit == arrow::TimeUnit::SECOND ? 1000000 : unit == arrow::TimeUnit::MILLI ? 1000 : 1;
}
int64_t Micros(int64_t value, arrow::TimeUnit::type unit) {
  return unit == arrow::TimeUnit::NANO ? value / 1000 : value * MicrosPer(unit);
}
std::string DecimalDigits(const Array& array, int64_t row) {
  const auto& fixed = static_cast<const arrow::FixedSizeBinaryArray&>(array);
  switch (array.type_id()) {
    case Type::DECIMAL32:
      return arrow::Decimal32(fixed.GetValue(row)).ToIntegerString();
    case Type::DECIMAL64:
      return arrow::Decimal64(fixed.GetValue(row)).ToIntegerString();
    case Type::DECIMAL128:
      return arrow::Decimal128(fixed.GetValue(row)).ToIntegerString();
    default:
      return arrow::Decimal256(fixed.GetValue(row)).ToIntegerString();
  }
}
std::string_view BytesAt(const Array& array, int64_t row) {
  switch (array.type_id()) {
    case Type::STRING:
    case Type::BINARY:
      return static_cast<const arrow::BinaryArray&>(array).GetView(row);
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return static_cast<const arrow::LargeBinaryArray&>(array).GetView(row);
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
    default:
      return static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row);
  }
}

// The array and row that stand behind dictionaries, runs and extensions.
struct Place {
  std::shared_ptr<Array> array;
  int64_t row;
};
Place Behind(const std::shared_ptr<Array>& array, int64_t row) {
  switch (array->type_id()) {
    case Type::EXTENSION:
      return Behind(static_cast<const arrow::ExtensionArray&>(*array).storage(), row);
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array);
      if (array->IsNull(row)) return {std::make_shared<arrow::NullArray>(1), 0};
      return Behind(dictionary.dictionary(), dictionary.GetValueIndex(row));
    }
    case Type::RUN_END_ENCODED: {
      const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(*array);
      int64_t run = 0;
      while (IntegerAt(*runs.run_ends(), run) <= row + array->offset()) ++run;
      return Behind(runs.values(), run);
    }
    default:
      return {array, row};
  }
}

void ExpectField(std::optional<std::string_view> field, const std::shared_ptr<Array>& wrapped,
                 int64_t wrapped_row, const PgType& type);

struct Elements {
  std::shared_ptr<Array> values;
  int64_t begin, length;
};
Elements ElementsOf(const Array& array, int64_t row) {
  const auto of = [&]<class Lists>(std::type_identity<Lists>) {
    const auto& lists = static_cast<const Lists&>(array);
    return Elements{lists.values(), lists.value_offset(row), lists.value_length(row)};
  };
  switch (array.type_id()) {
    case Type::LIST:
      return of(std::type_identity<arrow::ListArray>{});
    case Type::LARGE_LIST:
      return of(std::type_identity<arrow::LargeListArray>{});
    case Type::LIST_VIEW:
      return of(std::type_identity<arrow::ListViewArray>{});
    case Type::LARGE_LIST_VIEW:
      return of(std::type_identity<arrow::LargeListViewArray>{});
    default:
      return of(std::type_identity<arrow::FixedSizeListArray>{});
  }
}

void ExpectArray(Wire wire, const Array& array, int64_t row, const PgType& type) {
  const auto [values, begin, length] = ElementsOf(array, row);
  const int64_t dimensions = wire.Int(4), has_nulls = wire.Int(4);
  EXPECT_EQ(wire.Int(4), type.element->oid);
  EXPECT_EQ(dimensions, length > 0);
  bool any_null = false;
  if (length > 0) {
    EXPECT_EQ(wire.Int(4), length);
    EXPECT_EQ(wire.Int(4), 1);
  }
  for (int64_t i = begin; i < begin + length; ++i) {
    const auto element = wire.Field();
    any_null |= !element.has_value();
    ExpectField(element, values, i, *type.element);
  }
  EXPECT_EQ(has_nulls, any_null);
  EXPECT_TRUE(wire.empty());
}

void ExpectInterval(Wire wire, const Array& array, int64_t row) {
  const int64_t micros = wire.Int(8), days = wire.Int(4), months = wire.Int(4);
  EXPECT_TRUE(wire.empty());
  switch (array.type_id()) {
    case Type::DURATION: {
      const auto unit = static_cast<const arrow::DurationType&>(*array.type()).unit();
      EXPECT_EQ(micros, Micros(static_cast<const arrow::DurationArray&>(array).Value(row), unit));
      EXPECT_EQ(days, 0);
      EXPECT_EQ(months, 0);
      break;
    }
    case Type::INTERVAL_MONTHS:
      EXPECT_EQ(months, static_cast<const arrow::MonthIntervalArray&>(array).Value(row));
      EXPECT_EQ(days, 0);
      EXPECT_EQ(micros, 0);
      break;
    case Type::INTERVAL_DAY_TIME: {
      const auto value = static_cast<const arrow::DayTimeIntervalArray&>(array).GetValue(row);
      EXPECT_EQ(micros, value.milliseconds * int64_t{1000});
      EXPECT_EQ(days, value.days);
      EXPECT_EQ(months, 0);
      break;
    }
    default: {
      const auto value = static_cast<const arrow::MonthDayNanoIntervalArray&>(array).GetValue(row);
      EXPECT_EQ(micros, value.nanoseconds / 1000);
      EXPECT_EQ(days, value.days);
      EXPECT_EQ(months, value.months);
    }
  }
}

// The JSON encoder has tests of its own.
void ExpectJson(std::string_view field, const std::shared_ptr<Array>& array, int64_t row) {
  EXPECT_EQ(field[0], 1);
  EXPECT_EQ("{\"c\":" + std::string(field.substr(1)) + "}", JsonOf(array->Slice(row, 1)));
}

template <class Float, class Bits>
void ExpectFloat(Wire wire, Float value) {
  EXPECT_EQ(static_cast<Bits>(wire.Int(sizeof(Bits))), std::bit_cast<Bits>(value));
}

void ExpectTemporal(int64_t wire, const Array& array, int64_t row) {
  const auto plain = array.type()->bit_width() == 32 ? arrow::int32() : arrow::int64();
  const int64_t value = IntegerAt(*array.View(plain).ValueOrDie(), row);
  switch (array.type_id()) {
    case Type::DATE32:
      EXPECT_EQ(wire, value - 10957);
      break;
    case Type::DATE64:
      EXPECT_EQ(wire, value / 86400000 - 10957);
      break;
    case Type::TIMESTAMP:
      EXPECT_EQ(wire + 946684800000000,
                Micros(value, static_cast<const arrow::TimestampType&>(*array.type()).unit()));
      break;
    default:
      EXPECT_EQ(wire, Micros(value, static_cast<const arrow::TimeType&>(*array.type()).unit()));
  }
}

void ExpectField(std::optional<std::string_view> field, const std::shared_ptr<Array>& wrapped,
                 int64_t wrapped_row, const PgType& type) {
  const auto [array, row] = Behind(wrapped, wrapped_row);
  ASSERT_EQ(field.has_value(), array->IsValid(row) && array->type_id() != Type::NA);
  if (!field) return;
  Wire wire(*field);
  switch (type.kind) {
    case PgKind::kBool:
      EXPECT_EQ(wire.Int(1), static_cast<const arrow::BooleanArray&>(*array).Value(row));
      break;
    case PgKind::kInt2:
    case PgKind::kInt4:
    case PgKind::kInt8:
      EXPECT_EQ(wire.Int(type.kind == PgKind::kInt2   ? 2
                         : type.kind == PgKind::kInt4 ? 4
                                                      : 8),
                IntegerAt(*array, row));
      break;
    case PgKind::kFloat4:
      if (array->type_id() == Type::HALF_FLOAT) {
        const auto& halves = static_cast<const arrow::HalfFloatArray&>(*array);
        ExpectFloat<float, uint32_t>(wire,
                                     arrow::util::Float16::FromBits(halves.Value(row)).ToFloat());
      } else {
        ExpectFloat<float, uint32_t>(wire,
                                     static_cast<const arrow::FloatArray&>(*array).Value(row));
      }
      break;
    case PgKind::kFloat8:
      ExpectFloat<double, uint64_t>(wire,
                                    static_cast<const arrow::DoubleArray&>(*array).Value(row));
      break;
    case PgKind::kNumeric:
      if (array->type_id() == Type::UINT64) {
        const auto value = static_cast<const arrow::UInt64Array&>(*array).Value(row);
        EXPECT_EQ(NumericText(*field), NumericText(std::to_string(value), 0));
      } else {
        const int scale = static_cast<const arrow::DecimalType&>(*array->type()).scale();
        EXPECT_EQ(NumericText(*field), NumericText(DecimalDigits(*array, row), scale));
      }
      break;
    case PgKind::kText:
    case PgKind::kBytea:
    case PgKind::kUuid:
      EXPECT_EQ(*field, BytesAt(*array, row));
      break;
    case PgKind::kDate:
    case PgKind::kTime:
    case PgKind::kTimestamp:
    case PgKind::kTimestampTz:
      ASSERT_EQ(field->size(), type.kind == PgKind::kDate ? 4U : 8U);
      ExpectTemporal(wire.Int(field->size()), *array, row);
      break;
    case PgKind::kInterval:
      ExpectInterval(wire, *array, row);
      break;
    case PgKind::kJsonb:
      ExpectJson(*field, array, row);
      break;
    case PgKind::kArray:
      ExpectArray(wire, *array, row, type);
      break;
    default:
      FAIL() << type.name;
  }
}

// What random values may be refused for.
bool IsKnownRefusal(const std::string& message) {
  for (const char* why :
       {"has a NUL", "a key twice", "duration is beyond", "a map's key is null", "negative zero"}) {
    if (message.find(why) != std::string::npos) return true;
  }
  return false;
}

class RandomTuples : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomTuples, HoldEveryValue) {
  RandomColumns random(GetParam());
  const int64_t num_rows = random.Roll(20) == 0 ? 2500 : random.Roll(60);
  const auto batch = random.Batch(static_cast<int>(random.Roll(8)), num_rows);
  std::vector<PgColumn> columns;
  for (const auto& field : batch->schema()->fields()) {
    const auto type = TypeForNewColumn(*field);
    ASSERT_THAT(type, IsOk()) << field->ToString();
    columns.push_back({field->name(), *type});
  }
  ASSERT_OK_AND_ASSIGN(const auto encoder, CopyEncoder::Make(batch->schema(), columns, "t",
                                                             {"timestamp_ns_to_us", "time_ns_to_us",
                                                              "duration_ns_to_us"}));

  // Row by row, so that a bad one hides no other; good ones that follow each other also together.
  std::string run;
  int64_t run_start = 0;
  const auto end_run = [&](int64_t row) {
    if (row > run_start) {
      const auto together = encoder->Encode(*batch->Slice(run_start, row - run_start), 0);
      ASSERT_THAT(together, IsOk());
      ASSERT_EQ((*together)->ToString(), run) << "rows from " << run_start << " to " << row;
    }
    run.clear();
    run_start = row + 1;
  };
  bool all_good = true;
  for (int64_t row = 0; row < num_rows; ++row) {
    const auto tuple = encoder->Encode(*batch->Slice(row, 1), row);
    if (!tuple.ok()) {
      EXPECT_TRUE(IsKnownRefusal(tuple.status().message())) << tuple.status().message();
      EXPECT_EQ(BadRowOf(tuple.status()), 0);
      end_run(row);
      all_good = false;
      continue;
    }
    const std::string bytes = (*tuple)->ToString();
    Wire wire(bytes);
    ASSERT_EQ(wire.Int(2), batch->num_columns());
    for (int i = 0; i < batch->num_columns(); ++i) {
      ExpectField(wire.Field(), batch->column(i), row, columns[static_cast<size_t>(i)].type);
      ASSERT_FALSE(HasFailure()) << batch->schema()->field(i)->ToString() << " row " << row;
    }
    ASSERT_TRUE(wire.empty());
    run += bytes;
  }
  end_run(num_rows);
  EXPECT_EQ(encoder->Encode(*batch, 0).ok(), all_good);
}

// Whole blocks of nulls, blocks without, and both of the passes' blocks.
TEST(CopyEncoder, EncodesManyRowsAsItEncodesEachAlone) {
  const auto nested = arrow::struct_({arrow::field("a", arrow::utf8())});
  for (const auto& type :
       {arrow::int16(), arrow::uint64(), arrow::decimal256(76, 5), arrow::utf8(), nested,
        arrow::list(arrow::uint64()), arrow::dictionary(arrow::int8(), arrow::uint64())}) {
    RandomColumns random(5);
    const auto column = [&](bool nullable) { return random.Column(type, 1500, nullable); };
    const auto nulls = arrow::MakeArrayOfNull(type, 2100).ValueOrDie();
    auto some = column(true);
    ASSERT_OK_AND_ASSIGN(const auto all,
                         type->id() == Type::DICTIONARY
                             ? arrow::Concatenate({some, some->Slice(3)})
                             : arrow::Concatenate({nulls, some, column(false), nulls, some}));
    ASSERT_OK_AND_ASSIGN(const auto pg_type, TypeForNewColumn(*arrow::field("c", type)));
    ASSERT_OK_AND_ASSIGN(const auto together, CopyOf(all, pg_type));
    std::string apart;
    for (int64_t row = 0; row < all->length(); ++row) {
      apart += CopyOf(all->Slice(row, 1), pg_type).ValueOr("refused");
    }
    EXPECT_TRUE(together == apart) << type->ToString();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTuples, ::testing::Range<uint64_t>(1, 121));

}  // namespace
}  // namespace ampload::encode::pg
