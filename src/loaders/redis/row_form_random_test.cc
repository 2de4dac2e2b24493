// Random tables of every type against commands that are made value by value, from the texts and
// rows of encoders that have tests of their own.
#include <gtest/gtest.h>

#include "encode/plain_column.h"
#include "loaders/redis/command_buffer.h"
#include "loaders/redis/rows_for_test.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::redis {
namespace {

using Words = std::vector<std::string>;

std::string Pack(const Words& words) {
  CommandBuffer command;
  command.Begin(words.size());
  for (const auto& word : words) command.Word(word);
  return std::string(command.bytes());
}

// Random columns, with `k` in front, which is never null and different in each row.
std::shared_ptr<arrow::RecordBatch> RandomRows(RandomColumns& random) {
  const int64_t rows = random.Roll(6) == 0 ? 1020 + random.Roll(300) : random.Roll(40);
  arrow::Int64Builder keys;
  for (int64_t i = 0; i < rows; ++i) EXPECT_THAT(keys.Append(i * 7 - 50), IsOk());
  auto batch = random.Batch(static_cast<int>(random.Roll(8)), rows);
  return batch->AddColumn(0, "k", keys.Finish().ValueOrDie()).ValueOrDie();
}

class RandomRowsOf : public ::testing::TestWithParam<std::tuple<Structure, uint64_t>> {};

TEST_P(RandomRowsOf, AStructureAreItsCommands) {
  const auto [structure, seed] = GetParam();
  const auto& facts = FactsOf(structure);
  RandomColumns random(seed);
  const auto batch = RandomRows(random);
  RowForm form;
  form.table = "t";
  form.structure = structure;
  form.score = "k";
  form.format = random.Roll(2) == 0 ? encode::ValueFormat::kJson : encode::ValueFormat::kMsgpack;
  form.binary = random.Roll(2) == 0 ? encode::BinaryText::kBytes : encode::BinaryText::kHex;
  form.ttl_ms = facts.expires ? random.Roll(2) * 99 : 0;
  form.replaces = random.Roll(2) == 0;
  const bool by_key = facts.key_per_row && random.Roll(3) > 0;
  if (by_key) form.key_pattern = "{table}/{k}.";
  ASSERT_OK_AND_ASSIGN(const auto encoded, Encode(form, batch));
  ASSERT_EQ(encoded->rows(), batch->num_rows());
  const bool is_stream = structure == Structure::kStream;
  ASSERT_EQ(encoded->numbered, is_stream || (facts.key_per_row && !by_key));
  if (encoded->numbered) {
    ASSERT_THAT(RowEncoder::Number(is_stream ? "8-" : "t:", 98, encoded.get()), IsOk());
  }

  ASSERT_OK_AND_ASSIGN(const auto texts, encode::TextEncoder::Make(batch->schema(), form.binary));
  ASSERT_OK_AND_ASSIGN(const auto fields, texts->Encode(*batch));
  ASSERT_OK_AND_ASSIGN(const auto format,
                       encode::MakeRowFormatEncoder(form.format, batch->schema()));
  ASSERT_OK_AND_ASSIGN(const auto values, format->Encode(*batch));
  for (int64_t i = 0; i < batch->num_rows(); ++i) {
    const std::string k(fields.field(i, 0));
    const std::string name = by_key      ? "t/" + k + "."
                             : is_stream ? "8-" + std::to_string(98 + i)
                                         : "t:" + std::to_string(98 + i);
    const std::string value(values.row(i));
    Words words;
    switch (structure) {
      case Structure::kHash:
        words = {"HSET", name};
        break;
      case Structure::kString:
        words = {"SET", name, value};
        if (form.ttl_ms > 0) words.insert(words.end(), {"PX", "99"});
        break;
      case Structure::kJson:
        words = {"JSON.SET", name, "$", value};
        break;
      case Structure::kStream:
        words = {"XADD", "t", name};
        break;
      case Structure::kSet:
        words = {"SADD", "t", value};
        break;
      case Structure::kSortedSet:
        words = {"ZADD", "t", k, value};
        if (!form.replaces) words.insert(words.begin() + 2, "NX");
        break;
      case Structure::kList:
        words = {"RPUSH", "t", value};
        break;
    }
    const bool has_nx = structure == Structure::kString || structure == Structure::kJson;
    if (has_nx && !form.replaces) words.push_back("NX");
    int32_t there = 0;
    for (int c = 0; c < batch->num_columns() && !facts.one_value; ++c) {
      if (fields.is_absent(i, c)) continue;
      words.push_back(batch->column_name(c));
      words.emplace_back(fields.field(i, c));
      ++there;
    }
    std::string wanted = Pack(words);
    if (form.ttl_ms > 0 && structure != Structure::kString) wanted += Pack({"PEXPIRE", name, "99"});
    ASSERT_EQ(encoded->commands.row(i), wanted) << i;
    if (structure == Structure::kHash) {
      ASSERT_EQ(encoded->field_counts[static_cast<size_t>(i)], there) << i;
    }
    if (structure != Structure::kList) {
      const bool by_member = structure == Structure::kSet || structure == Structure::kSortedSet;
      ASSERT_EQ(encoded->keys.at(i), by_member ? value : name) << i;
    }
  }
}

// Every column that can be one is a part of a key, in turn.
class RandomKeys : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomKeys, AreTheTextsOfTheirColumns) {
  RandomColumns random(GetParam());
  const auto batch = RandomRows(random);
  const auto binary = random.Roll(2) == 0 ? encode::BinaryText::kBytes : encode::BinaryText::kHex;
  ASSERT_OK_AND_ASSIGN(const auto texts, encode::TextEncoder::Make(batch->schema(), binary));
  ASSERT_OK_AND_ASSIGN(const auto fields, texts->Encode(*batch));
  for (int c = 1; c < batch->num_columns(); ++c) {
    const auto type = encode::PlainType(batch->column(c)->type());
    if (arrow::is_nested(type->id()) || type->id() == arrow::Type::NA) continue;
    const auto encoded =
        Encode({.key_pattern = "{k}:{" + batch->column_name(c) + "}", .binary = binary}, batch);
    int64_t null = 0;
    while (null < batch->num_rows() && !fields.is_absent(null, c)) ++null;
    if (null < batch->num_rows()) {
      EXPECT_EQ(BadRowOf(encoded.status()), null) << encoded.status().ToString();
      continue;
    }
    ASSERT_THAT(encoded, IsOk());
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      ASSERT_EQ((*encoded)->keys.at(i),
                std::string(fields.field(i, 0)) + ":" + std::string(fields.field(i, c)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Seeds, RandomRowsOf,
    ::testing::Combine(::testing::Values(Structure::kHash, Structure::kString, Structure::kJson,
                                         Structure::kStream, Structure::kSet, Structure::kSortedSet,
                                         Structure::kList),
                       ::testing::Range<uint64_t>(1, 21)),
    [](const auto& tested) {
      return std::string(FactsOf(std::get<0>(tested.param)).name) + "_" +
             std::to_string(std::get<1>(tested.param));
    });

INSTANTIATE_TEST_SUITE_P(Seeds, RandomKeys, ::testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace ampload::redis
