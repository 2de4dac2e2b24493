// Random tables of every type through each encoder and back, and damaged rows into the decoders.
// What the bytes mean to others, the golden tests and tests/interop say.
#include <gtest/gtest.h>

#include "encode/row_format_encoder.h"
#include "encode/same_values_for_test.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode {
namespace {

std::vector<std::string_view> Split(const EncodedRows& rows) {
  std::vector<std::string_view> split;
  for (int64_t i = 0; i < rows.num_rows(); ++i) split.push_back(rows.row(i));
  return split;
}

void ExpectComesBack(const arrow::RecordBatch& batch, ValueFormat format) {
  ASSERT_OK_AND_ASSIGN(auto encoder, MakeRowFormatEncoder(format, batch.schema()));
  ASSERT_OK_AND_ASSIGN(auto rows, encoder->Encode(batch));
  ASSERT_OK_AND_ASSIGN(auto back, DecodeRows(format, Split(rows), batch.schema()));
  ExpectSameValues(batch, *back);
}

class RandomTable : public ::testing::TestWithParam<std::tuple<ValueFormat, uint64_t>> {
 protected:
  ValueFormat format() const { return std::get<0>(GetParam()); }
  uint64_t seed() const { return std::get<1>(GetParam()); }
};

TEST_P(RandomTable, ComesBackFromItsRows) {
  RandomColumns random(seed());
  for (int table = 0; table < 10; ++table) {
    // Small tables, and some of more than one block.
    const int64_t rows = random.Roll(10) == 0 ? 1020 + random.Roll(300) : random.Roll(50);
    const auto batch = random.Batch(static_cast<int>(1 + random.Roll(20)), rows);
    ASSERT_THAT(batch->Validate(), IsOk());
    ASSERT_NO_FATAL_FAILURE(ExpectComesBack(*batch, format()));
  }
}

// What a damaged row decodes to, if to anything, is a valid table.
TEST_P(RandomTable, IsDecodedSafelyFromDamagedRows) {
  RandomColumns random(seed());
  const auto batch = random.Batch(8, 20);
  ASSERT_OK_AND_ASSIGN(auto encoder, MakeRowFormatEncoder(format(), batch->schema()));
  ASSERT_OK_AND_ASSIGN(auto encoded, encoder->Encode(*batch));
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string row(encoded.row(random.Roll(20)));
    for (int64_t damage = random.Roll(3); damage >= 0; --damage) {
      const auto at = static_cast<size_t>(random.Roll(static_cast<int64_t>(row.size())));
      const auto byte = static_cast<char>(random.Roll(256));
      switch (random.Roll(4)) {
        case 0:
          row[at] = byte;
          break;
        case 1:
          row.insert(at, 1, byte);
          break;
        case 2:
          row.erase(at, 1 + static_cast<size_t>(random.Roll(3)));
          break;
        default:
          row.resize(at);
          break;
      }
      if (row.empty()) row.assign(1, '\x81');
    }
    // A copy of exactly its size, so that ASan sees a read beyond its end.
    const std::vector<char> exact(row.begin(), row.end());
    const std::vector<std::string_view> rows = {{exact.data(), exact.size()}};
    auto back = DecodeRows(format(), rows, batch->schema());
    if (back.ok()) {
      EXPECT_THAT((*back)->ValidateFull(), IsOk());
    } else {
      EXPECT_THAT(back, FailsWith(FailureKind::kData, "row=0"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTable,
                         ::testing::Combine(::testing::Values(ValueFormat::kMsgpack,
                                                              ValueFormat::kJson,
                                                              ValueFormat::kArrowIpc),
                                            ::testing::Range<uint64_t>(1, 31)),
                         [](const auto& tested) {
                           return std::string(ToString(std::get<0>(tested.param))) + "_" +
                                  std::to_string(std::get<1>(tested.param));
                         });

}  // namespace
}  // namespace ampload::encode
