// Upserts and merges into a std::map: what the LMDB session's tables are held against.
//
// Columns: k uint32 (the key, never null), a b c utf8, ord int32.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "loaders/lmdb/lmdb_loader.h"
#include "loaders/lmdb/session_fixture_for_test.h"

namespace ampload::lmdb {

using Text = std::optional<std::string>;
using Cells = std::map<std::string, Text>;  // by column; one that is not there is null

struct ModelRow {
  uint32_t key = 0;
  std::string op = "upsert";
  Cells cells;
};

struct ModelBatch {
  std::vector<std::string> columns;  // besides k
  bool has_ops = false;
  std::vector<ModelRow> rows;

  bool Has(const std::string& column) const {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  }
  std::shared_ptr<arrow::Schema> Schema() const {
    arrow::FieldVector fields = {arrow::field("k", arrow::uint32(), false)};
    for (const auto& column : columns) {
      fields.push_back(arrow::field(column, column == "ord" ? arrow::int32() : arrow::utf8()));
    }
    if (has_ops) fields.insert(fields.begin() + 1, arrow::field("_op", arrow::utf8()));
    return arrow::schema(fields);
  }
  std::shared_ptr<arrow::RecordBatch> Arrow() const {
    const auto schema = Schema();
    auto builder =
        arrow::RecordBatchBuilder::Make(schema, arrow::default_memory_pool()).ValueOrDie();
    for (const auto& row : rows) {
      for (int i = 0; i < schema->num_fields(); ++i) {
        const auto& name = schema->field(i)->name();
        const auto cell = row.cells.find(name);
        Status put;
        if (name == "k") {
          put = builder->GetFieldAs<arrow::UInt32Builder>(i)->Append(row.key);
        } else if (name == "_op") {
          put = builder->GetFieldAs<arrow::StringBuilder>(i)->Append(row.op);
        } else if (cell == row.cells.end() || !cell->second.has_value()) {
          put = builder->GetField(i)->AppendNull();
        } else if (name == "ord") {
          put = builder->GetFieldAs<arrow::Int32Builder>(i)->Append(std::stoi(*cell->second));
        } else {
          put = builder->GetFieldAs<arrow::StringBuilder>(i)->Append(*cell->second);
        }
        EXPECT_TRUE(put.ok());
      }
    }
    return builder->Flush().ValueOrDie();
  }
};

class KeyModel {
 public:
  using Rows = std::map<uint32_t, Cells>;

  // All batches of one commit. False where some row asks for what cannot be: then nothing changes.
  bool Apply(const std::vector<ModelBatch>& batches, LoadMode mode, bool ordered) {
    struct Item {
      const ModelBatch* batch;
      const ModelRow* row;
    };
    std::map<uint32_t, std::vector<Item>> by_key;
    for (const auto& batch : batches) {
      for (const auto& row : batch.rows) by_key[row.key].push_back({&batch, &row});
    }
    Rows after = rows_;
    for (auto& [key, items] : by_key) {
      if (ordered) {
        std::stable_sort(items.begin(), items.end(), [](const Item& x, const Item& y) {
          return Order(*x.row) < Order(*y.row);
        });
      }
      for (const auto& item : items) {
        const std::string& op = item.row->op;
        const bool exists = after.contains(key);
        if ((op == "insert" && exists) || (op == "update" && !exists)) return false;
        if (op == "delete") {
          after.erase(key);
          continue;
        }
        if (mode == LoadMode::kUpsert) after[key].clear();
        for (const auto& column : item.batch->columns) {
          const auto cell = item.row->cells.find(column);
          const bool set = cell != item.row->cells.end() && cell->second.has_value();
          if (set) {
            after[key][column] = cell->second;
          } else {
            after[key].erase(column);
          }
        }
        after[key];  // a row of nulls is a row
      }
    }
    rows_ = std::move(after);
    return true;
  }
  const Rows& rows() const { return rows_; }
  void Set(Rows rows) { rows_ = std::move(rows); }

 private:
  static int64_t Order(const ModelRow& row) {
    const auto cell = row.cells.find("ord");
    const bool set = cell != row.cells.end() && cell->second.has_value();
    return set ? std::stoi(*cell->second) : INT64_MIN;
  }
  Rows rows_;
};

// Random rows over a few keys.
class RandomRows {
 public:
  explicit RandomRows(uint64_t seed) : dice_(seed) {}

  int Roll(int n) { return static_cast<int>(dice_() % static_cast<uint64_t>(n)); }

  ModelBatch Batch(const std::vector<std::string>& columns, bool has_ops, int rows, int keys) {
    ModelBatch batch{columns, has_ops, {}};
    for (int i = 0; i < rows; ++i) {
      ModelRow row;
      row.key = static_cast<uint32_t>(Roll(keys));
      if (has_ops) {
        // Mostly what goes well.
        row.op =
            std::vector<std::string>{"upsert", "upsert", "delete", "delete",
                                     "upsert", "upsert", "insert", "update"}[static_cast<size_t>(
                Roll(Roll(12) == 0 ? 8 : 6))];
      }
      for (const auto& column : columns) {
        if (Roll(5) == 0) continue;  // null
        row.cells[column] =
            column == "ord" ? std::to_string(Roll(5) - 2) : column + std::to_string(++serial_);
      }
      batch.rows.push_back(std::move(row));
    }
    return batch;
  }

 private:
  std::mt19937_64 dice_;
  int64_t serial_ = 0;
};

class LmdbKeyedTest : public LmdbSessionTest {
 protected:
  TableSpec KeyedSpec(LoadMode mode, const std::shared_ptr<arrow::Schema>& schema) const {
    TableSpec spec = Spec(mode);
    spec.schema = schema;
    spec.keys = {"k"};
    return spec;
  }
  LMDBConfig KeyedConfig(const std::string& format, int64_t step_bytes) const {
    auto config = Config(step_bytes);
    config.value_format = format;
    return config;
  }

  // The table as Arrow has it.
  KeyModel::Rows Read() const {
    LMDBLoader loader(Config());
    EXPECT_THAT(loader.Connect(context_), IsOk());
    const auto read = loader.ReadRows("numbers", {.limit = 1'000'000});
    EXPECT_THAT(read, IsOk());
    KeyModel::Rows rows;
    if (!read.ok()) return rows;
    const auto table = (*read)->CombineChunks().ValueOrDie();
    for (int64_t i = 0; i < table->num_rows(); ++i) {
      const auto cell = [&](const std::string& name) -> Text {
        const auto scalar = table->GetColumnByName(name)->GetScalar(i).ValueOrDie();
        return scalar->is_valid ? Text(scalar->ToString()) : std::nullopt;
      };
      auto& cells = rows[static_cast<uint32_t>(std::stoul(*cell("k")))];
      for (const auto& field : table->schema()->fields()) {
        if (const auto text = cell(field->name()); field->name() != "k" && text.has_value()) {
          cells[field->name()] = text;
        }
      }
    }
    return rows;
  }
  // A table of these rows with all of the columns.
  void Make(const KeyModel::Rows& rows, const std::string& format,
            const std::string& name = "numbers") {
    ModelBatch batch{{"a", "b", "c", "ord"}, false, {}};
    for (const auto& [key, cells] : rows) batch.rows.push_back({key, "upsert", cells});
    auto spec = KeyedSpec(LoadMode::kOverwrite, batch.Schema());
    spec.name = name;
    spec.force = true;
    LmdbSession session(KeyedConfig(format, 1 << 20), spec);
    ASSERT_THAT(session.Recover(RecoverMode::kTakeOver, context_), IsOk());
    ASSERT_THAT(Stage(session, batch.Arrow()), IsOk());
    ASSERT_EQ(Commit(session), static_cast<int64_t>(rows.size()));
  }
  std::vector<std::string> InternalDatabases() const {
    auto environment = Environment::Open(path_, {}).ValueOrDie();
    auto txn = environment->BeginRead().ValueOrDie();
    std::vector<std::string> names;
    EXPECT_TRUE(txn.ForEachPrefix(txn.OpenMain().ValueOrDie(), "__ampload__",
                                  [&](std::string_view key, std::string_view) -> Result<bool> {
                                    names.emplace_back(key);
                                    return true;
                                  })
                    .ok());
    return names;
  }
};

}  // namespace ampload::lmdb
