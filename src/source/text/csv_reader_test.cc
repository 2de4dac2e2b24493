#include "source/text/csv_reader.h"

#include <gmock/gmock.h>

#include "source/text/text_for_test.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Csv, InfersWhatLosesNothingAndKeepsTheRestAsText) {
  ASSERT_OK_AND_ASSIGN(const auto loaded,
                       Load("id,zip,price,ok,day,at,ratio,empty\n"
                            "1,02134,1.10,true,2024-01-31,2024-01-31T01:02:03Z,0.5,\n"
                            "2,90210,2.25,false,2024-02-29,2024-02-29T01:02:03.5Z,1,\n"));
  EXPECT_EQ(Types(*loaded.table->schema()),
            "int64 string string bool date32[day] timestamp[us, tz=UTC] double string");
  EXPECT_EQ(Values(loaded, "zip"), Json("string", R"(["02134", "90210"])"));
  EXPECT_EQ(Values(loaded, "price"), Json("string", R"(["1.10", "2.25"])"));
  EXPECT_EQ(Values(loaded, "ratio"), Json("double", "[0.5, 1]"));
  EXPECT_EQ(Values(loaded, "empty"), Json("string", "[null, null]"));
}

TEST(Csv, ANullIsTheUnquotedNullTextAlone) {
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load("a,b\n,x\n\"\",\n"));
  EXPECT_EQ(Values(loaded, "a"), Json("string", R"([null, ""])"));
  EXPECT_EQ(Values(loaded, "b"), Json("string", R"(["x", null])"));

  TextOptions options;
  options.null_text = "NULL";
  ASSERT_OK_AND_ASSIGN(const auto named, Load("a,b\nNULL,1\n\"NULL\",NULL\n,3\n", Csv(options)));
  EXPECT_EQ(Values(named, "a"), Json("string", R"([null, "NULL", ""])"));
  EXPECT_EQ(Values(named, "b"), Json("int64", "[1, null, 3]"));
}

TEST(Csv, ABlankLineIsSkippedButANullInAFileOfOneColumn) {
  ASSERT_OK_AND_ASSIGN(const auto two, Load("a,b\n1,2\n\n\r\n3,4\n\n"));
  EXPECT_EQ(Values(two, "a"), Json("int64", "[1, 3]"));
  ASSERT_OK_AND_ASSIGN(const auto one, Load("\n\r\na\n1\n\n3\n"));
  EXPECT_EQ(Values(one, "a"), Json("int64", "[1, null, 3]"));
  EXPECT_THAT(Load("\n\na,b\n1,2\n3\n"), FailsWith(FailureKind::kData, "t.csv line 5:"));
  EXPECT_THAT(Load("\n\n"), FailsWith(FailureKind::kData, "the text is empty"));
}

TEST(Csv, HasAHeaderOrNot) {
  TextOptions options;
  options.header = false;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load("1,x\n2,y\n", Csv(options)));
  EXPECT_THAT(loaded.table->schema()->field_names(), ElementsAre("f0", "f1"));
  EXPECT_EQ(Values(loaded, "f0"), Json("int64", "[1, 2]"));
  ASSERT_OK_AND_ASSIGN(const auto unnamed, Infer(",a,\n"));
  EXPECT_THAT(unnamed->field_names(), ElementsAre("f0", "a", "f2"));
  ASSERT_OK_AND_ASSIGN(const auto quoted, Infer("\xEF\xBB\xBF\"a,b\",\"c\nd\"\n"));
  EXPECT_THAT(quoted->field_names(), ElementsAre("a,b", "c\nd"));
  ASSERT_OK_AND_ASSIGN(const auto only, Load("a,b\n"));
  EXPECT_EQ(only.table->num_rows(), 0);
  EXPECT_EQ(Types(*only.table->schema()), "string string");

  EXPECT_THAT(Infer("a,b,a\n"), FailsWith(FailureKind::kData, "two columns of one name"));
  EXPECT_THAT(Infer(""), FailsWith(FailureKind::kData, "the text is empty"));
  EXPECT_THAT(Infer("\xEF\xBB\xBF"), FailsWith(FailureKind::kData, "the text is empty"));
  EXPECT_THAT(Infer("\"a\n"), FailsWith(FailureKind::kData, "never closed"));
  EXPECT_THAT(Infer("\xFF\xFE"
                    "a\n"),
              FailsWith(FailureKind::kData, "UTF-16"));
  EXPECT_THAT(Infer("\xFF,a\n"), FailsWith(FailureKind::kData, "not valid UTF-8: column=\\xff"));
}

TEST(Csv, RefusesOptionsThatContradict) {
  const auto with = [](char delimiter, char quote, const std::string& null) {
    TextOptions options;
    options.delimiter = delimiter;
    options.quote = quote;
    options.null_text = null;
    return Infer("a\n", Csv(options));
  };
  EXPECT_THAT(with('\n', '"', ""), FailsWith(FailureKind::kConfiguration, "delimiter="));
  EXPECT_THAT(with('\xC3', '"', ""), FailsWith(FailureKind::kConfiguration, "delimiter="));
  EXPECT_THAT(with(',', ',', ""), FailsWith(FailureKind::kConfiguration, "quote=,"));
  EXPECT_THAT(with(',', '"', "a,b"), FailsWith(FailureKind::kConfiguration, "null=a,b"));
  EXPECT_THAT(with('\t', '\0', "\\N"), IsOk());
  EXPECT_THAT(Infer("amount\n1\n", Csv(WithTypes("amuont:int8"))),
              FailsWith(FailureKind::kConfiguration, "did you mean amount?: column=amuont"));
}

TEST(Csv, AValueBehindTheSampleThatWouldLoseADigitIsAnError) {
  auto how = Csv();
  how.sample_bytes = 13;
  const std::pair<const char*, const char*> cases[] = {
      {"007", "value=007"},
      {"1e5", "value=1e5"},
      {"99999999999999999999", "value=99999999999999999999"},
      {"x", "value=x"},
      {"\"\"", "value="},
      {"1.0", "value=1.0"},
  };
  for (const auto& [cell, value] : cases) {
    const std::string text = "amount,b\n1,2\n3,4\n" + std::string(cell) + ",5\n";
    EXPECT_THAT(Load(text, how),
                FailsWith(FailureKind::kData, "t.csv line 4 column amount: not a plain int64"));
    EXPECT_THAT(Load(text, how), FailsWith(FailureKind::kData, "--types amount:string"));
    EXPECT_THAT(Load(text, how), FailsWith(FailureKind::kData, value));
    how.options = WithTypes("amount:string");
    EXPECT_THAT(Load(text, how), IsOk());
    how.options = {};
  }
}

TEST(Csv, LinesAreThoseOfTheFile) {
  EXPECT_THAT(Load("a,b\n\"x\ny\n\",1\n\n\"z\r\n\",2\n3,4,5\n"),
              FailsWith(FailureKind::kData,
                        "t.csv line 8: a record of 3 cells where there are 2 columns: "
                        "record=3,4,5"));
  EXPECT_THAT(
      Load("a,b\n1,2\n\"3\n4", {}),
      FailsWith(FailureKind::kData, "t.csv line 3: a quote is opened here and never closed"));
}

TEST(Csv, TheFirstErrorIsTheOneOfTheFirstLine) {
  EXPECT_THAT(Load("a,b\n1,x\nz,2\n3\n", Csv(WithTypes("a:int64,b:int64"))),
              FailsWith(FailureKind::kData, "line 2 column b"));
  EXPECT_THAT(Load("a,b\n1,2\n3\nx,y\n", Csv(WithTypes("a:int64,b:int64"))),
              FailsWith(FailureKind::kData, "line 3: a record of 1 cell where"));
}

TEST(Csv, KeptBadRecordsAreSaidAndReadingGoesOn) {
  auto how = Csv(WithTypes("a:int64,b:string"));
  how.keep_bad = true;
  const std::string text =
      "a,b\n"
      "1,one\n"
      "x,\"t\"\"wo\n\"\r\n"
      "3\n"
      "4,\xff\n"
      "\n"
      "\"5\"6,five\n"
      "y,\xff\n"
      "7,\"se,ven\"\n"
      "8,eight,8\n"
      "9,\"nine\n";
  for (const int64_t batch_bytes : {int64_t{1}, int64_t{20}, int64_t{1} << 20}) {
    how.batch_bytes = batch_bytes;
    how.drip = batch_bytes == 20;
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text, how));
    EXPECT_EQ(Values(loaded, "a"), Json("int64", "[1, 7]"));
    EXPECT_EQ(Values(loaded, "b"), Json("string", R"(["one", "se,ven"])"));
    std::vector<std::string> raw;
    std::vector<int64_t> records;
    std::vector<std::string> reasons;
    for (const auto& bad : loaded.bad) {
      raw.push_back(bad.raw);
      records.push_back(bad.record);
      reasons.push_back(bad.reason);
    }
    EXPECT_THAT(raw, ElementsAre("x,\"t\"\"wo\n\"", "3", "4,\xff", "\"5\"6,five", "y,\xff",
                                 "8,eight,8", "9,\"nine\n"));
    EXPECT_THAT(records, ElementsAre(2, 3, 4, 5, 6, 8, 9));
    EXPECT_THAT(
        reasons,
        ElementsAre("t.csv line 3 column a: not a whole number: type=int64 value=x",
                    "t.csv line 5: a record of 1 cell where there are 2 columns: record=3",
                    "t.csv line 6 column b: not valid UTF-8; --types b:binary keeps the bytes: "
                    "type=string value=\\xff",
                    HasSubstr("t.csv line 8: text behind a closing quote"),
                    HasSubstr("t.csv line 9 column a: not a whole number"),
                    HasSubstr("t.csv line 11: a record of 3 cells"),
                    HasSubstr("t.csv line 12: a quote is opened here and never closed")));
  }
}

TEST(Csv, AFileOfBadRecordsAloneHasNoRows) {
  auto how = Csv();
  how.keep_bad = true;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load("a,b\n1\n2\n", how));
  EXPECT_EQ(loaded.table->num_rows(), 0);
  EXPECT_EQ(loaded.bad.size(), 2u);
}

TEST(Csv, ARecordThatDoesNotFitSaysWhatToSet) {
  const std::string large(70'000, 'x');
  auto how = Csv();
  how.batch_bytes = 1000;
  EXPECT_THAT(Load("a,b\n1,2\n3," + large + "\n", how),
              FailsWith(FailureKind::kData,
                        "t.csv line 3: the record that begins here does not fit into the memory"));
  EXPECT_THAT(Load("a,b\n1,2\n3," + large + "\n", how),
              FailsWith(FailureKind::kData, "raise --memory: bytes_allowed=65536"));
  how.batch_bytes = 20'000;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load("a,b\n1,2\n3," + large + "\n", how));
  EXPECT_EQ(loaded.table->num_rows(), 2);
}

TEST(Csv, BatchesAreAboutAsLargeAsAsked) {
  std::string text = "a,b\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",\n";
  auto how = Csv();
  how.batch_bytes = 12'000;  // of rows with 8 bytes for a and 4 for b's offset
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text, how));
  EXPECT_EQ(loaded.table->num_rows(), 100'000);
  EXPECT_LE(loaded.largest_batch, 1001);
  const auto& values = static_cast<const arrow::Int64Array&>(*loaded.table->column(0)->chunk(0));
  for (int64_t i = 0; i < values.length(); ++i) ASSERT_EQ(values.Value(i), i);
}

TEST(Csv, AllMemoryIsOfThePoolAndGrowsWithTheBatchAlone) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 400'000; ++i) text += std::to_string(i) + ",\"some text\",\n";
  ASSERT_OK_AND_ASSIGN(const auto schema, Infer(text));
  for (const bool bad : {false, true}) {
    arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
    TextInput input;
    input.path = "t.csv";
    input.stream = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text));
    input.pool = &pool;
    input.keep_bad = bad;
    const auto options = bad ? WithTypes("a:int16") : TextOptions();
    const auto target =
        bad ? arrow::schema({arrow::field("a", arrow::int16()), schema->field(1), schema->field(2)})
            : schema;
    const int64_t others = arrow::default_memory_pool()->bytes_allocated();
    ASSERT_OK_AND_ASSIGN(const auto reader, OpenCsv(std::move(input), target, options));
    int64_t rows = 0;
    for (;;) {
      ASSERT_OK_AND_ASSIGN(const auto step, reader->Next(100'000));
      if (!step) break;
      rows += step->batch->num_rows();
      // What the pool behind it gave out, it gave to this one alone.
      ASSERT_EQ(arrow::default_memory_pool()->bytes_allocated() - others, pool.bytes_allocated());
    }
    EXPECT_EQ(rows, bad ? 32'768 : 400'000);
    EXPECT_GT(pool.max_memory(), 100'000);
    EXPECT_LT(pool.max_memory(), 1'000'000);
  }
}

TEST(Csv, BytesOfAllStepsAreTheTexts) {
  const std::string text = "a\n1\n2\n3\n";
  ASSERT_OK_AND_ASSIGN(const auto schema, Infer(text));
  ASSERT_OK_AND_ASSIGN(const auto reader, Open(text, schema));
  ASSERT_OK_AND_ASSIGN(const auto step, reader->Next(1 << 20));
  EXPECT_EQ(step->bytes_read, 6);
  EXPECT_EQ(step->batch->num_rows(), 3);
  ASSERT_OK_AND_ASSIGN(const auto end, reader->Next(1 << 20));
  EXPECT_FALSE(end.has_value());
}

TEST(Csv, AZeroByteIsALetter) {
  const std::string text("a,b\nx\0y,1\n", 10);
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(text));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*loaded.table->column(0)->chunk(0)).GetView(0),
            std::string_view("x\0y", 3));
}

TEST(Csv, AnotherFilesHeaderIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto schema, Infer("a,b\n1,2\n"));
  EXPECT_THAT(Open("b,a\n1,2\n", schema), FailsWith(FailureKind::kData, "header=b,a expected=a,b"));
  EXPECT_THAT(Open("", schema), FailsWith(FailureKind::kData, "empty"));
}

TEST(Csv, ASampleThatCutsARecordIgnoresIt) {
  auto how = Csv();
  how.sample_bytes = 9;  // "a\n1\n2\n3x|y"
  ASSERT_OK_AND_ASSIGN(const auto schema, Infer("a\n1\n2\n3xyz\n", how));
  EXPECT_EQ(Types(*schema), "int64");
  how.sample_bytes = 1;
  EXPECT_THAT(Infer("a,b\n1,2\n", how), FailsWith(FailureKind::kData, "has no end within"));
}

}  // namespace
}  // namespace ampload::source
