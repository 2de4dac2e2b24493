#include "loaders/deltalake/constraints.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "loaders/deltalake/actions_for_test.h"
#include "loaders/deltalake/table_schema.h"
#include "matchers.h"

namespace ampload::deltalake {
namespace {

using Json = nlohmann::json;

const arrow::Schema& Columns() {
  static const auto schema = [] {
    const auto padded = arrow::key_value_metadata(
        {kDeltaMetadata}, {R"x({"__CHAR_VARCHAR_TYPE_STRING":"char(5)"})x"});
    return arrow::schema({
        arrow::field("id", arrow::int64()),
        arrow::field("Small", arrow::int8()),
        arrow::field("other", arrow::int64()),
        arrow::field("a b", arrow::int32()),
        arrow::field("name", arrow::utf8()),
        arrow::field("char5", arrow::utf8())->WithMetadata(padded),
        arrow::field("f", arrow::float32()),
        arrow::field("g", arrow::float64()),
        arrow::field("price", arrow::decimal128(10, 2)),
        arrow::field("d", arrow::date32()),
        arrow::field("ts", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
        arrow::field("ntz", arrow::timestamp(arrow::TimeUnit::MICRO)),
        arrow::field("flag", arrow::boolean()),
        arrow::field("bytes", arrow::binary()),
        arrow::field("s", arrow::struct_({arrow::field("x", arrow::int64())})),
        arrow::field("x.y", arrow::int64()),
        arrow::field("date", arrow::date32()),
    });
  }();
  return *schema;
}

Result<Constraint> Read(const std::string& sql) {
  return Constraint::Make("the CHECK constraint c", sql, Columns());
}

// Is the condition kept by a row of that column alone, all others null?
bool Keeps(const std::string& sql, const std::string& column,
           const std::shared_ptr<arrow::Scalar>& value) {
  const auto constraint = Read(sql);
  EXPECT_THAT(constraint, IsOk()) << sql;
  if (!constraint.ok()) return false;
  const auto type = Columns().GetFieldByName(column)->type();
  const auto scalar = value == nullptr ? arrow::MakeNullScalar(type) : value;
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field(column, type)}), 1,
                                             {arrow::MakeArrayFromScalar(*scalar, 1).ValueOrDie()});
  const Status kept = constraint->Check(*rows);
  EXPECT_EQ(BadRowOf(kept), kept.ok() ? std::nullopt : std::optional<int64_t>(0)) << kept;
  return kept.ok();
}
bool KeepsId(const std::string& sql, int64_t id) { return Keeps(sql, "id", arrow::MakeScalar(id)); }
bool KeepsName(const std::string& sql, const std::string& name) {
  return Keeps(sql, "name", arrow::MakeScalar(name));
}

TEST(AConstraint, IsKeptByTheRowsForWhichItIsTrue) {
  EXPECT_TRUE(KeepsId("id > 0", 1));
  EXPECT_FALSE(KeepsId("id > 0", 0));
  EXPECT_TRUE(KeepsId("id>=-5", -5));
  EXPECT_FALSE(KeepsId("id >= - 5", -6)) << "Spark puts blanks between all words";
  EXPECT_TRUE(KeepsId("( ID == 3 ) OR `id` <> 4", 5));
  EXPECT_FALSE(KeepsId("id = 3 or Id != 4", 4));
  EXPECT_TRUE(KeepsId("0 < id", 1));
  EXPECT_FALSE(KeepsId("0 < id", -1));
  EXPECT_TRUE(KeepsId("- 3 >= id", -3));
  EXPECT_TRUE(KeepsId("id between 1 and 5 and not id = 3", 5));
  EXPECT_FALSE(KeepsId("id between 1 and 5 and not id = 3", 3));
  EXPECT_FALSE(KeepsId("id between 1 and 5 and not id = 3", 6));
  EXPECT_TRUE(KeepsId("id not between 1 and 5", 6));
  EXPECT_TRUE(KeepsId("id in (1, 2, 9223372036854775807)", 9223372036854775807));
  EXPECT_FALSE(KeepsId("id not in (1, 2)", 2));
  EXPECT_FALSE(KeepsId("id > 0 OR id = -1 AND id = -2", -1)) << "AND binds more tightly";
  EXPECT_TRUE(KeepsId("true", 1));
  EXPECT_FALSE(KeepsId("false or id > 5", 1));
  EXPECT_TRUE(KeepsName("name > 'b'", "b "));
  EXPECT_FALSE(KeepsName("name in ('x', 'y')", "X"));
  EXPECT_TRUE(Keeps("\"a b\" >= 3", "a b", arrow::MakeScalar(int32_t{3})));
  EXPECT_TRUE(Keeps("flag", "flag", arrow::MakeScalar(true)));
  EXPECT_FALSE(Keeps("NOT flag", "flag", arrow::MakeScalar(true)));
  EXPECT_FALSE(Keeps("flag = false", "flag", arrow::MakeScalar(true)));
}

TEST(AConstraint, IsBrokenByNull) {
  EXPECT_FALSE(Keeps("id > 0", "id", nullptr));
  EXPECT_FALSE(Keeps("NOT (id > 0)", "id", nullptr));
  EXPECT_FALSE(Keeps("id IN (1)", "id", nullptr));
  EXPECT_FALSE(Keeps("flag", "flag", nullptr));
  EXPECT_FALSE(Keeps("id IS NOT NULL", "id", nullptr));
  EXPECT_TRUE(Keeps("id IS NULL", "id", nullptr));
  EXPECT_TRUE(Keeps("id > 0 OR id is null", "id", nullptr));
  // The rows lack `other`: it will be null.
  EXPECT_FALSE(KeepsId("other > 0 AND id > 0", 1));
  EXPECT_TRUE(KeepsId("other > 0 OR id > 0", 1));
}

TEST(AConstraint, ComparesDecimalsAndTimesExactly) {
  const auto price = [](const char* text) {
    return std::make_shared<arrow::Decimal128Scalar>(
        arrow::Decimal128::FromString(text).ValueOrDie(), arrow::decimal128(10, 2));
  };
  EXPECT_TRUE(Keeps("price > 0.1", "price", price("0.11")));
  EXPECT_FALSE(Keeps("price > 0.1", "price", price("0.10")));
  const auto day = std::make_shared<arrow::Date32Scalar>(18262);  // 2020-01-01
  for (const std::string literal : {"'2020-01-01'", "'2020-01-01'::date", "DATE '2020-01-01'"}) {
    EXPECT_TRUE(Keeps("d >= " + literal, "d", day)) << literal;
    EXPECT_FALSE(Keeps("d > " + literal, "d", day)) << literal;
    EXPECT_TRUE(Keeps("date = " + literal, "date", day)) << literal;
  }
  const auto at = [](const char* column) {
    return std::make_shared<arrow::TimestampScalar>(1'577'836'800'000'000,
                                                    Columns().GetFieldByName(column)->type());
  };
  for (const std::string literal :
       {"'2020-01-01T00:00:00Z'", "TIMESTAMP '2020-01-01 01:00:00+01:00'",
        "arrow_cast('2020-01-01T00:00:00.000000', 'Timestamp(Microsecond, Some(\"UTC\"))')"}) {
    EXPECT_TRUE(Keeps("ts = " + literal, "ts", at("ts"))) << literal;
  }
  for (const std::string literal :
       {"'2020-01-01T00:00:00'",
        "arrow_cast('2020-01-01T00:00:00.000000', 'Timestamp(Microsecond, None)')"}) {
    EXPECT_TRUE(Keeps("ntz = " + literal, "ntz", at("ntz"))) << literal;
  }
}

TEST(AConstraint, TakesNanForTheLargestNumber) {
  const auto nan = arrow::MakeScalar(std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(Keeps("g > 1", "g", nan));
  EXPECT_TRUE(Keeps("1.5 <= g", "g", nan));
  EXPECT_FALSE(Keeps("NOT g > 1", "g", nan));
  EXPECT_FALSE(Keeps("g < 1e300", "g", nan));
  EXPECT_FALSE(Keeps("g BETWEEN 0 AND 1", "g", nan));
  EXPECT_TRUE(Keeps("g != 1", "g", nan));
  EXPECT_FALSE(Keeps("g > 1", "g", nullptr));
  EXPECT_TRUE(Keeps("g >= 0", "g", arrow::MakeScalar(-0.0)));
  EXPECT_TRUE(Keeps("f > 0.5", "f", arrow::MakeScalar(std::nanf(""))));
  EXPECT_FALSE(Keeps("f > 0.5", "f", arrow::MakeScalar(0.5F)));
}

TEST(AConstraint, IsRefusedWhereItsMeaningIsNotSure) {
  const auto refused = [](const std::string& sql, const std::string& why) {
    EXPECT_THAT(Read(sql), FailsWith(FailureKind::kConfiguration, why)) << sql;
  };
  refused("", "nothing at 1");
  refused("id", "no comparison that is known at 3");
  refused("7", "a literal alone");
  refused("id > 0 id", "not the end at 8");
  refused("0 < id < 5", "not the end");
  refused("missing > 0", "no column of the table at 1");
  refused("length(name) > 0", "a function at 1");
  refused("name LIKE 'x%'", "no comparison");
  refused("id + 1 > 0", "a sign that is not known");
  refused("id - 1 > 0", "no comparison");
  refused("id <=> 3", "a sign that is not known");
  refused("id IS TRUE", "no NULL behind IS");
  refused("id = NULL", "no column of the table");
  refused("id IN (1, NULL)", "no literal");
  refused("id > 1.5", "a whole number");
  refused("id > 1e3", "as a double");
  refused("id > 5L", "not a plain number");
  refused("id > 0x1F", "not a plain number");
  refused("id > '5'", "a number, written without quotes");
  refused("Small > 128", "outside of the column's range");
  refused("price > 1.005", "more digits after the point");
  refused("price > 1e0", "as a double");
  refused("f > 0.1", "as a double");
  refused("g = f", "in other types");
  refused("id = Small", "in other types");
  refused("name = 5", "'text'");
  refused("name = \"x\"", "double quotes");
  refused("name = 'it''s'", "a quote in a text");
  refused("name = 'a\\b'", "a backslash");
  refused("name = 'a", "never ends");
  refused("\"id\" = other", "double quotes");
  refused("char5 = 'a'", "CHAR");
  refused("d > '2020-01-01T00:00:00Z'", "a date");
  refused("d > TIMESTAMP '2020-01-01 00:00:00Z'", "another type");
  refused("ts > '2020-01-01T00:00:00'", "time zone");
  refused("ts > '2020-01-01'", "a time such as");
  refused("ntz > '2020-01-01T00:00:00Z'", "no time zone");
  refused("ts > arrow_cast('2020-01-01T00:00:00', 'Timestamp(Microsecond, None)')", "another type");
  refused("price < '100'::decimal(10, 2)", "another type");
  refused("bytes = 'aa'", "0x hex");
  refused("s.x > 0", "a field within a column");
  refused("x.y > 0", "a field within a column");
  refused("s = s", "in other types");
  refused("id > 0 -- positive", "a sign that is not known");
  refused("id > 0 /* positive */", "a sign that is not known");
  refused(std::string(201, '(') + "flag" + std::string(201, ')'), "200 parentheses");
  EXPECT_TRUE(Keeps("`x.y` > 0", "x.y", arrow::MakeScalar(int64_t{1})));
}

TEST(AConstraint, ComparesColumnsOfOneType) {
  const auto constraint = *Read("other >= id");
  const auto rows = [](int64_t id, int64_t other) {
    const auto one = [](int64_t n) {
      return arrow::MakeArrayFromScalar(arrow::Int64Scalar(n), 1).ValueOrDie();
    };
    return arrow::RecordBatch::Make(
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field("other", arrow::int64())}),
        1, {one(id), one(other)});
  };
  EXPECT_THAT(constraint.Check(*rows(3, 3)), IsOk());
  EXPECT_EQ(BadRowOf(constraint.Check(*rows(4, 3))), 0);
}

TEST(AConstraint, NamesTheFirstRowThatBreaksIt) {
  arrow::Int64Builder ids;
  ASSERT_THAT(ids.AppendValues({5, 1, 0, -1}), IsOk());
  ASSERT_THAT(ids.AppendNull(), IsOk());
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), 5,
                                             {ids.Finish().ValueOrDie()});
  const auto constraint = *Read("ID > 0");
  EXPECT_THAT(constraint.Check(*rows->Slice(0, 2)), IsOk());
  EXPECT_THAT(constraint.Check(*rows->Slice(0, 0)), IsOk());
  const Status broken = constraint.Check(*rows->Slice(1));
  EXPECT_EQ(BadRowOf(broken), 1);
  EXPECT_THAT(broken, FailsWith(FailureKind::kData,
                                "the row breaks the CHECK constraint c, which is false for it: "
                                "expression=ID > 0 id=0"));
  EXPECT_THAT(constraint.Check(*rows->Slice(4)),
              FailsWith(FailureKind::kData, "which is null for it: expression=ID > 0 id=null"));
}

Metadata TableOf(const Json& field_metadata, const TextMap& configuration,
                 const Json& type = "long") {
  Metadata metadata = MetadataForTest();
  const Json schema = {
      {"type", "struct"},
      {"fields",
       {{{"name", "n"}, {"type", type}, {"nullable", true}, {"metadata", field_metadata}}}}};
  metadata.schema_string = schema.dump();
  metadata.configuration = configuration;
  return metadata;
}

TEST(ATablesConstraints, AreInvariantsAndChecks) {
  const Json invariant = {{"delta.invariants", R"({"expression":{"expression":"n > 3"}})"}};
  ASSERT_OK_AND_ASSIGN(
      const auto found,
      ConstraintsOf(TableOf(invariant, {{"delta.constraints.small", "n < 9"}, {"x", "y"}})));
  ASSERT_EQ(found.known.size(), 2);
  EXPECT_EQ(found.known[0].words(), "the invariant of n");
  EXPECT_EQ(found.known[0].sql(), "n > 3");
  EXPECT_EQ(found.known[1].words(), "the CHECK constraint small");
  EXPECT_EQ(found.known[1].sql(), "n < 9");
  EXPECT_EQ(found.unknown, std::vector<std::string>{});
  ASSERT_OK_AND_ASSIGN(const auto none, ConstraintsOf(MetadataForTest()));
  EXPECT_TRUE(none.known.empty() && none.unknown.empty());
}

TEST(ATablesConstraints, AreToldWithTheReasonWhereTheyCannotBeChecked) {
  const auto unknown = [](const Metadata& metadata) {
    const auto found = ConstraintsOf(metadata);
    EXPECT_THAT(found, IsOk());
    return found.ok() && found->known.empty() ? found->unknown : std::vector<std::string>{};
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(unknown(TableOf(Json::object(), {{"delta.constraints.c", "f(n)"}})),
            Texts{"the CHECK constraint c (f(n)): a function at 1"});
  EXPECT_EQ(unknown(TableOf({{"delta.invariants", "{}"}}, {})),
            Texts{R"(the invariant of n: no {"expression":{"expression":...}})"});
  const Json within = {
      {"type", "struct"},
      {"fields",
       {{{"name", "x"},
         {"type", "long"},
         {"nullable", true},
         {"metadata", {{"delta.invariants", R"({"expression":{"expression":"x > 3"}})"}}}}}}};
  EXPECT_EQ(unknown(TableOf(Json::object(), {}, within)),
            Texts{"an invariant of a field within a column: n.x"});
}

}  // namespace
}  // namespace ampload::deltalake
