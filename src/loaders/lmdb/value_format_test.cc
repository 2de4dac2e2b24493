// The option value_format: a table keeps the format that it was made with.
#include <arrow/json/from_string.h>

#include <nlohmann/json.hpp>

#include "loaders/lmdb/lmdb_loader.h"
#include "loaders/lmdb/session_fixture_for_test.h"
#include "loaders/lmdb/table_reader.h"

namespace ampload::lmdb {
namespace {

std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type,
                                       const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

class LmdbValueFormatTest : public LmdbSessionTest {
 protected:
  LMDBConfig ConfigWith(const std::string& value_format) const {
    LMDBConfig config = Config();
    config.value_format = value_format;
    return config;
  }
  Status Load(const std::string& value_format, const std::vector<uint32_t>& numbers,
              LoadMode mode = LoadMode::kAppend) {
    LmdbSession session(ConfigWith(value_format), Spec(mode));
    ARROW_RETURN_NOT_OK(session.Recover(RecoverMode::kTakeOver, context_).status());
    ARROW_RETURN_NOT_OK(Stage(session, Rows(numbers, "a")));
    return session.Commit(Checkpoint(), context_).status();
  }
  std::shared_ptr<arrow::Table> Read() const {
    auto environment = Environment::Open(path_, {}).ValueOrDie();
    return ReadTableRows(*environment, "numbers", 100).ValueOrDie();
  }
};

TEST_F(LmdbValueFormatTest, IsMsgpackForANewTable) {
  ASSERT_THAT(Load("", {7}), IsOk());
  EXPECT_EQ(Now(), (Pairs{{Key(7), Packed(7, "a")}}));
}

TEST_F(LmdbValueFormatTest, OfATableHoldsForLaterLoadsThatNameNone) {
  ASSERT_THAT(Load("json", {7}), IsOk());
  ASSERT_THAT(Load("", {8}), IsOk());
  ASSERT_THAT(Load("json", {9}), IsOk());
  EXPECT_EQ(Now(), (Pairs{{Key(7), R"({"n":7,"text":"a7"})"},
                          {Key(8), R"({"n":8,"text":"a8"})"},
                          {Key(9), R"({"n":9,"text":"a9"})"}}));
}

TEST_F(LmdbValueFormatTest, IsRefusedWhereTheTableHasAnother) {
  for (const std::string format : {"msgpack", "json", "arrow_ipc"}) {
    ASSERT_THAT(Load(format, {7}, LoadMode::kOverwrite), IsOk());
    const Pairs before = Now();
    for (const std::string other : {"msgpack", "json", "arrow_ipc"}) {
      if (other == format) continue;
      EXPECT_THAT(Load(other, {8}), FailsWith(FailureKind::kConfiguration,
                                              "value_format=" + format + " wanted=" + other));
    }
    EXPECT_EQ(Now(), before);
    EXPECT_FALSE(HasOpenLoad());
  }
}

TEST_F(LmdbValueFormatTest, MayChangeByAnOverwrite) {
  ASSERT_THAT(Load("", {7}), IsOk());
  ASSERT_THAT(Load("json", {8}, LoadMode::kOverwrite), IsOk());
  EXPECT_EQ(Now(), (Pairs{{Key(8), R"({"n":8,"text":"a8"})"}}));
  ASSERT_THAT(Load("", {9}, LoadMode::kOverwrite), IsOk());
  EXPECT_EQ(Now(), (Pairs{{Key(9), R"({"n":9,"text":"a9"})"}}));
}

TEST_F(LmdbValueFormatTest, RowsComeBackInAnyOfThem) {
  for (const std::string format : {"msgpack", "json", "arrow_ipc"}) {
    ASSERT_THAT(Load(format, {7, 8, 300000}, LoadMode::kOverwrite), IsOk());
    const auto wanted = arrow::Table::FromRecordBatches({Rows({7, 8, 300000}, "a")}).ValueOrDie();
    EXPECT_TRUE(Read()->Equals(*wanted)) << format;
  }
}

TEST_F(LmdbValueFormatTest, OfAPipelineIsTheTablesToo) {
  TableSpec spec = Spec();
  spec.pipeline = "p";
  LmdbSession first(ConfigWith("json"), spec);
  ASSERT_THAT(first.Recover(RecoverMode::kTakeOver, context_), IsOk());
  // Meanwhile another load makes the table.
  ASSERT_THAT(Load("msgpack", {7}), IsOk());
  ASSERT_THAT(Stage(first, Rows({8}, "a")), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto outcome, first.Commit(Checkpoint(), context_));
  ASSERT_TRUE(std::holds_alternative<Conflict>(outcome));
  EXPECT_THAT(std::get<Conflict>(outcome).why,
              ::testing::HasSubstr("value_format=msgpack wanted=json"));
  EXPECT_EQ(Now(), (Pairs{{Key(7), Packed(7, "a")}}));
}

TEST_F(LmdbValueFormatTest, JsonKeepsTheTypeOfAFloat) {
  const auto load = [&](const std::string& format, const std::shared_ptr<arrow::Array>& floats,
                        LoadMode mode) {
    TableSpec spec = Spec(mode);
    spec.schema = arrow::schema({arrow::field("f", floats->type())});
    spec.keys = {};
    spec.on_schema_change = SchemaPolicy::kEvolve;
    LmdbSession session(ConfigWith(format), spec);
    return session.Recover(RecoverMode::kTakeOver, context_).ok()
               ? (Stage(session, arrow::RecordBatch::Make(spec.schema, 1, {floats})).ok() &&
                  session.Commit(Checkpoint(), context_).ok())
               : false;
  };
  const auto narrow = FromJson(arrow::float32(), "[0.1]");
  const auto wide = FromJson(arrow::float64(), "[0.1]");
  for (const std::string format : {"msgpack", "arrow_ipc"}) {
    ASSERT_TRUE(load(format, narrow, LoadMode::kOverwrite));
    ASSERT_TRUE(load("", wide, LoadMode::kAppend));
    ASSERT_TRUE(load("", narrow, LoadMode::kAppend));
    const auto floats = Read()->column(0)->chunk(0);
    EXPECT_TRUE(floats->Equals(
        FromJson(arrow::float64(), "[0.10000000149011612, 0.1, 0.10000000149011612]")))
        << format << floats->ToString();
  }
  ASSERT_TRUE(load("json", narrow, LoadMode::kOverwrite));
  EXPECT_FALSE(load("", wide, LoadMode::kAppend));
  ASSERT_TRUE(load("json", wide, LoadMode::kOverwrite));
  EXPECT_FALSE(load("", narrow, LoadMode::kAppend));
}

TEST_F(LmdbValueFormatTest, ThatThisProgramDoesNotKnowLeavesTheTableAlone) {
  ASSERT_THAT(Load("", {7}), IsOk());
  {
    auto environment = Environment::Open(path_, {}).ValueOrDie();
    ASSERT_THAT(environment->Write(
                    0,
                    [](Transaction& txn) -> Status {
                      ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(kCatalogName, false));
                      ARROW_ASSIGN_OR_RAISE(const auto text, txn.Get(*dbi, "table/numbers"));
                      auto json = nlohmann::json::parse(*text);
                      json["value_format"] = "cbor";
                      return txn.Put(*dbi, "table/numbers", json.dump());
                    }),
                IsOk());
  }
  EXPECT_THAT(Load("", {8}), FailsWith(FailureKind::kPermanent, "reason=value_format cbor"));
  EXPECT_EQ(Now(), (Pairs{{Key(7), Packed(7, "a")}}));
}

TEST_F(LmdbValueFormatTest, IsPartOfALoadsResult) {
  LMDBLoader loader(ConfigWith("arrow_ipc"));
  ASSERT_THAT(loader.Connect(context_), IsOk());
  const auto result = loader.LoadBatch(Rows({7}, "a"), "numbers", {});
  ASSERT_TRUE(result.success);
  EXPECT_EQ(std::get<std::string>(result.metadata.at("value_format")), "arrow_ipc");
}

}  // namespace
}  // namespace ampload::lmdb
