#include "loaders/postgresql/postgresql_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

#include "matchers.h"
#include "temp_folder.h"

namespace ampload::postgresql {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr auto kWrong = FailureKind::kConfiguration;

// The process's environment without what libpq and the options read; put back at the end.
class Config : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"DATABASE_URL", "PGCONNECT_TIMEOUT", "PGSERVICE"}) Set(name, nullptr);
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) Put(name, value ? value->c_str() : nullptr);
  }
  void Set(const char* name, const char* value) {
    const char* old = getenv(name);
    before_.try_emplace(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    Put(name, value);
  }
  static ConnectionKeywords Keywords(const ConfigMap& given) {
    auto config = ParsePostgreSQLConfig(given);
    EXPECT_THAT(config, IsOk());
    if (!config.ok()) return {};
    auto keywords = config->keywords();
    EXPECT_THAT(keywords, IsOk());
    return keywords.ValueOr(ConnectionKeywords());
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

TEST(ParsePostgreSQLUri, TakesOutOurOptionsAndLeavesLibpqsToIt) {
  ASSERT_OK_AND_ASSIGN(
      const auto options,
      ParsePostgreSQLUri("postgres://me:a%40b@h:5433/db?sslmode=require&schema=c%20d&"
                         "connect_timeout=7&unlogged=true&partition_by=block_num:1000"));
  EXPECT_THAT(
      options,
      UnorderedElementsAre(
          Pair("connection", "postgresql://me:a%40b@h:5433/db?sslmode=require&connect_timeout=7"),
          Pair("schema", "c d"), Pair("unlogged", "true"), Pair("partition_by", "block_num:1000")));
}

TEST(ParsePostgreSQLUri, TakesKeywordsAsTheyStand) {
  ASSERT_OK_AND_ASSIGN(const auto options,
                       ParsePostgreSQLUri("postgresql:host=h password='a b?c=%41'"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("connection", "host=h password='a b?c=%41'")));
}

TEST(ParsePostgreSQLUri, AloneItSaysNothing) {
  ASSERT_OK_AND_ASSIGN(auto options, ParsePostgreSQLUri("postgresql:"));
  EXPECT_THAT(options, IsEmpty());
  ASSERT_OK_AND_ASSIGN(options, ParsePostgreSQLUri("postgresql:?schema=chain"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("schema", "chain")));
  ASSERT_OK_AND_ASSIGN(options, ParsePostgreSQLUri("postgres:?service=prod"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("connection", "postgresql://?service=prod")));
  ASSERT_OK_AND_ASSIGN(options, ParsePostgreSQLUri("postgresql://"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("connection", "postgresql://")));
}

TEST(ParsePostgreSQLUri, FindsTheQueryBehindAPasswordWithAQuestionMark) {
  ASSERT_OK_AND_ASSIGN(const auto options,
                       ParsePostgreSQLUri("postgresql://me:a?b@h/db?schema=chain"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("connection", "postgresql://me:a?b@h/db"),
                                            Pair("schema", "chain")));
}

TEST(ParsePostgreSQLUri, RefusesWhatItCannotRead) {
  EXPECT_THAT(ParsePostgreSQLUri("postgresql:mydb"), FailsWith(kWrong, "postgresql://user@host"));
  EXPECT_THAT(ParsePostgreSQLUri("postgresql://h/d?shema=x"),
              FailsWith(kWrong, "did you mean schema?"));
  EXPECT_THAT(ParsePostgreSQLUri("postgresql://h/d?sslmod=require"),
              FailsWith(kWrong, "did you mean sslmode?"));
  EXPECT_THAT(ParsePostgreSQLUri("postgresql://h/d?schema=a&schema=b"),
              FailsWith(kWrong, "twice: option=schema"));
  EXPECT_THAT(ParsePostgreSQLUri("postgresql://h/d?connection=x"),
              FailsWith(kWrong, "unknown option connection"));
  EXPECT_THAT(ParsePostgreSQLUri("postgresql://h/d?schema"), FailsWith(kWrong, "name=value"));
}

TEST_F(Config, GivesLibpqTheUriWithOptionsOverIt) {
  const auto keywords = Keywords({{"connection", "postgresql://me:a%40b@h:5433/db?sslmode=prefer"},
                                  {"host", "other"},
                                  {"port", "6000"},
                                  {"sslmode", "verify-full"}});
  EXPECT_THAT(keywords,
              UnorderedElementsAre(Pair("user", "me"), Pair("password", "a@b"),
                                   Pair("host", "other"), Pair("port", "6000"),
                                   Pair("dbname", "db"), Pair("sslmode", "verify-full"),
                                   Pair("connect_timeout", "10"), Pair("client_encoding", "UTF8"),
                                   Pair("fallback_application_name", "ampload")));
}

TEST_F(Config, LeavesToLibpqWhatIsNotSaid) {
  EXPECT_THAT(Keywords({}),
              UnorderedElementsAre(Pair("connect_timeout", "10"), Pair("client_encoding", "UTF8"),
                                   Pair("fallback_application_name", "ampload")));
  EXPECT_THAT(Keywords({{"service", "prod"}}), Not(Contains(Key("connect_timeout"))));
  Set("PGCONNECT_TIMEOUT", "3");
  EXPECT_THAT(Keywords({}), Not(Contains(Key("connect_timeout"))));
  EXPECT_THAT(Keywords({{"connect_timeout", "1500ms"}}), Contains(Pair("connect_timeout", "2")));
}

TEST_F(Config, AHostTakesTheAddressOfTheUriAway) {
  EXPECT_THAT(Keywords({{"connection", "hostaddr=10.0.0.1 host=a"}, {"host", "b"}}),
              Not(Contains(Key("hostaddr"))));
}

TEST_F(Config, TakesDatabaseUrlWhereNothingSaysWhichServer) {
  Set("DATABASE_URL", "postgres://me@h/db?schema=chain");
  ASSERT_OK_AND_ASSIGN(auto config, ParsePostgreSQLConfig({{"unlogged", "true"}}));
  EXPECT_EQ(config.schema, "chain");
  EXPECT_EQ(config.connection, "postgresql://me@h/db");
  ASSERT_OK_AND_ASSIGN(config, ParsePostgreSQLConfig({{"schema", "mine"}}));
  EXPECT_EQ(config.schema, "mine");
  for (const auto* name : {"host", "dbname", "user", "service", "connection"}) {
    ASSERT_OK_AND_ASSIGN(
        config,
        ParsePostgreSQLConfig({{name, std::string(name) == "connection" ? "dbname=x" : "x"}}));
    ASSERT_OK_AND_ASSIGN(const auto keywords, config.keywords());
    EXPECT_THAT(keywords, Not(Contains(Pair("user", "me")))) << name;
    EXPECT_EQ(config.schema, "public") << name;
  }
}

TEST_F(Config, SaysWhereABadUrlCameFromButNotWhatItIs) {
  Set("DATABASE_URL", "postgres://me:sesame@h/db?pool=3");
  const auto config = ParsePostgreSQLConfig({});
  EXPECT_THAT(config, FailsWith(kWrong, "DATABASE_URL"));
  EXPECT_THAT(config.status().message(), Not(HasSubstr("sesame")));
}

TEST_F(Config, NeverQuotesWhatMayBeAPassword) {
  for (const char* connection :
       {"host=h password=open sesame", "password='open sesame", "password=x sesame=1",
        "postgresql://me:sesame@[h/db", "postgresql://me:%zzsesame@h/db", "sesame",
        "postgresql://me:sesame@h:port/db?sesame", "mysql://me:sesame@h/db"}) {
    const auto config = ParsePostgreSQLConfig({{"connection", connection}});
    ASSERT_FALSE(config.ok()) << connection;
    EXPECT_EQ(KindOf(config.status()), kWrong);
    EXPECT_THAT(config.status().message(), Not(HasSubstr("sesame"))) << connection;
    EXPECT_THAT(config.status().message(), HasSubstr("postgresql"));
  }
}

TEST_F(Config, ReadsThePasswordFilesFirstLine) {
  const TempFolder folder;
  const std::string path = folder.path() + "/pw";
  std::ofstream(path) << "sesame \r\nnot this\n";
  EXPECT_THAT(Keywords({{"password_file", path}}), Contains(Pair("password", "sesame ")));

  ASSERT_OK_AND_ASSIGN(const auto config, ParsePostgreSQLConfig({{"password_file", path + "x"}}));
  EXPECT_THAT(config.keywords(), FailsWith(kWrong, "password_file=" + path + "x"));
  EXPECT_THAT(ParsePostgreSQLConfig({{"password_file", path}, {"password", "x"}}),
              FailsWith(kWrong, "one of the two"));
}

TEST_F(Config, RefusesValuesThatCannotBe) {
  const auto with = [](const char* name, const char* value) {
    return ParsePostgreSQLConfig({{name, value}});
  };
  EXPECT_THAT(with("port", "65536"), FailsWith(kWrong, "1 to 65535"));
  EXPECT_THAT(with("port", "-1"), FailsWith(kWrong, "1 to 65535"));
  EXPECT_THAT(with("overwrite", "drop"), FailsWith(kWrong, "delete, truncate"));
  EXPECT_THAT(with("flush_bytes", "0"), FailsWith(kWrong, "flush_bytes"));
  EXPECT_THAT(with("lock_timeout", "1000h"), FailsWith(kWrong, "lock_timeout"));
  EXPECT_THAT(with("schema", ""), FailsWith(kWrong, "schema"));
  EXPECT_THAT(with("partition_by", "block_num"), FailsWith(kWrong, "COLUMN:N"));
  EXPECT_THAT(with("partition_by", "block_num:0"), FailsWith(kWrong, "COLUMN:N"));
  EXPECT_THAT(with("shema", "x"), FailsWith(kWrong, "did you mean schema?"));
}

TEST_F(Config, HasTheDefaultsThatItDeclares) {
  ASSERT_OK_AND_ASSIGN(const auto config, ParsePostgreSQLConfig({}));
  EXPECT_EQ(config.schema, "public");
  EXPECT_EQ(config.overwrite, "delete");
  EXPECT_EQ(config.lock_timeout, 10'000);
  EXPECT_EQ(config.idle_timeout, 300'000);
  EXPECT_EQ(config.flush_bytes, 8 << 20);
  EXPECT_FALSE(config.unlogged);
}

}  // namespace
}  // namespace ampload::postgresql
