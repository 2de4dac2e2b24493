#include <gtest/gtest.h>

#include <fstream>

#include "source/amp/amp_fixture_for_test.h"
#include "source/amp/certificate_for_test.h"
#include "temp_folder.h"

namespace ampload::source {
namespace {

class AmpTls : public AmpTest {
 protected:
  void SetUp() override {
    server_ = FlightServerForTest::Start({{.pem_cert = own_.certificate, .pem_key = own_.key}});
    Script({{.batch = Numbers(7, 2)}});
  }

  // Asks the server, trusting this certificate alone.
  Result<std::vector<int64_t>> Query(const std::string& trusted) {
    const std::string path = folder_ / "roots.pem";
    std::ofstream(path) << trusted;
    AmpOptions options = Options();
    options.address.tls = true;
    options.tls_roots = path;
    ARROW_ASSIGN_OR_RAISE(const auto source, OpenAmpQuery(options, {}));
    return ReadNumbers(*source);
  }

  TempFolder folder_;
  const CertificateForTest own_ = CertificateForTest::Make();
};

TEST_F(AmpTls, TalksToAServerThatIsTrusted) {
  ASSERT_OK_AND_ASSIGN(const auto values, Query(own_.certificate));
  EXPECT_THAT(values, testing::ElementsAre(7, 8));
}

TEST_F(AmpTls, DoesNotTalkToAnother) {
  EXPECT_THAT(Query(CertificateForTest::Make().certificate),
              FailsWith(FailureKind::kTransient, "cannot be reached"));
}

TEST_F(AmpTls, DoesNotTalkPlainTextToIt) {
  EXPECT_THAT(QueryNumbers(), FailsWith(FailureKind::kTransient, "cannot be reached"));
}

TEST_F(AmpTls, RefusesAFileWithoutCertificates) {
  EXPECT_THAT(Query("no certificate"),
              FailsWith(FailureKind::kConfiguration, "no certificate in PEM form"));
}

}  // namespace
}  // namespace ampload::source
