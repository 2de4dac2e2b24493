#include "lake/rolling_writer.h"

#include <arrow/json/from_string.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "matchers.h"
#include "temp_folder.h"

namespace ampload::lake {
namespace {

using Rows = std::shared_ptr<arrow::RecordBatch>;

Rows FromJson(const std::shared_ptr<arrow::Schema>& schema, const std::string& json) {
  const auto array = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
  return arrow::RecordBatch::FromStructArray(array.ValueOrDie()).ValueOrDie();
}

// "null" where there is none.
std::string Text(const std::shared_ptr<arrow::Scalar>& scalar) {
  return scalar == nullptr ? "null" : scalar->ToString();
}

const ColumnStats& StatsOf(const DataFile& file, const std::vector<std::string>& path) {
  for (const auto& column : file.stats) {
    if (column.path == path) return column;
  }
  throw std::runtime_error("no such column");
}

WriterSettings SettingsFor(std::shared_ptr<arrow::Schema> schema,
                           const std::function<void(WriterSettings&)>& change = {}) {
  WriterSettings settings;
  settings.schema = std::move(schema);
  if (change) change(settings);
  return settings;
}

class RollingWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(
        store_,
        OpenObjectStore(folder_.path(), {.durability = Durability::kProcess, .s3 = {}}, {}));
  }

  std::shared_ptr<arrow::Table> Read(const DataFile& file) const {
    auto reader = parquet::arrow::FileReader::Make(
        arrow::default_memory_pool(), parquet::ParquetFileReader::OpenFile(folder_ / file.path));
    return (*reader)->ReadTable().ValueOrDie();
  }
  int FilesThere() const {
    int count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }
  std::unique_ptr<RollingWriter> Writer(WriterSettings settings) {
    auto writer = RollingWriter::Make(store_, std::move(settings));
    EXPECT_THAT(writer, IsOk());
    return *std::move(writer);
  }
  DataFile WriteOne(const Rows& rows, WriterSettings settings = {}) {
    settings.schema = rows->schema();
    const auto writer = Writer(std::move(settings));
    EXPECT_THAT(writer->Write(*rows, {}), IsOk());
    auto files = writer->Finish({});
    EXPECT_THAT(files, IsOk());
    EXPECT_EQ(files->size(), 1U);
    return files->front();
  }

  TempFolder folder_;
  std::shared_ptr<ObjectStore> store_;
};

std::shared_ptr<arrow::Schema> Numbers() {
  return arrow::schema({arrow::field("x", arrow::int64()), arrow::field("s", arrow::utf8())});
}

Rows NumberRows(int64_t first, int64_t count) {
  arrow::Int64Builder x;
  arrow::StringBuilder s;
  for (int64_t i = first; i < first + count; ++i) {
    EXPECT_TRUE(x.Append(i).ok());
    // Not to be compressed well.
    EXPECT_TRUE(s.Append(std::to_string(i * 7919 % 1'000'003) + std::to_string(i)).ok());
  }
  return arrow::RecordBatch::Make(Numbers(), count, {*x.Finish(), *s.Finish()});
}

TEST_F(RollingWriterTest, WritesNothingWithoutRows) {
  const auto writer = Writer(SettingsFor(Numbers()));
  ASSERT_THAT(writer->Write(*NumberRows(0, 0), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  EXPECT_TRUE(files.empty());
  EXPECT_EQ(FilesThere(), 0);
}

TEST_F(RollingWriterTest, GivesBackWhatItGot) {
  const auto schema = arrow::schema(
      {arrow::field("i8", arrow::int8()), arrow::field("b", arrow::boolean()),
       arrow::field("d", arrow::decimal128(38, 2)), arrow::field("small", arrow::decimal128(9, 2)),
       arrow::field("when", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       arrow::field("local", arrow::timestamp(arrow::TimeUnit::MICRO)),
       arrow::field("day", arrow::date32()), arrow::field("raw", arrow::binary()),
       arrow::field("list", arrow::list(arrow::field("element", arrow::int32()))),
       arrow::field("map", arrow::map(arrow::utf8(), arrow::int32())),
       arrow::field("st", arrow::struct_({arrow::field("f", arrow::float64())}))});
  const auto rows = FromJson(schema, R"([
    {"i8": -128, "b": true, "d": "-1.50", "small": "12.34", "when": "2024-01-01 00:00:00.000001",
     "local": "1969-12-31 23:59:59", "day": 19000, "raw": "aa", "list": [1, null], "map": [["k", 1]],
     "st": {"f": 0.5}},
    {"i8": null, "b": null, "d": null, "small": null, "when": null, "local": null, "day": null,
     "raw": null, "list": null, "map": null, "st": null}])");
  const auto file = WriteOne(rows);
  const auto back = Read(file);
  ASSERT_OK_AND_ASSIGN(const auto read, back->CombineChunksToBatch());
  EXPECT_TRUE(read->Equals(*rows)) << read->ToString();
  EXPECT_EQ(file.rows, 2);
  EXPECT_EQ(file.bytes, static_cast<int64_t>(std::filesystem::file_size(folder_ / file.path)));
  const auto metadata = parquet::ParquetFileReader::OpenFile(folder_ / file.path)->metadata();
  EXPECT_EQ(metadata->key_value_metadata(), nullptr);
  EXPECT_TRUE(metadata->created_by().starts_with("ampload version "));
  EXPECT_EQ(file.row_group_offsets, std::vector<int64_t>{4});
}

TEST_F(RollingWriterTest, NamesFilesByTheirOrderAndCompression) {
  const auto writer = Writer(SettingsFor(Numbers(), [](auto& s) {
    s.compression = parquet::Compression::SNAPPY;
    s.folder = "data";
  }));
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(writer->Write(*NumberRows(i, 1), {}), IsOk());
    EXPECT_EQ(writer->buffered_rows(), i + 1);
    ASSERT_THAT(writer->Roll({}), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  EXPECT_EQ(writer->buffered_rows(), 0);
  EXPECT_EQ(writer->buffered_bytes(), 0);
  ASSERT_EQ(files.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const auto& file = files[static_cast<size_t>(i)];
    EXPECT_THAT(file.path, testing::MatchesRegex("data/part-0000" + std::to_string(i) +
                                                 "-[0-9a-f-]{36}\\.c000\\.snappy\\.parquet"));
    EXPECT_EQ(Text(StatsOf(file, {"x"}).min), std::to_string(i));
  }
}

TEST_F(RollingWriterTest, RollsAtTheTargetAndKeepsTheOrder) {
  const auto writer = Writer(SettingsFor(Numbers(), [](auto& s) {
    s.target_file_bytes = 200'000;
    s.row_group_rows = 7'000;
  }));
  for (int64_t i = 0; i < 50; ++i) {
    ASSERT_THAT(writer->Write(*NumberRows(i * 2'000, 2'000), {}), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  ASSERT_GT(files.size(), 3U);
  int64_t next = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    if (i + 1 < files.size()) {
      EXPECT_GT(files[i].bytes, 50'000);  // pages not yet compressed count as they are
      EXPECT_LT(files[i].bytes, 300'000);
    }
    EXPECT_EQ(Text(StatsOf(files[i], {"x"}).min), std::to_string(next));
    const auto reader = parquet::ParquetFileReader::OpenFile(folder_ / files[i].path);
    EXPECT_EQ(reader->metadata()->num_row_groups(), std::ssize(files[i].row_group_offsets));
    for (int group = 0; group < reader->metadata()->num_row_groups(); ++group) {
      EXPECT_GT(reader->metadata()->RowGroup(group)->num_rows(), 0);
      EXPECT_LE(reader->metadata()->RowGroup(group)->num_rows(), 7'000);
    }
    ASSERT_OK_AND_ASSIGN(const auto read, Read(files[i])->CombineChunksToBatch());
    EXPECT_TRUE(read->Equals(*NumberRows(next, files[i].rows)));
    next += files[i].rows;
    EXPECT_EQ(Text(StatsOf(files[i], {"x"}).max), std::to_string(next - 1));
  }
  EXPECT_EQ(next, 100'000);
}

TEST_F(RollingWriterTest, KeepsWithinItsMemory) {
  WriterSettings settings;
  settings.schema = Numbers();
  settings.memory_bytes = 3 << 20;
  const auto writer = Writer(std::move(settings));
  for (int64_t i = 0; i < 60; ++i) {
    ASSERT_THAT(writer->Write(*NumberRows(i * 5'000, 5'000), {}), IsOk());
    EXPECT_LE(writer->buffered_bytes(), 3 << 20);
  }
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_GT(files[0].row_group_offsets.size(), 1U);
  EXPECT_EQ(Read(files[0])->num_rows(), 300'000);
}

TEST_F(RollingWriterTest, DiscardsAllThatWasNotHandedOut) {
  {
    const auto writer = Writer(SettingsFor(Numbers()));
    ASSERT_THAT(writer->Write(*NumberRows(0, 10), {}), IsOk());
    ASSERT_THAT(writer->Finish({}), IsOk());
    ASSERT_THAT(writer->Write(*NumberRows(0, 10), {}), IsOk());
    ASSERT_THAT(writer->Roll({}), IsOk());
    ASSERT_THAT(writer->Write(*NumberRows(0, 10), {}), IsOk());
    EXPECT_EQ(FilesThere(), 3);
    writer->Discard();
    EXPECT_EQ(FilesThere(), 1);
    ASSERT_THAT(writer->Write(*NumberRows(0, 10), {}), IsOk());
  }
  EXPECT_EQ(FilesThere(), 1);
}

// Partition texts are the values' own; a value of -1 is refused.
WriterSettings ByDayAndKind() {
  WriterSettings settings;
  settings.schema = arrow::schema({arrow::field("x", arrow::int64())});
  settings.partition_columns = {2, 0};
  settings.partition_text = [](const arrow::Scalar& value,
                               int) -> Result<std::optional<std::string>> {
    if (!value.is_valid) return std::nullopt;
    if (value.ToString() == "-1") return DataError("no such day");
    return value.ToString();
  };
  settings.partition_folder = [](int column, const std::optional<std::string>& text) {
    return (column == 2 ? "day=" : "kind=") + text.value_or("none");
  };
  return settings;
}

std::shared_ptr<arrow::Schema> PartitionedSchema() {
  return arrow::schema({arrow::field("kind", arrow::utf8()), arrow::field("x", arrow::int64()),
                        arrow::field("day", arrow::int32())});
}

TEST_F(RollingWriterTest, SplitsRowsByPartition) {
  const auto rows = FromJson(PartitionedSchema(), R"([
    {"kind": "a", "x": 0, "day": 1}, {"kind": "b", "x": 1, "day": 1},
    {"kind": "a", "x": 2, "day": 1}, {"kind": null, "x": 3, "day": 2},
    {"kind": null, "x": 4, "day": 2}, {"kind": "a", "x": 5, "day": null}])");
  const auto writer = Writer(ByDayAndKind());
  ASSERT_THAT(writer->Write(*rows, {}), IsOk());
  ASSERT_THAT(writer->Write(*rows->Slice(1, 1), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  ASSERT_EQ(files.size(), 4U);
  const std::vector<std::string> folders = {"day=1/kind=a/", "day=1/kind=b/", "day=2/kind=none/",
                                            "day=none/kind=a/"};
  const std::vector<std::vector<std::optional<std::string>>> values = {
      {"1", "a"}, {"1", "b"}, {"2", std::nullopt}, {std::nullopt, "a"}};
  const std::vector<std::string> xs = {"[0,2]", "[1,1]", "[3,4]", "[5]"};
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_TRUE(files[i].path.starts_with(folders[i] + "part-")) << files[i].path;
    EXPECT_EQ(files[i].partition, values[i]);
    const auto table = Read(files[i]);
    ASSERT_EQ(table->num_columns(), 1);
    const auto expected = arrow::json::ChunkedArrayFromJSONString(arrow::int64(), {xs[i]});
    EXPECT_TRUE(table->column(0)->Equals(*expected.ValueOrDie())) << table->ToString();
  }
}

TEST_F(RollingWriterTest, NamesTheRowOfAPartitionValueThatCannotBeKept) {
  const auto rows = FromJson(PartitionedSchema(), R"([
    {"kind": "a", "x": 0, "day": 1}, {"kind": "a", "x": 1, "day": -1},
    {"kind": "a", "x": 2, "day": -1}])");
  const auto writer = Writer(ByDayAndKind());
  const auto refused = writer->Write(*rows, {});
  EXPECT_THAT(refused, FailsWith(FailureKind::kData, "no such day"));
  EXPECT_EQ(BadRowOf(refused), 1);
  EXPECT_EQ(writer->buffered_rows(), 0);
  EXPECT_EQ(FilesThere(), 0);
}

TEST_F(RollingWriterTest, KeepsFewFilesOpen) {
  auto settings = ByDayAndKind();
  settings.open_files = 3;
  const auto writer = Writer(std::move(settings));
  arrow::Int32Builder day;
  arrow::Int64Builder x;
  arrow::StringBuilder kind;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(kind.Append("k").ok() && x.Append(i).ok() && day.Append(i % 10).ok());
  }
  const auto rows = arrow::RecordBatch::Make(PartitionedSchema(), 1000,
                                             {*kind.Finish(), *x.Finish(), *day.Finish()});
  for (int round = 0; round < 2; ++round) ASSERT_THAT(writer->Write(*rows, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  EXPECT_EQ(files.size(), 20U);  // each is the oldest of three when its day comes again
  int64_t count = 0;
  for (const auto& file : files) count += Read(file)->num_rows();
  EXPECT_EQ(count, 2000);
}

TEST_F(RollingWriterTest, StatisticsAreExact) {
  const auto schema = arrow::schema(
      {arrow::field("i8", arrow::int8()), arrow::field("flag", arrow::boolean()),
       arrow::field("d9", arrow::decimal128(9, 2)), arrow::field("d18", arrow::decimal128(18, 0)),
       arrow::field("d38", arrow::decimal128(38, 2)),
       arrow::field("when", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       arrow::field("day", arrow::date32()), arrow::field("s", arrow::utf8()),
       arrow::field("raw", arrow::binary()), arrow::field("none", arrow::int64()),
       arrow::field("list", arrow::list(arrow::int64())), arrow::field("behind", arrow::int32())});
  const auto first = FromJson(schema, R"([
    {"i8": -5, "flag": true, "d9": "-0.01", "d18": "9", "d38": "123456789012345678901234567890.12",
     "when": "2024-01-01 00:00:00.000001", "day": -1, "s": "b", "raw": "x", "none": null,
     "list": [1, 2], "behind": 7},
    {"i8": 100, "flag": true, "d9": "10.00", "d18": "-9", "d38": "-0.01",
     "when": "1950-01-01 00:00:00", "day": 5, "s": "\u00e9", "raw": "y", "none": null,
     "list": [], "behind": 3}])");
  const auto second = FromJson(schema, R"([
    {"i8": null, "flag": false, "d9": "-7.00", "d18": null, "d38": null, "when": null, "day": null,
     "s": "", "raw": null, "none": null, "list": null, "behind": 5}])");
  const auto writer = Writer(SettingsFor(schema, [](auto& s) { s.row_group_rows = 2; }));
  ASSERT_THAT(writer->Write(*first, {}), IsOk());
  ASSERT_THAT(writer->Write(*second, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].row_group_offsets.size(), 2U);
  struct Expected {
    std::string name;
    int64_t nulls;
    std::string min;
    std::string max;
  };
  const std::vector<Expected> expected = {
      {"i8", 1, "-5", "100"},
      {"flag", 0, "false", "true"},
      {"d9", 0, "-7.00", "10.00"},
      {"d18", 1, "-9", "9"},
      {"d38", 1, "-0.01", "123456789012345678901234567890.12"},
      {"when", 1, "1950-01-01 00:00:00.000000Z", "2024-01-01 00:00:00.000001Z"},
      {"day", 1, "1969-12-31", "1970-01-06"},
      {"s", 0, "", "\xc3\xa9"},
      {"raw", 1, "null", "null"},
      {"none", 3, "null", "null"},
      {"list", 1, "null", "null"},
      {"behind", 0, "3", "7"},
  };
  ASSERT_EQ(files[0].stats.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto& column = files[0].stats[i];
    EXPECT_EQ(column.path, std::vector<std::string>{expected[i].name});
    EXPECT_EQ(column.null_count, expected[i].nulls) << expected[i].name;
    EXPECT_EQ(Text(column.min), expected[i].min) << expected[i].name;
    EXPECT_EQ(Text(column.max), expected[i].max) << expected[i].name;
    if (column.min != nullptr) {
      EXPECT_TRUE(column.min->type->Equals(*schema->field(static_cast<int>(i))->type()));
    }
  }
}

TEST_F(RollingWriterTest, StatisticsOfStructFieldsCountTheNullsAroundThem) {
  const auto inner = arrow::struct_({arrow::field("b", arrow::int32())});
  const auto schema = arrow::schema(
      {arrow::field("a", arrow::struct_({arrow::field("list", arrow::list(arrow::utf8())),
                                         arrow::field("in", inner)})),
       arrow::field("x", arrow::int32())});
  const auto rows = FromJson(schema, R"([
    {"a": {"list": ["p"], "in": {"b": 4}}, "x": 1}, {"a": null, "x": 2},
    {"a": {"list": null, "in": null}, "x": 3}, {"a": {"list": [], "in": {"b": null}}, "x": 4},
    {"a": {"list": ["q"], "in": {"b": -4}}, "x": 5}])");
  const auto file = WriteOne(rows);
  ASSERT_EQ(file.stats.size(), 5U);
  EXPECT_EQ(StatsOf(file, {"a"}).null_count, 1);
  EXPECT_EQ(StatsOf(file, {"a", "list"}).null_count, 2);
  EXPECT_EQ(StatsOf(file, {"a", "list"}).min, nullptr);
  EXPECT_EQ(StatsOf(file, {"a", "in"}).null_count, 2);
  EXPECT_EQ(StatsOf(file, {"a", "in", "b"}).null_count, 3);
  EXPECT_EQ(Text(StatsOf(file, {"a", "in", "b"}).min), "-4");
  EXPECT_EQ(Text(StatsOf(file, {"a", "in", "b"}).max), "4");
  EXPECT_EQ(Text(StatsOf(file, {"x"}).max), "5");
}

TEST_F(RollingWriterTest, AFloatColumnWithANanHasNoLeastValue) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  arrow::DoubleBuilder with, without, zeros;
  ASSERT_TRUE(with.AppendValues({1.0, kNan, 3.0}).ok());
  // A NaN that lies under a null is no value.
  ASSERT_TRUE(without.AppendValues({1.0, kNan, -3.0}, {true, false, true}).ok());
  ASSERT_TRUE(zeros.AppendValues({0.0, -0.0, 0.0}).ok());
  const auto file =
      WriteOne(arrow::RecordBatch::Make(arrow::schema({arrow::field("with", arrow::float64()),
                                                       arrow::field("without", arrow::float64()),
                                                       arrow::field("zeros", arrow::float64())}),
                                        3, {*with.Finish(), *without.Finish(), *zeros.Finish()}));
  EXPECT_EQ(StatsOf(file, {"with"}).min, nullptr);
  EXPECT_EQ(StatsOf(file, {"with"}).max, nullptr);
  EXPECT_EQ(Text(StatsOf(file, {"without"}).min), "-3");
  EXPECT_EQ(Text(StatsOf(file, {"without"}).max), "1");
  ASSERT_NE(StatsOf(file, {"zeros"}).min, nullptr);
  EXPECT_EQ(static_cast<const arrow::DoubleScalar&>(*StatsOf(file, {"zeros"}).min).value, 0.0);
}

TEST_F(RollingWriterTest, AVeryLongStringHasNoStatistics) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("a").ok() && builder.Append(std::string(5000, 'z')).ok());
  const auto file = WriteOne(arrow::RecordBatch::Make(
      arrow::schema({arrow::field("s", arrow::utf8())}), 2, {*builder.Finish()}));
  EXPECT_EQ(StatsOf(file, {"s"}).max, nullptr);
  EXPECT_EQ(StatsOf(file, {"s"}).null_count, 0);
}

TEST_F(RollingWriterTest, FilesHaveNoRangesOfBytes) {
  const auto schema =
      arrow::schema({arrow::field("hash", arrow::binary()), arrow::field("name", arrow::utf8()),
                     arrow::field("s", arrow::struct_({arrow::field("data", arrow::binary()),
                                                       arrow::field("n", arrow::int64())}))});
  const auto file = WriteOne(FromJson(schema, R"([["aa", "x", ["bb", 1]], [null, "y", null]])"));
  const auto reader = parquet::ParquetFileReader::OpenFile(folder_ / file.path);
  const auto group = reader->metadata()->RowGroup(0);
  std::vector<std::string> with_statistics;
  for (int i = 0; i < group->num_columns(); ++i) {
    const auto chunk = group->ColumnChunk(i);
    if (chunk->is_stats_set()) with_statistics.push_back(chunk->path_in_schema()->ToDotString());
  }
  EXPECT_EQ(with_statistics, (std::vector<std::string>{"name", "s.n"}));
  EXPECT_EQ(StatsOf(file, {"hash"}).null_count, 1) << "nulls are counted as they come";
  EXPECT_EQ(StatsOf(file, {"s", "data"}).null_count, 1);
}

TEST_F(RollingWriterTest, FieldIdsAreKept) {
  const auto id = arrow::KeyValueMetadata::Make({"PARQUET:field_id"}, {"42"});
  const auto rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("x", arrow::int32(), true, id)}), 1,
      {arrow::json::ArrayFromJSONString(arrow::int32(), "[1]").ValueOrDie()});
  const auto file = WriteOne(rows);
  const auto metadata = parquet::ParquetFileReader::OpenFile(folder_ / file.path)->metadata();
  EXPECT_EQ(metadata->schema()->group_node()->field(0)->field_id(), 42);
}

TEST_F(RollingWriterTest, RefusesWhatCannotBeWritten) {
  WriterSettings settings;
  EXPECT_THAT(RollingWriter::Make(store_, settings), FailsWith(FailureKind::kConfiguration, ""));
  settings.schema = Numbers();
  settings.compression = parquet::Compression::LZO;
  EXPECT_THAT(RollingWriter::Make(store_, settings),
              FailsWith(FailureKind::kConfiguration, "compression=lzo"));
}

}  // namespace
}  // namespace ampload::lake
