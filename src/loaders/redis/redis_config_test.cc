#include "loaders/redis/redis_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>
#include <string>

#include "matchers.h"

namespace ampload::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr auto kWrong = FailureKind::kConfiguration;

// The process's environment without what the options read; put back at the end.
class Config : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"REDIS_URL", "REDIS_PASSWORD"}) Set(name, nullptr);
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) Put(name, value ? value->c_str() : nullptr);
  }
  void Set(const char* name, const char* value) {
    const char* old = getenv(name);
    before_.try_emplace(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    Put(name, value);
  }

 private:
  static void Put(const std::string& name, const char* value) {
    if (value == nullptr) {
      unsetenv(name.c_str());
    } else {
      setenv(name.c_str(), value, 1);
    }
  }
  std::map<std::string, std::optional<std::string>> before_;
};

TEST(ParseRedisUri, TakesServerUserDatabaseAndOptionsApart) {
  ASSERT_OK_AND_ASSIGN(auto options,
                       ParseRedisUri("redis://:pw@host:6380/3?structure=string&ttl=1h"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("password", "pw"), Pair("host", "host"),
                                            Pair("port", "6380"), Pair("database", "3"),
                                            Pair("structure", "string"), Pair("ttl", "1h")));
  ASSERT_OK_AND_ASSIGN(options, ParseRedisUri("rediss://me:a%40b%2Fc@[2001:db8::1]:7000"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("tls", "true"), Pair("user", "me"),
                                            Pair("password", "a@b/c"), Pair("host", "2001:db8::1"),
                                            Pair("port", "7000")));
  ASSERT_OK_AND_ASSIGN(options, ParseRedisUri("redis://me@host/?key_pattern={table}:{a}"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("user", "me"), Pair("host", "host"),
                                            Pair("key_pattern", "{table}:{a}")));
  ASSERT_OK_AND_ASSIGN(options, ParseRedisUri("redis://:a@b:c@host"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("password", "a@b:c"), Pair("host", "host")));
  ASSERT_OK_AND_ASSIGN(options, ParseRedisUri("redis://host:6379/0?password=x"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("host", "host"), Pair("port", "6379"),
                                            Pair("database", "0"), Pair("password", "x")));
}

TEST(ParseRedisUri, TakesAnUnixSocketsPath) {
  for (const char* uri :
       {"unix:///run/r%20s.sock?database=1", "redis+unix:///run/r%20s.sock?database=1",
        "unix:/run/r s.sock?database=1"}) {
    ASSERT_OK_AND_ASSIGN(const auto options, ParseRedisUri(uri));
    EXPECT_THAT(options,
                UnorderedElementsAre(Pair("socket", "/run/r s.sock"), Pair("database", "1")))
        << uri;
  }
  ASSERT_OK_AND_ASSIGN(const auto options, ParseRedisUri("unix://me:pw@/run/r.sock"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("socket", "/run/r.sock"), Pair("user", "me"),
                                            Pair("password", "pw")));
}

TEST(ParseRedisUri, AloneItSaysNothing) {
  for (const char* uri : {"redis:", "redis://", "redis:///", "redis:?"}) {
    ASSERT_OK_AND_ASSIGN(const auto options, ParseRedisUri(uri));
    EXPECT_THAT(options, IsEmpty()) << uri;
  }
  ASSERT_OK_AND_ASSIGN(const auto options, ParseRedisUri("redis:?database=2"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("database", "2")));
}

TEST(ParseRedisUri, RefusesWhatItCannotReadAndQuotesNothingOfIt) {
  for (const char* uri :
       {"redis:host", "redis:host:6379", "http://host", "redis", "redis://:ses/ame@host",
        "redis://:ses?ame@host", "redis://host:sesame", "redis://host:", "redis://host/sesame",
        "redis://[::1", "redis://[::1]x", "unix:run/sesame", "unix://run/sesame", "unix://",
        "redis://:%zzsesame@host", "redis://host/1?sesame", "redis://host/1?url=redis://sesame"}) {
    const auto options = ParseRedisUri(uri);
    ASSERT_FALSE(options.ok()) << uri;
    EXPECT_EQ(KindOf(options.status()), kWrong) << uri;
    EXPECT_THAT(options.status().message(), Not(HasSubstr("sesame"))) << uri;
    EXPECT_THAT(options.status().message(), HasSubstr("redis")) << uri;
  }
  EXPECT_THAT(ParseRedisUri("redis://:a@host?password=b"),
              FailsWith(kWrong, "twice: option=password"));
}

TEST_F(Config, HasTheDefaultsThatItDeclares) {
  ASSERT_OK_AND_ASSIGN(const auto config, ParseRedisConfig({}));
  EXPECT_EQ(config.host, "localhost");
  EXPECT_EQ(config.port, 6379);
  EXPECT_EQ(config.database, 0);
  EXPECT_EQ(config.socket, "");
  EXPECT_FALSE(config.tls);
  EXPECT_EQ(config.tls_verify, "full");
  EXPECT_EQ(config.client_name, "ampload");
  EXPECT_EQ(config.connect_timeout, 10'000);
  EXPECT_EQ(config.reply_timeout, 60'000);
  EXPECT_EQ(config.wait_timeout, 10'000);
  EXPECT_EQ(config.wait_replicas, 0);
  EXPECT_EQ(config.ttl, 0);
  for (const auto* text : {&config.structure, &config.key_pattern, &config.value_format,
                           &config.binary, &config.fields, &config.score, &config.url}) {
    EXPECT_EQ(*text, "");
  }
}

TEST_F(Config, TakesRedisUrlWhereNothingSaysWhichServer) {
  Set("REDIS_URL", "redis://:sesame@far:7000/4");
  ASSERT_OK_AND_ASSIGN(auto config, ParseRedisConfig({{"structure", "string"}}));
  EXPECT_EQ(config.host, "far");
  EXPECT_EQ(config.port, 7000);
  EXPECT_EQ(config.database, 4);
  EXPECT_EQ(config.password, "sesame");
  EXPECT_EQ(config.structure, "string");
  for (const auto& [name, value] : ConfigMap{{"host", "near"},
                                             {"port", "1"},
                                             {"socket", "/s"},
                                             {"database", "1"},
                                             {"user", "me"},
                                             {"url", "redis://near"}}) {
    ASSERT_OK_AND_ASSIGN(config, ParseRedisConfig({{name, value}}));
    EXPECT_NE(config.host, "far") << name;
    EXPECT_EQ(config.password, "") << name;
  }
}

TEST_F(Config, WhatIsSaidGoesOverTheUrl) {
  ASSERT_OK_AND_ASSIGN(const auto config,
                       ParseRedisConfig({{"url", "redis://a:1/2?ttl=5s"}, {"port", "3"}}));
  EXPECT_EQ(config.host, "a");
  EXPECT_EQ(config.port, 3);
  EXPECT_EQ(config.database, 2);
  EXPECT_EQ(config.ttl, 5000);
}

TEST_F(Config, SaysWhereABadUrlCameFromButNotWhatItIs) {
  Set("REDIS_URL", "redis://:sesame@host:port/0");
  const auto config = ParseRedisConfig({});
  EXPECT_THAT(config, FailsWith(kWrong, "REDIS_URL"));
  EXPECT_THAT(config.status().message(), Not(HasSubstr("sesame")));
}

TEST_F(Config, TakesThePasswordOfTheEnvironment) {
  Set("REDIS_PASSWORD", "sesame");
  ASSERT_OK_AND_ASSIGN(auto config, ParseRedisConfig({{"host", "h"}}));
  EXPECT_EQ(config.password, "sesame");
  ASSERT_OK_AND_ASSIGN(config, ParseRedisConfig({{"host", "h"}, {"password", "other"}}));
  EXPECT_EQ(config.password, "other");
  ASSERT_OK_AND_ASSIGN(config, ParseRedisConfig({{"host", "h"}, {"password_file", "/f"}}));
  EXPECT_EQ(config.password, "");
  EXPECT_EQ(config.password_file, "/f");
}

TEST_F(Config, RefusesValuesThatCannotBe) {
  const auto with = [](ConfigMap options) { return ParseRedisConfig(options); };
  EXPECT_THAT(with({{"port", "0"}}), FailsWith(kWrong, "port: expected 1 to 65535: value=0"));
  EXPECT_THAT(with({{"port", "65536"}}), FailsWith(kWrong, "port"));
  EXPECT_THAT(with({{"database", "-1"}}), FailsWith(kWrong, "database"));
  EXPECT_THAT(with({{"wait_replicas", "-1"}}), FailsWith(kWrong, "wait_replicas"));
  EXPECT_THAT(with({{"host", ""}}), FailsWith(kWrong, "host"));
  EXPECT_THAT(with({{"structure", "hsh"}}), FailsWith(kWrong, "hash"));
  EXPECT_THAT(with({{"value_format", "arrow_ipc"}}), FailsWith(kWrong, "msgpack"));
  EXPECT_THAT(with({{"client_name", "two words"}}), FailsWith(kWrong, "client_name"));
  EXPECT_THAT(with({{"tls_ca", "/ca"}}), FailsWith(kWrong, "rediss://"));
  EXPECT_THAT(with({{"tls", "true"}, {"tls_cert", "/c"}}), FailsWith(kWrong, "tls_key"));
  EXPECT_THAT(with({{"tls", "true"}, {"socket", "/s"}}), FailsWith(kWrong, "no TLS"));
  EXPECT_THAT(with({{"password", "x"}, {"password_file", "/f"}}),
              FailsWith(kWrong, "one of the two"));
  EXPECT_THAT(with({{"wait_replicas", "1"}, {"wait_timeout", "60s"}}),
              FailsWith(kWrong, "shorter than reply_timeout"));
  EXPECT_THAT(with({{"wait_replicas", "1"}, {"wait_timeout", "60s"}, {"reply_timeout", "0s"}}),
              IsOk());
  EXPECT_THAT(with({{"fields", "a,,b"}}), FailsWith(kWrong, "fields"));
  EXPECT_THAT(with({{"fields", "a,b,a"}}), FailsWith(kWrong, "column=a"));
  EXPECT_THAT(with({{"databse", "1"}}), FailsWith(kWrong, "did you mean database?"));
}

TEST_F(Config, FieldsAreNamesWithCommasBetween) {
  EXPECT_THAT(FieldNames({}), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto config, ParseRedisConfig({{"fields", "a, b c ,d"}}));
  EXPECT_THAT(FieldNames(config), ElementsAre("a", "b c", "d"));
}

}  // namespace
}  // namespace ampload::redis
