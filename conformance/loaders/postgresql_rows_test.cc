// What the suites read out of a PostgreSQL server is what the server itself prints.
#include "conformance/loaders/postgresql_rows.h"

#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "conformance/kit/loaded_type.h"
#include "conformance/loaders/postgresql_server.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

using arrow::json::ArrayFromJSONString;

class PostgreSQLRows : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = StartPostgreSQL();
    ASSERT_THAT(started.status(), IsOk());
    server_ = std::move(*started);
  }
  static void TearDownTestSuite() {
    const std::string folder = server_->folder();
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(folder));
  }

  static PgConnection Connect() {
    auto connection = ConnectTo({{"host", server_->folder()}, {"user", "postgres"}});
    EXPECT_THAT(connection.status(), IsOk());
    return std::move(*connection);
  }

  // The one column of a table of that type with these values, as SQL writes them.
  static std::shared_ptr<arrow::Array> Column(const std::string& type, const std::string& values) {
    const auto connection = Connect();
    EXPECT_THAT(AskServer(connection.get(), R"(DROP TABLE IF EXISTS "a ""table""")").status(),
                IsOk());
    EXPECT_THAT(
        AskServer(connection.get(), R"(CREATE TABLE "a ""table""" ("a ""column""" )" + type + ")")
            .status(),
        IsOk());
    EXPECT_THAT(
        AskServer(connection.get(), R"(INSERT INTO "a ""table""" VALUES )" + values).status(),
        IsOk());
    const auto rows = ReadTableRows(connection.get(), "public", "a \"table\"");
    EXPECT_THAT(rows.status(), IsOk());
    EXPECT_EQ((*rows)->ColumnNames(), std::vector<std::string>{"a \"column\""});
    return (*rows)->column(0)->chunk(0);
  }

  static void ExpectColumn(const std::string& type, const std::string& values,
                           const std::shared_ptr<arrow::DataType>& arrow_type,
                           const std::string& expected) {
    const auto found = Column(type, values);
    ASSERT_OK_AND_ASSIGN(const auto wanted, ArrayFromJSONString(arrow_type, expected));
    EXPECT_TRUE(found->Equals(*wanted)) << type << ": " << found->ToString();
  }

 private:
  static std::unique_ptr<PrivateServer> server_;
};

std::unique_ptr<PrivateServer> PostgreSQLRows::server_;

TEST_F(PostgreSQLRows, NumbersComeWithEveryDigit) {
  ExpectColumn("smallint", "(-32768), (NULL), (7)", arrow::int16(), "[-32768, null, 7]");
  ExpectColumn("integer", "(-2147483648), (1)", arrow::int32(), "[-2147483648, 1]");
  ExpectColumn("bigint", "(-9223372036854775808)", arrow::int64(), "[-9223372036854775808]");
  ExpectColumn("real", "(0.1), ('1e-45')", arrow::float32(), "[0.1, 1e-45]");
  ExpectColumn("double precision", "(0.1), ('5e-324')", arrow::float64(), "[0.1, 5e-324]");
  ExpectColumn("numeric(20,0)", "(18446744073709551615)", arrow::decimal128(20, 0),
               R"(["18446744073709551615"])");
  ExpectColumn("numeric(40,2)", "(-0.01), (NULL)", arrow::decimal256(40, 2), R"(["-0.01", null])");
  ExpectColumn("numeric", "('NaN'), (1.50)", arrow::utf8(), R"(["NaN", "1.50"])");
}

TEST_F(PostgreSQLRows, TimesComeToTheMicrosecond) {
  ExpectColumn("date", "('1970-01-01'), ('1969-12-31')", arrow::date32(), "[0, -1]");
  ExpectColumn("time", "('23:59:59.999999')", arrow::time64(arrow::TimeUnit::MICRO),
               "[86399999999]");
  ExpectColumn("timestamp", "('1970-01-01 00:00:01.000002'), ('1969-12-31 23:59:59')",
               arrow::timestamp(arrow::TimeUnit::MICRO), "[1000002, -1000000]");
  ExpectColumn("timestamptz", "('1970-01-01 02:00:00+01')",
               arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[3600000000]");
  ExpectColumn("interval", "('14 months -2 days 3.5 s')", arrow::month_day_nano_interval(),
               "[[14, -2, 3500000000]]");
}

TEST_F(PostgreSQLRows, TextAndBytesComeAsTheyAre) {
  ExpectColumn("boolean", "(true), (false), (NULL)", arrow::boolean(), "[true, false, null]");
  ExpectColumn("text", "(''), ('ü''x')", arrow::utf8(), R"(["", "ü'x"])");
  ExpectColumn("varchar(3)", "('abc')", arrow::utf8(), R"(["abc"])");
  ExpectColumn("bytea", R"(('\x4142'), (''))", arrow::binary(), R"(["AB", ""])");
  ExpectColumn("uuid", "('30313233-3435-3637-3839-616263646566')", arrow::fixed_size_binary(16),
               R"(["0123456789abcdef"])");
  ExpectColumn("jsonb", R"(('{"a": [1, null]}'))", arrow::utf8(), R"(["{\"a\": [1, null]}"])");
}

TEST_F(PostgreSQLRows, ArraysComeAsLists) {
  ExpectColumn("bigint[]", "('{}'), (NULL), ('{1,NULL,3}')", arrow::list(arrow::int64()),
               "[[], null, [1, null, 3]]");
  ExpectColumn("text[]", R"(('{a,"",NULL}'))", arrow::list(arrow::utf8()), R"([["a", "", null]])");
  ExpectColumn("numeric(20,0)[]", "('{18446744073709551615}')", arrow::list(arrow::utf8()),
               R"([["18446744073709551615"]])");
}

TEST_F(PostgreSQLRows, ATableThatIsMissingHasNoColumns) {
  const auto connection = Connect();
  ASSERT_OK_AND_ASSIGN(const auto columns, ColumnsOfTable(connection.get(), "public", "nothing"));
  EXPECT_TRUE(columns.empty());
}

TEST_F(PostgreSQLRows, JsonTextIsTheNestedValueThatWasLoaded) {
  const auto loaded = arrow::list(arrow::struct_(
      {arrow::field("x", arrow::decimal128(38, 0)), arrow::field("b", arrow::binary())}));
  const auto stored = Column(
      "jsonb", R"(('[{"x": "12345678901234567890", "b": "0x00ff"}, null]'), (NULL), ('[]'))");
  ASSERT_OK_AND_ASSIGN(const auto back, AsLoaded(stored, loaded));
  EXPECT_TRUE(back->type()->Equals(*loaded));
  const auto& structs =
      static_cast<const arrow::StructArray&>(*static_cast<const arrow::ListArray&>(*back).values());
  ASSERT_EQ(structs.length(), 2);
  EXPECT_TRUE(structs.IsNull(1));
  EXPECT_EQ(static_cast<const arrow::Decimal128Array&>(*structs.field(0)).FormatValue(0),
            "12345678901234567890");
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*structs.field(1)).GetView(0),
            std::string_view("\0\xff", 2));
  EXPECT_TRUE(back->IsNull(1));
}

TEST(LoadedType, IntervalsBecomeWhatTheyWereOrAreRefused) {
  ASSERT_OK_AND_ASSIGN(const auto stored, ArrayFromJSONString(arrow::month_day_nano_interval(),
                                                              "[[0, 0, -1500000000], null]"));
  const auto duration = arrow::duration(arrow::TimeUnit::MILLI);
  ASSERT_OK_AND_ASSIGN(const auto wanted, ArrayFromJSONString(duration, "[-1500, null]"));
  ASSERT_OK_AND_ASSIGN(const auto back, AsLoaded(stored, duration));
  EXPECT_TRUE(back->Equals(*wanted)) << back->ToString();
  EXPECT_FALSE(AsLoaded(stored, arrow::duration(arrow::TimeUnit::SECOND)).ok());
  EXPECT_FALSE(AsLoaded(stored, arrow::month_interval()).ok());
  ASSERT_OK_AND_ASSIGN(const auto parts, ArrayFromJSONString(arrow::month_day_nano_interval(),
                                                             "[[0, 0, 0], [14, 0, 0]]"));
  ASSERT_OK_AND_ASSIGN(const auto months, ArrayFromJSONString(arrow::month_interval(), "[0, 14]"));
  ASSERT_OK_AND_ASSIGN(const auto as_months, AsLoaded(parts, arrow::month_interval()));
  EXPECT_TRUE(as_months->Equals(*months)) << as_months->ToString();
  EXPECT_FALSE(AsLoaded(parts, arrow::day_time_interval()).ok());
}

TEST(LoadedType, NullsAloneAreOfAnyType) {
  ASSERT_OK_AND_ASSIGN(const auto nulls, ArrayFromJSONString(arrow::utf8(), "[null, null]"));
  ASSERT_OK_AND_ASSIGN(const auto back, AsLoaded(nulls, arrow::null()));
  EXPECT_EQ(back->length(), 2);
  ASSERT_OK_AND_ASSIGN(const auto values, ArrayFromJSONString(arrow::utf8(), R"(["x", null])"));
  EXPECT_FALSE(AsLoaded(values, arrow::null()).ok());
}

}  // namespace
}  // namespace ampload::conformance
