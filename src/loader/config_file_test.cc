#include "loader/config_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "matchers.h"

namespace ampload {
namespace {

namespace fs = std::filesystem;

constexpr auto kWrong = FailureKind::kConfiguration;

// A current folder, a home and variables of its own.
class Config : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("config_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "work");
    before_ = fs::current_path();
    fs::current_path(folder_ / "work");
    setenv("HOME", (folder_ / "home").c_str(), 1);
    unsetenv("XDG_CONFIG_HOME");
    setenv("AMPLOAD_TEST_VALUE", "s3cret", 1);
    unsetenv("AMPLOAD_TEST_UNSET");
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }
  static void Write(const fs::path& path, const std::string& text) {
    if (path.has_parent_path()) fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::string Named(const std::string& name) {
    return "[connections." + name + "]\nuri = \"lmdb:x\"\n";
  }
  static std::string FirstName(const Result<ConfigFile>& file) {
    EXPECT_THAT(file, IsOk());
    return file.ok() && !file->connections.empty() ? file->connections.begin()->first : "none";
  }

  fs::path folder_;
  fs::path before_;
};

TEST_F(Config, ReadsConnectionsWithEveryKindOfValue) {
  ASSERT_OK_AND_ASSIGN(const ConfigFile file, ParseConfigFile(R"(
# a comment
[connections.local]
uri = "lmdb:./data.lmdb"
map_size = "1GiB"
readers = 1_000
ratio = 0.1
create = true
password = "${env:AMPLOAD_TEST_VALUE}"

[connections."my store"]
loader = "lmdb"
path = 'x\y'
)",
                                                              "a.toml"));
  EXPECT_EQ(file.path, "a.toml");
  ASSERT_EQ(file.connections.size(), 2U);
  const auto& local = file.connections.at("local");
  EXPECT_THAT(local.problem, IsOk());
  EXPECT_EQ(local.name, "local");
  EXPECT_EQ(local.uri, "lmdb:./data.lmdb");
  EXPECT_EQ(local.loader, "");
  EXPECT_EQ(local.options, (ConfigMap{{"map_size", "1GiB"},
                                      {"readers", "1000"},
                                      {"ratio", "0.1"},
                                      {"create", "true"},
                                      {"password", "s3cret"}}));
  const auto& other = file.connections.at("my store");
  EXPECT_EQ(other.loader, "lmdb");
  EXPECT_EQ(other.options, (ConfigMap{{"path", "x\\y"}}));
}

TEST_F(Config, AnErrorHasFileLineAndColumn) {
  EXPECT_THAT(ParseConfigFile("\n[connections\n", "a.toml"), FailsWith(kWrong, "a.toml:2:"));
  EXPECT_THAT(ParseConfigFile("[connections.a]\nuri=\"x:y\"\nuri=\"x:y\"\n", "a.toml"),
              FailsWith(kWrong, "a.toml:3:"));
  EXPECT_THAT(ParseConfigFile("\n\n  [conections.a]\nuri=\"x:y\"", "a.toml"),
              FailsWith(kWrong, "unknown key conections: did you mean connections?"));
  EXPECT_THAT(ParseConfigFile("[connections.a]\nuri=\"x:y\"\nkeys = [1]\n", "a.toml"),
              FailsWith(kWrong, "a.toml:3:8: connections.a.keys: expected a text, a number"));
  EXPECT_THAT(ParseConfigFile("connections = 3", "a.toml"), FailsWith(kWrong, "a.toml:1:15"));
  EXPECT_THAT(ParseConfigFile("[connections]\na = 3", "a.toml"),
              FailsWith(kWrong, "a.toml:2:5: write it as a table: [connections.a]"));
}

TEST_F(Config, AConnectionHasEitherUriOrLoader) {
  EXPECT_THAT(ParseConfigFile("[connections.a]\nmap_size = 1", "a.toml"),
              FailsWith(kWrong, "a.toml:1:1: connections.a: give either uri or loader"));
  EXPECT_THAT(ParseConfigFile("[connections.a]\nuri = \"x:y\"\nloader = \"x\"", "a.toml"),
              FailsWith(kWrong, "either uri or loader"));
}

TEST_F(Config, AMissingVariableFailsItsOwnConnectionOnly) {
  ASSERT_OK_AND_ASSIGN(const ConfigFile file,
                       ParseConfigFile("[connections.bad]\nuri = \"x:y\"\n"
                                       "token = \"${env:AMPLOAD_TEST_UNSET}\"\n" +
                                           Named("good"),
                                       "a.toml"));
  EXPECT_THAT(file.connections.at("good").problem, IsOk());
  EXPECT_THAT(file.connections.at("bad").problem,
              FailsWith(kWrong,
                        "a.toml:3:9: connections.bad.token: environment variable is not set: "
                        "variable=AMPLOAD_TEST_UNSET"));
}

TEST_F(Config, IsLookedForHereThenInTheUsersFolder) {
  ASSERT_OK_AND_ASSIGN(const ConfigFile none, ReadConfigFile(std::nullopt));
  EXPECT_EQ(none.path, "");
  EXPECT_TRUE(none.connections.empty());
  Write(folder_ / "home/.config/ampload/config.toml", Named("home"));
  EXPECT_EQ(FirstName(ReadConfigFile(std::nullopt)), "home");
  setenv("XDG_CONFIG_HOME", (folder_ / "xdg").c_str(), 1);
  Write(folder_ / "xdg/ampload/config.toml", Named("xdg"));
  EXPECT_EQ(FirstName(ReadConfigFile(std::nullopt)), "xdg");
  Write("ampload.toml", Named("here"));
  EXPECT_EQ(FirstName(ReadConfigFile(std::nullopt)), "here");
  Write("named.toml", Named("named"));
  EXPECT_EQ(FirstName(ReadConfigFile("named.toml")), "named");
}

TEST_F(Config, NamedExplicitlyMustBeAFile) {
  Write("ampload.toml", Named("here"));
  EXPECT_THAT(ReadConfigFile("gone.toml"),
              FailsWith(kWrong, "No such file or directory: file=gone.toml"));
  EXPECT_THAT(ReadConfigFile(folder_.string()), FailsWith(kWrong, "Is a directory"));
}

TEST_F(Config, InterpolationReplacesVariablesAndFiles) {
  Write("secret", "from file\r\n");
  Write("two", "a\n\n");
  const auto is = [](const std::string& text) {
    const auto result = Interpolate(text, "here");
    return result.ok() ? *result : result.status().ToString();
  };
  EXPECT_EQ(is(""), "");
  EXPECT_EQ(is("plain $ { } $x"), "plain $ { } $x");
  EXPECT_EQ(is("a${env:AMPLOAD_TEST_VALUE}b${file:secret}"), "as3cretbfrom file");
  EXPECT_EQ(is("${file:two}"), "a\n");
  EXPECT_EQ(is("$${env:X}"), "${env:X}");
  EXPECT_EQ(is("$${${env:AMPLOAD_TEST_VALUE}"), "${s3cret");
  setenv("AMPLOAD_TEST_VALUE", "${env:HOME}", 1);
  EXPECT_EQ(is("${env:AMPLOAD_TEST_VALUE}"), "${env:HOME}");
}

TEST_F(Config, InterpolationSaysWhereItFailed) {
  EXPECT_THAT(Interpolate("${env:AMPLOAD_TEST_UNSET}", "here"),
              FailsWith(kWrong, "here: environment variable is not set"));
  EXPECT_THAT(Interpolate("${file:gone}", "here"), FailsWith(kWrong, "here: cannot be read"));
  for (const auto* bad : {"${vault:x}", "${HOME}", "${}", "${env:}", "${file:}"}) {
    EXPECT_THAT(Interpolate(bad, "here"), FailsWith(kWrong, "here: only ${env:NAME}")) << bad;
  }
  EXPECT_THAT(Interpolate("x${env:HOME", "here"), FailsWith(kWrong, "here: ${ has no }"));
}

}  // namespace
}  // namespace ampload
