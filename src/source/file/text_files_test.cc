// CSV and NDJSON files as a load meets them: found, decompressed, cut to columns, filtered.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;

class TextFiles : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    return folder_.Write(name, text);
  }
  TestFolder folder_;
};

TEST_F(TextFiles, ObeyColumnsWhereAndLimit) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + ",x" + std::to_string(i) + ",1.5\n";
  auto options = Of({Write("t.csv", text)}, "a >= 500 and c = 1.5");
  options.columns = {"b", "a"};
  options.limit = 7;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
  EXPECT_THAT(loaded->schema()->field_names(), ElementsAre("b", "a"));
  EXPECT_EQ(Int64s(*loaded, "a"), Range(500, 7));
}

TEST_F(TextFiles, AFolderOfThemIsOneLoad) {
  Write("1.csv", "a,b\n1,x\n");
  Write("2.csv", "a,b\n2,\n");
  Write("3.tsv", "a\tb\n3\tx,y\n");
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({folder_.Path("")})));
  EXPECT_EQ(Int64s(*loaded, "a"), Range(1, 3));
  EXPECT_EQ(loaded->GetColumnByName("b")->GetScalar(2).ValueOrDie()->ToString(), "x,y");
}

TEST_F(TextFiles, LinesOfJsonToo) {
  Write("1.ndjson", "{\"a\": 1}\n{\"a\": 2}\n");
  Write("2.jsonl", "{\"a\": 3, \"b\": \"x\"}\n");
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({folder_.Path("")})));
  EXPECT_EQ(Int64s(*loaded, "a"), Range(1, 3));
  EXPECT_EQ(loaded->GetColumnByName("b")->null_count(), 2);
}

TEST_F(TextFiles, OfAnUnknownNameNeedTheFormat) {
  auto options = Of({Write("rows", "a\n1\n")});
  EXPECT_THAT(Load(options), FailsWith(FailureKind::kConfiguration, "say --format csv"));
  options.format = Format::kCsv;
  EXPECT_EQ(Int64s(*Load(options).ValueOrDie(), "a"), Range(1, 1));
}

TEST_F(TextFiles, AHeaderMayLookLikeAnotherFormat) {
  EXPECT_EQ(Int64s(*Load(Of({Write("t.csv", "PAR1,x\n7,8\n")})).ValueOrDie(), "PAR1"), Range(7, 1));
}

TEST_F(TextFiles, ThatAreNoTextSayWhatTheyAre) {
  ASSERT_THAT(WriteParquet(folder_.Path("p.parquet"), Numbers("x", 0, 3)), IsOk());
  auto options = Of({folder_.Path("p.parquet")});
  options.format = Format::kCsv;
  EXPECT_THAT(Load(options),
              FailsWith(FailureKind::kConfiguration, "not CSV; it looks like a Parquet file"));
  options.paths = {Write("t.csv", "a\n1\n")};
  options.format = Format::kArrow;
  EXPECT_THAT(Load(options), FailsWith(FailureKind::kConfiguration, "it looks like text"));
}

TEST_F(TextFiles, GiveTheirBadRecordsWhereTheyAreKept) {
  auto options = Of({Write("t.csv", "a,b\n1,x\n2\n3,y\n")});
  options.text.types["a"] = arrow::int64();
  EXPECT_THAT(Load(options), FailsWith(FailureKind::kData, "t.csv"));
  options.keep_bad_records = true;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
  std::vector<BadRecord> bad;
  int64_t rows = 0;
  for (;;) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
    if (!next.has_value()) break;
    rows += next->batch->num_rows();
    bad.insert(bad.end(), next->bad.begin(), next->bad.end());
  }
  EXPECT_EQ(rows, 2);
  ASSERT_EQ(bad.size(), 1U);
  EXPECT_EQ(bad[0].record, 2);
  EXPECT_EQ(bad[0].raw, "2");
}

TEST_F(TextFiles, KeepABadRecordOfAFileWithoutAnyGoodOne) {
  auto options = Of({Write("t.csv", "a,b\n1\n")});
  options.keep_bad_records = true;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
  ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->batch->num_rows(), 0);
  EXPECT_EQ(next->bad.size(), 1U);
}

TEST_F(TextFiles, TypesAreForTextAlone) {
  ASSERT_THAT(WriteParquet(folder_.Path("p.parquet"), Numbers("x", 0, 3)), IsOk());
  auto options = Of({folder_.Path("p.parquet")});
  options.text.types["x"] = arrow::int32();
  EXPECT_THAT(Load(options), FailsWith(FailureKind::kConfiguration, "column=x"));
}

TEST_F(TextFiles, MemoryThatThePoolRefusesSaysWhatToSet) {
  std::string text = "a\n";
  for (int i = 0; i < 200'000; ++i) text += "some text that is not a number\n";
  const auto path = Write("t.csv", text);
  auto* system = arrow::system_memory_pool();
  arrow::CappedMemoryPool pool(system, system->bytes_allocated() + (1 << 20));
  auto options = Of({path});
  options.pool = &pool;
  EXPECT_THAT(Load(options), FailsWith(FailureKind::kPermanent, "raise --memory"));
  EXPECT_THAT(Load(options), FailsWith(FailureKind::kPermanent, "path=" + path));
}

TEST_F(TextFiles, StandardInputIsReadAsWhatItIsSaidToBe) {
  const auto read = [](const std::string& bytes, std::optional<Format> format) {
    std::array<int, 2> ends = {};
    EXPECT_EQ(::pipe(ends.data()), 0);
    std::thread writer([&] {
      EXPECT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
      ::close(ends[1]);
    });
    auto options = Of({"-"});
    options.format = format;
    options.standard_input = ends[0];
    const auto loaded = Load(options);
    writer.join();
    ::close(ends[0]);
    return loaded;
  };
  EXPECT_EQ(Int64s(*read("a\n1\n2\n", Format::kCsv).ValueOrDie(), "a"), Range(1, 2));
  EXPECT_EQ(Int64s(*read("{\"a\": 1}\n", Format::kNdjson).ValueOrDie(), "a"), Range(1, 1));
  EXPECT_THAT(read("a\n1\n", std::nullopt),
              FailsWith(FailureKind::kConfiguration, "say --format csv"));
  EXPECT_THAT(read("PAR1 and so on", std::nullopt),
              FailsWith(FailureKind::kConfiguration, "cannot be read from standard input"));
  EXPECT_THAT(read(std::string("ARROW1\0\0 and so on", 18), std::nullopt),
              FailsWith(FailureKind::kConfiguration, "or send an Arrow IPC stream"));
}

}  // namespace
}  // namespace ampload::source
