#include "source/text/type_names.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::source {
namespace {

TEST(TypeNames, ReadWhatArrowPrints) {
  using namespace arrow;  // NOLINT(build/namespaces)
  const std::vector<std::shared_ptr<DataType>> types = {
      null(),
      boolean(),
      int8(),
      int16(),
      int32(),
      int64(),
      uint8(),
      uint16(),
      uint32(),
      uint64(),
      float16(),
      float32(),
      float64(),
      utf8(),
      large_utf8(),
      utf8_view(),
      binary(),
      large_binary(),
      binary_view(),
      fixed_size_binary(32),
      date32(),
      date64(),
      time32(TimeUnit::SECOND),
      time32(TimeUnit::MILLI),
      time64(TimeUnit::MICRO),
      time64(TimeUnit::NANO),
      timestamp(TimeUnit::SECOND),
      timestamp(TimeUnit::MILLI, "UTC"),
      timestamp(TimeUnit::MICRO, "Europe/Berlin"),
      timestamp(TimeUnit::NANO, "+02:00"),
      duration(TimeUnit::NANO),
      month_interval(),
      day_time_interval(),
      month_day_nano_interval(),
      decimal32(9, 2),
      decimal64(18, 0),
      decimal128(38, 0),
      decimal128(5, -2),
      decimal256(76, 76),
      list(int64()),
      large_list(utf8()),
      list_view(int8()),
      large_list_view(int8()),
      fixed_size_list(float32(), 3),
      list(field("item", int8(), false)),
      struct_(FieldVector()),
      struct_({field("a", int64()), field("b", list(utf8()), false)}),
      map(utf8(), int64()),
      map(utf8(), struct_({field("x", decimal128(38, 0))}), true),
      dictionary(int8(), utf8()),
      dictionary(int32(), list(int8()), true),
      run_end_encoded(int32(), utf8()),
      list(list(struct_({field("a", timestamp(TimeUnit::NANO, "UTC"))}))),
  };
  for (const auto& type : types) {
    ASSERT_OK_AND_ASSIGN(const auto read, ParseTypeName(type->ToString()));
    EXPECT_TRUE(read->Equals(*type)) << read->ToString() << " for " << type->ToString();
  }
}

TEST(TypeNames, HaveShorterForms) {
  const std::pair<const char*, std::shared_ptr<arrow::DataType>> forms[] = {
      {"text", arrow::utf8()},
      {"float64", arrow::float64()},
      {"float32", arrow::float32()},
      {"float16", arrow::float16()},
      {"date32", arrow::date32()},
      {"date64", arrow::date64()},
      {"timestamp[us,UTC]", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"decimal(38,0)", arrow::decimal128(38, 0)},
      {"decimal(77)", nullptr},
      {"decimal(76)", arrow::decimal256(76, 0)},
      {" decimal128( 10 , 2 ) ", arrow::decimal128(10, 2)},
      {"list<int64>", arrow::list(arrow::int64())},
      {"struct<a:int64,b:list<string>>",
       arrow::struct_(
           {arrow::field("a", arrow::int64()), arrow::field("b", arrow::list(arrow::utf8()))})},
      {"fixed_size_list<int8>[2]", arrow::fixed_size_list(arrow::int8(), 2)},
  };
  for (const auto& [text, type] : forms) {
    const auto read = ParseTypeName(text);
    if (type == nullptr) {
      EXPECT_THAT(read, FailsWith(FailureKind::kConfiguration, "precision"));
    } else {
      ASSERT_THAT(read, IsOk());
      EXPECT_TRUE((*read)->Equals(*type)) << text;
    }
  }
}

TEST(TypeNames, SayWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"strng", "did you mean string?"},
      {"decimal128", "write precision and scale: decimal128(38, 0)"},
      {"decimal128(39, 0)", "precision"},
      {"timestamp", "write the unit: timestamp[us]"},
      {"timestamp[m]", "not a unit"},
      {"timestamp[us,]", "the time zone is missing"},
      {"time32[us]", "time32 has s or ms"},
      {"fixed_size_binary", "write the length"},
      {"fixed_size_binary[0]", "must be 1 or more"},
      {"fixed_size_binary[x]", "not a number: x"},
      {"list<int64", "a '>' is missing"},
      {"list", "write what is inside"},
      {"struct<int64>", "write a field as name: type"},
      {"struct<a: int64, a: int8>", "comes twice"},
      {"int64 int64", "something follows"},
      {"int64>", "something follows"},
      {"", "a type is missing"},
      {"map<string>", "a ',' is missing"},
  };
  for (const auto& [text, why] : cases) {
    EXPECT_THAT(ParseTypeName(text), FailsWith(FailureKind::kConfiguration, why)) << text;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "list<";
  EXPECT_THAT(ParseTypeName(deep), FailsWith(FailureKind::kConfiguration, "nested deeper"));
}

TEST(TypeNames, ListsPartAtCommasOutsideOfBrackets) {
  ASSERT_OK_AND_ASSIGN(
      const auto types,
      ParseTypeList("a:int64,b:decimal128(38,0),c:timestamp[us, UTC],d:struct<x: int8, y: "
                    "map<string, int64>>,ns:e:text"));
  ASSERT_EQ(types.size(), 5u);
  EXPECT_EQ(types.at("a")->ToString(), "int64");
  EXPECT_EQ(types.at("b")->ToString(), "decimal128(38, 0)");
  EXPECT_EQ(types.at("c")->ToString(), "timestamp[us, tz=UTC]");
  EXPECT_EQ(types.at("d")->ToString(), "struct<x: int8, y: map<string, int64>>");
  EXPECT_EQ(types.at("ns:e")->ToString(), "string");
  EXPECT_TRUE(ParseTypeList("").ValueOrDie().empty());
}

TEST(TypeNames, ListsRefuseAnEntryThatIsNone) {
  for (const char* text : {"a", "a:int64,", ":int64", "a:int64,,b:int8", ","}) {
    EXPECT_THAT(ParseTypeList(text), FailsWith(FailureKind::kConfiguration, "column:type")) << text;
  }
  EXPECT_THAT(ParseTypeList("a:int64,a:int8"),
              FailsWith(FailureKind::kConfiguration, "comes twice: column=a"));
  EXPECT_THAT(ParseTypeList("a:itn64"),
              FailsWith(FailureKind::kConfiguration, "did you mean int64?"));
}

}  // namespace
}  // namespace ampload::source
