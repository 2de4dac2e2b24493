#include "encode/row_overlay.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "encode/rows_for_test.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode {
namespace {

constexpr auto kFormats = {ValueFormat::kMsgpack, ValueFormat::kJson, ValueFormat::kArrowIpc};

std::string Bytes(std::string_view hex) { return base::FromHex(hex).ValueOrDie(); }

EncodedRows Encode(ValueFormat format, const std::shared_ptr<arrow::RecordBatch>& batch) {
  const auto encoder = MakeRowFormatEncoder(format, batch->schema()).ValueOrDie();
  return encoder->Encode(*batch).ValueOrDie();
}

// python3 -c "import msgpack; b = {'n': 7, 'a': {'x': [1, 2]}, 'b': 'old'};
//   c = {'n': 7, 'b': b'\x01', 'c': None}; d = dict(b); d.update(c);
//   [print(msgpack.packb(o).hex()) for o in (b, c, d)]"
TEST(RowOverlay, MsgpackAsPythonUpdatesADictionary) {
  ASSERT_OK_AND_ASSIGN(const auto row, OverlayRow(ValueFormat::kMsgpack,
                                                  Bytes("83a16e07a16181a178920102a162a36f6c64"),
                                                  Bytes("83a16e07a162c40101a163c0")));
  EXPECT_EQ(Hex(row), "84a16e07a16181a178920102a162c40101a163c0");
}

// python3 -c 'import json; b = {"n": 7, "a": {"x": [1, "},\""]}, "b": "old"};
//   c = {"n": 7, "b": [1.5], "c": None}; d = dict(b); d.update(c);
//   [print(json.dumps(o, separators=(",", ":"))) for o in (b, c, d)]'
TEST(RowOverlay, JsonAsPythonUpdatesADictionary) {
  ASSERT_OK_AND_ASSIGN(const auto row,
                       OverlayRow(ValueFormat::kJson, R"({"n":7,"a":{"x":[1,"},\""]},"b":"old"})",
                                  R"({"n":7,"b":[1.5],"c":null})"));
  EXPECT_EQ(row, R"({"n":7,"a":{"x":[1,"},\""]},"b":[1.5],"c":null})");
}

TEST(RowOverlay, CopiesValuesAsTheyAreWritten) {
  ASSERT_OK_AND_ASSIGN(auto row, OverlayRow(ValueFormat::kJson, R"( { "a" : 1.50e0 , "b" : {} } )",
                                            R"({"\u0062":[ 1 ]})"));
  EXPECT_EQ(row, R"({"a":1.50e0,"\u0062":[ 1 ]})");
  // 1 as a uint64 and an extension value, which no encoder of ours writes.
  ASSERT_OK_AND_ASSIGN(row, OverlayRow(ValueFormat::kMsgpack, Bytes("81a161cf0000000000000001"),
                                       Bytes("81a162d40502")));
  EXPECT_EQ(Hex(row), "82a161cf0000000000000001a162d40502");
}

TEST(RowOverlay, TakesRowsWithoutColumns) {
  EXPECT_EQ(OverlayRow(ValueFormat::kJson, "{}", R"({"a":1})").ValueOrDie(), R"({"a":1})");
  EXPECT_EQ(OverlayRow(ValueFormat::kJson, R"({"a":1})", "{}").ValueOrDie(), R"({"a":1})");
  EXPECT_EQ(Hex(OverlayRow(ValueFormat::kMsgpack, "\x80", "\x80").ValueOrDie()), "80");
}

// What it makes is what the encoder makes of the same columns put together as Arrow columns.
TEST(RowOverlay, OfRandomRowsIsTheRowOfTheColumnsPutTogether) {
  int overlays = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    RandomColumns random(seed);
    const int columns = static_cast<int>(1 + random.Roll(20));
    const auto base = random.Batch(columns, 5);
    const auto other = random.Batch(columns + 4, 5);  // names c0... too, of their own types
    arrow::FieldVector change_fields;
    arrow::ArrayVector change_columns;
    auto whole_fields = base->schema()->fields();
    auto whole_columns = base->columns();
    for (int i = 0; i < other->num_columns(); ++i) {
      if (random.Roll(2) == 0) continue;
      // Over one of base's columns, or behind them.
      auto field = other->schema()->field(i);
      field = i < columns ? field->WithName(base->column_name(i))
                          : field->WithName("new" + std::to_string(i));
      change_fields.push_back(field);
      change_columns.push_back(other->column(i));
      if (i < columns) {
        whole_fields[static_cast<size_t>(i)] = field;
        whole_columns[static_cast<size_t>(i)] = other->column(i);
      } else {
        whole_fields.push_back(field);
        whole_columns.push_back(other->column(i));
      }
    }
    const auto change = arrow::RecordBatch::Make(arrow::schema(change_fields), 5, change_columns);
    const auto whole = arrow::RecordBatch::Make(arrow::schema(whole_fields), 5, whole_columns);
    for (const auto format : kFormats) {
      const auto below = Encode(format, base);
      const auto above = Encode(format, change);
      const auto expected = Encode(format, whole);
      for (int64_t i = 0; i < 5; ++i) {
        ASSERT_OK_AND_ASSIGN(const auto row, OverlayRow(format, below.row(i), above.row(i)));
        const std::string_view view = row;
        ASSERT_OK_AND_ASSIGN(const auto back, DecodeRows(format, {&view, 1}, whole->schema()));
        const std::string_view one = expected.row(i);
        ASSERT_OK_AND_ASSIGN(const auto same, DecodeRows(format, {&one, 1}, whole->schema()));
        ASSERT_TRUE(back->Equals(*same, false, arrow::EqualOptions::Defaults().nans_equal(true)))
            << ToString(format) << " seed " << seed << " row " << i;
        // Arrow's reader gives a map's parts names of its own, so IPC bytes may differ in those.
        if (format != ValueFormat::kArrowIpc) {
          ASSERT_EQ(Hex(row), Hex(one)) << "seed " << seed;
        }
        ++overlays;
      }
    }
  }
  EXPECT_EQ(overlays, 40 * 3 * 5);
}

TEST(RowOverlay, RefusesARowCutAnywhere) {
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())}), 1,
      {FromJson(arrow::int64(), "[70000]"), FromJson(arrow::utf8(), R"(["x\"y"])")});
  for (const auto format : kFormats) {
    const auto rows = Encode(format, batch);
    const std::string_view whole = rows.row(0);
    // Without its end mark an IPC stream is whole all the same.
    const size_t shortest_whole =
        format == ValueFormat::kArrowIpc ? whole.size() - 8 : whole.size();
    for (size_t size = 0; size < shortest_whole; ++size) {
      ASSERT_THAT(OverlayRow(format, whole.substr(0, size), whole),
                  FailsWith(FailureKind::kData, "base"))
          << ToString(format) << " " << size;
      ASSERT_THAT(OverlayRow(format, whole, whole.substr(0, size)),
                  FailsWith(FailureKind::kData, "change"));
    }
    if (format == ValueFormat::kArrowIpc) continue;  // a stream ends at its mark
    EXPECT_THAT(OverlayRow(format, std::string(whole) + whole[0], whole),
                FailsWith(FailureKind::kData, "base"));
  }
}

TEST(RowOverlay, RefusesWhatIsNoRow) {
  EXPECT_THAT(OverlayRow(ValueFormat::kMsgpack, Bytes("93010203"), Bytes("80")),
              FailsWith(FailureKind::kData, "no msgpack map"));
  EXPECT_THAT(OverlayRow(ValueFormat::kMsgpack, Bytes("810101"), Bytes("80")),
              FailsWith(FailureKind::kData, "name is no string"));
  EXPECT_THAT(OverlayRow(ValueFormat::kMsgpack, Bytes("82a16101a16102"), Bytes("80")),
              FailsWith(FailureKind::kData, "column=a"));
  EXPECT_THAT(OverlayRow(ValueFormat::kJson, "[1]", "{}"),
              FailsWith(FailureKind::kData, "no JSON object"));
  EXPECT_THAT(OverlayRow(ValueFormat::kJson, "{}", R"({"a":1,"\u0061":2})"),
              FailsWith(FailureKind::kData, "twice: column=a"));
}

}  // namespace
}  // namespace ampload::encode
