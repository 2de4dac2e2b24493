#include "loaders/postgresql/ddl.h"

#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "matchers.h"

namespace ampload::postgresql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr int kFifteen = 150018;
constexpr int kThirteen = 130014;
constexpr auto kWrong = FailureKind::kConfiguration;

const TableName kLogs = {"chain", "logs"};

std::shared_ptr<arrow::Schema> LogColumns() {
  return arrow::schema({arrow::field("block_num", arrow::uint64(), false),
                        arrow::field("log_index", arrow::uint32()),
                        arrow::field("topic \"0\"", arrow::fixed_size_binary(32)),
                        arrow::field("data", arrow::binary())});
}

TableSpec Spec(LoadMode mode, std::vector<std::string> keys) {
  TableSpec spec;
  spec.name = "chain.logs";
  spec.schema = LogColumns();
  spec.mode = mode;
  spec.keys = std::move(keys);
  return spec;
}

Result<std::vector<std::string>> Statements(const TableSpec& spec, const PostgreSQLConfig& config,
                                            int version = kFifteen) {
  ARROW_ASSIGN_OR_RAISE(const auto table, TableFor(spec, kLogs, *spec.schema, config));
  return CreateStatements(table, config, spec.streaming, version);
}

TEST(CreateStatements, MakeATableWithCommentsForWhatTheTypeDoesNotSay) {
  ASSERT_OK_AND_ASSIGN(const auto made, Statements(Spec(LoadMode::kAppend, {}), {}));
  EXPECT_THAT(
      made,
      ElementsAre(
          "CREATE TABLE \"chain\".\"logs\" (\"block_num\" bigint NOT NULL, \"log_index\" bigint, "
          "\"topic \"\"0\"\"\" bytea, \"data\" bytea)",
          "COMMENT ON COLUMN \"chain\".\"logs\".\"block_num\" IS 'Arrow type: uint64'",
          "COMMENT ON COLUMN \"chain\".\"logs\".\"log_index\" IS 'Arrow type: uint32'",
          "COMMENT ON COLUMN \"chain\".\"logs\".\"topic \"\"0\"\"\" IS "
          "'Arrow type: fixed_size_binary[32]'"));
}

TEST(CreateStatements, MakeTheKeyOfAnUpsertOrMergeAPrimaryKeyThatIsNeverNull) {
  for (const auto mode : {LoadMode::kUpsert, LoadMode::kMerge}) {
    ASSERT_OK_AND_ASSIGN(const auto made, Statements(Spec(mode, {"log_index", "block_num"}), {}));
    EXPECT_THAT(made[0], HasSubstr("\"log_index\" bigint NOT NULL,"));
    EXPECT_THAT(made[0], HasSubstr(", PRIMARY KEY (\"log_index\", \"block_num\"))"));
  }
  for (const auto mode : {LoadMode::kAppend, LoadMode::kOverwrite}) {
    ASSERT_OK_AND_ASSIGN(const auto made, Statements(Spec(mode, {"log_index"}), {}));
    EXPECT_THAT(made[0], Not(HasSubstr("PRIMARY KEY")));
    EXPECT_THAT(made[0], HasSubstr("\"log_index\" bigint,"));
  }
}

TEST(CreateStatements, TakeUnloggedAndTablespaceFromTheOptions) {
  PostgreSQLConfig config;
  config.unlogged = true;
  config.tablespace = "fast disk";
  ASSERT_OK_AND_ASSIGN(const auto made, Statements(Spec(LoadMode::kAppend, {}), config));
  EXPECT_THAT(made[0], testing::StartsWith("CREATE UNLOGGED TABLE \"chain\".\"logs\" ("));
  EXPECT_THAT(made[0], testing::EndsWith(") TABLESPACE \"fast disk\""));
}

TEST(CreateStatements, GiveAStreamAnIndexByBatch) {
  auto spec = Spec(LoadMode::kAppend, {});
  spec.streaming = true;
  ASSERT_OK_AND_ASSIGN(auto made, Statements(spec, {}));
  EXPECT_EQ(made.back(), BatchIndexStatement(kLogs, kFifteen));
  EXPECT_EQ(made.back(),
            "CREATE INDEX ON \"chain\".\"logs\" USING brin (\"_amp_batch_id\" "
            "int8_minmax_multi_ops) WITH (pages_per_range = 128, autosummarize = on)");
  ASSERT_OK_AND_ASSIGN(made, Statements(spec, {}, kThirteen));
  EXPECT_EQ(made.back(), "CREATE INDEX ON \"chain\".\"logs\" (\"_amp_batch_id\")");
}

TEST(CreateStatements, PartitionTheTableByRanges) {
  PostgreSQLConfig config;
  config.partition_by = "log_index:1000000";
  config.unlogged = true;
  ASSERT_OK_AND_ASSIGN(const auto made, Statements(Spec(LoadMode::kAppend, {}), config));
  EXPECT_THAT(made[0], testing::StartsWith("CREATE TABLE "));
  EXPECT_THAT(made[0], HasSubstr("\"log_index\" bigint NOT NULL"));
  EXPECT_THAT(made[0], testing::EndsWith(") PARTITION BY RANGE (\"log_index\")"));
}

TEST(CreateStatements, QuoteWhatACommentSays) {
  auto spec = Spec(LoadMode::kAppend, {});
  const auto says = [](const std::string& text) {
    return arrow::KeyValueMetadata::Make({"comment"}, {text});
  };
  spec.schema = arrow::schema({arrow::field("a", arrow::utf8())->WithMetadata(says("it's \\n")),
                               arrow::field("b", arrow::uint64())->WithMetadata(says("in wei"))},
                              says("all logs"));
  ASSERT_OK_AND_ASSIGN(const auto made, Statements(spec, {}));
  EXPECT_THAT(made, ElementsAre(testing::_, "COMMENT ON TABLE \"chain\".\"logs\" IS 'all logs'",
                                "COMMENT ON COLUMN \"chain\".\"logs\".\"a\" IS E'it''s \\\\n'",
                                "COMMENT ON COLUMN \"chain\".\"logs\".\"b\" IS "
                                "'in wei (Arrow type: uint64)'"));
}

TEST(CreateStatements, MakeATableWithoutColumns) {
  auto spec = Spec(LoadMode::kAppend, {});
  spec.schema = arrow::schema({});
  ASSERT_OK_AND_ASSIGN(const auto made, Statements(spec, {}));
  EXPECT_THAT(made, ElementsAre("CREATE TABLE \"chain\".\"logs\" ()"));
}

TEST(TableFor, RefusesNamesThatTheServerWouldCut) {
  auto spec = Spec(LoadMode::kAppend, {});
  const auto with = [&](const std::string& name) {
    return TableFor(spec, kLogs, *arrow::schema({arrow::field(name, arrow::int32())}), {});
  };
  EXPECT_THAT(with(std::string(63, 'x')), IsOk());
  EXPECT_THAT(with(std::string(64, 'x')), FailsWith(FailureKind::kData, "more than 63 bytes"));
  EXPECT_THAT(with(""), FailsWith(FailureKind::kData, "has no name"));
  EXPECT_THAT(with(std::string("a\0b", 3)), FailsWith(FailureKind::kData, "NUL"));
}

TEST(TableFor, RefusesWhatCannotBePartitioned) {
  PostgreSQLConfig config;
  const auto by = [&](const char* partition_by, const TableSpec& spec) {
    config.partition_by = partition_by;
    return TableFor(spec, kLogs, *spec.schema, config);
  };
  const auto append = Spec(LoadMode::kAppend, {});
  EXPECT_THAT(by("block:10", append), FailsWith(kWrong, "no such column"));
  EXPECT_THAT(by("data:10", append), FailsWith(kWrong, "no integer"));
  EXPECT_THAT(by("block_num:10", Spec(LoadMode::kUpsert, {"log_index"})),
              FailsWith(kWrong, "add it to --key"));
  EXPECT_THAT(by("block_num:10", Spec(LoadMode::kUpsert, {"log_index", "block_num"})), IsOk());
}

PgTable Existing(const std::string& comment) {
  PgTable table;
  table.name = kLogs;
  auto& column = table.columns.emplace_back();
  column.name = "size";
  column.comment = comment;
  return table;
}

TEST(EvolveStatement, AddsAndWidensInOneStatement) {
  SchemaChange change;
  change.added = {arrow::field("fee", arrow::decimal256(76, 0)), arrow::field("n", arrow::int16())};
  change.widened = {arrow::field("size", arrow::int64())};
  ASSERT_OK_AND_ASSIGN(const auto statement, EvolveStatement(Existing(""), change));
  EXPECT_EQ(statement,
            "ALTER TABLE \"chain\".\"logs\" ADD COLUMN \"fee\" numeric(76,0), ADD COLUMN \"n\" "
            "smallint, ALTER COLUMN \"size\" TYPE bigint");
  ASSERT_OK_AND_ASSIGN(const auto nothing, EvolveStatement(Existing(""), {}));
  EXPECT_EQ(nothing, "");
}

TEST(EvolveStatement, KeepsCommentsTrueAndLeavesThoseOfOthers) {
  const auto comment = [](const std::string& old, std::shared_ptr<arrow::DataType> type) {
    SchemaChange change;
    change.widened = {arrow::field("size", std::move(type))};
    const auto statement = EvolveStatement(Existing(old), change).ValueOrDie();
    const size_t at = statement.find("; ");
    return at == std::string::npos ? "" : statement.substr(at + 2);
  };
  const std::string on = "COMMENT ON COLUMN \"chain\".\"logs\".\"size\" IS ";
  EXPECT_EQ(comment("Arrow type: uint32", arrow::uint64()), on + "'Arrow type: uint64'");
  EXPECT_EQ(comment("Arrow type: uint32", arrow::int64()), on + "NULL");
  EXPECT_EQ(comment("bytes (Arrow type: uint32)", arrow::int64()), on + "NULL");
  EXPECT_EQ(comment("", arrow::uint64()), on + "'Arrow type: uint64'");
  EXPECT_EQ(comment("", arrow::int64()), "");
  EXPECT_EQ(comment("of the block", arrow::uint64()), "");
  SchemaChange change;
  change.added = {arrow::field("n", arrow::uint8())};
  ASSERT_OK_AND_ASSIGN(const auto added, EvolveStatement(Existing(""), change));
  EXPECT_THAT(added, testing::EndsWith(
                         "; COMMENT ON COLUMN \"chain\".\"logs\".\"n\" IS 'Arrow type: uint8'"));
}

TEST(AfterLoadStatements, NameTheTableWhereverTheyAsk) {
  PostgreSQLConfig config;
  EXPECT_EQ(AfterLoadStatements(kLogs, config), "");
  config.after_load = "ANALYZE {table}; CLUSTER {table} USING x";
  EXPECT_EQ(AfterLoadStatements(kLogs, config),
            "ANALYZE \"chain\".\"logs\"; CLUSTER \"chain\".\"logs\" USING x");
  config.after_load = "SELECT '{table}'";
  EXPECT_EQ(AfterLoadStatements({"{table}", "{table}"}, config),
            "SELECT '\"{table}\".\"{table}\"'");
}

}  // namespace
}  // namespace ampload::postgresql
