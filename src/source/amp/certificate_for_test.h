// A certificate of 127.0.0.1 that signs itself.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace ampload::source {

struct CertificateForTest {
  std::string certificate;  // PEM
  std::string key;

  static CertificateForTest Make() {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86400);
    X509_set_pubkey(x509.get(), key.get());
    X509_NAME* name = X509_get_subject_name(x509.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("ampload test"), -1, -1, 0);
    X509_set_issuer_name(x509.get(), name);
    Extend(x509.get(), NID_basic_constraints, "critical,CA:TRUE");
    Extend(x509.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    EXPECT_GT(X509_sign(x509.get(), key.get(), EVP_sha256()), 0);

    const auto text = [](const auto& write) {
      const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
      EXPECT_EQ(write(out.get()), 1);
      char* bytes = nullptr;
      const long size = BIO_get_mem_data(out.get(), &bytes);
      return std::string(bytes, static_cast<size_t>(size));
    };
    return {.certificate = text([&](BIO* out) { return PEM_write_bio_X509(out, x509.get()); }),
            .key = text([&](BIO* out) {
              return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr);
            })};
  }

 private:
  static void Extend(X509* x509, int kind, const char* value) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value), X509_EXTENSION_free);
    EXPECT_EQ(X509_add_ext(x509, extension.get(), -1), 1);
  }
};

}  // namespace ampload::source
