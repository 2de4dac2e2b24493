#include "loader/checkpoint_json.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

// Written by hand from the picture in checkpoint_json.h.
constexpr char kGolden[] =
    R"({"version":1,"table":"logs","pipeline":"p1","owner":"ab","epoch":3,"sequence":17,"slot":5,)"
    R"("last_batch_id":9223372036854775807,"source_position":"{\"file\":1}","store_handle":"pid 7",)"
    R"("table_identity":"t-1","schema_fingerprint":"s","options_fingerprint":"o",)"
    R"("highest_end":{"base":18446744073709551615,"mainnet":123},"retention_blocks":128,"rows_total":42,"checksum":"",)"
    R"("ladder":[{"batch_id":32773,"rows":9,"ranges":[{"network":"mainnet","start":100,"end":123,)"
    R"("hash":"0xaa","prev_hash":"0xbb"}]},{"batch_id":65541,"rows":0,"ranges":[]}]})";

Checkpoint Golden() {
  Checkpoint checkpoint;
  checkpoint.table = "logs";
  checkpoint.pipeline = "p1";
  checkpoint.owner = "ab";
  checkpoint.epoch = Epoch{3};
  checkpoint.sequence = 17;
  checkpoint.slot = 5;
  checkpoint.last_batch_id = BatchId(INT64_MAX);
  checkpoint.source_position = R"({"file":1})";
  checkpoint.store_handle = "pid 7";
  checkpoint.table_identity = "t-1";
  checkpoint.schema_fingerprint = "s";
  checkpoint.options_fingerprint = "o";
  checkpoint.highest_end = {{"base", BlockNumber{UINT64_MAX}}, {"mainnet", BlockNumber{123}}};
  checkpoint.retention_blocks = 128;
  checkpoint.rows_total = 42;
  checkpoint.ladder = {
      {BatchId(32773), 9, {{"mainnet", BlockNumber{100}, BlockNumber{123}, "0xaa", "0xbb"}}},
      {BatchId(65541), 0, {}}};
  return checkpoint;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(CheckpointJson, IsWrittenAsTheGoldenText) { EXPECT_EQ(ToJson(Golden()), kGolden); }

TEST(CheckpointJson, IsReadFromTheGoldenText) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, CheckpointFromJson(kGolden));
  const Checkpoint expected = Golden();
  EXPECT_EQ(read.table, expected.table);
  EXPECT_EQ(read.pipeline, expected.pipeline);
  EXPECT_EQ(read.owner, expected.owner);
  EXPECT_EQ(read.epoch, expected.epoch);
  EXPECT_EQ(read.sequence, expected.sequence);
  EXPECT_EQ(read.slot, expected.slot);
  EXPECT_EQ(read.last_batch_id, expected.last_batch_id);
  EXPECT_EQ(read.source_position, expected.source_position);
  EXPECT_EQ(read.store_handle, expected.store_handle);
  EXPECT_EQ(read.table_identity, expected.table_identity);
  EXPECT_EQ(read.schema_fingerprint, expected.schema_fingerprint);
  EXPECT_EQ(read.options_fingerprint, expected.options_fingerprint);
  EXPECT_EQ(read.highest_end, expected.highest_end);
  EXPECT_EQ(read.rows_total, expected.rows_total);
  EXPECT_EQ(read.checksum, expected.checksum);
  EXPECT_EQ(read.ladder, expected.ladder);
}

TEST(CheckpointJson, HasNoLastBatchIdBeforeTheFirstBatch) {
  Checkpoint fresh;
  fresh.table = "t";
  EXPECT_NE(ToJson(fresh).find(R"("last_batch_id":null)"), std::string::npos);
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, CheckpointFromJson(ToJson(fresh)));
  EXPECT_EQ(read.last_batch_id, std::nullopt);
}

TEST(CheckpointJson, IgnoresKeysThatItDoesNotKnow) {
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "{\"version\"", "{\"later\":[1],\"version\"")),
              IsOk());
}

TEST(CheckpointJson, RefusesANewerVersionAndSaysWhatToDo) {
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"version\":1", "\"version\":2")),
              FailsWith(FailureKind::kPermanent, "newer ampload: use that one: version=2 known=1"));
  EXPECT_THAT(CheckpointFromJson(R"({"version":2})"),
              FailsWith(FailureKind::kPermanent, "newer ampload"));
  EXPECT_THAT(CheckpointFromJson(R"({"version":0})"),
              FailsWith(FailureKind::kPermanent, "no such version"));
}

TEST(CheckpointJson, RefusesDamagedText) {
  const std::string whole = kGolden;
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(CheckpointFromJson(whole.substr(0, length)),
                FailsWith(FailureKind::kPermanent, "damaged: not JSON"));
  }
  EXPECT_THAT(CheckpointFromJson("[]"), FailsWith(FailureKind::kPermanent, "restore it"));
}

TEST(CheckpointJson, NamesTheKeyThatIsMissingOrMistyped) {
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"owner\":\"ab\",", "")),
              FailsWith(FailureKind::kPermanent, "missing: key=owner"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"ab\"", "7")),
              FailsWith(FailureKind::kPermanent, "key=owner"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"epoch\":3", "\"epoch\":-3")),
              FailsWith(FailureKind::kPermanent, "key=epoch"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"epoch\":3", "\"epoch\":3.0")),
              FailsWith(FailureKind::kPermanent, "key=epoch"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "9223372036854775807", "9223372036854775808")),
              FailsWith(FailureKind::kPermanent, "too large: key=last_batch_id"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"slot\":5", "\"slot\":32768")),
              FailsWith(FailureKind::kPermanent, "slot outside"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"mainnet\":123", "\"mainnet\":\"123\"")),
              FailsWith(FailureKind::kPermanent, "highest_end.mainnet"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"end\":123,\"hash\"", "\"hash\"")),
              FailsWith(FailureKind::kPermanent, "key=ladder.ranges.end"));
  EXPECT_THAT(CheckpointFromJson(Replaced(kGolden, "\"ranges\":[]", "\"ranges\":{}")),
              FailsWith(FailureKind::kPermanent, "key=ladder.ranges"));
}

}  // namespace
}  // namespace ampload
