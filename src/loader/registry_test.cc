#include "ampload/registry.h"

#include <gtest/gtest.h>

#include "loader_fakes.h"
#include "matchers.h"

namespace ampload {
namespace {

constexpr auto kWrong = FailureKind::kConfiguration;

LoaderDescriptor Describe(const std::string& name, const std::string& scheme) {
  LoaderDescriptor descriptor;
  descriptor.name = name;
  descriptor.schemes = {scheme};
  descriptor.parse_uri = [](std::string_view) { return ConfigMap{}; };
  descriptor.make = [](const ConfigMap&) -> Result<std::unique_ptr<Loader>> {
    return ConfigurationError("never made");
  };
  return descriptor;
}

LoaderRegistry Two() {
  LoaderRegistry registry;
  EXPECT_THAT(registry.Add(Describe("redis", "redis")), IsOk());
  EXPECT_THAT(registry.Add(Describe("deltalake", "delta")), IsOk());
  return registry;
}

TEST(Registry, FindsALoaderByNameOrScheme) {
  const LoaderRegistry registry = Two();
  ASSERT_OK_AND_ASSIGN(const auto* by_name, registry.FindByName("deltalake"));
  ASSERT_OK_AND_ASSIGN(const auto* by_scheme, registry.FindByScheme("delta"));
  EXPECT_EQ(by_name, by_scheme);
  EXPECT_EQ(by_name->name, "deltalake");
  EXPECT_THAT(registry.FindByScheme("deltalake"), FailsWith(kWrong, "unknown URI scheme"));
}

TEST(Registry, KeepsItsLoadersInNameOrder) {
  const LoaderRegistry registry = Two();
  ASSERT_EQ(registry.loaders().size(), 2U);
  EXPECT_EQ(registry.loaders()[0].name, "deltalake");
  EXPECT_EQ(registry.loaders()[1].name, "redis");
}

TEST(Registry, NamesTheNearestLoader) {
  const LoaderRegistry registry = Two();
  EXPECT_THAT(registry.FindByName("rediss"), FailsWith(kWrong, "did you mean redis?"));
  EXPECT_THAT(registry.FindByScheme("dleta"), FailsWith(kWrong, "did you mean delta:?"));
  EXPECT_THAT(registry.FindByName("mongodb"), FailsWith(kWrong, "there are deltalake, redis"));
  EXPECT_THAT(LoaderRegistry().FindByName("redis"), FailsWith(kWrong, "there are none"));
}

TEST(Registry, RefusesATakenNameOrScheme) {
  LoaderRegistry registry = Two();
  EXPECT_THAT(registry.Add(Describe("redis", "other")),
              FailsWith(kWrong, "loader redis: the name is taken: by=redis"));
  EXPECT_THAT(registry.Add(Describe("mine", "delta")),
              FailsWith(kWrong, "scheme is taken: by=deltalake scheme=delta"));
  EXPECT_THAT(registry.Add(Describe("delta", "mine")), FailsWith(kWrong, "taken: by=deltalake"));
  EXPECT_THAT(registry.Add(Describe("mine", "deltalake")), FailsWith(kWrong, "taken"));
  EXPECT_EQ(registry.loaders().size(), 2U);
}

TEST(Registry, RefusesHalfADescriptor) {
  LoaderRegistry registry;
  LoaderDescriptor half = Describe("half", "half");
  half.make = nullptr;
  EXPECT_THAT(registry.Add(half), FailsWith(kWrong, "no `make`"));
  half = Describe("half", "half");
  half.parse_uri = nullptr;
  EXPECT_THAT(registry.Add(half), FailsWith(kWrong, "no `parse_uri`"));
  EXPECT_THAT(registry.Add(Describe("", "x")), FailsWith(kWrong, "no name"));
}

Status AddWith(const LoaderTraits& traits) {
  LoaderRegistry registry;
  LoaderDescriptor descriptor = Describe("x", "x");
  descriptor.traits = traits;
  return registry.Add(descriptor);
}

TEST(Registry, RefusesTraitsThatContradictEachOther) {
  EXPECT_THAT(AddWith(fakes::SimpleTraits()), IsOk());
  EXPECT_THAT(AddWith(fakes::TransactionalTraits()), IsOk());

  LoaderTraits traits = fakes::SimpleTraits();
  traits.supports_streaming = true;
  EXPECT_THAT(AddWith(traits),
              FailsWith(kWrong, "loader x: its traits contradict each other: supports_streaming"));
  traits = fakes::SimpleTraits();
  traits.supports_overwrite = false;
  EXPECT_THAT(AddWith(traits), FailsWith(kWrong, "supports_overwrite"));
  traits = fakes::SimpleTraits();
  traits.supports_multi_network = true;
  EXPECT_THAT(AddWith(traits), FailsWith(kWrong, "supports_multi_network needs"));
  traits = fakes::SimpleTraits();
  traits.max_tables_per_commit = 2;
  EXPECT_THAT(AddWith(traits), FailsWith(kWrong, "max_tables_per_commit"));
  traits = fakes::TransactionalTraits();
  traits.max_tables_per_commit = 0;
  EXPECT_THAT(AddWith(traits), FailsWith(kWrong, "max_tables_per_commit"));
  traits = fakes::TransactionalTraits();
  traits.supports_transactions = false;
  EXPECT_THAT(AddWith(traits), FailsWith(kWrong, "commit atomic needs supports_transactions"));
  traits = LoaderTraits{.supported_modes = {}};
  EXPECT_THAT(AddWith(traits), FailsWith(kWrong, "supports no mode"));
}

TEST(Registry, BuiltInLoadersAllDescribeThemselvesWell) {
  const LoaderRegistry registry = LoaderRegistry::BuiltIn();
  for (const auto& loader : registry.loaders()) {
    LoaderRegistry alone;
    EXPECT_THAT(alone.Add(loader), IsOk());
  }
  for (const auto& absent : registry.missing()) {
    EXPECT_THAT(registry.FindByName(absent.name), FailsWith(kWrong, absent.reason));
  }
}

}  // namespace
}  // namespace ampload
