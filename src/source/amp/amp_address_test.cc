#include "source/amp/amp_address.h"

#include <gtest/gtest.h>

#include <string>

#include "matchers.h"

namespace ampload::source {
namespace {

struct Given {
  std::string text;
  std::string name;
  std::string flight;
};

class AmpAddressTakes : public testing::TestWithParam<Given> {};

TEST_P(AmpAddressTakes, SchemeHostAndPort) {
  ASSERT_OK_AND_ASSIGN(const auto address, AmpAddress::Parse(GetParam().text));
  EXPECT_EQ(address.ToString(), GetParam().name);
  EXPECT_EQ(address.FlightUri(), GetParam().flight);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, AmpAddressTakes,
    testing::Values(Given{"amp://localhost", "amp://localhost:1602", "grpc+tcp://localhost:1602"},
                    Given{"amp://127.0.0.1:80/", "amp://127.0.0.1:80", "grpc+tcp://127.0.0.1:80"},
                    Given{"grpc://amp.example.org", "amp://amp.example.org:1602",
                          "grpc+tcp://amp.example.org:1602"},
                    Given{"grpc+tcp://h:65535", "amp://h:65535", "grpc+tcp://h:65535"},
                    Given{"GRPC+TLS://h", "amp+tls://h:1602", "grpc+tls://h:1602"},
                    Given{"amp+tls://[::1]:443", "amp+tls://[::1]:443", "grpc+tls://[::1]:443"},
                    Given{"amp://[fe80::1:2]", "amp://[fe80::1:2]:1602",
                          "grpc+tcp://[fe80::1:2]:1602"}));

struct Wrong {
  std::string text;
  std::string hint;
};

class AmpAddressRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(AmpAddressRefuses, WithAHint) {
  EXPECT_THAT(AmpAddress::Parse(GetParam().text),
              FailsWith(FailureKind::kConfiguration, GetParam().hint));
}

INSTANTIATE_TEST_SUITE_P(Forms, AmpAddressRefuses,
                         testing::Values(Wrong{"", "begins with a scheme, as in amp://host:1602"},
                                         Wrong{"localhost:1602", "begins with a scheme"},
                                         Wrong{"amqp://h", "did you mean amp://"},
                                         Wrong{"grpc+ssl://h", "did you mean grpc+tls://"},
                                         Wrong{"http://h:1602", "is named amp://"},
                                         Wrong{"https://h", "with TLS is named amp+tls://"},
                                         Wrong{"postgresql://h", "unknown scheme; it is amp://"},
                                         Wrong{"amp://", "the name or the address of a host"},
                                         Wrong{"amp://:1602", "the name or the address of a host"},
                                         Wrong{"amp://a b", "the name or the address of a host"},
                                         Wrong{"amp://::1", "stands in brackets"},
                                         Wrong{"amp://[::1", "no IPv6 address"},
                                         Wrong{"amp://[h]:1", "no IPv6 address"},
                                         Wrong{"amp://[::1]x", "a port alone"},
                                         Wrong{"amp://h:", "from 1 to 65535"},
                                         Wrong{"amp://h:0", "from 1 to 65535"},
                                         Wrong{"amp://h:65536", "from 1 to 65535"},
                                         Wrong{"amp://h:16o2", "from 1 to 65535"},
                                         Wrong{"amp://h/db", "nothing stands behind"},
                                         Wrong{"amp://h?x=1", "nothing stands behind"}));

TEST(AmpAddress, RefusesAPasswordAndDoesNotRepeatIt) {
  const auto result = AmpAddress::Parse("amp://me:s3cret@host");
  ASSERT_THAT(result, FailsWith(FailureKind::kConfiguration, "--token or AMP_AUTH_TOKEN"));
  EXPECT_EQ(result.status().message().find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace ampload::source
