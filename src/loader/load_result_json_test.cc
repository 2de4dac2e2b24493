#include "loader/load_result_json.h"

#include <gtest/gtest.h>

namespace ampload {
namespace {

TEST(LoadResultJson, HasTheSpecificationsKeysInOrder) {
  LoadResult result;
  result.success = true;
  result.rows_loaded = 348;
  result.duration_seconds = 0.5;
  result.ops_per_second = 696;
  result.table_name = "tx";
  result.loader_type = "lmdb";
  result.metadata = {{"operation", std::string("load_table")},
                     {"batch_count", int64_t{2}},
                     {"avg_batch_size", 174.25},
                     {"sorted", true}};
  EXPECT_EQ(ToJson(result),
            R"({"success":true,"rows_loaded":348,"duration_seconds":0.5,"ops_per_second":696.0,)"
            R"("table_name":"tx","loader_type":"lmdb","error":null,"metadata":{)"
            R"("avg_batch_size":174.25,"batch_count":2,"operation":"load_table","sorted":true}})");
}

TEST(LoadResultJson, TellsTheErrorOfAFailure) {
  LoadResult result;
  result.error = "lmdb: \"disk\" full\n";
  EXPECT_NE(ToJson(result).find(R"("error":"lmdb: \"disk\" full\n")"), std::string::npos);
}

TEST(LoadResultJson, ReplacesBytesThatAreNotUtf8) {
  LoadResult result;
  result.table_name = "a\xffz";
  EXPECT_NE(ToJson(result).find("a\xEF\xBF\xBDz"), std::string::npos);
}

TEST(Rate, IsRoundedToTwoDecimalsAndZeroWithoutADuration) {
  EXPECT_EQ(RatePerSecond(10, 3), 3.33);
  EXPECT_EQ(RatePerSecond(10, 0), 0);
  EXPECT_EQ(RoundTo2(1.006), 1.01);
  EXPECT_EQ(RoundTo2(-1.006), -1.01);
  EXPECT_EQ(RoundTo2(1e308), 1e308);
}

}  // namespace
}  // namespace ampload
