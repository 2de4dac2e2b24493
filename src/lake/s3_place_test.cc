#include "lake/s3_place.h"

#include <gtest/gtest.h>

#include "lake/s3_reply.h"
#include "matchers.h"

namespace ampload::lake {
namespace {

using Texts = std::map<std::string, std::string>;

Surroundings Around(const Texts& variables, const Texts& files = {}) {
  return {[variables](const char* name) {
            const auto found = variables.find(name);
            return found == variables.end() ? std::string() : found->second;
          },
          [files](const std::string& path) -> std::optional<std::string> {
            const auto found = files.find(path);
            if (found == files.end()) return std::nullopt;
            return found->second;
          }};
}

const Texts kVariables = {{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "hidden"}};

TEST(S3Place, SettingsGoBeforeVariablesAndProfiles) {
  S3Settings settings;
  settings.access_key = "mine";
  settings.secret_key = "own";
  settings.region = "eu-west-1";
  auto variables = kVariables;
  variables["AWS_REGION"] = "us-west-2";
  ASSERT_OK_AND_ASSIGN(auto place, FindS3Place("b", settings, Around(variables)));
  EXPECT_EQ(place.credentials.access_key, "mine");
  EXPECT_EQ(place.endpoint, "https://b.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(place.base, "/");
  ASSERT_OK_AND_ASSIGN(place, FindS3Place("b.c", {}, Around(variables)));
  EXPECT_EQ(place.credentials.access_key, "id");
  EXPECT_EQ(place.endpoint, "https://s3.us-west-2.amazonaws.com");
  EXPECT_EQ(place.base, "/b.c/");
}

TEST(S3Place, ReadsProfiles) {
  const Texts files = {
      {"/home/x/.aws/credentials",
       "[default]\naws_access_key_id = d\naws_secret_access_key=ds\n# comment\n[work]\r\n"
       "aws_access_key_id=w\r\naws_secret_access_key = ws=\r\naws_session_token=t\r\n"},
      {"/home/x/.aws/config",
       "[default]\nregion=r1\n[profile work]\nregion = r2\n"
       "endpoint_url = http://host:1/\n"}};
  ASSERT_OK_AND_ASSIGN(auto place, FindS3Place("b", {}, Around({{"HOME", "/home/x"}}, files)));
  EXPECT_EQ(place.credentials.access_key, "d");
  EXPECT_EQ(place.region, "r1");
  ASSERT_OK_AND_ASSIGN(
      place, FindS3Place("b", {}, Around({{"HOME", "/home/x"}, {"AWS_PROFILE", "work"}}, files)));
  EXPECT_EQ(place.credentials.secret_key, "ws=");
  EXPECT_EQ(place.credentials.session_token, "t");
  EXPECT_EQ(place.region, "r2");
  EXPECT_EQ(place.endpoint, "http://host:1");
  EXPECT_EQ(place.base, "/b/");
  EXPECT_THAT(FindS3Place("b", {}, Around({{"HOME", "/home/x"}, {"AWS_PROFILE", "other"}}, files)),
              FailsWith(FailureKind::kConfiguration, "AWS_PROFILE=other"));
}

TEST(S3Place, RefusesHalfOfTheCredentialsAndWrongEndpoints) {
  EXPECT_THAT(FindS3Place("b", {}, Around({})),
              FailsWith(FailureKind::kConfiguration, "AWS_ACCESS_KEY_ID"));
  S3Settings half;
  half.access_key = "mine";
  EXPECT_THAT(FindS3Place("b", half, Around(kVariables)),
              FailsWith(FailureKind::kConfiguration, "go together"));
  for (const std::string endpoint : {"127.0.0.1:9000", "ftp://x", "http://x/path", "http://"}) {
    S3Settings settings;
    settings.endpoint = endpoint;
    EXPECT_THAT(FindS3Place("b", settings, Around(kVariables)),
                FailsWith(FailureKind::kConfiguration, "endpoint"))
        << endpoint;
  }
}

TEST(S3Reply, ReadsAListing) {
  ASSERT_OK_AND_ASSIGN(const auto listing, ParseListing(R"(<?xml version="1.0"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Prefix>t/</Prefix>
    <IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>
    <EncodingType>url</EncodingType><Contents><Key>t/a+b%2Bc%C3%A9</Key>
    <LastModified>2024-02-29T12:00:00.250Z</LastModified><Size>5000000000</Size></Contents>
    <CommonPrefixes><Prefix>t/x%3D1/</Prefix></CommonPrefixes></ListBucketResult>)"));
  ASSERT_EQ(listing.files.size(), 1U);
  EXPECT_EQ(listing.files[0].path, "t/a b+c\xc3\xa9");
  EXPECT_EQ(listing.files[0].size, 5'000'000'000);
  EXPECT_EQ(listing.files[0].modified_ms, 1'709'208'000'250);  // date -d 2024-02-29T12:00Z +%s
  EXPECT_THAT(listing.folders, testing::ElementsAre("t/x=1/"));
  EXPECT_EQ(listing.next, "a&b");
}

TEST(S3Reply, RefusesWhatIsNoListing) {
  EXPECT_THAT(ParseListing("<html>"), FailsWith(FailureKind::kPermanent, "list"));
  EXPECT_THAT(ParseListing("<ListBucketResult><Contents><Key>k</Key></Contents>"
                           "</ListBucketResult>"),
              FailsWith(FailureKind::kPermanent, "key=k"));
  EXPECT_THAT(ParseListing("<ListBucketResult><Contents>"),
              FailsWith(FailureKind::kPermanent, "list"));
}

TEST(S3Reply, ResolvesReferences) {
  EXPECT_EQ(XmlText("<a><Key>&lt;a&gt; &amp;&quot;&apos;&#39;&#x41;&x;&amp</Key></a>", "Key"),
            "<a> &\"''A&x;&amp");
}

}  // namespace
}  // namespace ampload::lake
