// A folder with one table `numbers` (n: uint32 key, text) and what a reader of it sees.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loaders/lmdb/session.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::lmdb {

using Pairs = std::map<std::string, std::string>;

inline std::shared_ptr<arrow::Schema> NumberSchema() {
  return arrow::schema(
      {arrow::field("n", arrow::uint32(), false), arrow::field("text", arrow::utf8())});
}

inline std::shared_ptr<arrow::RecordBatch> Rows(const std::vector<uint32_t>& numbers,
                                                const std::string& text) {
  arrow::UInt32Builder n;
  arrow::StringBuilder t;
  for (const auto number : numbers) {
    EXPECT_TRUE(n.Append(number).ok());
    EXPECT_TRUE(t.Append(text + std::to_string(number)).ok());
  }
  return arrow::RecordBatch::Make(NumberSchema(), static_cast<int64_t>(numbers.size()),
                                  {n.Finish().ValueOrDie(), t.Finish().ValueOrDie()});
}

// Everything that a reader of the table sees.
inline Pairs ReadPairs(const std::string& path, const std::string& table) {
  Pairs pairs;
  auto environment = Environment::Open(path, {}).ValueOrDie();
  auto txn = environment->BeginRead().ValueOrDie();
  const auto dbi = txn.OpenDatabase(table, false).ValueOrDie();
  if (!dbi.has_value()) return pairs;
  EXPECT_TRUE(txn.ForEachPrefix(*dbi, "",
                                [&](std::string_view key, std::string_view value) -> Result<bool> {
                                  pairs.emplace(key, value);
                                  return true;
                                })
                  .ok());
  return pairs;
}

// {"n": <number>, "text": <text>} for numbers below 128 KiB, as python3 -c "import msgpack;
// print(msgpack.packb({'n': 7, 'text': 'a7'}).hex())" prints it: 82a16e07a474657874a26137
inline std::string Packed(uint32_t number, const std::string& text) {
  std::string row = "\x82\xa1n";
  if (number < 128) {
    row.push_back(static_cast<char>(number));
  } else if (number < 256) {
    row += {'\xcc', static_cast<char>(number)};
  } else if (number < 65536) {
    row += {'\xcd', static_cast<char>(number >> 8), static_cast<char>(number)};
  } else {
    row += {'\xce', static_cast<char>(number >> 24), static_cast<char>(number >> 16),
            static_cast<char>(number >> 8), static_cast<char>(number)};
  }
  row += "\xa4text";
  const std::string value = text + std::to_string(number);
  EXPECT_LT(value.size(), 32U);
  row.push_back(static_cast<char>(0xa0 + value.size()));
  return row + value;
}

inline std::string Key(uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

class LmdbSessionTest : public ::testing::Test {
 protected:
  TableSpec Spec(LoadMode mode = LoadMode::kAppend) const {
    TableSpec spec;
    spec.name = "numbers";
    spec.schema = NumberSchema();
    spec.mode = mode;
    spec.keys = {"n"};
    return spec;
  }
  LMDBConfig Config(int64_t step_bytes = 1 << 20) const {
    LMDBConfig config;
    config.path = path_;
    config.map_size = 1 << 20;
    config.sync = "none";
    config.step_bytes = step_bytes;
    return config;
  }
  std::unique_ptr<LmdbSession> Begin(const TableSpec& spec, int64_t step_bytes = 1 << 20) {
    auto session = std::make_unique<LmdbSession>(Config(step_bytes), spec);
    EXPECT_THAT(session->Recover(RecoverMode::kTakeOver, context_), IsOk());
    return session;
  }
  Status Stage(WriteSession& session, const std::shared_ptr<arrow::RecordBatch>& rows,
               BatchId id = BatchId()) {
    StagedBatch staged;
    staged.batch = rows;
    staged.id = id;
    return session.Stage(std::move(staged), context_);
  }
  int64_t Commit(WriteSession& session, const Checkpoint& checkpoint = {}) {
    auto outcome = session.Commit(checkpoint, context_);
    EXPECT_THAT(outcome, IsOk());
    if (!outcome.ok() || !std::holds_alternative<Committed>(*outcome)) return -1;
    return std::get<Committed>(*outcome).rows;
  }
  void Load(const std::vector<uint32_t>& numbers, const std::string& text) {
    const auto session = Begin(Spec());
    ASSERT_THAT(Stage(*session, Rows(numbers, text)), IsOk());
    ASSERT_EQ(Commit(*session), static_cast<int64_t>(numbers.size()));
  }
  std::shared_ptr<arrow::Schema> TableSchema() const {
    auto environment = Environment::Open(path_, {}).ValueOrDie();
    auto txn = environment->BeginRead().ValueOrDie();
    auto catalog = Catalog::Open(txn, false).ValueOrDie();
    return catalog.ReadTable("numbers").ValueOrDie()->schema;
  }
  Pairs Now() const { return ReadPairs(path_, "numbers"); }
  bool HasOpenLoad() const {
    auto environment = Environment::Open(path_, {}).ValueOrDie();
    auto txn = environment->BeginRead().ValueOrDie();
    auto catalog = Catalog::Open(txn, false).ValueOrDie();
    return !catalog.ReadLoads("numbers").ValueOrDie().empty();
  }

  TempFolder folder_;
  std::string path_ = folder_ / "env";
  CallContext context_;
};

}  // namespace ampload::lmdb
