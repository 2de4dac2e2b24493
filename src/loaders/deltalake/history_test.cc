#include "loaders/deltalake/history.h"

#include <gtest/gtest.h>

namespace ampload::deltalake {
namespace {

Log::HistoryLine Line(const std::string& json, const std::string& operation) {
  CommitInfo info;
  info.json = json;
  info.operation = operation;
  return {7, 1767225601500, info};
}

TEST(History, ShowsParametersAndMetricsInOneLine) {
  const std::string json =
      R"({"operation":"WRITE","operationParameters":{"mode":"Append","partitionBy":"[]","x":null},)"
      R"("operationMetrics":{"numFiles":"1","numOutputRows":2},"engineInfo":"some-writer/1.0"})";
  const auto entry = HistoryEntryOf(Line(json, "WRITE"));
  EXPECT_EQ(entry.version, 7);
  EXPECT_EQ(entry.timestamp_ms, 1767225601500);
  EXPECT_EQ(entry.operation, "WRITE");
  EXPECT_EQ(entry.writer, "some-writer/1.0");
  EXPECT_EQ(entry.detail, "mode=Append numFiles=1 numOutputRows=2");
  EXPECT_EQ(entry.json, json);
}

TEST(History, ShowsWhatItCanOfFreeForm) {
  EXPECT_EQ(HistoryEntryOf({3, 5, {}}).version, 3);
  EXPECT_EQ(HistoryEntryOf({3, 5, {}}).json, "{}");
  const auto entry = HistoryEntryOf(Line(
      R"({"clientVersion":"delta-rs.0.17","operationParameters":"none","operationMetrics":[1]})",
      ""));
  EXPECT_EQ(entry.writer, "delta-rs.0.17");
  EXPECT_EQ(entry.detail, "");
}

}  // namespace
}  // namespace ampload::deltalake
