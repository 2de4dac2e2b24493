#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include "cli/testing/cli_fixture.h"
#include "matchers.h"

namespace ampload::cli {
namespace {

using ::testing::AllOf;
using testing::CliTest;
using ::testing::HasSubstr;
using testing::Ran;

class PlanCommandTest : public CliTest {
 protected:
  Ran Plan(std::vector<std::string> words) {
    words.insert(words.begin(), {"plan", "load"});
    for (const char* word : {"--to", "shelf:a", "--config"}) words.emplace_back(word);
    words.push_back(PathOf("none.toml"));
    return RunAmpload(std::move(words));
  }

  // One row of a column `at` of the given type.
  std::string WriteColumn(const std::shared_ptr<arrow::DataType>& type) const {
    const auto column = arrow::MakeArrayOfNull(type, 1).ValueOrDie();
    const auto table = arrow::Table::Make(arrow::schema({arrow::field("at", type)}), {column});
    const std::string path = PathOf("at.parquet");
    const auto file = arrow::io::FileOutputStream::Open(path).ValueOrDie();
    const auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    EXPECT_THAT(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, 1024,
                                           parquet::default_writer_properties(), properties),
                IsOk());
    return path;
  }
};

TEST_F(PlanCommandTest, SaysWhatALoadWouldDoAndDoesNothing) {
  const Ran ran = Plan({WriteParquet("logs.parquet", 719)});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("shelf:a, table logs, append, a new table"),
                             HasSubstr("719 rows"), HasSubstr("about 7.0 KiB to write"),
                             HasSubstr("shelf logs"), HasSubstr("block_num"), HasSubstr("long")));
  EXPECT_TRUE(shelf_.tables.empty());
}

TEST_F(PlanCommandTest, JsonIsOneObject) {
  const Ran ran = Plan({WriteParquet("logs.parquet", 12), "--json", "--rename", "data:payload"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["success"], true);
  EXPECT_EQ(json["rows"], 12);
  EXPECT_EQ(json["bytes"], 120);
  EXPECT_EQ(json["commits"], 1);
  EXPECT_EQ(json["columns"][2]["name"], "payload");
  EXPECT_EQ(json["columns"][2]["fidelity"], "exact");
}

TEST_F(PlanCommandTest, NamesALossAndWhatAllowsIt) {
  const auto path = WriteColumn(arrow::timestamp(arrow::TimeUnit::NANO));
  const Ran ran = Plan({path});
  EXPECT_EQ(ran.status, 0) << "values are judged one by one: " << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("lossy: timestamp_ns_to_us"));
  EXPECT_THAT(Plan({path, "--allow", "timestamp_ns_to_ms"}).err,
              HasSubstr("did you mean timestamp_ns_to_us?"));
}

TEST_F(PlanCommandTest, RefusesWhatTheLoadWouldRefuse) {
  const Ran ran = Plan({WriteParquet("logs.parquet", 1), "--cast", "data:int64"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("no cast between these types"));
  EXPECT_EQ(RunAmpload({"plan", "stream", "x"}).status, 2);
}

}  // namespace
}  // namespace ampload::cli
