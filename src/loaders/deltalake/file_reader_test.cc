#include "loaders/deltalake/file_reader.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "loaders/deltalake/field_metadata.h"
#include "loaders/deltalake/partition_values.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

using arrow::field;
using arrow::TimeUnit;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using FieldPtr = std::shared_ptr<arrow::Field>;
using SchemaPtr = std::shared_ptr<arrow::Schema>;
using TypePtr = std::shared_ptr<arrow::DataType>;

ArrayPtr FromJson(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

FieldPtr Mapped(const char* name, const TypePtr& type, int id, const char* physical) {
  return WithDeltaMetadata(field(name, type), {{kColumnId, id}, {kPhysicalName, physical}});
}

FieldPtr WithId(const char* name, const TypePtr& type, int id) {
  return field(name, type, arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

class DataFiles : public testing::Test {
 protected:
  void SetUp() override {
    lake::StoreSettings settings;
    settings.durability = lake::Durability::kProcess;
    ASSERT_OK_AND_ASSIGN(store_, lake::OpenObjectStore(folder_.path(), settings, {}));
    file_.path = "f.parquet";
  }

  // The parquet library's own file.
  void Write(const SchemaPtr& schema, const arrow::ArrayVector& columns,
             const std::shared_ptr<parquet::ArrowWriterProperties>& properties =
                 parquet::default_arrow_writer_properties(),
             int64_t group_rows = 1 << 20) {
    const auto table = arrow::Table::Make(schema, columns);
    const auto out = arrow::io::FileOutputStream::Open(folder_.path() + "/f.parquet").ValueOrDie();
    ASSERT_THAT(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, group_rows,
                                           parquet::default_writer_properties(), properties),
                IsOk());
    ASSERT_THAT(out->Close(), IsOk());
  }

  // One column "c", as JSON.
  void Write(const TypePtr& type, const std::string& json) {
    Write(arrow::schema({field("c", type)}), {FromJson(type, json)});
  }

  static Snapshot TableOf(const SchemaPtr& schema, ColumnMapping mapping = ColumnMapping::kNone) {
    Snapshot table;
    table.version = 0;
    table.schema = schema;
    table.mapping = mapping;
    table.physical = PhysicalSchema(*schema, mapping, "").ValueOrDie();
    return table;
  }

  Result<BatchPtr> Read(const Snapshot& table,
                        const std::function<bool(std::optional<int64_t>)>& take = nullptr) {
    std::vector<BatchPtr> batches;
    ARROW_RETURN_NOT_OK(ReadDataFile(
        *store_, table, file_,
        [&](BatchPtr batch) -> Result<bool> {
          batches.push_back(std::move(batch));
          return true;
        },
        {}, take));
    ARROW_ASSIGN_OR_RAISE(const auto whole, arrow::Table::FromRecordBatches(table.schema, batches));
    ARROW_ASSIGN_OR_RAISE(const auto batch, whole->CombineChunksToBatch());
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    return batch;
  }

  // The one column of a table of that type.
  Result<ArrayPtr> ReadAs(const TypePtr& type) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, Read(TableOf(arrow::schema({field("c", type)}))));
    return batch->column(0);
  }

  void ExpectRead(const TypePtr& type, const std::string& json) {
    ASSERT_OK_AND_ASSIGN(const auto read, ReadAs(type));
    EXPECT_TRUE(read->type()->Equals(*type)) << read->type()->ToString();
    EXPECT_TRUE(read->Equals(FromJson(type, json))) << read->ToString();
  }

  TempFolder folder_;
  std::shared_ptr<lake::ObjectStore> store_;
  AddFile file_;
};

TEST_F(DataFiles, HaveTheTablesColumnsInItsOrder) {
  Write(arrow::schema(
            {field("b", arrow::utf8()), field("gone", arrow::int64()), field("a", arrow::int64())}),
        {FromJson(arrow::utf8(), R"(["x", null])"), FromJson(arrow::int64(), "[7, 8]"),
         FromJson(arrow::int64(), "[1, 2]")});
  auto table = TableOf(arrow::schema({field("a", arrow::int64()), field("day", arrow::date32()),
                                      field("new", arrow::binary()), field("b", arrow::utf8()),
                                      field("none", arrow::null())}));
  table.metadata.partition_columns = {"day"};
  file_.partition_values = {{"day", "1970-01-03"}};
  ASSERT_OK_AND_ASSIGN(const auto rows, Read(table));
  EXPECT_TRUE(rows->column(0)->Equals(FromJson(arrow::int64(), "[1, 2]")));
  EXPECT_TRUE(rows->column(1)->Equals(FromJson(arrow::date32(), "[2, 2]")));
  EXPECT_TRUE(rows->column(2)->Equals(FromJson(arrow::binary(), "[null, null]")));
  EXPECT_TRUE(rows->column(3)->Equals(FromJson(arrow::utf8(), R"(["x", null])")));
  EXPECT_TRUE(rows->column(4)->Equals(FromJson(arrow::null(), "[null, null]")));
}

TEST_F(DataFiles, HaveAPartitionsValueRatherThanTheirOwn) {
  Write(arrow::schema({field("p", arrow::int64()), field("a", arrow::int64())}),
        {FromJson(arrow::int64(), "[1, 2]"), FromJson(arrow::int64(), "[1, 2]")});
  auto table = TableOf(arrow::schema({field("p", arrow::int64()), field("a", arrow::int64())}));
  table.metadata.partition_columns = {"p"};
  file_.partition_values = {{"p", std::nullopt}};
  ASSERT_OK_AND_ASSIGN(const auto nulls, Read(table));
  EXPECT_TRUE(nulls->column(0)->Equals(FromJson(arrow::int64(), "[null, null]")));
  file_.partition_values = {{"p", "x"}};
  EXPECT_THAT(Read(table), FailsWith(FailureKind::kPermanent, "value=x"));
}

TEST_F(DataFiles, HaveAllRowsThoughNoColumnIsTheirs) {
  Write(arrow::int64(), "[1, 2, 3]");
  auto table = TableOf(arrow::schema({field("other", arrow::int64())}));
  ASSERT_OK_AND_ASSIGN(const auto rows, Read(table));
  EXPECT_TRUE(rows->column(0)->Equals(FromJson(arrow::int64(), "[null, null, null]")));
}

// ---- Column mapping: a list of structs of a map of structs, every name changed, one field new and
// one gone.

constexpr char kDeep[] =
    R"([[{"f-m": [["k", {"f-x": 1, "f-old": 5}]], "f-y": 2}, null], null, [], [{"f-m": null, "f-y": 3}]])";
constexpr char kDeepRead[] =
    R"([[{"y": 2, "m": [["k", {"new": null, "x": 1}]]}, null], null, [], [{"y": 3, "m": null}]])";

template <class Make>
TypePtr DeepFileType(const Make& make) {
  const auto leaves =
      arrow::struct_({make("f-x", arrow::int64(), 4), make("f-old", arrow::int64(), 9)});
  return arrow::list(arrow::struct_(
      {make("f-m", arrow::map(arrow::utf8(), leaves), 2), make("f-y", arrow::int64(), 3)}));
}

SchemaPtr DeepTable() {
  const auto leaves = arrow::struct_(
      {Mapped("new", arrow::int64(), 8, "f-new"), Mapped("x", arrow::int64(), 4, "f-x")});
  const auto inner =
      arrow::struct_({Mapped("y", arrow::int64(), 3, "f-y"),
                      Mapped("m",
                             std::make_shared<arrow::MapType>(field("key", arrow::utf8(), false),
                                                              field("value", leaves)),
                             2, "f-m")});
  return arrow::schema({Mapped("c", arrow::list(field("element", inner)), 1, "f-c")});
}

void ExpectDeep(const Result<BatchPtr>& rows) {
  ASSERT_THAT(rows, IsOk());
  EXPECT_TRUE((*rows)->column(0)->Equals(FromJson(DeepTable()->field(0)->type(), kDeepRead)))
      << (*rows)->column(0)->ToString();
}

TEST_F(DataFiles, AreReadByPhysicalNamesAtEveryDepth) {
  const auto type =
      DeepFileType([](const char* name, const TypePtr& of, int) { return field(name, of); });
  Write(arrow::schema({field("c", arrow::int64()), field("f-c", type)}),
        {FromJson(arrow::int64(), "[1, 2, 3, 4]"), FromJson(type, kDeep)});
  ExpectDeep(Read(TableOf(DeepTable(), ColumnMapping::kName)));
}

TEST_F(DataFiles, AreReadByIdsAtEveryDepth) {
  // The names say something else.
  const auto type = DeepFileType(WithId);
  Write(arrow::schema({WithId("f-c", arrow::int64(), 7), WithId("whatever", type, 1)}),
        {FromJson(arrow::int64(), "[1, 2, 3, 4]"), FromJson(type, kDeep)});
  ExpectDeep(Read(TableOf(DeepTable(), ColumnMapping::kId)));
}

TEST_F(DataFiles, WithoutIdsAreNotReadByIds) {
  const auto type =
      DeepFileType([](const char* name, const TypePtr& of, int) { return field(name, of); });
  Write(arrow::schema({field("f-c", type)}), {FromJson(type, kDeep)});
  EXPECT_THAT(Read(TableOf(DeepTable(), ColumnMapping::kId)),
              FailsWith(FailureKind::kPermanent, "the file has none"));
}

TEST_F(DataFiles, OfAMappedTableHavePartitionsByPhysicalNames) {
  Write(arrow::schema({field("f-a", arrow::int64())}), {FromJson(arrow::int64(), "[1]")});
  auto table = TableOf(
      arrow::schema({Mapped("a", arrow::int64(), 1, "f-a"), Mapped("p", arrow::utf8(), 2, "f-p")}),
      ColumnMapping::kName);
  table.metadata.partition_columns = {"p"};
  file_.partition_values = {{"f-p", "v"}, {"p", "wrong"}};
  ASSERT_OK_AND_ASSIGN(const auto rows, Read(table));
  EXPECT_TRUE(rows->column(1)->Equals(FromJson(arrow::utf8(), R"(["v"])")));
}

// ---- Types.

TEST_F(DataFiles, OfNarrowerTypesAreWidened) {
  struct Change {
    TypePtr from;
    TypePtr to;
    std::string in;
    std::string out;
  };
  const auto ntz = arrow::timestamp(TimeUnit::MICRO);
  const Change changes[] = {
      {arrow::int8(), arrow::int16(), "[-128, null]", "[-128, null]"},
      {arrow::int16(), arrow::int64(), "[-32768, 1]", "[-32768, 1]"},
      {arrow::int32(), arrow::float64(), "[-2147483648]", "[-2147483648.0]"},
      {arrow::float32(), arrow::float64(), "[0.5, null]", "[0.5, null]"},
      {arrow::date32(), ntz, "[-1, null]", R"(["1969-12-31", null])"},
      {arrow::int8(), arrow::decimal128(12, 2), "[-7]", R"(["-7.00"])"},
      {arrow::int64(), arrow::decimal128(22, 2), "[9223372036854775807]",
       R"(["9223372036854775807.00"])"},
      {arrow::decimal128(5, 2), arrow::decimal128(20, 4), R"(["-123.45", null])",
       R"(["-123.4500", null])"},
      {arrow::decimal128(5, 2), arrow::decimal128(9, 2), R"(["1.20"])", R"(["1.20"])"},
  };
  for (const auto& [from, to, in, out] : changes) {
    SCOPED_TRACE(from->ToString() + " to " + to->ToString());
    Write(from, in);
    ExpectRead(to, out);
    const auto nested = [](const TypePtr& type) {
      return arrow::list(field("element", arrow::struct_({field("x", type)})));
    };
    const auto row = [](const std::string& values) {
      const auto& inner = values;
      return "[null, [{\"x\": " + inner.substr(1, inner.find_first_of(",]") - 1) + "}]]";
    };
    Write(nested(from), row(in));
    ExpectRead(nested(to), row(out));
  }
}

TEST_F(DataFiles, OfAnotherTypeAreRefused) {
  Write(arrow::int64(), "[1]");
  for (const auto& type : {arrow::int32(), arrow::utf8(), arrow::float64(), arrow::date32(),
                           arrow::boolean(), arrow::list(arrow::int64())}) {
    EXPECT_THAT(ReadAs(type), FailsWith(FailureKind::kPermanent, "column=c"));
    EXPECT_THAT(ReadAs(type), FailsWith(FailureKind::kPermanent, "file=int64 table="));
  }
  Write(arrow::decimal128(9, 3), R"(["1.000"])");
  EXPECT_THAT(ReadAs(arrow::decimal128(9, 2)), FailsWith(FailureKind::kPermanent, "file=decimal"));
}

TEST_F(DataFiles, HaveTimestampsInEveryFormOfOtherWriters) {
  const auto utc = arrow::timestamp(TimeUnit::MICRO, "UTC");
  const auto ntz = arrow::timestamp(TimeUnit::MICRO);
  const std::string micros = "[-1000, 0, 253402300799999000, null]";
  // Spark's INT96, whose years are not those that nanoseconds reach.
  Write(arrow::schema({field("c", ntz)}), {FromJson(ntz, micros)},
        parquet::ArrowWriterProperties::Builder().enable_deprecated_int96_timestamps()->build());
  ExpectRead(utc, micros);
  ExpectRead(ntz, micros);
  Write(arrow::timestamp(TimeUnit::MILLI), "[-1, 0, 253402300799999, null]");
  ExpectRead(utc, micros);
  Write(arrow::timestamp(TimeUnit::NANO, "UTC"), "[-1000, null]");
  ExpectRead(utc, "[-1, null]");
}

// A file that says in its metadata that Arrow had other types.
TEST_F(DataFiles, OfArrowsOwnTypesAreRead) {
  const auto in_struct = [](const TypePtr& lists, const TypePtr& texts, const TypePtr& bytes) {
    return arrow::struct_({field("l", lists), field("t", texts), field("b", bytes)});
  };
  const auto from = in_struct(arrow::large_list(arrow::large_utf8()), arrow::utf8_view(),
                              arrow::fixed_size_binary(2));
  const auto to =
      in_struct(arrow::list(field("element", arrow::utf8())), arrow::utf8(), arrow::binary());
  const std::string json = R"([{"l": ["x", null], "t": "y", "b": "zz"}, null])";
  const auto dictionary = arrow::dictionary(arrow::int32(), arrow::utf8());
  Write(arrow::schema({field("c", from), field("d", dictionary)}),
        {FromJson(from, json), FromJson(dictionary, R"(["p", null])")},
        parquet::ArrowWriterProperties::Builder().store_schema()->build());
  ASSERT_OK_AND_ASSIGN(const auto rows,
                       Read(TableOf(arrow::schema({field("c", to), field("d", arrow::utf8())}))));
  EXPECT_TRUE(rows->column(0)->Equals(FromJson(to, json))) << rows->column(0)->ToString();
  EXPECT_TRUE(rows->column(1)->Equals(FromJson(arrow::utf8(), R"(["p", null])")));
}

// ---- Rows.

std::vector<int64_t> Numbers(const BatchPtr& rows) {
  const auto& column = static_cast<const arrow::Int64Array&>(*rows->column(0));
  return {column.raw_values(), column.raw_values() + column.length()};
}

// 0, 1, 2 ... in row groups of five.
std::string CountTo(int64_t rows) {
  std::string json;
  for (int64_t i = 0; i < rows; ++i) json += (i == 0 ? "[" : ",") + std::to_string(i);
  return json + "]";
}

TEST_F(DataFiles, LackWhatTheirDeletionVectorNames) {
  const auto schema = arrow::schema({field("c", arrow::int64())});
  Write(schema, {FromJson(arrow::int64(), CountTo(30))}, parquet::default_arrow_writer_properties(),
        5);
  // Rows 3, 4, 7, 11, 18, 29: the Delta protocol, "JSON Example 3".
  file_.deletion_vector = {"i", "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", std::nullopt,
                           40, 6};
  ASSERT_OK_AND_ASSIGN(const auto rows, Read(TableOf(schema)));
  std::vector<int64_t> expected;
  for (int64_t i = 0; i < 30; ++i) {
    if (i != 3 && i != 4 && i != 7 && i != 11 && i != 18 && i != 29) expected.push_back(i);
  }
  EXPECT_EQ(Numbers(rows), expected);
  file_.deletion_vector->cardinality = 5;
  EXPECT_THAT(Read(TableOf(schema)), FailsWith(FailureKind::kPermanent, "f.parquet"));
}

TEST_F(DataFiles, HaveTheRowsThatAreTaken) {
  const auto schema =
      arrow::schema({field("c", arrow::int64()), field("_amp_batch_id", arrow::int64())});
  Write(schema, {FromJson(arrow::int64(), CountTo(6)),
                 FromJson(arrow::int64(), "[10, null, 20, 10, 30, null]")});
  const auto take = [](std::optional<int64_t> batch) { return !batch || *batch == 10; };
  ASSERT_OK_AND_ASSIGN(const auto rows, Read(TableOf(schema), take));
  EXPECT_EQ(Numbers(rows), (std::vector<int64_t>{0, 1, 3, 5}));
  // A table that never saw a stream.
  ASSERT_OK_AND_ASSIGN(const auto plain,
                       Read(TableOf(arrow::schema({field("c", arrow::int64())})), take));
  EXPECT_EQ(plain->num_rows(), 6);
}

TEST_F(DataFiles, AreReadInOrderUntilTheVisitorHasEnough) {
  const auto schema = arrow::schema({field("c", arrow::int64())});
  Write(schema, {FromJson(arrow::int64(), CountTo(200'000))});
  int64_t next = 0;
  int visits = 0;
  const auto visit = [&](const BatchPtr& batch) -> Result<bool> {
    EXPECT_EQ(Numbers(batch).front(), next);
    next += batch->num_rows();
    return ++visits < 2;
  };
  ASSERT_THAT(ReadDataFile(*store_, TableOf(schema), file_, visit, {}), IsOk());
  EXPECT_EQ(visits, 2);
  EXPECT_LT(next, 200'000);
  const auto failing = [](const BatchPtr&) -> Result<bool> { return DataError("enough"); };
  EXPECT_THAT(ReadDataFile(*store_, TableOf(schema), file_, failing, {}),
              FailsWith(FailureKind::kData, "enough"));
}

// ---- Damage.

TEST_F(DataFiles, ThatAreMissingAreNamed) {
  file_.path = "day=a%2520b/f.parquet";
  EXPECT_THAT(
      Read(TableOf(arrow::schema({field("c", arrow::int64())}))),
      FailsWith(FailureKind::kPermanent, "missing, though the log has it: table=" + folder_.path() +
                                             " file=day=a%2520b/f.parquet"));
}

TEST_F(DataFiles, AreFoundUnderTheirDecodedPath) {
  Write(arrow::int64(), "[1]");
  const std::string name = PartitionFolder("p", "a/b ü") + "/x.parquet";
  std::filesystem::create_directory(folder_.path() + "/" + PartitionFolder("p", "a/b ü"));
  std::filesystem::rename(folder_.path() + "/f.parquet", folder_.path() + "/" + name);
  file_.path = EncodePath(name);
  ExpectRead(arrow::int64(), "[1]");
  file_.path = EncodePath(folder_.path() + "/" + name);
  ExpectRead(arrow::int64(), "[1]");
}

TEST_F(DataFiles, OutsideOfTheTableAreNotRead) {
  for (const char* path : {"/etc/passwd", "file:///etc/passwd", "s3://other/f", "../f.parquet",
                           "a/../../f.parquet", "%2e%2e/f.parquet"}) {
    file_.path = path;
    EXPECT_FALSE(ReadAs(arrow::int64()).ok()) << path;
  }
}

TEST_F(DataFiles, ThatAreDamagedAreNamed) {
  Write(arrow::int64(), CountTo(100));
  const std::string path = folder_.path() + "/f.parquet";
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  const auto put = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  };
  const SchemaPtr schema = arrow::schema({field("c", arrow::int64())});
  for (size_t length = 0; length < whole.size(); length += 7) {
    put(whole.substr(0, length));
    EXPECT_THAT(Read(TableOf(schema)), FailsWith(FailureKind::kPermanent, "file=f.parquet"))
        << length;
  }
  put(std::string(1000, 'x'));
  EXPECT_THAT(Read(TableOf(schema)), FailsWith(FailureKind::kPermanent, "is damaged"));
}

}  // namespace
}  // namespace ampload::deltalake
