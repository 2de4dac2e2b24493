#include "loaders/deltalake/deltalake_loader.h"

#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kWrong = FailureKind::kConfiguration;

class DeltaLakeLoaderTest : public testing::Test {
 protected:
  std::unique_ptr<Loader> Connected(ConfigMap options = {}) {
    options.emplace("path", folder_.path() + "/lake");
    options.emplace("durability", "process");
    auto made = Descriptor().make(options);
    EXPECT_THAT(made, IsOk());
    if (!made.ok()) return nullptr;
    EXPECT_THAT((*made)->Connect({}), IsOk());
    return *std::move(made);
  }

  static std::shared_ptr<arrow::RecordBatch> Rows(int64_t first, int64_t count) {
    arrow::Int64Builder ids;
    arrow::StringBuilder names;
    for (int64_t i = first; i < first + count; ++i) {
      EXPECT_THAT(ids.Append(i), IsOk());
      EXPECT_THAT(names.Append("name " + std::to_string(i)), IsOk());
    }
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64(), false),
                                                   arrow::field("name", arrow::utf8())}),
                                    count, {*ids.Finish(), *names.Finish()});
  }

  static void Load(Loader& loader, const std::string& table, int64_t first, int64_t count,
                   LoadMode mode = LoadMode::kAppend) {
    LoadOptions options;
    options.mode = mode;
    const auto result = loader.LoadBatch(Rows(first, count), table, options);
    ASSERT_TRUE(result.success) << result.error;
    ASSERT_EQ(result.rows_loaded, count);
  }

  TempFolder folder_;
};

TEST_F(DeltaLakeLoaderTest, SaysWhatItIs) {
  const auto& descriptor = Descriptor();
  EXPECT_EQ(descriptor.name, "deltalake");
  EXPECT_THAT(descriptor.schemes, ElementsAre("delta"));
  EXPECT_TRUE(descriptor.traits.supports_streaming);
  EXPECT_FALSE(descriptor.traits.supports_keys);
  EXPECT_EQ(descriptor.types.size(), 1U);
}

TEST_F(DeltaLakeLoaderTest, MakesNothingBeforeTheFirstRows) {
  const auto loader = Connected();
  EXPECT_THAT(*loader->ListTables(), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto info, loader->GetTableInfo("logs"));
  EXPECT_FALSE(info.has_value());
  EXPECT_THAT(loader->ReadRows("logs", {}), FailsWith(kWrong, "there is no such table"));
  TableSpec spec;
  spec.name = "logs";
  spec.schema = Rows(0, 1)->schema();
  EXPECT_THAT(loader->PlanTable(spec, Rows(0, 1).get()), IsOk());
  EXPECT_THAT(loader->Check({}), IsOk());
  EXPECT_FALSE(fs::exists(folder_.path() + "/lake"));
}

TEST_F(DeltaLakeLoaderTest, DescribesWhatItLoaded) {
  const auto loader = Connected();
  Load(*loader, "logs", 0, 10);
  Load(*loader, "logs", 10, 5);
  ASSERT_OK_AND_ASSIGN(const auto info, loader->GetTableInfo("logs"));
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->row_count, 15);
  EXPECT_FALSE(info->row_count_is_estimate);
  EXPECT_GT(info->size_bytes, 0);
  ASSERT_EQ(info->columns.size(), 2U);
  EXPECT_EQ(info->columns[0].type, "long");
  EXPECT_FALSE(info->columns[0].nullable);
  EXPECT_EQ(info->columns[1].type, "string");
  ASSERT_OK_AND_ASSIGN(const auto rows, loader->ReadRows("logs", {.limit = 12}));
  EXPECT_EQ(rows->num_rows(), 12);
  ASSERT_OK_AND_ASSIGN(const auto all, loader->ReadRows("logs", {.limit = 100}));
  EXPECT_EQ(all->num_rows(), 15);
  EXPECT_EQ(all->num_columns(), 2);
}

TEST_F(DeltaLakeLoaderTest, FindsTablesBelowFoldersButNotWithinTables) {
  const auto loader = Connected();
  Load(*loader, "logs", 0, 1);
  Load(*loader, "mainnet/logs", 0, 1);
  Load(*loader, "a/b/c/d", 0, 1);
  fs::create_directories(folder_.path() + "/lake/_hidden/x/_delta_log");
  fs::create_directories(folder_.path() + "/lake/logs/inner/_delta_log");
  fs::create_directories(folder_.path() + "/lake/a/b/c/e/f/_delta_log");
  ASSERT_OK_AND_ASSIGN(const auto tables, loader->ListTables());
  EXPECT_THAT(tables, ElementsAre("a/b/c/d", "logs", "mainnet/logs"));
}

TEST_F(DeltaLakeLoaderTest, CountsRowsFromFootersWhereThereAreNoStatistics) {
  const auto loader = Connected();
  Load(*loader, "logs", 0, 10);
  const auto entry = folder_.path() + "/lake/logs/_delta_log/00000000000000000000.json";
  std::string text;
  {
    std::ifstream in(entry);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (size_t at; (at = text.find("\"stats\"")) != std::string::npos;)
    text.replace(at, 7, "\"other\"");
  fs::remove(entry);
  std::ofstream(entry) << text;
  ASSERT_OK_AND_ASSIGN(const auto info, Connected()->GetTableInfo("logs"));
  EXPECT_EQ(info->row_count, 10);
}

TEST_F(DeltaLakeLoaderTest, RefusesATargetThatIsNoFolderOfTables) {
  const auto loader = Connected();
  Load(*loader, "logs", 0, 1);
  const auto connect = [&](const std::string& path) {
    auto made = Descriptor().make({{"path", path}});
    return made.ok() ? (*made)->Connect({}) : made.status();
  };
  EXPECT_THAT(connect(folder_.path() + "/lake/logs"), FailsWith(kWrong, "a table itself"));
  std::ofstream(folder_.path() + "/file") << "x";
  EXPECT_THAT(connect(folder_.path() + "/file"), FailsWith(kWrong, "the target is a file"));
}

TEST_F(DeltaLakeLoaderTest, RefusesNamesThatLeaveTheFolder) {
  const auto loader = Connected();
  EXPECT_THAT(loader->GetTableInfo("../x"), FailsWith(kWrong, "no name of its own"));
  EXPECT_THAT(loader->ReadCheckpoints("_delta_log"), FailsWith(kWrong, "begins with _"));
}

TEST_F(DeltaLakeLoaderTest, ChecksThatOneWriterCannotReplaceAnothersCommit) {
  const auto loader = Connected();
  Load(*loader, "logs", 0, 1);
  ASSERT_OK_AND_ASSIGN(const auto lines, loader->Check({}));
  std::vector<std::string> said;
  for (const auto& line : lines) {
    EXPECT_TRUE(line.ok) << line.what << ": " << line.detail;
    said.push_back(line.what);
  }
  EXPECT_THAT(said, ElementsAre("reachable", "version", "may write", "durable", "free space"));
  for (const auto& entry : fs::directory_iterator(folder_.path() + "/lake")) {
    EXPECT_EQ(entry.path().filename(), "logs");  // nothing stays
  }
}

TEST_F(DeltaLakeLoaderTest, PlansANewTableAsDeltasSql) {
  const auto loader = Connected({{"partition_by", "name"}});
  TableSpec spec;
  spec.name = "logs";
  spec.schema = Rows(0, 1)->schema();
  ASSERT_OK_AND_ASSIGN(const auto plan, loader->PlanTable(spec, Rows(0, 1000).get()));
  EXPECT_FALSE(plan.table_exists);
  EXPECT_THAT(plan.layout,
              Contains("CREATE TABLE delta.`" + folder_.path() +
                       "/lake/logs` (`id` long NOT NULL, `name` string) USING DELTA PARTITIONED BY "
                       "(`name`)"));
  EXPECT_THAT(plan.layout, Contains("protocol: reader 1, writer 2"));
  ASSERT_TRUE(plan.bytes_per_row.has_value());
  EXPECT_GT(*plan.bytes_per_row, 0.1);
  EXPECT_LT(*plan.bytes_per_row, 100);
}

TEST_F(DeltaLakeLoaderTest, PlansWhatBecomesOfATableThatIsThere) {
  const auto loader = Connected();
  Load(*loader, "logs", 0, 1);
  TableSpec spec;
  spec.name = "logs";
  spec.mode = LoadMode::kOverwrite;
  spec.schema = arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("fee", arrow::float64())});
  EXPECT_THAT(loader->PlanTable(spec, nullptr), FailsWith(FailureKind::kData, "adds fee"));
  spec.on_schema_change = SchemaPolicy::kEvolve;
  ASSERT_OK_AND_ASSIGN(const auto plan, loader->PlanTable(spec, nullptr));
  EXPECT_TRUE(plan.table_exists);
  EXPECT_THAT(plan.layout, Contains(HasSubstr("at version 0: 1 data files")));
  EXPECT_THAT(plan.layout, Contains(HasSubstr("columns: adds fee")));
  EXPECT_THAT(plan.layout, Contains(HasSubstr("removes the old ones")));
}

TEST_F(DeltaLakeLoaderTest, OverwritesAllRows) {
  const auto loader = Connected();
  Load(*loader, "logs", 0, 10);
  Load(*loader, "logs", 100, 3, LoadMode::kOverwrite);
  ASSERT_OK_AND_ASSIGN(const auto info, loader->GetTableInfo("logs"));
  EXPECT_EQ(info->row_count, 3);
}

}  // namespace
}  // namespace ampload::deltalake
