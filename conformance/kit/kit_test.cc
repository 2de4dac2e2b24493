// The kit must be able to fail: a loader that lies in one way fails the case that is about it, and
// an honest one fails none.
#include <arrow/compute/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <sstream>

#include "ampload/data_loader.h"
#include "ampload/log.h"
#include "conformance/kit/run.h"

namespace ampload::conformance {
namespace {

enum class Lie {
  kNone,
  kLosesTheLastRow,
  kNullsBecomeEmpty,
  kOverwriteKeepsRows,
  kOverwriteClearsEveryBatch,
  kNamesInLowerCase,
  kDropsUnknownColumns,
  kCountsBadRows,
  kGivesUpAtThreeBadRows,
  kCutsText,
  kRoundsDoubles,
  kIgnoresOffsets,
  kSaysTheTableIsMissing,
  kForgetsAtDisconnect,
  kWritesInThePlan,
  kTakesUnsignedForSigned,
};

struct Shelf {
  struct Stored {
    std::shared_ptr<arrow::Schema> schema;
    arrow::RecordBatchVector batches;
  };
  std::mutex mutex;
  std::map<std::string, Stored> tables;
};

struct ShelfConfig {
  Shelf* shelf = nullptr;
  Lie lie = Lie::kNone;
  bool requires_schema_match = false;
};

LoaderTraits ShelfTraits(bool requires_schema_match = false) {
  LoaderTraits traits;
  traits.requires_schema_match = requires_schema_match;
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite};
  traits.supports_overwrite = true;
  return traits;
}

Result<std::shared_ptr<arrow::RecordBatch>> Rows(const arrow::RecordBatch& batch,
                                                 const std::vector<bool>& wanted) {
  arrow::BooleanBuilder mask;
  ARROW_RETURN_NOT_OK(mask.AppendValues(wanted));
  ARROW_ASSIGN_OR_RAISE(const auto array, mask.Finish());
  arrow::ArrayVector columns;
  for (const auto& column : batch.columns()) {
    // Not every layout has a filter.
    arrow::ArrayVector parts;
    for (int64_t i = 0; i < column->length(); ++i) {
      if (wanted[static_cast<size_t>(i)]) parts.push_back(column->Slice(i, 1));
    }
    if (parts.size() == static_cast<size_t>(column->length())) {
      columns.push_back(column);
    } else if (parts.empty()) {
      columns.push_back(column->Slice(0, 0));
    } else {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::Concatenate(parts));
    }
  }
  const auto count = std::count(wanted.begin(), wanted.end(), true);
  return arrow::RecordBatch::Make(batch.schema(), count, columns);
}

class ShelfLoader final : public DataLoader<ShelfConfig> {
 public:
  explicit ShelfLoader(ShelfConfig config)
      : DataLoader("shelf", ShelfTraits(config.requires_schema_match), config) {}
  ~ShelfLoader() override { static_cast<void>(Disconnect()); }

 protected:
  bool Lies(Lie lie) const { return config().lie == lie; }
  std::string Name(std::string table) const {
    if (Lies(Lie::kNamesInLowerCase)) {
      std::transform(table.begin(), table.end(), table.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
    return table;
  }

  Status ConnectImpl(const CallContext& /*context*/) override { return Status::OK(); }
  Status DisconnectImpl() override {
    if (Lies(Lie::kForgetsAtDisconnect)) config().shelf->tables.clear();
    return Status::OK();
  }
  Status CreateTableFromSchema(const arrow::Schema& schema, const std::string& table) override {
    const std::lock_guard lock(config().shelf->mutex);
    auto& stored = config().shelf->tables[Name(table)];
    if (stored.schema == nullptr) stored.schema = std::make_shared<arrow::Schema>(schema);
    return Status::OK();
  }
  Status ClearTable(const std::string& table) override {
    const std::lock_guard lock(config().shelf->mutex);
    auto& stored = config().shelf->tables[Name(table)];
    if (!Lies(Lie::kOverwriteKeepsRows)) stored.batches.clear();
    return Status::OK();
  }
  Result<int64_t> LoadBatchImpl(const arrow::RecordBatch& given, const std::string& table,
                                RowErrors& errors) override {
    const std::lock_guard lock(config().shelf->mutex);
    auto& stored = config().shelf->tables[Name(table)];
    std::shared_ptr<arrow::RecordBatch> batch = given.Slice(0);
    if (!given.schema()->Equals(*stored.schema, false)) {
      if (!Lies(Lie::kDropsUnknownColumns)) return DataError("shelf: another schema");
      std::vector<int> known;
      for (const auto& name : stored.schema->field_names()) {
        const int at = given.schema()->GetFieldIndex(name);
        if (at < 0 ||
            !given.column(at)->type()->Equals(*stored.schema->GetFieldByName(name)->type()))
          return DataError("shelf: another schema");
        known.push_back(at);
      }
      ARROW_ASSIGN_OR_RAISE(batch, batch->SelectColumns(known));
    }
    std::vector<bool> good;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      const bool bad = batch->column_name(0) == "id" && batch->column(0)->IsNull(row);
      good.push_back(!bad && !(Lies(Lie::kLosesTheLastRow) && row == batch->num_rows() - 1));
      if (!bad) continue;
      ARROW_RETURN_NOT_OK(errors.Add(row, "id is null"));
      if (Lies(Lie::kGivesUpAtThreeBadRows) && errors.count() == 3) return DataError("too bad");
    }
    ARROW_ASSIGN_OR_RAISE(batch, Rows(*batch, good));
    ARROW_ASSIGN_OR_RAISE(batch, Changed(batch));
    if (Lies(Lie::kOverwriteClearsEveryBatch) && batch->num_rows() > 0 && !stored.batches.empty() &&
        stored.batches.back()->num_rows() == 50) {
      stored.batches.clear();
    }
    stored.batches.push_back(batch);
    const int64_t bad_rows = Lies(Lie::kCountsBadRows) ? errors.count() : 0;
    if (Lies(Lie::kLosesTheLastRow)) return given.num_rows();
    return std::min(batch->num_rows() + bad_rows, given.num_rows());
  }

  Result<std::optional<TableInfo>> GetTableInfoImpl(const std::string& table) override {
    const std::lock_guard lock(config().shelf->mutex);
    const auto found = config().shelf->tables.find(Name(table));
    if (found == config().shelf->tables.end() || Lies(Lie::kSaysTheTableIsMissing)) {
      return std::nullopt;
    }
    TableInfo info;
    info.table_name = table;
    info.exists = true;
    for (const auto& batch : found->second.batches) info.row_count += batch->num_rows();
    for (const auto& field : found->second.schema->fields()) {
      info.columns.push_back({field->name(), field->type()->ToString(), true});
    }
    return info;
  }
  Result<TablePlan> PlanTableImpl(const TableSpec& table,
                                  const arrow::RecordBatch* sample) override {
    if (Lies(Lie::kWritesInThePlan) && sample != nullptr) {
      ARROW_RETURN_NOT_OK(CreateTableFromSchema(*table.schema, table.name));
      config().shelf->tables[table.name].batches.push_back(sample->Slice(0));
    }
    return LoaderFront::PlanTableImpl(table, sample);
  }

 private:
  // What the lies about values make of a batch.
  Result<std::shared_ptr<arrow::RecordBatch>> Changed(std::shared_ptr<arrow::RecordBatch> batch) {
    for (int i = 0; i < batch->num_columns(); ++i) {
      arrow::Datum column(batch->column(i));
      const auto type = batch->column(i)->type();
      if (Lies(Lie::kNullsBecomeEmpty) && type->id() == arrow::Type::STRING) {
        ARROW_ASSIGN_OR_RAISE(
            column, arrow::compute::CallFunction("coalesce", {column, arrow::MakeScalar("")}));
      } else if (Lies(Lie::kCutsText) && type->id() == arrow::Type::STRING) {
        const arrow::compute::SliceOptions cut(0, 6);
        ARROW_ASSIGN_OR_RAISE(column,
                              arrow::compute::CallFunction("utf8_slice_codeunits", {column}, &cut));
      } else if (Lies(Lie::kRoundsDoubles) && type->id() == arrow::Type::DOUBLE) {
        ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(column, arrow::float32()));
        ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(column, arrow::float64()));
      } else if (Lies(Lie::kTakesUnsignedForSigned) && type->id() == arrow::Type::UINT64) {
        auto data = column.array()->Copy();
        data->type = arrow::int64();
        column = arrow::Datum(std::move(data));
      } else if (Lies(Lie::kIgnoresOffsets) && type->id() == arrow::Type::INT64) {
        auto data = column.array()->Copy();
        data->offset = 0;
        column = arrow::Datum(std::move(data));
      }
      ARROW_ASSIGN_OR_RAISE(batch,
                            batch->SetColumn(i, arrow::field(batch->column_name(i), column.type()),
                                             column.make_array()));
    }
    return batch;
  }
};

class ShelfTestConfig final : public LoaderTestConfig {
 public:
  explicit ShelfTestConfig(Shelf& shelf) : shelf_(shelf) {}
  Result<ConfigMap> StartStore() override { return ConfigMap{}; }
  Result<int64_t> GetRowCount(Loader& /*loader*/, const std::string& table) override {
    int64_t rows = 0;
    for (const auto& batch : Find(table).batches) rows += batch->num_rows();
    return rows;
  }
  Result<std::shared_ptr<arrow::Table>> QueryRows(Loader& /*loader*/, const std::string& table,
                                                  std::span<const Predicate> where,
                                                  std::span<const std::string> order_by) override {
    const auto stored = Find(table);
    if (stored.schema == nullptr) return DataError("no such table");
    const auto schema = stored.batches.empty() ? stored.schema : stored.batches.front()->schema();
    ARROW_ASSIGN_OR_RAISE(const auto rows, arrow::Table::FromRecordBatches(schema, stored.batches));
    return SelectRows(rows, where, order_by);
  }
  Status CleanupTable(Loader& /*loader*/, const std::string& table) override {
    shelf_.tables.erase(table);
    return Status::OK();
  }
  Result<std::vector<std::string>> GetColumnNames(Loader& /*loader*/,
                                                  const std::string& table) override {
    const auto stored = Find(table);
    return stored.schema == nullptr ? std::vector<std::string>() : stored.schema->field_names();
  }
  std::shared_ptr<arrow::RecordBatch> RowsWithErrors(int64_t good, int64_t bad) override {
    arrow::Int64Builder ids;
    for (int64_t i = 0; i < good; ++i) EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE(ids.AppendNulls(bad).ok());
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), good + bad,
                                    {ids.Finish().ValueOrDie()});
  }

 private:
  Shelf::Stored Find(const std::string& table) const {
    const auto found = shelf_.tables.find(table);
    return found == shelf_.tables.end() ? Shelf::Stored{} : found->second;
  }

  Shelf& shelf_;
};

// What the suites print of a loader with that lie: the failed cases' lines. `filter` takes cases.
std::string FailuresOf(Lie lie, const std::string& filter, bool requires_schema_match = false) {
  SetLogLevel(LogLevel::kOff);
  Shelf shelf;
  LoaderDescriptor descriptor;
  descriptor.name = "shelf";
  descriptor.traits = ShelfTraits(requires_schema_match);
  descriptor.make = [&](const ConfigMap&) -> Result<std::unique_ptr<Loader>> {
    return std::make_unique<ShelfLoader>(ShelfConfig{&shelf, lie, requires_schema_match});
  };
  StoreUnderTest store;
  store.loader = &descriptor;
  store.traits = descriptor.traits;
  store.config = std::make_unique<ShelfTestConfig>(shelf);
  std::ostringstream out;
  const Selection selection{.suites = {"core", "types"},
                            .filter = NameFilter::Make(filter).ValueOrDie()};
  RunCases(store, selection, out);
  std::string failures;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("FAIL")) failures += line + "\n";
  }
  return failures;
}

TEST(Conformance, AnHonestLoaderFailsNoCase) { EXPECT_EQ(FailuresOf(Lie::kNone, ""), ""); }

TEST(Conformance, AnHonestLoaderThatRequiresItsSchemaFailsNoCase) {
  EXPECT_EQ(FailuresOf(Lie::kNone, "", /*requires_schema_match=*/true), "");
}

struct Lied {
  Lie lie;
  const char* case_name;
};

class ALoaderThatLies : public testing::TestWithParam<Lied> {};

TEST_P(ALoaderThatLies, FailsTheCaseThatIsAboutIt) {
  const std::string name = GetParam().case_name;
  EXPECT_EQ(FailuresOf(Lie::kNone, name), "");
  EXPECT_THAT(FailuresOf(GetParam().lie, name), testing::HasSubstr("FAIL  " + name + ": "));
}

INSTANTIATE_TEST_SUITE_P(
    Conformance, ALoaderThatLies,
    testing::Values(Lied{Lie::kLosesTheLastRow, "core.BatchLoading"},
                    Lied{Lie::kNullsBecomeEmpty, "core.NullHandling"},
                    Lied{Lie::kOverwriteKeepsRows, "core.OverwriteMode"},
                    Lied{Lie::kOverwriteClearsEveryBatch, "core.OverwriteMode"},
                    Lied{Lie::kNamesInLowerCase, "core.HostileTableNames"},
                    Lied{Lie::kDropsUnknownColumns, "core.SchemaMismatch"},
                    Lied{Lie::kCountsBadRows, "core.AHundredRowErrors"},
                    Lied{Lie::kGivesUpAtThreeBadRows, "core.TheHundredAndFirstRowError"},
                    Lied{Lie::kCutsText, "core.BatchLoading"},
                    Lied{Lie::kRoundsDoubles, "types.Double"},
                    Lied{Lie::kIgnoresOffsets, "core.BatchLoading"},
                    Lied{Lie::kSaysTheTableIsMissing, "core.TableInformation"},
                    Lied{Lie::kForgetsAtDisconnect, "core.ContextManager"},
                    Lied{Lie::kWritesInThePlan, "core.PlanEqualsOutcome"},
                    Lied{Lie::kTakesUnsignedForSigned, "types.UInt64"}));

}  // namespace
}  // namespace ampload::conformance
