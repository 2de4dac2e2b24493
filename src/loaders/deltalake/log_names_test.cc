#include "loaders/deltalake/log_names.h"

#include <gtest/gtest.h>

namespace ampload::deltalake {
namespace {

using Kind = LogName::Kind;

TEST(LogNames, AreThoseOfTheProtocol) {
  EXPECT_EQ(LogEntryPath(42), "_delta_log/00000000000000000042.json");
  EXPECT_EQ(CheckpointPath(42), "_delta_log/00000000000000000042.checkpoint.parquet");
}

TEST(LogNames, SayWhatAFileIs) {
  const auto kind = [](std::string_view name) { return ParseLogName(name)->kind; };
  EXPECT_EQ(kind("00000000000000000042.json"), Kind::kEntry);
  EXPECT_EQ(kind("00000000000000000042.crc"), Kind::kChecksum);
  EXPECT_EQ(kind("00000000000000000042.checkpoint.parquet"), Kind::kCheckpoint);
  EXPECT_EQ(kind("00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"),
            Kind::kUuid);
  EXPECT_EQ(kind("00000000000000000004.00000000000000000006.compacted.json"), Kind::kCompacted);
  const auto part = ParseLogName("00000000000000000010.checkpoint.0000000002.0000000003.parquet");
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->kind, Kind::kPart);
  EXPECT_EQ(part->version, 10);
  EXPECT_EQ(part->part, 2);
  EXPECT_EQ(part->parts, 3);
}

TEST(LogNames, PassOverWhatIsNoneOfThem) {
  for (const auto* name :
       {"_last_checkpoint", "42.json", "0000000000000000004x.json", "00000000000000000042",
        "00000000000000000042.json.tmp", "00000000000000000042.checkpoint.json",
        "00000000000000000010.checkpoint.0000000004.0000000003.parquet",
        "00000000000000000010.checkpoint.0000000000.0000000003.parquet",
        "99999999999999999999.json", ""}) {
    EXPECT_FALSE(ParseLogName(name).has_value()) << name;
  }
}

TEST(LogNames, OfAVersionComeAfterItsBeginning) {
  for (const auto& path : {LogEntryPath(7), CheckpointPath(7)}) {
    EXPECT_LT(BeforeVersion(7), path);
    EXPECT_GT(BeforeVersion(8), path);
  }
}

}  // namespace
}  // namespace ampload::deltalake
