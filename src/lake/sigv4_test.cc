#include "lake/sigv4.h"

#include <gtest/gtest.h>

#include "base/sha256.h"

namespace ampload::lake {
namespace {

// The expected signatures are botocore's: tests/golden/sigv4.py prints them.
std::string Signature(RequestToSign request, const std::string& body,
                      const std::string& token = "") {
  request.headers.emplace_back("x-amz-date", "20260131T120000Z");
  request.headers.emplace_back("x-amz-content-sha256", base::Sha256Hex(body));
  if (!token.empty()) request.headers.emplace_back("x-amz-security-token", token);
  const auto header =
      SignatureV4(request, {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token},
                  "eu-west-1", "20260131T120000Z");
  EXPECT_TRUE(header.starts_with(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-west-1/s3/aws4_request, SignedHeaders="))
      << header;
  return header.substr(header.find("SignedHeaders=") + 14);
}

constexpr auto kAws = "bucket.s3.eu-west-1.amazonaws.com";

TEST(SigV4, SignsAGetAsBotocoreDoes) {
  EXPECT_EQ(Signature({"GET", "/a/b.json", {}, {{"host", kAws}}}, ""),
            "host;x-amz-content-sha256;x-amz-date, "
            "Signature=ada8417d6c482ee6329e438cede1ec08e9524b51325c224fd7efc6fa70c24423");
}

TEST(SigV4, SignsTheConditionOfAPut) {
  EXPECT_EQ(Signature({"PUT",
                       "/bucket/_delta_log/00000000000000000001.json",
                       {},
                       {{"if-none-match", "*"}, {"host", "127.0.0.1:9000"}}},
                      "{}\n"),
            "host;if-none-match;x-amz-content-sha256;x-amz-date, "
            "Signature=09d21cf81293349736ad174752005833a96a888eabb80f020b563a6625b8fecf");
}

TEST(SigV4, SignsASessionToken) {
  EXPECT_EQ(Signature({"GET", "/x", {}, {{"host", kAws}, {"range", "bytes=0-9"}}}, "", "to/ken=="),
            "host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
            "Signature=62872599276dc4182a4691955bb59eddf00620055dfb999035d6fa3ad10b1e96");
}

TEST(SigV4, EncodesAKeyOnce) {
  const auto path = UriEncode("/d=1/a b+c%\xc3\xa9~-._*", true);
  EXPECT_EQ(path, "/d%3D1/a%20b%2Bc%25%C3%A9~-._%2A");
  EXPECT_EQ(Signature({"PUT", path, {}, {{"host", kAws}}}, "x"),
            "host;x-amz-content-sha256;x-amz-date, "
            "Signature=d8e81a17053f4be8c54021ce5354f1f9981ad0e5050f364115a247f53b4665d3");
}

TEST(SigV4, SortsTheQuery) {
  const NamedTexts query = {{"list-type", "2"},
                            {"prefix", "a/b c/"},
                            {"delimiter", "/"},
                            {"start-after", "a/b c/1"},
                            {"encoding-type", "url"}};
  EXPECT_EQ(Signature({"GET", "/bucket/", query, {{"host", "127.0.0.1:9000"}}}, ""),
            "host;x-amz-content-sha256;x-amz-date, "
            "Signature=bf09f2deadaedf2bb87275716fd14628eaad89bc237d93bcda7c997a1ad4acf8");
  EXPECT_EQ(Signature({"POST", "/bucket/k", {{"uploads", ""}}, {{"host", "127.0.0.1:9000"}}}, ""),
            "host;x-amz-content-sha256;x-amz-date, "
            "Signature=55df3a224cdcbab004e10cf816f4b7f9c4837092993531330162ef6cfd744c31");
}

}  // namespace
}  // namespace ampload::lake
