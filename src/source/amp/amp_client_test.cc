#include "source/amp/amp_client.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <string>

#include "base/hex.h"
#include "source/amp/amp_fixture_for_test.h"
#include "source/amp/sql_command.h"

namespace ampload::source {
namespace {

using AmpClient = AmpTest;
using testing::ElementsAre;

std::string HeaderOf(const FlightServerForTest::Headers& headers, const std::string& name) {
  const auto found = headers.find(name);
  return found == headers.end() ? "(none)" : found->second;
}

TEST_F(AmpClient, SendsTheQueryAndTheTokenAndAsksForAStream) {
  Script({{.batch = Numbers(0, 1)}});
  AmpOptions options = Options();
  options.token = "t0ken.x-y_z";
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream(options));
  EXPECT_EQ(server_->command(), StatementQueryCommand("SELECT n FROM d.t"));
  const auto asked = server_->info_headers();
  EXPECT_EQ(HeaderOf(asked, "authorization"), "Bearer t0ken.x-y_z");
  EXPECT_EQ(HeaderOf(asked, "amp-stream"), "true");
  EXPECT_EQ(HeaderOf(asked, "amp-resume"), "(none)");

  EXPECT_THAT(source->Next({}), IsOk());
  EXPECT_EQ(HeaderOf(server_->get_headers(), "authorization"), "Bearer t0ken.x-y_z");
}

TEST_F(AmpClient, SendsTheCursorOfEachNetwork) {
  Script({});
  const StreamCursor cursor = {{"mainnet", {.number = {18446744073709551615U}, .hash = "0x8bc9d4"}},
                               {"b\"\xc3\xa9", {.number = {0}, .hash = "0x00"}}};
  EXPECT_THAT(OpenStream(Options(), cursor), IsOk());
  EXPECT_EQ(HeaderOf(server_->info_headers(), "amp-resume"),
            R"({"b\"\u00e9":{"number":0,"hash":"0x00"},)"
            R"("mainnet":{"number":18446744073709551615,"hash":"0x8bc9d4"}})");
}

TEST_F(AmpClient, AsksForNoStreamWhereTheQueryEnds) {
  Script({{.batch = Numbers(0, 3)}, {.batch = Numbers(3, 2)}});
  server_->total_records = 5;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenAmpQuery(Options(), {}));
  EXPECT_EQ(source->estimate().rows, 5);
  ASSERT_OK_AND_ASSIGN(const auto values, ReadNumbers(*source));
  EXPECT_THAT(values, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(HeaderOf(server_->info_headers(), "amp-stream"), "(none)");
  EXPECT_EQ(HeaderOf(server_->info_headers(), "authorization"), "(none)");
}

TEST_F(AmpClient, GivesEachMessageWithItsRanges) {
  Script({{.batch = Numbers(0, 0), .metadata = Metadata(5, 9, false)},
          {.batch = Numbers(7, 2), .metadata = Metadata(5, 9, false)},
          {.batch = Numbers(0, 0), .metadata = Metadata(5, 9, true)},
          {.batch = Numbers(0, 1)}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  const BlockRange range = {
      .network = "n", .start = {5}, .end = {9}, .hash = "0xab", .prev_hash = "0xcd"};
  for (const int64_t rows : {0, 2, 0}) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next({}));
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->batch->num_rows(), rows);
    EXPECT_TRUE(next->batch->schema()->Equals(*source->schema(), /*check_metadata=*/true));
    EXPECT_THAT(next->ranges, ElementsAre(range));
  }
  ASSERT_OK_AND_ASSIGN(const auto bare, source->Next({}));
  ASSERT_TRUE(bare.has_value());
  EXPECT_TRUE(bare->ranges.empty());
  EXPECT_FALSE(bare->ranges_complete);
  ASSERT_OK_AND_ASSIGN(const auto end, source->Next({}));
  EXPECT_FALSE(end.has_value());
}

TEST_F(AmpClient, SaysWhichMessageCompletesItsRanges) {
  Script({{.batch = Numbers(0, 1), .metadata = Metadata(5, 9, false)},
          {.batch = Numbers(1, 1), .metadata = Metadata(5, 9, true)}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  ASSERT_OK_AND_ASSIGN(const auto first, source->Next({}));
  EXPECT_FALSE(first->ranges_complete);
  ASSERT_OK_AND_ASSIGN(const auto second, source->Next({}));
  EXPECT_TRUE(second->ranges_complete);
  EXPECT_EQ(second->batch->num_rows(), 1);
}

TEST_F(AmpClient, TakesAStreamThatHasNothingYet) {
  Script({{.batch = Numbers(0, 0), .metadata = R"({"ranges":[],"ranges_complete":true})"}});
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  ASSERT_OK_AND_ASSIGN(const auto next, source->Next({}));
  EXPECT_TRUE(next->ranges.empty());
  EXPECT_TRUE(next->ranges_complete);
  ASSERT_OK_AND_ASSIGN(const auto end, source->Next({}));
  EXPECT_FALSE(end.has_value());
}

TEST_F(AmpClient, TakesAMessageOf20MegabytesAndKeepsItInItsPool) {
  constexpr int64_t kRows = 20 << 17;  // of 8 bytes
  Script({{.batch = Numbers(0, kRows)}, {.batch = Numbers(5, 1)}});
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  {
    AmpOptions options = Options();
    options.pool = &pool;
    ASSERT_OK_AND_ASSIGN(const auto source, OpenAmpQuery(options, {}));
    ASSERT_OK_AND_ASSIGN(const auto big, source->Next({}));
    EXPECT_EQ(big->batch->num_rows(), kRows);
    EXPECT_TRUE(big->batch->Equals(*Numbers(0, kRows)));
    EXPECT_GE(pool.bytes_allocated(), 8 * kRows);
    ASSERT_OK_AND_ASSIGN(const auto small, source->Next({}));
    EXPECT_TRUE(small->batch->Equals(*Numbers(5, 1)));
  }
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

TEST_F(AmpClient, TakesPackedMessages) {
  Script({{.batch = Numbers(0, 5000)}, {.batch = Numbers(0, 0)}});
  server_->answers["0"].packed = true;
  ASSERT_OK_AND_ASSIGN(const auto values, QueryNumbers());
  EXPECT_EQ(values.size(), 5000);
  EXPECT_EQ(values.back(), 4999);
}

TEST_F(AmpClient, TakesDictionaryColumns) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto schema = arrow::schema({arrow::field("word", type)});
  arrow::StringBuilder words;
  ASSERT_TRUE(words.AppendValues({"up", "down"}).ok());
  arrow::Int8Builder indices;
  ASSERT_TRUE(indices.AppendValues({1, 0, 1}).ok());
  const auto column = *arrow::DictionaryArray::FromArrays(type, *indices.Finish(), *words.Finish());
  const auto batch = arrow::RecordBatch::Make(schema, 3, {column});
  Script({{.batch = batch}, {.batch = batch}}, schema);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenAmpQuery(Options(), {}));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next({}));
    EXPECT_TRUE(next->batch->Equals(*batch));
  }
}

TEST_F(AmpClient, ReadsAllPartsOfAQueryInTheirOrder) {
  server_->announced = NumberSchema();
  server_->tickets = {"b", "a"};
  server_->answers["b"] = {.schema = NumberSchema(), .steps = {{.batch = Numbers(1, 2)}}};
  server_->answers["a"] = {.schema = NumberSchema(), .steps = {{.batch = Numbers(3, 1)}}};
  ASSERT_OK_AND_ASSIGN(const auto values, QueryNumbers());
  EXPECT_THAT(values, ElementsAre(1, 2, 3));
}

TEST_F(AmpClient, DropsMetadataOfColumns) {
  const auto meta = arrow::key_value_metadata({"a"}, {"b"});
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64(), false)->WithMetadata(meta)}, meta);
  Script({{.batch = Numbers(1, 1)}}, schema);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenStream());
  EXPECT_TRUE(source->schema()->Equals(*NumberSchema(), /*check_metadata=*/true));
}

}  // namespace
}  // namespace ampload::source
