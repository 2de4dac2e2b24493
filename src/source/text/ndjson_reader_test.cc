#include "source/text/ndjson_reader.h"

#include <gmock/gmock.h>

#include "source/text/text_for_test.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Ndjson, InfersWhatLosesNothing) {
  ASSERT_OK_AND_ASSIGN(
      const auto loaded,
      Load(
          R"({"n":1,"u":1,"big":115792089237316195423570985008687907853269984665640564039457,"f":0.5,"p":1.10,"s":"2024-01-31","b":true,"z":null})"
          "\n"
          R"({"n":-5,"u":18446744073709551615,"big":1,"f":2,"p":3,"s":"007","b":false})"
          "\n",
          Ndjson()));
  EXPECT_EQ(Types(*loaded.table->schema()), "int64 uint64 string double string string bool string");
  EXPECT_EQ(Values(loaded, "n"), Json("int64", "[1, -5]"));
  EXPECT_EQ(Values(loaded, "u"), Json("uint64", "[1, 18446744073709551615]"));
  EXPECT_EQ(
      Values(loaded, "big"),
      Json("string", R"(["115792089237316195423570985008687907853269984665640564039457", "1"])"));
  EXPECT_EQ(Values(loaded, "f"), Json("double", "[0.5, 2]"));
  EXPECT_EQ(Values(loaded, "p"), Json("string", R"(["1.10", "3"])"));
  EXPECT_EQ(Values(loaded, "s"), Json("string", R"(["2024-01-31", "007"])"));
  EXPECT_EQ(Values(loaded, "z"), Json("string", "[null, null]"));
}

TEST(Ndjson, IntegersAndFloatsAreFloatsOnlyWhereNoDigitIsLost) {
  const std::pair<const char*, const char*> cases[] = {
      {"9007199254740992", "double"},
      {"9007199254740993", "string"},
      {"-9007199254740993", "string"},
      {"18446744073709551615", "string"},
      {"1e5", "double"},
  };
  for (const auto& [number, type] : cases) {
    ASSERT_OK_AND_ASSIGN(const auto schema,
                         Infer("{\"a\":0.5}\n{\"a\":" + std::string(number) + "}\n", Ndjson()));
    EXPECT_EQ(Types(*schema), type) << number;
  }
  ASSERT_OK_AND_ASSIGN(const auto mixed,
                       Infer("{\"a\":-1}\n{\"a\":18446744073709551615}\n", Ndjson()));
  EXPECT_EQ(Types(*mixed), "string");
}

TEST(Ndjson, ObjectsAreStructsAndArraysAreLists) {
  ASSERT_OK_AND_ASSIGN(const auto loaded,
                       Load(R"({"a":{"x":1,"y":["p",null]},"l":[[1],[]],"o":[{"k":1},{"m":true}]})"
                            "\n"
                            R"({"a":{"y":[]},"l":null,"o":[null]})"
                            "\n"
                            "{}\n",
                            Ndjson()));
  const std::string a = "struct<x: int64, y: list<item: string>>";
  EXPECT_EQ(Values(loaded, "a"), Json(a, R"([{"x": 1, "y": ["p", null]}, {"y": []}, null])"));
  EXPECT_EQ(Values(loaded, "l"), Json("list<list<int64>>", "[[[1], []], null, null]"));
  EXPECT_EQ(Values(loaded, "o"),
            Json("list<struct<k: int64, m: bool>>", R"([[{"k": 1}, {"m": true}], [null], null])"));
}

TEST(Ndjson, StringsAreDecoded) {
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(R"({"a":"\u00e9\ud83d\ude00\n\"\\\/"})"
                                               "\r\n",
                                               Ndjson()));
  EXPECT_EQ(Values(loaded, "a"), Json("string", "[\"\xc3\xa9\xf0\x9f\x98\x80\\n\\\"\\\\/\"]"));
  ASSERT_OK_AND_ASSIGN(const auto key, Load(R"({"\u0061\u0000":1})", Ndjson()));
  EXPECT_EQ(key.table->schema()->field(0)->name(), std::string("a\0", 2));
}

TEST(Ndjson, BlankLinesAreSkippedAndTheLastNeedsNoEnding) {
  ASSERT_OK_AND_ASSIGN(const auto loaded,
                       Load("\xEF\xBB\xBF{\"a\":1}\n\n \t\r\n{\"a\":2}", Ndjson()));
  EXPECT_EQ(Values(loaded, "a"), Json("int64", "[1, 2]"));
}

TEST(Ndjson, AMixOfKindsSaysWhatToDeclare) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"1", "\"x\"", "a number in line 1 and a string in line 2"},
      {"\"x\"", "{}", "a string in line 1 and an object in line 2"},
      {"true", "1", "true or false in line 1 and a number in line 2"},
      {"[1]", "{}", "an array in line 1 and an object in line 2"},
      {"[1]", "1", "a number in line 2 and an array in line 1"},
  };
  for (const auto& [first, second, why] : cases) {
    const auto text = "{\"a\":" + std::string(first) + "}\n{\"a\":" + std::string(second) + "}\n";
    EXPECT_THAT(Infer(text, Ndjson()), FailsWith(FailureKind::kData, why));
    EXPECT_THAT(Infer(text, Ndjson()), FailsWith(FailureKind::kData, "--types a:string"));
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text, Ndjson(WithTypes("a:string"))));
    const auto plain = [](std::string json) {
      std::erase(json, '"');
      return json;
    };
    EXPECT_EQ(Values(loaded, "a"),
              Json("string", "[\"" + plain(first) + "\", \"" + plain(second) + "\"]"));
  }
  EXPECT_THAT(Infer(R"({"a":{"b":[1,"x"]}})", Ndjson()),
              FailsWith(FailureKind::kData, "column a.b[]: a number in line 1 and a string"));
}

TEST(Ndjson, AStringColumnKeepsTheJsonOfNestedValues) {
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(R"({"a":{"x": 1.10, "y":["\u0061"]},"b":1.50})"
                                               "\n"
                                               R"({"a":[1, 2 ],"b":true})"
                                               "\n"
                                               R"({"a":null,"b":"t"})",
                                               Ndjson(WithTypes("a:string,b:string"))));
  EXPECT_EQ(Values(loaded, "a"),
            Json("string", R"(["{\"x\": 1.10, \"y\":[\"\\u0061\"]}", "[1, 2 ]", null])"));
  EXPECT_EQ(Values(loaded, "b"), Json("string", R"(["1.50", "true", "t"])"));
}

TEST(Ndjson, DeclaredTypesAreReadFromNumbersAndStrings) {
  ASSERT_OK_AND_ASSIGN(
      const auto loaded,
      Load(
          R"({"d":1.10,"i":"7","t":"2024-01-31T00:00:00Z","h":"0x6162","b":"true","n":[{"x":"5"}],"m":{"k":1,"l":null},"f":[1,2],"new":null})"
          "\n"
          R"({"d":"12345678901234567890.12","i":7,"t":null,"h":"xyz","b":false,"n":[],"m":{},"f":null})"
          "\n",
          Ndjson(WithTypes("d:decimal128(38,2),i:int8,t:timestamp[s, UTC],h:binary,b:bool,"
                           "n:list<struct<x: uint64>>,m:map<string, int64>,"
                           "f:fixed_size_list<int64>[2],never:date32"))));
  EXPECT_EQ(Values(loaded, "d"),
            Json("decimal128(38, 2)", R"(["1.10", "12345678901234567890.12"])"));
  EXPECT_EQ(Values(loaded, "i"), Json("int8", "[7, 7]"));
  EXPECT_EQ(Values(loaded, "t"), Json("timestamp[s, UTC]", "[1706659200, null]"));
  EXPECT_EQ(Values(loaded, "h"), Json("binary", R"(["ab", "xyz"])"));
  EXPECT_EQ(Values(loaded, "b"), Json("bool", "[true, false]"));
  EXPECT_EQ(Values(loaded, "n"), Json("list<struct<x: uint64>>", R"([[{"x": 5}], []])"));
  EXPECT_EQ(Values(loaded, "m"), Json("map<string, int64>", R"([[["k", 1], ["l", null]], []])"));
  EXPECT_EQ(Values(loaded, "f"), Json("fixed_size_list<int64>[2]", "[[1, 2], null]"));
  EXPECT_EQ(Values(loaded, "never"), Json("date32", "[null, null]"));
  EXPECT_THAT(Load("{\"a\":1}\n", Ndjson(WithTypes("a:dictionary<values=string, indices=int8>"))),
              FailsWith(FailureKind::kConfiguration, "JSON has no form for this type: column=a"));
}

// Each second line is bad; the first gives the column its type.
TEST(Ndjson, SaysWhatIsWrongWithALine) {
  const std::tuple<const char*, const char*, const char*, const char*> cases[] = {
      {"", R"({"a":1})", R"({"a":1.5})", "line 2 column a: not a plain int64"},
      {"", R"({"a":1})", R"({"a":"1"})",
       "column a: a string, which the column's other values are not"},
      {"", R"({"a":1})", R"({"a":1.5})", "--types a:string keeps every value as its text"},
      {"", R"({"a":1})", R"({"a":99999999999999999999})", "value=99999999999999999999"},
      {"", R"({"a":"x"})", R"({"a":5})", "column a: a number, which"},
      {"", R"({"a":"x"})", R"({"a":{"b":1}})", "column a: an object, which"},
      {"", R"({"a":1.10})", R"({"a":"1.10"})", "column a: a string, which"},
      {"", R"({"a":true})", R"({"a":0})", "column a: a number, which"},
      {"", R"({"a":{"b":1}})", R"({"a":{"c":1}})", "column a.c: a field that is in none"},
      {"", R"({"a":{"b":1}})", R"({"a":{"c":1}})", "--types a:string keeps its JSON"},
      {"", R"({"a":{"b":[1]}})", R"({"a":{"b":[2,"x"]}})", "column a.b[]: a string, which"},
      {"", R"({"a":1})", R"({"x.y":1})",
       "column x.y: a field that is in none of the columns; "
       "--types x.y:TYPE adds it: type=none value=1"},
      {"", R"({"a":1})", R"({"x":null})", "column x: a field that is in none of the columns"},
      {"", R"({"a":1})", R"({"a":1,"a":2})", "column a: a field that comes twice"},
      {"", R"({"a":{"b":1}})", R"({"a":{"b":1,"b":1}})", "column a.b: a field that comes twice"},
      {"", R"({"a":[1]})", R"({"a":{}})", "column a: an object, which"},
      {"", R"({"a":1})", "[1]", "line 2: no JSON object; NDJSON has one a line: record=[1]"},
      {"", R"({"a":1})", "{\"a\":1", "line 2: no JSON object: Missing a comma or '}'"},
      {"", R"({"a":1})", R"({"a":1} {"a":2})", "line 2: no JSON object: The document root"},
      {"", R"({"a":1})", R"({"a":01})", "line 2: no JSON object"},
      {"", R"({"a":1})", R"({"a":NaN})", "line 2: no JSON object"},
      {"", R"({"a":1})", R"({"a":1,})", "line 2: no JSON object"},
      {"", R"({"a":1})", "{\"a\":\"\xff\"}", "line 2: no JSON object: not valid UTF-8"},
      {"", R"({"a":1})", R"({"a":"\ud83d"})", "line 2: no JSON object"},
      {"", R"({"a":1})", R"({"a":"\ude00"})", "half of a surrogate pair"},
      {"", R"({"a":1})", R"({"a":1e999})", "line 2: no JSON object: Number too big"},
      {"a:int8", R"({"a":1})", R"({"a":128})",
       "column a: outside of the type's range: type=int8 value=128"},
      {"a:int8", R"({"a":1})", R"({"a":true})", "column a: true or false, which"},
      {"a:binary", R"({"a":"1"})", R"({"a":1})", "column a: a number, which"},
      {"a:fixed_size_list<int8>[2]", R"({"a":[1,2]})", R"({"a":[1]})",
       "an array of another length"},
      {"a:list<item: int8 not null>", R"({"a":[1]})", R"({"a":[1,null]})",
       "column a[]: a null where none may be"},
      {"a:struct<b: int8 not null>", R"({"a":{"b":1}})", R"({"a":{}})",
       "column a.b: a field is missing that cannot be null"},
      {"a:map<string, int8>", R"({"a":{"k":1}})", R"({"a":{"k":1,"k":2}})", "comes twice"},
      {"a:map<int8, int8>", R"({"a":{"1":1}})", R"({"a":{"x":2}})", "column a: not a whole number"},
  };
  for (const auto& [types, good, bad, why] : cases) {
    auto how = Ndjson(WithTypes(types));
    const std::string first = good + std::string("\n");
    how.sample_bytes = static_cast<int64_t>(first.size());
    const std::string text = first + bad + "\n" + first;
    EXPECT_THAT(Load(text, how), FailsWith(FailureKind::kData, why)) << bad;

    how.keep_bad = true;
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text, how));
    EXPECT_EQ(loaded.table->num_rows(), 2) << bad;
    EXPECT_TRUE(loaded.table->Slice(0, 1)->Equals(*loaded.table->Slice(1, 1))) << bad;
    ASSERT_EQ(loaded.bad.size(), 1u);
    EXPECT_EQ(loaded.bad[0].raw, bad);
    EXPECT_EQ(loaded.bad[0].record, 2);
    EXPECT_THAT(loaded.bad[0].reason, HasSubstr(why));
  }
}

TEST(Ndjson, AZeroByteIsNoJson) {
  auto how = Ndjson();
  const std::string text = std::string("{\"a\":1}\n{\"a\":1}\0{\"a\":2}\n", 25);
  EXPECT_THAT(Load(text, how), FailsWith(FailureKind::kData,
                                         "t.ndjson line 2: no JSON object: a zero byte: byte=8"));
}

std::string Nested(int levels) {
  std::string text = "{\"a\":";
  for (int i = 1; i < levels; ++i) text += i % 2 == 0 ? "[" : "{\"b\":";
  text += "1";
  for (int i = levels - 1; i > 0; --i) text += i % 2 == 0 ? "]" : "}";
  return text + "}\n";
}

TEST(Ndjson, SixtyFourLevelsWorkAndOneMoreIsAnError) {
  for (const int levels : {1, 50, 64}) {
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Nested(levels), Ndjson()));
    EXPECT_EQ(loaded.table->num_rows(), 1);
    const auto type = loaded.table->schema()->field(0)->type()->ToString();
    EXPECT_EQ(std::count(type.begin(), type.end(), '<'), levels - 1);
  }
  EXPECT_THAT(
      Load("{\"a\":1}\n" + Nested(65), Ndjson()),
      FailsWith(FailureKind::kData, "line 2: no JSON object: nested deeper than 64 levels"));
  EXPECT_THAT(Load("{\"a\":1}\n{\"a\":" + std::string(100'000, '['), Ndjson()),
              FailsWith(FailureKind::kData, "nested deeper than 64 levels"));
}

TEST(Ndjson, KeysThatAreValuesAreRefusedUnlessDeclared) {
  std::string text;
  for (int i = 0; i < 11'000; ++i) text += "{\"a\":{\"k" + std::to_string(i) + "\":1}}\n";
  EXPECT_THAT(Infer(text, Ndjson()), FailsWith(FailureKind::kData, "different fields"));
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text, Ndjson(WithTypes("a:map<string, int8>"))));
  EXPECT_EQ(loaded.table->num_rows(), 11'000);
  EXPECT_THAT(Infer("[1]\n", Ndjson()), FailsWith(FailureKind::kData, "no JSON object"));
}

TEST(Ndjson, ALineThatDoesNotFitSaysWhatToSet) {
  auto how = Ndjson();
  how.batch_bytes = 1000;
  const std::string good = "{\"a\":[1]}\n";
  how.sample_bytes = 10;
  EXPECT_THAT(Load(good + "{\"a\":\"" + std::string(70'000, 'x') + "\"}\n", how),
              FailsWith(FailureKind::kData, "t.ndjson line 2: the record that begins here"));
  std::string many = "{\"a\":[1";
  for (int i = 0; i < 20'000; ++i) many += ",1";
  EXPECT_THAT(Load(good + many + "]}\n", how), FailsWith(FailureKind::kData, "raise --memory"));
  how.batch_bytes = 100'000;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(good + many + "]}\n", how));
  EXPECT_EQ(loaded.table->num_rows(), 2);
}

}  // namespace
}  // namespace ampload::source
