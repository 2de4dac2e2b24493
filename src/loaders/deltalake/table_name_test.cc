#include "loaders/deltalake/table_name.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::deltalake {
namespace {

TEST(TableFolder, IsANameOrSeveralWithSlashesBetween) {
  for (const char* name : {"logs", "mainnet/logs", "a/b/c", "date=2024-01-01", "Zahlen für alle",
                           "a.b", "logs_", "x..."}) {
    EXPECT_THAT(CheckTableFolder(name), IsOk()) << name;
  }
}

TEST(TableFolder, IsNeverOutsideTheTargetsNorHidden) {
  for (const auto& [name, why] :
       {std::pair{"/logs", "is empty"}, std::pair{"logs/", "is empty"},
        std::pair{"a//b", "is empty"}, std::pair{"..", "no name"},
        std::pair{"a/../../b", "no name"}, std::pair{"a/.", "no name"},
        std::pair{"_delta_log", "begins with _"}, std::pair{"a/_ampload", "begins with _"},
        std::pair{".hidden", "begins with _"}, std::pair{"a\\b", "backslash"},
        std::pair{"a\nb", "control"}}) {
    EXPECT_THAT(CheckTableFolder(name), FailsWith(FailureKind::kConfiguration, why)) << name;
  }
  EXPECT_THAT(CheckTableFolder(""), FailsWith(FailureKind::kConfiguration, "empty"));
}

}  // namespace
}  // namespace ampload::deltalake
