#include "ampload/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "matchers.h"

namespace ampload {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto kWrong = FailureKind::kConfiguration;

struct StoreConfig {
  std::string path;
  std::string password;
  std::string sync;
  std::string comment = "untouched";
  int64_t map_size = 0;
  int64_t timeout_ms = 0;
  int64_t tries = 0;
  bool create = false;
};

const OptionTable<StoreConfig>& StoreOptions() {
  static const auto* table = new OptionTable<StoreConfig>([] {
    OptionTable<StoreConfig> t;
    t.Add({.name = "path", .required = true, .meaning = "folder to write into"},
          &StoreConfig::path);
    t.Add({.name = "password", .secret = true, .env = "AMPLOAD_TEST_PASSWORD"},
          &StoreConfig::password);
    t.Add({.name = "sync", .default_value = "full", .choices = {"full", "none"}},
          &StoreConfig::sync);
    t.Add({.name = "comment"}, &StoreConfig::comment);
    t.Add({.name = "map_size", .type = OptionType::kBytes, .default_value = "64MiB"},
          &StoreConfig::map_size);
    t.Add({.name = "timeout", .type = OptionType::kDuration, .default_value = "10s"},
          &StoreConfig::timeout_ms);
    t.Add({.name = "tries", .default_value = "3", .env = "AMPLOAD_TEST_TRIES"},
          &StoreConfig::tries);
    t.Add({.name = "create", .default_value = "true"}, &StoreConfig::create);
    return t;
  }());
  return *table;
}

Result<int64_t> ParseNumber(OptionType type, const std::string& text) {
  OptionSpec spec;
  spec.name = "n";
  spec.type = type;
  ARROW_ASSIGN_OR_RAISE(const OptionValue value, ParseOptionValue(spec, text));
  return std::get<int64_t>(value);
}

class Environment : public testing::Test {
 protected:
  void TearDown() override {
    unsetenv("AMPLOAD_TEST_PASSWORD");
    unsetenv("AMPLOAD_TEST_TRIES");
  }
};

TEST(Options, TakeTheirDefaultsAndLeaveUnsetMembersAlone) {
  ASSERT_OK_AND_ASSIGN(const StoreConfig config,
                       StoreOptions().Parse({{"path", "/data"}}, "store"));
  EXPECT_EQ(config.path, "/data");
  EXPECT_EQ(config.sync, "full");
  EXPECT_EQ(config.comment, "untouched");
  EXPECT_EQ(config.map_size, 67108864);
  EXPECT_EQ(config.timeout_ms, 10000);
  EXPECT_EQ(config.tries, 3);
  EXPECT_TRUE(config.create);
}

TEST(Options, TakeWhatIsGivenOverTheDefault) {
  ASSERT_OK_AND_ASSIGN(const StoreConfig config, StoreOptions().Parse({{"path", "/data"},
                                                                       {"sync", "none"},
                                                                       {"map_size", "1GB"},
                                                                       {"timeout", "250ms"},
                                                                       {"tries", "-1"},
                                                                       {"create", "off"}},
                                                                      "store"));
  EXPECT_EQ(config.sync, "none");
  EXPECT_EQ(config.map_size, 1000000000);
  EXPECT_EQ(config.timeout_ms, 250);
  EXPECT_EQ(config.tries, -1);
  EXPECT_FALSE(config.create);
}

TEST(Options, ReportEveryBadKeyAtOnce) {
  const auto config = StoreOptions().Parse(
      {{"map_sise", "1"}, {"zzzzzz", "1"}, {"tries", "many"}, {"sync", "ful"}}, "store");
  EXPECT_THAT(config, FailsWith(kWrong, "store: "));
  EXPECT_THAT(config, FailsWith(kWrong, "path is required (folder to write into)"));
  EXPECT_THAT(config, FailsWith(kWrong, "unknown option map_sise: did you mean map_size?"));
  EXPECT_THAT(config, FailsWith(kWrong, "unknown option zzzzzz"));
  EXPECT_THAT(config, FailsWith(kWrong, "tries: expected a whole number: value=many"));
  EXPECT_THAT(config, FailsWith(kWrong, "one of full, none: did you mean full?: value=ful"));
}

TEST(Options, RefuseAnEmptyRequiredValue) {
  EXPECT_THAT(StoreOptions().Parse({{"path", ""}}, "store"), FailsWith(kWrong, "path is required"));
}

TEST(Options, NeverQuoteASecretNorTheValueOfAnUnknownOption) {
  const std::vector<OptionSpec> specs = {
      {.name = "pin", .type = OptionType::kInteger, .secret = true},
      {.name = "level", .type = OptionType::kChoice, .secret = true, .choices = {"hunter1"}}};
  const auto values = ResolveOptions(
      specs, {{"pin", "hunter2"}, {"level", "hunter3"}, {"pim", "hunter4"}}, "store");
  EXPECT_THAT(values, FailsWith(kWrong, "pin: expected a whole number"));
  EXPECT_THAT(values, FailsWith(kWrong, "unknown option pim: did you mean pin?"));
  for (const auto* secret : {"hunter2", "hunter3", "hunter4"}) {
    EXPECT_THAT(values.status().message(), Not(HasSubstr(secret)));
  }
}

TEST_F(Environment, FillsWhatIsNotGiven) {
  setenv("AMPLOAD_TEST_PASSWORD", "from env", 1);
  ASSERT_OK_AND_ASSIGN(const StoreConfig filled, StoreOptions().Parse({{"path", "p"}}, "store"));
  EXPECT_EQ(filled.password, "from env");
  ASSERT_OK_AND_ASSIGN(const StoreConfig given,
                       StoreOptions().Parse({{"path", "p"}, {"password", "given"}}, "store"));
  EXPECT_EQ(given.password, "given");
}

TEST_F(Environment, IsNamedWhenItsValueIsBad) {
  setenv("AMPLOAD_TEST_TRIES", "x", 1);
  EXPECT_THAT(StoreOptions().Parse({{"path", "p"}}, "store"),
              FailsWith(kWrong, "environment variable AMPLOAD_TEST_TRIES: tries: expected"));
}

TEST(Options, KnowTheirRequiredNamesAndTypes) {
  EXPECT_EQ(StoreOptions().required(), (std::vector<std::string>{"path"}));
  std::vector<OptionType> types;
  for (const auto& spec : StoreOptions().specs()) types.push_back(spec.type);
  EXPECT_EQ(types, (std::vector{OptionType::kString, OptionType::kString, OptionType::kChoice,
                                OptionType::kString, OptionType::kBytes, OptionType::kDuration,
                                OptionType::kInteger, OptionType::kBoolean}));
}

TEST(OptionValue, ReadsWholeNumbersToTheirLimits) {
  EXPECT_EQ(ParseNumber(OptionType::kInteger, "+7"), 7);
  EXPECT_EQ(ParseNumber(OptionType::kInteger, "-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(ParseNumber(OptionType::kInteger, "9223372036854775807"), INT64_MAX);
  EXPECT_THAT(ParseNumber(OptionType::kInteger, "9223372036854775808"), FailsWith(kWrong, "64"));
  for (const auto* bad : {"", "+", "-", "+-1", "1.5", "1 ", " 1", "0x10", "1e3"}) {
    EXPECT_THAT(ParseNumber(OptionType::kInteger, bad), FailsWith(kWrong, "a whole number")) << bad;
  }
}

TEST(OptionValue, ReadsSizes) {
  EXPECT_EQ(ParseNumber(OptionType::kBytes, "0"), 0);
  EXPECT_EQ(ParseNumber(OptionType::kBytes, "1048576"), 1048576);
  EXPECT_EQ(ParseNumber(OptionType::kBytes, "2KiB"), 2048);
  EXPECT_EQ(ParseNumber(OptionType::kBytes, "2kB"), 2000);
  EXPECT_EQ(ParseNumber(OptionType::kBytes, "3mib"), 3145728);
  EXPECT_EQ(ParseNumber(OptionType::kBytes, "1GiB"), 1073741824);
  EXPECT_EQ(ParseNumber(OptionType::kBytes, "8388607TiB"), 9223370937343148032);
  for (const auto* bad : {"", "MiB", "-1", "1.5GiB", "1 GiB", "1XB", "64M"}) {
    EXPECT_THAT(ParseNumber(OptionType::kBytes, bad), FailsWith(kWrong, "a size such as")) << bad;
  }
}

TEST(OptionValue, RefusesASizeThatOverflows) {
  for (const auto* bad : {"8388608TiB", "9223372036854775808", "99999999999999999999999"}) {
    EXPECT_THAT(ParseNumber(OptionType::kBytes, bad), FailsWith(kWrong, "less than 2^63")) << bad;
  }
}

TEST(OptionValue, ReadsDurationsAsMilliseconds) {
  EXPECT_EQ(ParseNumber(OptionType::kDuration, "250ms"), 250);
  EXPECT_EQ(ParseNumber(OptionType::kDuration, "10s"), 10000);
  EXPECT_EQ(ParseNumber(OptionType::kDuration, "5m"), 300000);
  EXPECT_EQ(ParseNumber(OptionType::kDuration, "1h"), 3600000);
  for (const auto* bad : {"", "10", "s", "1d", "-1s", "1h30m"}) {
    EXPECT_THAT(ParseNumber(OptionType::kDuration, bad), FailsWith(kWrong, "duration")) << bad;
  }
  EXPECT_THAT(ParseNumber(OptionType::kDuration, "9223372036854775807s"),
              FailsWith(kWrong, "2^63"));
}

TEST(OptionValue, ReadsTheManySpellingsOfTrueAndFalse) {
  OptionSpec spec;
  spec.type = OptionType::kBoolean;
  for (const auto* yes : {"true", "YES", "on", "1"}) {
    ASSERT_OK_AND_ASSIGN(const OptionValue value, ParseOptionValue(spec, yes));
    EXPECT_TRUE(std::get<bool>(value)) << yes;
  }
  for (const auto* no : {"false", "No", "OFF", "0"}) {
    ASSERT_OK_AND_ASSIGN(const OptionValue value, ParseOptionValue(spec, no));
    EXPECT_FALSE(std::get<bool>(value)) << no;
  }
  EXPECT_THAT(ParseOptionValue(spec, "maybe"), FailsWith(kWrong, "true or false: value=maybe"));
}

}  // namespace
}  // namespace ampload
