#include "loaders/redis/plan.h"

#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/redis/catalog.h"
#include "loaders/redis/fake_server_for_test.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::shared_ptr<arrow::Schema> Columns() {
  return arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("data", arrow::binary())});
}

TableSpec Spec() {
  TableSpec spec;
  spec.name = "logs";
  spec.schema = Columns();
  spec.keys = {"id"};
  return spec;
}

// A server that has `table`, or none, and the plan that is made there.
Result<TablePlan> PlanAt(const std::optional<TableRecord>& table, const ConfigMap& options,
                         const TableSpec& spec, const arrow::RecordBatch* sample = nullptr) {
  std::string record = "$-1\r\n$-1\r\n";
  if (table.has_value()) {
    CommandBuffer commands;
    ARROW_RETURN_NOT_OK(AddTable(spec.name, *table, &commands));
    record = Bulk(ToJson(*table));
    // SET <key> <schema>: the third word of the second command.
    std::string_view bytes = commands.bytes();
    bytes.remove_prefix(bytes.find("__ampload__:schema:logs\r\n$") + 25);
    record += std::string(bytes.substr(0, bytes.find("*3\r\n$4\r\nSADD")));
  }
  FakeServer server([&](Peer& peer) {
    Greet(peer);
    EXPECT_EQ(peer.Command(), "GET __ampload__:table:logs");
    EXPECT_EQ(peer.Command(), "GET __ampload__:schema:logs");
    peer.Write(record);
    EXPECT_EQ(peer.Command(), "");  // nothing else is asked, and nothing written
  });
  const auto config = server.config(options);
  ARROW_ASSIGN_OR_RAISE(const auto connection, Connection::Open(config, {}));
  return PlanLoad(*connection, config, spec, sample, {});
}

TableRecord Hashes() {
  TableRecord record;
  record.uuid = "u";
  record.key_pattern = "{table}:{id}";
  record.key_columns = {"id"};
  record.schema = Columns();
  return record;
}

TEST(Plan, SaysWhereRowsOfANewTableGo) {
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       PlanAt(std::nullopt, {{"binary", "hex"}, {"ttl", "90s"}}, Spec()));
  EXPECT_FALSE(plan.table_exists);
  EXPECT_THAT(plan.layout,
              ElementsAre(HasSubstr("new: one hash a row in database 0 at 127.0.0.1:"),
                          "key: logs:{id}", HasSubstr("binary values as 0x and hex digits"),
                          "rows expire 90s after a write", HasSubstr("is an error")));
  ASSERT_THAT(plan.columns, SizeIs(2));
  EXPECT_EQ(plan.columns[0].stored_as, "digits");
  EXPECT_EQ(plan.bytes_per_row, std::nullopt);
}

TEST(Plan, SaysOfEachStructureWhatARowIs) {
  auto spec = Spec();
  ASSERT_OK_AND_ASSIGN(
      auto plan,
      PlanAt(std::nullopt, {{"structure", "string"}, {"value_format", "msgpack"}}, spec));
  EXPECT_THAT(plan.layout, Contains(HasSubstr("msgpack map")));
  EXPECT_EQ(plan.columns[1].stored_as, "bin");
  spec.keys.clear();
  ASSERT_OK_AND_ASSIGN(plan, PlanAt(std::nullopt, {{"structure", "stream"}}, spec));
  EXPECT_THAT(plan.layout, Contains("key: logs"));
  EXPECT_THAT(plan.layout, Contains("entry: <batch id>-<row number>"));
  ASSERT_OK_AND_ASSIGN(plan,
                       PlanAt(std::nullopt, {{"structure", "sorted_set"}, {"score", "id"}}, spec));
  EXPECT_THAT(plan.layout, Contains(HasSubstr("JSON object")));
  EXPECT_THAT(plan.layout, Contains(HasSubstr("its score the column id")));
}

TEST(Plan, SaysWhatAnOverwriteDoesToOldRows) {
  auto spec = Spec();
  spec.mode = LoadMode::kOverwrite;
  ASSERT_OK_AND_ASSIGN(auto plan, PlanAt(std::nullopt, {}, spec));
  EXPECT_THAT(plan.layout, Not(Contains(HasSubstr("overwrite:"))));
  ASSERT_OK_AND_ASSIGN(plan, PlanAt(Hashes(), {}, spec));
  EXPECT_TRUE(plan.table_exists);
  EXPECT_THAT(plan.layout, Contains(HasSubstr("SCAN and UNLINK")));
  auto list = Hashes();
  list.structure = Structure::kList;
  list.key_pattern.clear();
  list.key_columns.clear();
  spec.keys.clear();
  ASSERT_OK_AND_ASSIGN(plan, PlanAt(list, {}, spec));
  EXPECT_THAT(plan.layout, Contains(HasSubstr("in one step with the commit")));
}

TEST(Plan, OnlyStoredColumnsAreInIt) {
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanAt(std::nullopt, {{"fields", "id"}}, Spec()));
  ASSERT_THAT(plan.columns, SizeIs(1));
  EXPECT_EQ(plan.columns[0].column, "id");
}

TEST(Plan, AColumnThatCannotBeStoredIsALine) {
  auto spec = Spec();
  spec.schema =
      arrow::schema({arrow::field("id", arrow::int64(), false),
                     arrow::field("u", arrow::sparse_union({arrow::field("a", arrow::int8())}))});
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanAt(std::nullopt, {}, spec));
  ASSERT_THAT(plan.columns, SizeIs(2));
  EXPECT_EQ(plan.columns[1].fidelity, Fidelity::kRefused);
  EXPECT_THAT(plan.layout, IsEmpty());
}

TEST(Plan, RefusesRowsThatDoNotFitTheTable) {
  auto spec = Spec();
  spec.keys = {"data"};
  EXPECT_THAT(PlanAt(Hashes(), {}, spec), FailsWith(FailureKind::kConfiguration, "another key"));
}

// "*6\r\n$4\r\nHSET\r\n$6\r\nlogs:7\r\n$2\r\nid\r\n$1\r\n7\r\n$4\r\ndata\r\n$2\r\nab\r\n": 59 bytes
TEST(Plan, MeasuresARowByItsCommand) {
  arrow::Int64Builder id;
  arrow::BinaryBuilder data;
  ASSERT_THAT(id.Append(7), IsOk());
  ASSERT_THAT(data.Append("ab"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto ids, id.Finish());
  ASSERT_OK_AND_ASSIGN(const auto datas, data.Finish());
  const auto sample = arrow::RecordBatch::Make(Columns(), 1, {ids, datas});
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanAt(std::nullopt, {}, Spec(), sample.get()));
  EXPECT_EQ(plan.bytes_per_row, 59);
}

}  // namespace
}  // namespace ampload::redis
