#include "encode/pg/pg_type.h"

#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

#include <map>

#include "encode/pg/copy_encoder.h"
#include "encode/type_matrix.h"
#include "matchers.h"
#include "random_types.h"

namespace ampload::encode::pg {
namespace {

// The matrix has the names that people type, format_type() the standard's.
std::string LongName(std::string name) {
  static const std::map<std::string, std::string> kLong = {
      {"time", "time without time zone"},
      {"timestamp", "timestamp without time zone"},
      {"timestamptz", "timestamp with time zone"}};
  const bool array = name.ends_with("[]");
  if (array) name.resize(name.size() - 2);
  const auto found = kLong.find(name);
  return (found == kLong.end() ? name : found->second) + (array ? "[]" : "");
}

void ExpectTheMatrixs(const std::shared_ptr<arrow::Field>& field) {
  const auto plan = PlanColumns(*arrow::schema({field}), StoreFormat::kPostgreSQL).front();
  const auto type = TypeForNewColumn(*field);
  if (plan.fidelity == Fidelity::kRefused) {
    EXPECT_THAT(type, FailsWith(FailureKind::kData, "--exclude " + field->name()));
    return;
  }
  ASSERT_THAT(type, IsOk());
  EXPECT_EQ(type->name, LongName(plan.stored_as)) << field->ToString();
  EXPECT_NE(type->kind, PgKind::kOther);
  EXPECT_NE(type->oid, 0U);
  EXPECT_THAT(CheckFit(*field, {field->name(), *type}, {}), IsOk());
}

TEST(TypeForNewColumn, IsTheMatrixsForEveryType) {
  Dice dice(3);
  RandomTypes types(dice, /*for_python=*/false);
  for (int i = 0; i < 2000; ++i) ExpectTheMatrixs(arrow::field("c", types.Type(i % 4)));
  ExpectTheMatrixs(arrow::field("block_num", arrow::uint64()));
  ExpectTheMatrixs(arrow::field("j", arrow::extension::json()));
  ExpectTheMatrixs(arrow::field("j", arrow::list(arrow::extension::json())));
  ExpectTheMatrixs(arrow::field("u", arrow::list(arrow::extension::uuid())));
  const auto either = arrow::dense_union({arrow::field("i", arrow::int32())});
  ExpectTheMatrixs(arrow::field("u", either));
  ExpectTheMatrixs(arrow::field("u", arrow::list(arrow::struct_({arrow::field("x", either)}))));
}

TEST(TypeForNewColumn, RefusesADecimalThatNoNumericHolds) {
  ASSERT_OK_AND_ASSIGN(const auto wide, arrow::Decimal128Type::Make(38, -963));
  EXPECT_THAT(TypeForNewColumn(*arrow::field("c", wide)),
              FailsWith(FailureKind::kData, "at most 1000 digits: precision=1001"));
}

TEST(TypeForNewColumn, OfANumericIsReadBackWithItsPrecision) {
  for (const auto& type : {arrow::decimal128(38, 7), arrow::decimal256(76, 76),
                           arrow::decimal256(50, 0), arrow::decimal128(1, 0)}) {
    ASSERT_OK_AND_ASSIGN(const auto numeric, TypeForNewColumn(*arrow::field("c", type)));
    EXPECT_TRUE(ArrowTypeOf(numeric)->Equals(*type)) << numeric.name;
  }
}

// SELECT attname, atttypid, atttypmod, format_type(atttypid, atttypmod) FROM pg_attribute of
//   CREATE TABLE t (a varchar(10), b char(3), c numeric(3,-2), d numeric(2,5), e time(3),
//                   f interval(2), g interval day to hour, h timestamptz(0)[], i numeric, j point)
TEST(BuiltInType, ReadsTypmodsAsTheServerWritesThem) {
  const auto a = BuiltInType(1043, 14, "character varying(10)");
  EXPECT_EQ(a.kind, PgKind::kText);
  EXPECT_EQ(a.max_characters(), 10);
  EXPECT_EQ(BuiltInType(1042, 7, "character(3)").max_characters(), 3);
  EXPECT_EQ(BuiltInType(25, -1, "text").max_characters(), std::nullopt);
  const auto c = BuiltInType(1700, 198658, "numeric(3,-2)");
  EXPECT_EQ(c.precision(), 3);
  EXPECT_EQ(c.scale(), -2);
  const auto d = BuiltInType(1700, 131081, "numeric(2,5)");
  EXPECT_EQ(d.precision(), 2);
  EXPECT_EQ(d.scale(), 5);
  EXPECT_EQ(BuiltInType(1083, 3, "time(3) without time zone").second_digits(), 3);
  EXPECT_EQ(BuiltInType(1186, 2147418114, "interval(2)").second_digits(), 2);
  EXPECT_EQ(BuiltInType(1186, 67698687, "interval day to hour").second_digits(), 6);
  const auto h = BuiltInType(1185, 0, "timestamp(0) with time zone[]");
  ASSERT_EQ(h.kind, PgKind::kArray);
  EXPECT_EQ(h.element->kind, PgKind::kTimestampTz);
  EXPECT_EQ(h.element->oid, 1184U);
  EXPECT_EQ(h.element->second_digits(), 0);
  EXPECT_EQ(h.element->name, "timestamp(0) with time zone");
  const auto i = BuiltInType(1700, -1, "numeric");
  EXPECT_EQ(i.precision(), std::nullopt);
  EXPECT_EQ(i.scale(), 0);
  EXPECT_EQ(BuiltInType(600, -1, "point").kind, PgKind::kOther);
}

TEST(ArrowTypeOf, IsWhatAReaderGets) {
  const auto of = [](uint32_t oid, int32_t typmod = -1) {
    return ArrowTypeOf(BuiltInType(oid, typmod, ""))->ToString();
  };
  EXPECT_EQ(of(16), "bool");
  EXPECT_EQ(of(21), "int16");
  EXPECT_EQ(of(20), "int64");
  EXPECT_EQ(of(701), "double");
  EXPECT_EQ(of(1700), "string");
  EXPECT_EQ(of(1700, ((77 << 16) | 0) + 4), "string");
  EXPECT_EQ(of(1700, ((76 << 16) | 2) + 4), "decimal256(76, 2)");
  EXPECT_EQ(of(1043, 14), "string");
  EXPECT_EQ(of(1184), "timestamp[us, tz=UTC]");
  EXPECT_EQ(of(1114), "timestamp[us]");
  EXPECT_EQ(of(1186), "month_day_nano_interval");
  EXPECT_EQ(of(2950), "extension<arrow.uuid>");
  EXPECT_EQ(of(3802), "string");
  EXPECT_EQ(of(1016), "list<item: int64>");
  EXPECT_EQ(of(600), "string");
}

}  // namespace
}  // namespace ampload::encode::pg
