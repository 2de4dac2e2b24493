// Plugins built by tests/plugins, loaded as a user's would be.
#include "loader/plugin_host.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "ampload/plugin.h"
#include "loader_fakes.h"
#include "matchers.h"

namespace ampload {
namespace {

constexpr auto kWrong = FailureKind::kConfiguration;

const std::string kGood = AMPLOAD_TEST_PLUGINS "/good";
const std::string kRefused = AMPLOAD_TEST_PLUGINS "/refused";

std::string ReasonOf(const LoaderRegistry& registry, const std::string& name) {
  for (const auto& absent : registry.missing()) {
    if (absent.name == name) return absent.reason;
  }
  return "not listed";
}

Result<std::unique_ptr<Loader>> MakeCounting(const LoaderRegistry& registry,
                                             const std::string& uri) {
  ARROW_ASSIGN_OR_RAISE(const auto* descriptor, registry.FindByScheme("counting"));
  ARROW_ASSIGN_OR_RAISE(const auto config, descriptor->parse_uri(uri));
  return descriptor->make(config);
}

TEST(Plugin, LoadsAndLoadsRows) {
  LoaderRegistry registry;
  registry.LoadPlugins(kGood);
  EXPECT_TRUE(registry.missing().empty()) << registry.missing()[0].reason;
  ASSERT_OK_AND_ASSIGN(const auto loader, MakeCounting(registry, "counting:x"));
  ASSERT_THAT(loader->Connect({}), IsOk());
  const LoadResult result = loader->LoadBatch(fakes::MakeBatch({1, 2, 3}), "t", {});
  EXPECT_TRUE(result.success) << result.error;
  EXPECT_EQ(result.rows_loaded, 3);
  EXPECT_EQ(result.loader_type, "counting");
}

TEST(Plugin, SharesTheOneErrorWorld) {
  LoaderRegistry registry;
  registry.LoadPlugins(kGood);
  ASSERT_OK_AND_ASSIGN(const auto refused, MakeCounting(registry, "counting:refused"));
  const Status status = refused->Connect({});
  EXPECT_THAT(status, FailsWith(FailureKind::kTransient, "counting: refused"));
  EXPECT_EQ(StoreCodeOf(status), "ENOENT");
  EXPECT_THAT(MakeCounting(registry, "counting:"), FailsWith(kWrong, "path is required"));
  ASSERT_OK_AND_ASSIGN(const auto bad, MakeCounting(registry, "counting:bad"));
  ASSERT_THAT(bad->Connect({}), IsOk());
  EXPECT_EQ(bad->LoadBatch(fakes::MakeBatch({1}), "t", {}).error,
            "Failed to load any rows. Errors: Row 0: bad");
}

TEST(Plugin, IsRefusedWithTheReasonBeforeItIsCalled) {
  LoaderRegistry registry;
  registry.LoadPlugins(kRefused);
  EXPECT_TRUE(registry.loaders().empty());
  EXPECT_EQ(registry.missing().size(), 4U);
  EXPECT_THAT(ReasonOf(registry, "other_abi"),
              testing::HasSubstr("plugin_abi=99 ampload_abi=" +
                                 std::to_string(AMPLOAD_PLUGIN_ABI_VERSION)));
  EXPECT_THAT(ReasonOf(registry, "other_arrow"),
              testing::HasSubstr("plugin_arrow=1.2.3 ampload_arrow=26."));
  EXPECT_THAT(ReasonOf(registry, "no_symbol"),
              testing::HasSubstr("exports no symbol ampload_plugin"));
  EXPECT_THAT(ReasonOf(registry, "not_elf"),
              testing::HasSubstr(kRefused + "/libnot_elf.so: cannot be loaded"));
  EXPECT_THAT(registry.FindByName("other_abi"),
              FailsWith(kWrong, "loader other_abi is not available: "));
}

TEST(Plugin, IsRefusedWhenItsNameIsTaken) {
  LoaderRegistry registry;
  registry.LoadPlugins(kGood);
  registry.LoadPlugins(kGood);
  EXPECT_EQ(registry.loaders().size(), 1U);
  EXPECT_THAT(ReasonOf(registry, "counting"), testing::HasSubstr("the name is taken"));
  ASSERT_OK_AND_ASSIGN(const auto loader, MakeCounting(registry, "counting:x"));
  EXPECT_THAT(loader->Connect({}), IsOk());
}

TEST(Plugin, FoldersAreSeparatedByColonsAndAWrongOneIsNamed) {
  LoaderRegistry registry;
  registry.LoadPlugins(":/no/such/folder::" + kGood + ":");
  EXPECT_EQ(registry.loaders().size(), 1U);
  ASSERT_EQ(registry.missing().size(), 1U);
  EXPECT_EQ(registry.missing()[0].name, "/no/such/folder");
  EXPECT_THAT(registry.missing()[0].reason, testing::HasSubstr("No such file or directory"));
}

TEST(Plugin, FileThatIsMissingIsRefused) {
  EXPECT_THAT(OpenPlugin("/no/such/plugin.so"), FailsWith(kWrong, "/no/such/plugin.so"));
}

}  // namespace
}  // namespace ampload
