// The public verbs over a loader of the simple level.
#include "ampload/data_loader.h"

#include <gtest/gtest.h>

#include "ampload/log.h"
#include "loader_fakes.h"
#include "matchers.h"

namespace ampload {
namespace {

using fakes::kNull;
using fakes::MakeBatch;
using fakes::SimpleLoader;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Calls = std::vector<std::string>;

class Simple : public testing::Test {
 protected:
  void SetUp() override { SetLogLevel(LogLevel::kOff); }
  void TearDown() override { SetLogLevel(LogLevel::kWarning); }

  std::unique_ptr<SimpleLoader> Connected(int64_t first_bad = INT64_MAX,
                                          LoaderTraits traits = fakes::SimpleTraits()) {
    auto loader =
        std::make_unique<SimpleLoader>(fakes::FakeConfig{&store_, first_bad}, std::move(traits));
    EXPECT_THAT(loader->Connect({}), IsOk());
    store_.calls.clear();
    return loader;
  }
  static std::shared_ptr<arrow::Table> Table(
      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
    return arrow::Table::FromRecordBatches(MakeBatch({})->schema(), batches).ValueOrDie();
  }
  static LoadOptions Overwrite() {
    LoadOptions options;
    options.mode = LoadMode::kOverwrite;
    return options;
  }

  fakes::Store store_;
};

TEST_F(Simple, RefusesEveryVerbBeforeConnect) {
  SimpleLoader loader({&store_});
  const std::string text = "simple: not connected: call Connect first";
  const auto refused = FailsWith(FailureKind::kConfiguration, text);
  const TableSpec spec;
  EXPECT_THAT(loader.OpenSession({&spec, 1}), refused);
  EXPECT_THAT(loader.ReadCheckpoints("t"), refused);
  EXPECT_THAT(loader.ListTables(), refused);
  EXPECT_THAT(loader.GetTableInfo("t"), refused);
  EXPECT_THAT(loader.ReadRows("t", {}), refused);
  EXPECT_THAT(loader.ReadHistory("t", 1), refused);
  EXPECT_THAT(loader.Check({}), refused);
  EXPECT_EQ(loader.LoadBatch(MakeBatch({1}), "t", {}).error, text);
  EXPECT_EQ(loader.LoadTable(Table({MakeBatch({1})}), "t", {}).error, text);
  EXPECT_THAT(store_.calls, IsEmpty());
}

TEST_F(Simple, ConnectsAndDisconnectsOnce) {
  {
    SimpleLoader loader({&store_});
    EXPECT_THAT(loader.Disconnect(), IsOk());
    EXPECT_THAT(loader.Connect({}), IsOk());
    EXPECT_THAT(loader.Connect({}), IsOk());
    EXPECT_TRUE(loader.is_connected());
  }
  EXPECT_EQ(store_.calls, (Calls{"connect", "disconnect"}));
}

TEST_F(Simple, StaysUnconnectedWhenConnectFails) {
  store_.connect_status = TransientError("simple: no answer", "ECONNREFUSED");
  SimpleLoader loader({&store_});
  EXPECT_THAT(loader.Connect({}), FailsWith(FailureKind::kTransient, "no answer"));
  EXPECT_FALSE(loader.is_connected());
}

TEST_F(Simple, LoadsABatchAndSaysHowItWent) {
  const auto loader = Connected();
  const LoadResult result = loader->LoadBatch(MakeBatch({1, 2, kNull}), "t", {});
  EXPECT_TRUE(result.success) << result.error;
  EXPECT_EQ(result.rows_loaded, 3);
  EXPECT_GT(result.duration_seconds, 0);
  EXPECT_EQ(result.ops_per_second, RatePerSecond(3, result.duration_seconds));
  EXPECT_EQ(result.table_name, "t");
  EXPECT_EQ(result.loader_type, "simple");
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(store_.tables["t"].rows, ElementsAre(1, 2, kNull));
  EXPECT_EQ(store_.calls, (Calls{"create", "load"}));
}

TEST_F(Simple, FillsTheBatchMetadataAndAnOverrideOnlyAdds) {
  const LoadResult result = Connected()->LoadBatch(MakeBatch({1, 2}), "t", {});
  const Metadata expected = {{"operation", std::string("load_batch")},
                             {"batch_size", int64_t{2}},
                             {"schema_fields", int64_t{1}},
                             {"throughput_rows_per_sec", RatePerSecond(2, result.duration_seconds)},
                             {"fake", true}};
  EXPECT_EQ(result.metadata, expected);
}

TEST_F(Simple, FillsTheTableMetadata) {
  const auto rows =
      Table({MakeBatch({1, 2}), MakeBatch(std::vector<int64_t>(131072, 7)), MakeBatch({3})});
  const LoadResult result = Connected()->LoadTable(rows, "t", {});
  EXPECT_TRUE(result.success) << result.error;
  EXPECT_EQ(result.rows_loaded, 131075);
  Metadata expected = {{"operation", std::string("load_table")},
                       {"batch_count", int64_t{3}},
                       {"batches_processed", int64_t{3}},
                       {"total_rows", int64_t{131075}},
                       {"schema_fields", int64_t{1}},
                       {"avg_batch_size", 43691.67},  // 131075 / 3
                       {"table_size_mb", 1.0},        // 131075 * 8 bytes / 2^20, two decimals
                       {"throughput_rows_per_sec", RatePerSecond(131075, result.duration_seconds)}};
  EXPECT_EQ(result.metadata, expected);
}

TEST_F(Simple, OverwriteClearsAtEveryBatchButOnceInATable) {
  const auto loader = Connected();
  EXPECT_TRUE(loader->LoadBatch(MakeBatch({1}), "t", Overwrite()).success);
  EXPECT_TRUE(loader->LoadBatch(MakeBatch({2}), "t", Overwrite()).success);
  EXPECT_THAT(store_.tables["t"].rows, ElementsAre(2));
  EXPECT_TRUE(loader->LoadTable(Table({MakeBatch({3}), MakeBatch({4})}), "t", Overwrite()).success);
  EXPECT_THAT(store_.tables["t"].rows, ElementsAre(3, 4));
  EXPECT_EQ(store_.calls, (Calls{"create", "clear", "load", "create", "clear", "load", "create",
                                 "clear", "load", "load"}));
}

TEST_F(Simple, AnEmptyTableIsStillCreatedAndCleared) {
  const auto loader = Connected();
  const LoadResult result = loader->LoadTable(Table({}), "t", {});
  EXPECT_TRUE(result.success) << result.error;
  EXPECT_EQ(result.rows_loaded, 0);
  EXPECT_EQ(std::get<double>(result.metadata.at("avg_batch_size")), 0);
  EXPECT_TRUE(store_.tables.contains("t"));
  store_.tables["t"].rows = {1};
  EXPECT_TRUE(loader->LoadTable(Table({}), "t", Overwrite()).success);
  EXPECT_THAT(store_.tables["t"].rows, IsEmpty());
}

TEST_F(Simple, RefusesAMissingTableWhenItMayNotCreateOne) {
  const auto loader = Connected();
  LoadOptions options;
  options.create_table = false;
  EXPECT_THAT(loader->LoadBatch(MakeBatch({1}), "t", options).error,
              HasSubstr("table t does not exist"));
  EXPECT_THAT(store_.calls, IsEmpty());
  store_.tables["t"].schema = MakeBatch({})->schema();
  EXPECT_TRUE(loader->LoadBatch(MakeBatch({1}), "t", options).success);
  EXPECT_EQ(store_.calls, (Calls{"load"}));
}

TEST_F(Simple, RefusesAnotherSchemaBeforeWritingWhereTheStoreNeedsTheSame) {
  LoaderTraits traits = fakes::SimpleTraits();
  traits.requires_schema_match = true;
  const auto loader = Connected(INT64_MAX, traits);
  EXPECT_TRUE(loader->LoadBatch(MakeBatch({1}), "t", {}).success);
  store_.calls.clear();
  for (const auto& options : {LoadOptions{}, Overwrite()}) {
    EXPECT_THAT(loader->LoadBatch(MakeBatch({2}, "other"), "t", options).error,
                HasSubstr("column other is not in the table; column id is only in the table"));
  }
  EXPECT_THAT(store_.calls, IsEmpty());
  EXPECT_TRUE(loader->LoadBatch(MakeBatch({2}), "t", {}).success);
}

TEST_F(Simple, RefusesNullsWhereTheStoreHasNone) {
  LoaderTraits traits = fakes::SimpleTraits();
  traits.supports_null_values = false;
  const auto loader = Connected(INT64_MAX, traits);
  EXPECT_TRUE(loader->LoadBatch(MakeBatch({1}), "t", {}).success);
  EXPECT_THAT(loader->LoadTable(Table({MakeBatch({1, 2}), MakeBatch({3, kNull})}), "t", {}).error,
              HasSubstr("no nulls: column=id row=3"));
}

TEST_F(Simple, RefusesModesThatTheSimpleLevelIsNotToldOf) {
  LoaderTraits traits = fakes::SimpleTraits();
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kUpsert};
  const auto loader = Connected(INT64_MAX, traits);
  LoadOptions options;
  options.mode = LoadMode::kUpsert;
  options.keys = {"id"};
  EXPECT_THAT(loader->LoadBatch(MakeBatch({1}), "t", options).error,
              HasSubstr("only appends and overwrites: mode=upsert"));
  options = {};
  options.on_duplicate = DuplicatePolicy::kReplace;
  EXPECT_THAT(loader->LoadBatch(MakeBatch({1}), "t", options).error,
              HasSubstr("cannot replace duplicates"));
  EXPECT_THAT(store_.calls, IsEmpty());
}

TEST_F(Simple, LoadsTheGoodRowsAndLeavesOutTheBad) {
  const LoadResult result = Connected(100)->LoadBatch(MakeBatch({1, 100, 2, 101}), "t", {});
  EXPECT_TRUE(result.success) << result.error;
  EXPECT_EQ(result.rows_loaded, 2);
  EXPECT_THAT(store_.tables["t"].rows, ElementsAre(1, 2));
}

TEST_F(Simple, WarnsOfEachRowThatItLeavesOut) {
  SetLogLevel(LogLevel::kWarning);
  testing::internal::CaptureStderr();
  EXPECT_TRUE(Connected(100)->LoadBatch(MakeBatch({1, 100, 2, 101}), "t", {}).success);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: simple: table t: Row 1: bad\n"
            "warning: simple: table t: Row 3: bad\n"
            "warning: simple: table t: rows were left out: rows_loaded=2 errors=2\n");
}

TEST_F(Simple, CountsBadRowsOverTheWholeTable) {
  const auto loader = Connected(100);
  const auto fifty = MakeBatch(std::vector<int64_t>(50, 100));
  const auto one = MakeBatch({100});
  EXPECT_TRUE(loader->LoadTable(Table({MakeBatch({1}), fifty, fifty}), "t", {}).success);
  EXPECT_EQ(loader->LoadTable(Table({MakeBatch({1}), fifty, fifty, one}), "t", {}).error,
            "Too many errors: 101");
  const LoadResult none = loader->LoadTable(Table({one, one, fifty}), "t", {});
  EXPECT_FALSE(none.success);
  EXPECT_EQ(none.error,
            "Failed to load any rows. Errors: Row 0: bad; Row 1: bad; Row 2: bad; Row 3: bad; "
            "Row 4: bad; ... and 47 more errors");
}

TEST_F(Simple, TurnsAnExceptionIntoAFailure) {
  store_.exception = "out of cheese";
  const LoadResult result = Connected()->LoadBatch(MakeBatch({1}), "t", {});
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.error, "simple: the loader failed: out of cheese");
}

TEST_F(Simple, RefusesNothingAndDamagedRows) {
  const auto loader = Connected();
  EXPECT_EQ(loader->LoadBatch(nullptr, "t", {}).error, "simple: no batch was given");
  EXPECT_EQ(loader->LoadTable(nullptr, "t", {}).error, "simple: no rows were given");
  const auto damaged =
      arrow::RecordBatch::Make(MakeBatch({})->schema(), 5, MakeBatch({1})->columns());
  EXPECT_FALSE(loader->LoadBatch(damaged, "t", {}).success);
  EXPECT_THAT(store_.calls, IsEmpty());
}

TEST_F(Simple, KeepsTheMetadataOfAFailedLoad) {
  SimpleLoader loader({&store_});
  const LoadResult result = loader.LoadTable(Table({MakeBatch({1, 2})}), "t", {});
  EXPECT_EQ(result.rows_loaded, 0);
  EXPECT_EQ(result.ops_per_second, 0);
  EXPECT_EQ(std::get<int64_t>(result.metadata.at("total_rows")), 2);
  EXPECT_EQ(result.table_name, "t");
  EXPECT_EQ(result.loader_type, "simple");
}

TEST_F(Simple, SaysWhatItCannotDoWhereNothingIsOverridden) {
  const auto loader = Connected();
  EXPECT_THAT(loader->ListTables(), FailsWith(FailureKind::kConfiguration, "cannot list"));
  EXPECT_THAT(loader->ReadRows("t", {}), FailsWith(FailureKind::kConfiguration, "cannot read"));
  EXPECT_THAT(loader->ReadRows("t", {-1}), FailsWith(FailureKind::kConfiguration, "limit=-1"));
  EXPECT_THAT(loader->ReadHistory("t", 1), FailsWith(FailureKind::kConfiguration, "no history"));
  EXPECT_THAT(loader->ReadHistory("t", -1), FailsWith(FailureKind::kConfiguration, "limit=-1"));
  ASSERT_OK_AND_ASSIGN(const auto checkpoints, loader->ReadCheckpoints("t"));
  EXPECT_THAT(checkpoints, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto lines, loader->Check({}));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].ok);
}

}  // namespace
}  // namespace ampload
