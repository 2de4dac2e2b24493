#include "cli/query_table.h"

#include <gtest/gtest.h>

namespace ampload::cli {
namespace {

TEST(OnlyTableOf, AQueryOfOneTableIsItsLastName) {
  for (const char* query : {
           "SELECT * FROM logs",
           "select a, b from d.logs;",
           "SELECT * FROM \"_/eth_rpc\".logs WHERE x IN (1, 2) ORDER BY a, b",
           "SELECT 'from x' AS \"from\", count(*)\nFROM eth . logs AS l WHERE y = 'a''b' -- FROM z",
           "SELECT a /* FROM z */ FROM d.\"logs\" l LIMIT 5",
           "SELECT a FROM logs SETTINGS stream",
       }) {
    EXPECT_EQ(OnlyTableOf(query), "logs") << query;
  }
}

TEST(OnlyTableOf, OtherQueriesHaveNone) {
  for (const char* query : {
           "",
           "SELECT 1",
           "SELECT * FROM",
           "SELECT * FROM a, b",
           "SELECT * FROM a AS x, b",
           "SELECT * FROM a JOIN b ON a.x = b.x",
           "SELECT * FROM (SELECT 1)",
           "SELECT * FROM (SELECT * FROM b)",
           "SELECT * FROM generate(1)",
           "SELECT * FROM a UNION ALL SELECT * FROM b",
           "WITH c AS (SELECT * FROM a) SELECT * FROM c",
           "SELECT extract(day FROM t) FROM a",
           "SELECT * FROM d.\"my logs\"",
           "SELECT * FROM 'a'",
       }) {
    EXPECT_EQ(OnlyTableOf(query).value_or("(none)"), "(none)") << query;
  }
}

TEST(LooksLikeQuery, TellsAQueryFromAPath) {
  EXPECT_TRUE(LooksLikeQuery("SELECT * FROM logs"));
  EXPECT_TRUE(LooksLikeQuery("  with x as (select 1) select * from x"));
  EXPECT_FALSE(LooksLikeQuery("select"));
  EXPECT_FALSE(LooksLikeQuery("select.csv"));
  EXPECT_FALSE(LooksLikeQuery("logs.parquet"));
  EXPECT_FALSE(LooksLikeQuery(""));
}

}  // namespace
}  // namespace ampload::cli
