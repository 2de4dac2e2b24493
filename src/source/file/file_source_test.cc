#include "source/file/file_source.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/json/from_string.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;

class FileSource : public ::testing::Test {
 protected:
  // One file a call: `count` numbers from `first` on, in column x.
  std::string File(const std::string& name, int64_t first, int64_t count,
                   int64_t row_group_rows = 100) {
    const auto path = folder_.Path(name);
    EXPECT_THAT(WriteParquet(path, Numbers("x", first, count), row_group_rows), IsOk());
    return path;
  }
  std::string Table(const std::string& name, const std::shared_ptr<arrow::Table>& table,
                    int64_t row_group_rows = 100) {
    const auto path = folder_.Path(name);
    EXPECT_THAT(WriteParquet(path, table, row_group_rows), IsOk());
    return path;
  }
  // a: 0, 1, ...   b: the same as text   c: halves
  static std::shared_ptr<arrow::Table> ThreeColumns(int64_t rows) {
    arrow::StringBuilder text;
    arrow::DoubleBuilder half;
    for (int64_t i = 0; i < rows; ++i) {
      EXPECT_TRUE(text.Append(std::to_string(i)).ok());
      EXPECT_TRUE(half.Append(static_cast<double>(i) / 2).ok());
    }
    const auto schema =
        arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8()),
                       arrow::field("c", arrow::float64())});
    return arrow::Table::Make(schema, {Numbers("a", 0, rows)->column(0)->chunk(0),
                                       text.Finish().ValueOrDie(), half.Finish().ValueOrDie()});
  }

  TestFolder folder_;
};

TEST_F(FileSource, KeepsTheOrderOverManyFilesAndRowGroups) {
  std::vector<std::string> paths;
  for (int i = 20; i-- > 0;) {
    paths.push_back(File(fmt::format("f{}.parquet", i), (19 - i) * 137, 137, 10));
  }
  auto options = Of(paths);
  options.batch_bytes = 300;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
  EXPECT_EQ(Int64s(*loaded, "x"), Range(0, 20 * 137));
}

TEST_F(FileSource, SaysWhichFileABatchComesFrom) {
  const auto a = File("a.parquet", 0, 5);
  const auto none = File("b.parquet", 0, 0);
  const auto c = File("c.parquet", 5, 5);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({c, none, a})));
  std::vector<std::string> origins;
  ASSERT_THAT(ReadAll(source.get(), &origins), IsOk());
  EXPECT_THAT(origins, ElementsAre(c, a));
}

TEST_F(FileSource, EstimatesRowsFromTheFootersAndBytesFromTheFiles) {
  const auto a = File("a.parquet", 0, 5);
  const auto b = File("b.parquet", 0, 7);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({a, b}, "x = 3")));
  EXPECT_EQ(source->estimate().rows, 12);
  EXPECT_EQ(source->estimate().bytes,
            static_cast<int64_t>(ReadBytes(a).size() + ReadBytes(b).size()));
}

TEST_F(FileSource, AFileWithoutRowsHasASchemaAndNoBatch) {
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({File("a.parquet", 0, 0)})));
  EXPECT_EQ(source->schema()->ToString(), "x: int64");
  ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
  EXPECT_FALSE(next.has_value());
}

TEST_F(FileSource, GivesTheColumnsAskedForInThatOrder) {
  const auto path = Table("t.parquet", ThreeColumns(50));
  auto options = Of({path}, "b = '7' or b = '9'");
  options.columns = {"c", "a"};
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
  EXPECT_THAT(loaded->schema()->field_names(), ElementsAre("c", "a"));
  EXPECT_THAT(Int64s(*loaded, "a"), ElementsAre(7, 9));
}

TEST_F(FileSource, AnUnknownColumnNamesTheNearest) {
  auto options = Of({Table("t.parquet", ThreeColumns(3))});
  options.columns = {"a", "bb"};
  EXPECT_THAT(OpenFileSource(options),
              FailsWith(FailureKind::kConfiguration, "did you mean b?: column=bb"));
  options.columns = {"a", "a"};
  EXPECT_THAT(OpenFileSource(options), FailsWith(FailureKind::kConfiguration, "twice: column=a"));
  options.columns = {"something"};
  EXPECT_THAT(OpenFileSource(options), FailsWith(FailureKind::kConfiguration, "there are a, b, c"));
}

TEST_F(FileSource, StopsAtTheLimit) {
  const auto a = File("a.parquet", 0, 250);
  const auto b = File("b.parquet", 250, 250);
  for (const int64_t limit : {0, 1, 99, 100, 101, 249, 250, 251, 499, 500, 501}) {
    auto options = Of({a, b});
    options.limit = limit;
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
    EXPECT_EQ(Int64s(*loaded, "x"), Range(0, std::min<int64_t>(limit, 500))) << limit;
    options.where = "x >= 120";
    ASSERT_OK_AND_ASSIGN(const auto filtered, Load(options));
    EXPECT_EQ(Int64s(*filtered, "x"), Range(120, std::min<int64_t>(limit, 380))) << limit;
  }
}

TEST_F(FileSource, NeverOpensAFileBehindTheLimit) {
  auto options = Of({File("a.parquet", 0, 100), File("b.parquet", 100, 100)});
  options.limit = 100;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
  std::filesystem::remove(options.paths[1]);
  ASSERT_OK_AND_ASSIGN(const auto loaded, ReadAll(source.get()));
  EXPECT_EQ(loaded->num_rows(), 100);
}

TEST_F(FileSource, RefusesANegativeLimit) {
  auto options = Of({File("a.parquet", 0, 1)});
  options.limit = -1;
  EXPECT_THAT(OpenFileSource(options), FailsWith(FailureKind::kConfiguration, "limit=-1"));
}

TEST_F(FileSource, NeverReadsARowGroupThatTheFilterRulesOut) {
  const auto path = folder_.Path("t.parquet");
  ASSERT_THAT(WriteParquet(path, Numbers("x", 0, 300), 100,
                           [](auto* properties) { properties->disable_dictionary(); }),
              IsOk());
  DamageRowGroup(path, 1);
  EXPECT_THAT(Load(Of({path})), FailsWith(FailureKind::kPermanent, "path=" + path));
  EXPECT_THAT(Load(Of({path}, "x >= 150")), FailsWith(FailureKind::kPermanent, "path=" + path));
  for (const auto* where : {"x < 100 or x >= 200", "not (x >= 100 and x <= 199)", "x in (5, 250)",
                            "x = 99 or (x > 50 and x <= 99)", "x is null or x > 250"}) {
    EXPECT_THAT(Load(Of({path}, where)), IsOk()) << where;
  }
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({path}, "x < 100 or x >= 200")));
  EXPECT_EQ(loaded->num_rows(), 200);
}

TEST_F(FileSource, RowGroupsArePrunedByWideAndBinaryColumnsToo) {
  const auto blob = arrow::fixed_size_binary(32);
  arrow::FixedSizeBinaryBuilder hash(blob);
  arrow::Decimal128Builder value(arrow::decimal128(38, 0));
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(hash.Append(std::string(32, i < 100 ? '\x11' : '\xee')).ok());
    ASSERT_TRUE(value.Append(arrow::Decimal128(i < 100 ? 5 : 1000000)).ok());
  }
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("hash", blob), arrow::field("value", arrow::decimal128(38, 0))}),
      {hash.Finish().ValueOrDie(), value.Finish().ValueOrDie()});
  const auto path = folder_.Path("t.parquet");
  ASSERT_THAT(
      WriteParquet(path, table, 100, [](auto* properties) { properties->disable_dictionary(); }),
      IsOk());
  DamageRowGroup(path, 0);
  EXPECT_THAT(Load(Of({path}, "value >= 0")), FailsWith(FailureKind::kPermanent, "damaged"));
  ASSERT_OK_AND_ASSIGN(const auto by_value, Load(Of({path}, "value > 5")));
  EXPECT_EQ(by_value->num_rows(), 100);
  std::string wanted = "0x";
  for (int i = 0; i < 32; ++i) wanted += "ee";
  ASSERT_OK_AND_ASSIGN(const auto by_hash, Load(Of({path}, "hash = " + wanted)));
  EXPECT_EQ(by_hash->num_rows(), 100);
}

TEST_F(FileSource, KeepsNanThatTheStatisticsLeaveOut) {
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.AppendValues({1.0, std::nan(""), 1.0}).ok());
  const auto path =
      Table("nan.parquet", arrow::Table::Make(arrow::schema({arrow::field("x", arrow::float64())}),
                                              {builder.Finish().ValueOrDie()}));
  ASSERT_OK_AND_ASSIGN(const auto not_one, Load(Of({path}, "x != 1")));
  EXPECT_EQ(not_one->num_rows(), 1);
  ASSERT_OK_AND_ASSIGN(const auto not_less, Load(Of({path}, "not (x < 5)")));
  EXPECT_EQ(not_less->num_rows(), 1);
}

TEST_F(FileSource, ZeroAndMinusZeroAreOneNumber) {
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.AppendValues({0.0, -0.0, 7.0}).ok());
  const auto path =
      Table("zero.parquet", arrow::Table::Make(arrow::schema({arrow::field("x", arrow::float64())}),
                                               {builder.Finish().ValueOrDie()}));
  std::string many = "0";
  for (int i = 10; i < 30; ++i) many += fmt::format(", {}", i);
  for (const auto& where : {std::string("x = 0"), "x in (" + many + ")", std::string("x = -0")}) {
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({path}, where)));
    EXPECT_EQ(loaded->num_rows(), 2) << where;
  }
}

TEST_F(FileSource, CutsBatchesToAboutTheBytesAskedFor) {
  arrow::StringBuilder builder;
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(builder.Append(std::string(100, 'x')).ok());
  const auto path = Table("t.parquet",
                          arrow::Table::Make(arrow::schema({arrow::field("x", arrow::utf8())}),
                                             {builder.Finish().ValueOrDie()}),
                          20'000);
  auto options = Of({path});
  options.batch_bytes = 64 << 10;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
  int64_t rows = 0;
  int batches = 0;
  for (;; ++batches) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
    if (!next.has_value()) break;
    rows += next->batch->num_rows();
    EXPECT_LE(arrow::util::TotalBufferSize(*next->batch), 2 * options.batch_bytes);
  }
  EXPECT_EQ(rows, 20'000);
  EXPECT_LE(batches, 60);
}

TEST_F(FileSource, HoldsAFewBatchesAndNotARowGroup) {
  arrow::StringBuilder builder;
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_TRUE(builder.Append(std::to_string(i) + std::string(1000, 'x')).ok());
  }
  const auto path = Table("big.parquet",
                          arrow::Table::Make(arrow::schema({arrow::field("x", arrow::utf8())}),
                                             {builder.Finish().ValueOrDie()}),
                          50'000);
  auto options = Of({path});
  options.batch_bytes = 1 << 20;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
  const int64_t before = arrow::default_memory_pool()->bytes_allocated();
  int64_t most = 0;
  for (;;) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
    if (!next.has_value()) break;
    most = std::max(most, arrow::default_memory_pool()->bytes_allocated() - before);
  }
  EXPECT_LT(most, 10 << 20) << "a row group is 50 MB";
}

TEST_F(FileSource, AllMemoryComesFromThePool) {
  const auto path = Table("t.parquet", ThreeColumns(20'000), 20'000);
  for (const auto* where : {"", "a >= 10"}) {
    arrow::ProxyMemoryPool pool(arrow::system_memory_pool());
    auto options = Of({path}, where);
    options.pool = &pool;
    options.columns = {"b", "c"};
    const int64_t others = arrow::system_memory_pool()->bytes_allocated();
    ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
    EXPECT_GE(pool.bytes_allocated(), 1000 * 8);
    EXPECT_EQ(arrow::system_memory_pool()->bytes_allocated() - others, pool.bytes_allocated())
        << "tests run with the system's pool as the default one";
  }
}

TEST_F(FileSource, MemoryThatThePoolRefusesSaysWhatToSet) {
  arrow::StringBuilder builder;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(builder.Append(std::string(100'000, 'x')).ok());
  const auto path = Table("t.parquet",
                          arrow::Table::Make(arrow::schema({arrow::field("blob", arrow::utf8())}),
                                             {builder.Finish().ValueOrDie()}),
                          100);
  auto* system = arrow::system_memory_pool();
  arrow::CappedMemoryPool pool(system, system->bytes_allocated() + (2 << 20));
  auto options = Of({path});
  options.pool = &pool;
  const auto loaded = Load(options);
  EXPECT_THAT(loaded, FailsWith(FailureKind::kPermanent, "raise --memory"));
  EXPECT_THAT(loaded, FailsWith(FailureKind::kPermanent,
                                "path=" + path + " row_group=0 largest_column=blob"));
}

TEST_F(FileSource, ARowLargerThanABatchIsABatch) {
  arrow::StringBuilder builder;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(builder.Append(std::string(10'000, 'x')).ok());
  const auto path =
      Table("t.parquet", arrow::Table::Make(arrow::schema({arrow::field("x", arrow::utf8())}),
                                            {builder.Finish().ValueOrDie()}));
  auto options = Of({path});
  options.batch_bytes = 1;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
  EXPECT_EQ(loaded->num_rows(), 5);
}

TEST_F(FileSource, AStopRequestEndsIt) {
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({File("a.parquet", 0, 10)})));
  std::stop_source stop;
  stop.request_stop();
  CallContext context;
  context.stop = stop.get_token();
  EXPECT_TRUE(source->Next(context).status().IsCancelled());
  ASSERT_OK_AND_ASSIGN(const auto after, source->Next(CallContext()));
  EXPECT_FALSE(after.has_value());
}

TEST_F(FileSource, FilesMayDifferInNullability) {
  const auto strict = arrow::Table::Make(arrow::schema({arrow::field("x", arrow::int64(), false)}),
                                         Numbers("x", 0, 3)->columns());
  const auto a = Table("a.parquet", strict);
  const auto b = File("b.parquet", 3, 3);
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({a, b}, "x != 1")));
  EXPECT_TRUE(loaded->field(0)->nullable());
  EXPECT_THAT(Int64s(*loaded, "x"), ElementsAre(0, 2, 3, 4, 5));
}

TEST_F(FileSource, GivesTheTypesOfTheStoredArrowSchema) {
  const auto item = arrow::struct_({arrow::field("h", arrow::fixed_size_binary(2), false)});
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> cases = {
      {arrow::timestamp(arrow::TimeUnit::NANO, "+00:00"), "[1, null]"},
      {arrow::timestamp(arrow::TimeUnit::MILLI), "[1, null]"},
      {arrow::decimal128(38, 0), R"(["12", null])"},
      {arrow::decimal256(76, 2), R"(["12.34", null])"},
      {arrow::large_utf8(), R"(["a", null])"},
      {arrow::utf8_view(), R"(["a", null])"},
      {arrow::duration(arrow::TimeUnit::SECOND), "[5, null]"},
      {arrow::uint64(), "[18446744073709551615, null]"},
      {arrow::float16(), "[1.5, null]"},
      {arrow::large_list(arrow::int32()), "[[1, 2], null]"},
      {arrow::list(arrow::field("element", item, false)), R"([[{"h": "ab"}], []])"},
      {arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2], [3, 4]]"},
      {arrow::map(arrow::utf8(), arrow::int32()), R"([[["a", 1]], null])"},
  };
  for (const auto& [type, json] : cases) {
    const auto array = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
    const auto table = arrow::Table::Make(arrow::schema({arrow::field("x", type)}), {array});
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({Table("t.parquet", table)})));
    EXPECT_TRUE(loaded->field(0)->type()->Equals(*type)) << loaded->field(0)->ToString();
    EXPECT_TRUE(loaded->column(0)->Equals(*table->column(0))) << type->ToString();
  }
}

TEST_F(FileSource, KeepsDictionariesAndFiltersThem) {
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  arrow::StringDictionary32Builder builder;
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(builder.Append(fmt::format("v{}", i % 7)).ok());
  const auto path = Table(
      "t.parquet",
      arrow::Table::Make(arrow::schema({arrow::field("x", type)}), {builder.Finish().ValueOrDie()}),
      100);
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({path}, "x = 'v3' or x > 'v5'")));
  EXPECT_TRUE(loaded->field(0)->type()->Equals(*type));
  EXPECT_EQ(loaded->num_rows(), 43 + 42);
}

TEST_F(FileSource, FiltersAnExtensionTypeByItsStorage) {
  const auto type = arrow::extension::uuid();
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  ASSERT_TRUE(builder.Append(std::string(16, '\x01')).ok());
  ASSERT_TRUE(builder.Append(std::string(16, '\x02')).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto storage = builder.Finish().ValueOrDie();
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("id", type)}),
                                        {arrow::ExtensionType::WrapArray(type, storage)});
  std::string literal = "0x";
  for (int i = 0; i < 16; ++i) literal += "02";
  ASSERT_OK_AND_ASSIGN(const auto loaded,
                       Load(Of({Table("t.parquet", table)}, "id >= " + literal)));
  EXPECT_EQ(loaded->num_rows(), 1);
  EXPECT_TRUE(loaded->field(0)->type()->Equals(*type)) << loaded->field(0)->ToString();
}

}  // namespace
}  // namespace ampload::source
