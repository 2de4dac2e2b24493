#include "cli/secret_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ampload::cli {
namespace {

const std::set<std::string> kNames = {"password", "pin"};

TEST(SecretArguments, MasksThePasswordOfAUri) {
  EXPECT_EQ(MaskSecrets("redis://me:abc@host:6379/0", kNames), "redis://me:***@host:6379/0");
  EXPECT_EQ(MaskSecrets("redis://:abc@host", kNames), "redis://:***@host");
  EXPECT_EQ(MaskSecrets("redis://me:a@c@host", kNames), "redis://me:***@host");
  EXPECT_EQ(MaskSecrets("pg://me:a/c@host/db", kNames), "pg://me:***@host/db");
}

TEST(SecretArguments, MasksNamedValues) {
  EXPECT_EQ(MaskSecrets("password=abc", kNames), "password=***");
  EXPECT_EQ(MaskSecrets("--option=PIN=a=b", kNames), "--option=PIN=***");
  EXPECT_EQ(MaskSecrets("pg://h/db?password=abc&user=me", kNames),
            "pg://h/db?password=***&user=me");
  EXPECT_EQ(MaskSecrets("pg://h/db?user=me&password=abc", kNames),
            "pg://h/db?user=me&password=***");
}

TEST(SecretArguments, MasksKeywordsBehindAScheme) {
  EXPECT_EQ(MaskSecrets("pg:password=a b", kNames), "pg:password=***");
  EXPECT_EQ(MaskSecrets("pg:host=h password='a b' user=me", kNames),
            "pg:host=h password=*************");
  EXPECT_EQ(MaskSecrets("pg:host='h'password=ab", kNames), "pg:host='h'password=**");
  EXPECT_EQ(MaskSecrets("pg://me:abc@h/db?sslmode=require&password=ab", kNames),
            "pg://me:***@h/db?sslmode=require&password=**");
}

TEST(SecretArguments, KnowTheNamesOfTheLoadersAndTheUsualOnes) {
  const auto names = SecretNames(LoaderRegistry::BuiltIn());
  for (const char* name : {"password", "pgpassword", "sslpassword", "token"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  EXPECT_EQ(MaskSecrets("PGPASSWORD=abc", names), "PGPASSWORD=***");
}

TEST(SecretArguments, LeavesEverythingElse) {
  for (const char* text : {"lmdb:./x.lmdb", "redis://host:6379/0", "redis://me@host:6379", "a=b",
                           "--where", "topic = 'a@b:c'", "password", "pg://host:5432/db?x=a@b"}) {
    EXPECT_EQ(MaskSecrets(text, kNames), text);
  }
}

TEST(SecretArguments, OverwriteTheValueBehindASecretOption) {
  std::string words[] = {"ampload", "load", "--pin", "abc", "--PASSWORD=xy", "--pin"};
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  OverwriteSecrets(static_cast<int>(argv.size()), argv.data(), kNames);
  EXPECT_THAT(words,
              testing::ElementsAre("ampload", "load", "--pin", "***", "--PASSWORD=**", "--pin"));
}

}  // namespace
}  // namespace ampload::cli
