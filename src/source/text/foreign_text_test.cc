// Arrow's own CSV and JSON readers and its CSV writer as judges, and Python's csv and json.
#include <arrow/compute/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/memory.h>
#include <arrow/json/reader.h>

#include <random>

#include "base/arrow_compute.h"
#include "source/text/text_for_test.h"

namespace ampload::source {
namespace {

std::string RandomLetters(std::mt19937_64* random) {
  static const std::vector<std::string> kLetters = {"a", "b",        ",", "\"", "\n",
                                                    " ", "\xc3\xa9", "0", "-",  "'"};
  std::string text;
  for (auto left = (*random)() % 12; left > 0; --left) {
    text += kLetters[(*random)() % kLetters.size()];
  }
  return text;
}

// Every type that Arrow writes as CSV and that means the same here, with nulls.
std::shared_ptr<arrow::Table> RandomTable(uint64_t seed) {
  std::mt19937_64 random(seed);
  arrow::Int64Builder i64;
  arrow::UInt64Builder u64;
  arrow::Int8Builder i8;
  arrow::DoubleBuilder f64;
  arrow::FloatBuilder f32;
  arrow::BooleanBuilder flag;
  arrow::StringBuilder text;
  arrow::Date32Builder day;
  arrow::TimestampBuilder at(arrow::timestamp(arrow::TimeUnit::NANO), arrow::default_memory_pool());
  arrow::Decimal128Builder money(arrow::decimal128(38, 5));
  const std::vector<arrow::ArrayBuilder*> builders = {&i64,  &u64,  &i8,  &f64, &f32,
                                                      &flag, &text, &day, &at,  &money};
  const auto rows = random() % 200;
  for (uint64_t row = 0; row < rows; ++row) {
    const auto bits = random();
    const auto value = static_cast<int64_t>(bits) >> (random() % 64);
    EXPECT_TRUE(i64.Append(value).ok());
    EXPECT_TRUE(u64.Append(bits).ok());
    EXPECT_TRUE(i8.Append(static_cast<int8_t>(bits)).ok());
    EXPECT_TRUE(f64.Append(static_cast<double>(value) / 1024).ok());
    EXPECT_TRUE(f32.Append(static_cast<float>(value) / 1024).ok());
    EXPECT_TRUE(flag.Append(bits % 2 == 0).ok());
    EXPECT_TRUE(text.Append(RandomLetters(&random)).ok());
    EXPECT_TRUE(day.Append(static_cast<int32_t>(bits % 2'900'000)).ok());
    EXPECT_TRUE(at.Append(static_cast<int64_t>(bits >> 2)).ok());
    EXPECT_TRUE(money.Append(arrow::Decimal128(value)).ok());
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (auto* builder : builders) {
    if (random() % 2 == 0)
      EXPECT_TRUE(builder->AppendNull().ok());
    else
      EXPECT_TRUE(builder->AppendEmptyValue().ok());
    fields.push_back(arrow::field("c" + std::to_string(columns.size()), builder->type()));
    columns.push_back(builder->Finish().ValueOrDie());
  }
  return arrow::Table::Make(arrow::schema(fields), columns);
}

TEST(ForeignCsv, WhatArrowWritesComesBackEqualWithDeclaredTypes) {
  ASSERT_THAT(base::InitializeArrowCompute(), IsOk());
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const auto table = RandomTable(seed);
    ASSERT_OK_AND_ASSIGN(const auto out, arrow::io::BufferOutputStream::Create());
    ASSERT_THAT(arrow::csv::WriteCSV(*table, arrow::csv::WriteOptions::Defaults(), out.get()),
                IsOk());
    ASSERT_OK_AND_ASSIGN(const auto buffer, out->Finish());
    auto how = Csv();
    for (const auto& field : table->schema()->fields()) {
      how.options.types[field->name()] = field->type();
    }
    how.drip = seed % 2 == 0;
    how.batch_bytes = 1 + static_cast<int64_t>(seed * seed * 3);
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(buffer->ToString(), how));
    ASSERT_TRUE(loaded.table->Equals(*table)) << seed << loaded.table->ToString();
  }
}

// All columns as strings, so that what is compared is the cutting into cells.
TEST(ForeignCsv, CellsAreThoseThatArrowReads) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const size_t columns = 2 + random() % 4;
    std::string text;
    for (size_t i = 0; i < columns; ++i) text += (i == 0 ? "c" : ",c") + std::to_string(i);
    text += "\n";
    for (auto rows = random() % 100; rows > 0; --rows) {
      for (size_t i = 0; i < columns; ++i) {
        std::string cell = "\"";
        const auto letters = RandomLetters(&random);
        for (const char c : letters) cell += c == '"' ? "\"\"" : std::string(1, c);
        cell += "\"";
        const bool plain = letters.find_first_of(",\"\n") == std::string::npos;
        text += (i == 0 ? "" : ",") + (plain && random() % 2 == 0 ? letters : cell);
      }
      text += random() % 2 == 0 ? "\r\n" : "\n";
    }
    auto read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;
    auto parse = arrow::csv::ParseOptions::Defaults();
    parse.newlines_in_values = true;
    auto convert = arrow::csv::ConvertOptions::Defaults();
    convert.null_values = {""};
    convert.strings_can_be_null = true;
    convert.quoted_strings_can_be_null = false;
    auto how = Csv();
    for (size_t i = 0; i < columns; ++i) {
      convert.column_types["c" + std::to_string(i)] = arrow::utf8();
      how.options.types["c" + std::to_string(i)] = arrow::utf8();
    }
    ASSERT_OK_AND_ASSIGN(const auto reader,
                         arrow::csv::TableReader::Make(arrow::io::default_io_context(),
                                                       std::make_shared<arrow::io::BufferReader>(
                                                           arrow::Buffer::FromString(text)),
                                                       read, parse, convert));
    ASSERT_OK_AND_ASSIGN(const auto theirs, reader->Read());
    how.drip = seed % 3 == 0;
    how.batch_bytes = 1 + static_cast<int64_t>(random() % 2000);
    ASSERT_OK_AND_ASSIGN(const auto own, Load(text, how));
    ASSERT_TRUE(own.table->Equals(*theirs)) << text;
  }
}

TEST(ForeignNdjson, ValuesAreThoseThatArrowReads) {
  const auto inner = arrow::struct_(
      {arrow::field("p", arrow::int64()), arrow::field("q", arrow::list(arrow::utf8()))});
  const auto schema =
      arrow::schema({arrow::field("i", arrow::int64()), arrow::field("f", arrow::float64()),
                     arrow::field("b", arrow::boolean()), arrow::field("s", arrow::utf8()),
                     arrow::field("o", inner)});
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    // The first line says every type.
    std::string text = R"({"i":1,"f":0.5,"b":true,"s":"x","o":{"p":1,"q":["x"]}})"
                       "\n";
    const auto maybe = [&](const std::string& json) { return random() % 4 == 0 ? "null" : json; };
    const auto string = [&] { return "\"" + std::to_string(random() % 50) + "\\u00e9\\n\""; };
    for (auto rows = random() % 100; rows > 0; --rows) {
      std::vector<std::string> members = {
          "\"i\":" + maybe(std::to_string(static_cast<int64_t>(random()) >> (random() % 64))),
          "\"f\": " + maybe(std::to_string(random() % 1000) + ".5"),
          "\"b\":" + maybe(random() % 2 == 0 ? "true" : "false"),
          "\"s\":" + maybe(string()),
          R"("o":{"q":[)" + maybe(string()) + "," + string() + R"(],"p":)" +
              maybe(std::to_string(random() % 7)) + "}",
      };
      std::shuffle(members.begin(), members.end(), random);
      members.resize(random() % (members.size() + 1));
      std::string line = "{";
      for (const auto& member : members) line += (line.size() > 1 ? ", " : "") + member;
      text += line + "}\n";
    }
    auto parse = arrow::json::ParseOptions::Defaults();
    parse.explicit_schema = schema;
    auto read = arrow::json::ReadOptions::Defaults();
    read.use_threads = false;
    ASSERT_OK_AND_ASSIGN(const auto reader,
                         arrow::json::TableReader::Make(arrow::default_memory_pool(),
                                                        std::make_shared<arrow::io::BufferReader>(
                                                            arrow::Buffer::FromString(text)),
                                                        read, parse));
    ASSERT_OK_AND_ASSIGN(const auto theirs, reader->Read());
    auto how = Ndjson();
    how.drip = seed % 3 == 0;
    how.batch_bytes = 1 + static_cast<int64_t>(random() % 2000);
    ASSERT_OK_AND_ASSIGN(const auto own, Load(text, how));
    ASSERT_TRUE(own.table->Equals(*theirs)) << text << own.table->ToString();
  }
}

// import csv, io; out = io.StringIO(newline="")
// w = csv.writer(out); w.writerows([["id", "name", "note"], [1, 'O"Hara, Jr.', "two\nlines"],
//   [2, "", " spaced "], [3, "\u00e9\u4e2d", 'x""y'], [10**18, "a\r\nb", "'"], [-5, "007", "1,5"]])
// print(ascii(out.getvalue()))
TEST(ForeignCsv, PythonsRowsComeBack) {
  const std::string text =
      "id,name,note\r\n1,\"O\"\"Hara, Jr.\",\"two\nlines\"\r\n2,, spaced \r\n"
      "3,\xc3\xa9\xe4\xb8\xad,\"x\"\"\"\"y\"\r\n1000000000000000000,\"a\r\nb\",'\r\n-5,007,\"1,5\""
      "\r\n";
  for (const bool drip : {false, true}) {
    auto how = Csv();
    how.drip = drip;
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text, how));
    EXPECT_EQ(Values(loaded, "id"), Json("int64", "[1, 2, 3, 1000000000000000000, -5]"));
    EXPECT_EQ(Values(loaded, "name"),
              Json("string",
                   "[\"O\\\"Hara, Jr.\", null, \"\xc3\xa9\xe4\xb8\xad\", \"a\\r\\nb\", \"007\"]"));
    EXPECT_EQ(Values(loaded, "note"),
              Json("string", R"(["two\nlines", " spaced ", "x\"\"y", "'", "1,5"])"));
  }
}

// import json; print("\n".join(json.dumps(r) for r in [{"i": -2**63, "u": 2**64 - 1, "f": 1e-07,
//   "s": "\u00e9\U0001f600\"\\\n\x7f\x00", "n": {"l": [1.5, None]}}, {"i": 2**63 - 1, "u": 0,
//   "f": 1e+22, "s": "", "n": {"l": []}}, {"i": 0, "u": 1, "f": 0.1 + 0.2, "s": None, "n": None}]))
TEST(ForeignNdjson, PythonsObjectsComeBack) {
  const std::string text =
      R"({"i": -9223372036854775808, "u": 18446744073709551615, "f": 1e-07, "s": "\u00e9\ud83d\ude00\"\\\n\u007f\u0000", "n": {"l": [1.5, null]}})"
      "\n"
      R"({"i": 9223372036854775807, "u": 0, "f": 1e+22, "s": "", "n": {"l": []}})"
      "\n"
      R"({"i": 0, "u": 1, "f": 0.30000000000000004, "s": null, "n": null})"
      "\n";
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text, Ndjson()));
  EXPECT_EQ(Values(loaded, "i"), Json("int64", "[-9223372036854775808, 9223372036854775807, 0]"));
  EXPECT_EQ(Values(loaded, "u"), Json("uint64", "[18446744073709551615, 0, 1]"));
  EXPECT_EQ(Values(loaded, "f"), Json("double", "[1e-07, 1e+22, 0.30000000000000004]"));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*loaded.table->GetColumnByName("s")->chunk(0))
                .GetView(0),
            std::string_view("\xc3\xa9\xf0\x9f\x98\x80\"\\\n\x7f\0", 11));
  EXPECT_EQ(Values(loaded, "n"),
            Json("struct<l: list<double>>", R"([{"l": [1.5, null]}, {"l": []}, null])"));
}

}  // namespace
}  // namespace ampload::source
