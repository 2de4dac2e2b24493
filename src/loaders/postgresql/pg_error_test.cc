#include "loaders/postgresql/pg_error.h"

#include <gtest/gtest.h>

namespace ampload::postgresql {
namespace {

// The conditions are those of PostgreSQL's documentation, appendix A.
TEST(SqlState, SaysWhetherTryingAgainHelps) {
  for (const char* passing :
       {"08006" /* connection_failure */, "53300" /* too_many_connections */,
        "53100" /* disk_full */, "40001" /* serialization_failure */,
        "40P01" /* deadlock_detected */, "57P01" /* admin_shutdown */, "57P02" /* crash_shutdown */,
        "57P03" /* cannot_connect_now */, "57014" /* query_canceled */,
        "55P03" /* lock_not_available */, "25006" /* read_only_sql_transaction: a standby */}) {
    EXPECT_EQ(KindOfSqlState(passing), FailureKind::kTransient) << passing;
  }
}

TEST(SqlState, TellsRowsFromSettings) {
  for (const char* row : {"22003" /* numeric_value_out_of_range */, "22001" /* too long */,
                          "22021" /* character_not_in_repertoire */, "23505" /* unique_violation */,
                          "23514" /* check_violation */, "P0001" /* raise_exception */,
                          "44000" /* with_check_option_violation */}) {
    EXPECT_EQ(KindOfSqlState(row), FailureKind::kData) << row;
  }
  for (const char* setting :
       {"28P01" /* invalid_password */, "3D000" /* invalid_catalog_name */,
        "3F000" /* invalid_schema_name */, "42501" /* insufficient_privilege */,
        "42P01" /* undefined_table */, "0A000" /* feature_not_supported */}) {
    EXPECT_EQ(KindOfSqlState(setting), FailureKind::kConfiguration) << setting;
  }
  EXPECT_EQ(KindOfSqlState("XX000"), FailureKind::kPermanent);
  EXPECT_EQ(KindOfSqlState(""), FailureKind::kPermanent);
}

}  // namespace
}  // namespace ampload::postgresql
