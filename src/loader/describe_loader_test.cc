// What a loader of a few lines gets from the base: its descriptor, what it leaves out of a
// TableInfo, messages for what it throws.
#include <gtest/gtest.h>

#include <filesystem>

#include "ampload/data_loader.h"
#include "ampload/log.h"
#include "loader_fakes.h"
#include "matchers.h"

namespace ampload {
namespace {

using testing::ElementsAre;

struct ShortConfig {
  std::string path;
  int64_t rows = 0;
};

const OptionTable<ShortConfig>& ShortOptions() {
  static const auto* table =
      new OptionTable<ShortConfig>(OptionTable<ShortConfig>()
                                       .Add({.name = "path", .required = true}, &ShortConfig::path)
                                       .Add({.name = "rows"}, &ShortConfig::rows));
  return *table;
}

class ShortLoader final : public DataLoader<ShortConfig> {
 public:
  using DataLoader::DataLoader;

 private:
  Status ConnectImpl(const CallContext& /*context*/) override { return Status::OK(); }
  Status DisconnectImpl() override { return Status::OK(); }
  Result<int64_t> LoadBatchImpl(const arrow::RecordBatch& /*batch*/, const std::string& /*table*/,
                                RowErrors& /*errors*/) override {
    std::filesystem::create_directory(config().path);
    return 0;
  }
  Result<std::optional<TableInfo>> GetTableInfoImpl(const std::string& /*table*/) override {
    TableInfo info;
    info.exists = true;
    info.row_count = config().rows;
    info.schema = arrow::schema({arrow::field("id", arrow::int64(), /*nullable=*/false)});
    return info;
  }
};

LoaderDescriptor Short() {
  return DescribeLoader<ShortLoader>({.name = "short_store", .summary = "short"}, ShortOptions());
}

TEST(DescribeLoader, TakesTheSchemeFromTheNameAndTheUriAsAPath) {
  const auto descriptor = Short();
  EXPECT_THAT(descriptor.schemes, ElementsAre("short_store"));
  EXPECT_EQ(descriptor.options.size(), 2U);
  EXPECT_EQ(descriptor.parse_uri("short_store:a%20b?rows=3").ValueOrDie(),
            (ConfigMap{{"path", "a b"}, {"rows", "3"}}));
}

TEST(DescribeLoader, KeepsWhatIsSaid) {
  const auto descriptor = DescribeLoader<ShortLoader>({.name = "short_store",
                                                       .schemes = {"brief"},
                                                       .parse_uri =
                                                           [](std::string_view) {
                                                             return ConfigMap{{"path", "fixed"}};
                                                           }},
                                                      ShortOptions());
  EXPECT_THAT(descriptor.schemes, ElementsAre("brief"));
  EXPECT_EQ(descriptor.parse_uri("brief:other").ValueOrDie(), (ConfigMap{{"path", "fixed"}}));
}

TEST(DescribeLoader, MakesTheLoaderFromItsOptions) {
  const auto descriptor = Short();
  ASSERT_OK_AND_ASSIGN(const auto loader, descriptor.make({{"path", "x"}, {"rows", "7"}}));
  EXPECT_EQ(loader->loader_type(), "short_store");
  EXPECT_THAT(descriptor.make({{"rows", "7"}}), FailsWith(FailureKind::kConfiguration, "path"));
  EXPECT_THAT(descriptor.make({{"path", "x"}, {"row", "7"}}),
              FailsWith(FailureKind::kConfiguration, "short_store"));
}

TEST(TableInfoOfALoader, HasItsNameAndTheColumnsOfItsSchema) {
  ASSERT_OK_AND_ASSIGN(const auto loader, Short().make({{"path", "x"}, {"rows", "7"}}));
  ASSERT_THAT(loader->Connect({}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto info, loader->GetTableInfo("t"));
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->table_name, "t");
  EXPECT_EQ(info->row_count, 7);
  ASSERT_EQ(info->columns.size(), 1U);
  EXPECT_EQ(info->columns[0].name, "id");
  EXPECT_EQ(info->columns[0].type, "int64");
  EXPECT_FALSE(info->columns[0].nullable);
}

// Through the session, as the engine calls it, not only through LoadBatch.
TEST(WhatALoaderThrows, IsAFailureThatHasThePath) {
  SetLogLevel(LogLevel::kOff);
  ASSERT_OK_AND_ASSIGN(const auto loader, Short().make({{"path", "/nowhere/at/all"}}));
  ASSERT_THAT(loader->Connect({}), IsOk());
  TableSpec spec;
  spec.name = "t";
  const auto batch = fakes::MakeBatch({1});
  spec.schema = batch->schema();
  ASSERT_OK_AND_ASSIGN(const auto session, loader->OpenSession(std::span(&spec, 1)));
  StagedBatch staged;
  staged.batch = batch;
  const Status status = session->Stage(std::move(staged), {});
  EXPECT_THAT(status, FailsWith(FailureKind::kPermanent, "short_store: filesystem error"));
  EXPECT_THAT(status, FailsWith(FailureKind::kPermanent, "[/nowhere/at/all]"));
  SetLogLevel(LogLevel::kWarning);
}

}  // namespace
}  // namespace ampload
