#include "loader/target.h"

#include <gtest/gtest.h>

#include "loader/redact.h"
#include "loader_fakes.h"
#include "matchers.h"

namespace ampload {
namespace {

constexpr auto kWrong = FailureKind::kConfiguration;

LoaderDescriptor Describe(const std::string& name, const std::string& scheme) {
  LoaderDescriptor descriptor;
  descriptor.name = name;
  descriptor.schemes = {scheme};
  descriptor.example_uri = scheme + ":./data";
  descriptor.options = {{.name = "path"}, {.name = "size"}, {.name = "pin", .secret = true}};
  descriptor.parse_uri = [](std::string_view uri) { return ParsePathUri(uri, "path"); };
  descriptor.make = [](const ConfigMap& config) -> Result<std::unique_ptr<Loader>> {
    if (config.contains("throw")) throw std::runtime_error("thrown");
    return std::make_unique<fakes::SimpleLoader>(fakes::FakeConfig{});
  };
  return descriptor;
}

class Targets : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(registry_.Add(Describe("lmdb", "lmdb")), IsOk());
    ASSERT_THAT(registry_.Add(Describe("deltalake", "delta")), IsOk());
    config_.path = "a.toml";
    config_.connections["local"] = {"local", "", "lmdb:dir?size=1&pin=77", {{"size", "2"}}};
    config_.connections["lake"] = {"lake", "deltalake", "", {{"path", "/lake"}}};
    config_.connections["broken"] = {
        "broken", "lmdb", "", {}, ConfigurationError("a.toml:9:1: variable is not set")};
    config_.connections["odd"] = {"odd", "", "just-a-path", {}};
  }
  Result<Target> Resolve(std::string_view text) { return ResolveTarget(registry_, config_, text); }

  LoaderRegistry registry_;
  ConfigFile config_;
};

TEST_F(Targets, AUriDecidesTheLoader) {
  ASSERT_OK_AND_ASSIGN(const Target target, Resolve("delta:/lake?size=3&pin=77"));
  EXPECT_EQ(target.descriptor->name, "deltalake");
  EXPECT_EQ(target.config, (ConfigMap{{"path", "/lake"}, {"size", "3"}, {"pin", "77"}}));
  EXPECT_EQ(target.display, "delta:/lake?size=3&pin=***");
}

TEST_F(Targets, ASchemeMayHaveAnUnderscoreAsNamesOfLoadersDo) {
  ASSERT_THAT(registry_.Add(Describe("my_store", "my_store")), IsOk());
  ASSERT_OK_AND_ASSIGN(const Target target, Resolve("my_store:rows"));
  EXPECT_EQ(target.config, (ConfigMap{{"path", "rows"}}));
}

TEST_F(Targets, AConnectionsOptionsWinOverItsUri) {
  ASSERT_OK_AND_ASSIGN(const Target target, Resolve("local"));
  EXPECT_EQ(target.descriptor->name, "lmdb");
  EXPECT_EQ(target.config, (ConfigMap{{"path", "dir"}, {"size", "2"}, {"pin", "77"}}));
  EXPECT_EQ(target.display, "local (lmdb:dir?size=1&pin=***)");
}

TEST_F(Targets, AConnectionMayNameItsLoader) {
  ASSERT_OK_AND_ASSIGN(const Target target, Resolve("lake"));
  EXPECT_EQ(target.descriptor->name, "deltalake");
  EXPECT_EQ(target.config, (ConfigMap{{"path", "/lake"}}));
  EXPECT_EQ(target.display, "lake (deltalake)");
}

TEST_F(Targets, AConnectionThatCannotBeUsedSaysWhy) {
  EXPECT_THAT(Resolve("broken"), FailsWith(kWrong, "connection broken: a.toml:9:1: variable"));
  EXPECT_THAT(Resolve("odd"), FailsWith(kWrong, "connection odd: its uri has no scheme"));
}

TEST_F(Targets, ATextWithoutASchemeIsNeverAPath) {
  EXPECT_THAT(Resolve("data/rows"),
              FailsWith(kWrong,
                        "neither a URI nor a connection of a.toml: begin it with a scheme, "
                        "as in delta:./data: target=data/rows"));
  EXPECT_THAT(Resolve("./dir"), FailsWith(kWrong, "neither a URI"));
  EXPECT_THAT(Resolve("/a:b"), FailsWith(kWrong, "neither a URI"));
  EXPECT_THAT(Resolve(""), FailsWith(kWrong, "empty"));
}

TEST_F(Targets, TheNearestNameIsOffered) {
  EXPECT_THAT(Resolve("locla"), FailsWith(kWrong, "did you mean local?"));
  EXPECT_THAT(Resolve("lmbd"), FailsWith(kWrong, "did you mean lmdb:...?"));
  EXPECT_THAT(Resolve("lmbd:dir"), FailsWith(kWrong, "did you mean lmdb:?: scheme=lmbd"));
}

TEST_F(Targets, AnErrorShowsNoSecret) {
  for (const auto* text : {"//u:hunter2@host/x", "nosuch://u:hunter2@host", "lmdb:x?pin=hunter2&y",
                           "lmdb:x?pin=hunter2&pin=hunter2", "x/y?pin=hunter2"}) {
    const auto target = Resolve(text);
    ASSERT_FALSE(target.ok()) << text;
    EXPECT_THAT(target.status().message(), testing::Not(testing::HasSubstr("hunter2"))) << text;
  }
}

TEST_F(Targets, MakeTheirLoader) {
  ASSERT_OK_AND_ASSIGN(Target target, Resolve("lake"));
  ASSERT_OK_AND_ASSIGN(const auto loader, MakeLoader(target));
  EXPECT_FALSE(loader->is_connected());
  target.config["throw"] = "1";
  EXPECT_THAT(MakeLoader(target), FailsWith(FailureKind::kPermanent, "deltalake: the loader"));
}

TEST(PathUri, IsAPathAndOptions) {
  const auto is = [](std::string_view uri) { return ParsePathUri(uri, "path"); };
  ASSERT_OK_AND_ASSIGN(const ConfigMap plain, is("lmdb:a/b.lmdb"));
  EXPECT_EQ(plain, (ConfigMap{{"path", "a/b.lmdb"}}));
  ASSERT_OK_AND_ASSIGN(const ConfigMap options, is("lmdb:/d?map_size=1GiB&sync=full&x="));
  EXPECT_EQ(options,
            (ConfigMap{{"path", "/d"}, {"map_size", "1GiB"}, {"sync", "full"}, {"x", ""}}));
  ASSERT_OK_AND_ASSIGN(const ConfigMap encoded, is("lmdb:a%20b%3f+c?k%3D=%C3%a9%26=1"));
  EXPECT_EQ(encoded, (ConfigMap{{"path", "a b?+c"}, {"k=", "\xC3\xA9&=1"}}));
  ASSERT_OK_AND_ASSIGN(const ConfigMap absolute, is("lmdb:///d/e"));
  EXPECT_EQ(absolute, (ConfigMap{{"path", "/d/e"}}));
  ASSERT_OK_AND_ASSIGN(const ConfigMap empty, is("lmdb:"));
  EXPECT_EQ(empty, ConfigMap{});
}

TEST(PathUri, RefusesWhatItCannotRead) {
  const auto is = [](std::string_view uri) { return ParsePathUri(uri, "path"); };
  for (const auto* bad : {"lmdb:100%", "lmdb:%4", "lmdb:%zz", "lmdb:%4z", "lmdb:x?a=%"}) {
    EXPECT_THAT(is(bad), FailsWith(kWrong, "lmdb: a % needs two hex digits")) << bad;
  }
  EXPECT_THAT(is("lmdb:a%00b"), FailsWith(kWrong, "%00"));
  EXPECT_THAT(is("lmdb://host/d"), FailsWith(kWrong, "without //"));
  EXPECT_THAT(is("lmdb:x?sync"), FailsWith(kWrong, "name=value"));
  EXPECT_THAT(is("lmdb:x?=1"), FailsWith(kWrong, "name=value"));
  EXPECT_THAT(is("lmdb:x?a=1&&b=2"), FailsWith(kWrong, "name=value"));
  EXPECT_THAT(is("lmdb:x?a=1&a=2"), FailsWith(kWrong, "twice: option=a"));
  EXPECT_THAT(is("lmdb:x?path=y"), FailsWith(kWrong, "twice: option=path"));
  EXPECT_THAT(is("x"), FailsWith(kWrong, "SCHEME:PATH"));
}

TEST(RedactUri, HidesPasswordsAndWhatMayBeOne) {
  const std::vector<OptionSpec> options = {{.name = "size"}, {.name = "pin", .secret = true}};
  const auto is = [&](std::string_view uri) { return RedactUri(uri, options); };
  EXPECT_EQ(is("lmdb:./x?size=1"), "lmdb:./x?size=1");
  EXPECT_EQ(is("pg://u:pw@h:5/d?size=1&pin=2"), "pg://u:***@h:5/d?size=1&pin=***");
  EXPECT_EQ(is("redis://:pw@h"), "redis://:***@h");
  EXPECT_EQ(is("pg://u:p/w?x@y#@h/d"), "pg://u:***@h/d");
  EXPECT_EQ(is("pg://u@h:5/d"), "pg://u@h:5/d");
  EXPECT_EQ(is("lmdb:/a@b:c"), "lmdb:/a@b:c");
  EXPECT_EQ(is("pg://h/d?pim=2&flag"), "pg://h/d?pim=***&flag");
  EXPECT_EQ(is("//u:pw@h"), "//u:***@h");
  EXPECT_EQ(is("plain"), "plain");
}

TEST(RedactUri, HidesAllBehindAKeywordThatMayBeAPassword) {
  const std::vector<OptionSpec> options = {{.name = "host"}, {.name = "pin", .secret = true}};
  const auto is = [&](std::string_view uri) { return RedactUri(uri, options); };
  EXPECT_EQ(is("pg:host=h pin=a b?c&d"), "pg:host=h pin=***");
  EXPECT_EQ(is("pg:pin=a host=h"), "pg:pin=***");
  EXPECT_EQ(is("pg:host=h pim = 'a b'"), "pg:host=h pim =***");
  EXPECT_EQ(is("pg:host=h?pin=a"), "pg:host=h?pin=***");
  EXPECT_EQ(is("pg:host='h'pin=a"), "pg:host='h'pin=***");
  EXPECT_EQ(is("pg:host=h"), "pg:host=h");
  EXPECT_EQ(is("lmdb:/data/a=b"), "lmdb:/data/a=b");
}

}  // namespace
}  // namespace ampload
