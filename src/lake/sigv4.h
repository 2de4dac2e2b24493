// AWS Signature Version 4 for S3: signs requests' headers. Pure; safe from any thread.
// Source: AWS General Reference, "Signature Version 4 signing process"; S3's exception that a path
// is encoded once and not normalised.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ampload::lake {

struct S3Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // or empty
};

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct RequestToSign {
  std::string method;
  std::string path;    // encoded, from the first '/'
  NamedTexts query;    // not encoded, in any order
  NamedTexts headers;  // lower-case names; host, x-amz-date and x-amz-content-sha256 among them
};

// Percent-encodes all but A-Z a-z 0-9 - . _ ~ and, where asked to keep it, '/'.
std::string UriEncode(std::string_view text, bool keep_slash);
// "a=b&c=": sorted and encoded, as it is signed and sent.
std::string QueryText(const NamedTexts& query);

// The value of the Authorization header. `time`: "20260131T120000Z", also in x-amz-date.
std::string SignatureV4(const RequestToSign& request, const S3Credentials& credentials,
                        const std::string& region, const std::string& time);

}  // namespace ampload::lake
