#include "cli/amp_options.h"

#include <cstdlib>

#include "loader/config_file.h"

namespace ampload::cli {
namespace {

constexpr char kTokenVariable[] = "AMP_AUTH_TOKEN";

Result<std::string> TokenOf(const std::optional<std::string>& given) {
  if (given.has_value()) return Interpolate(*given, "--token");
  const char* value = std::getenv(kTokenVariable);
  return std::string(value != nullptr ? value : "");
}

}  // namespace

void AmpOptionSet::Declare(CLI::App& verb) {
  const std::string group = "Amp server";
  verb.add_option("--from", from_,
                  "the Amp server that is asked the query: amp://HOST:1602, or amp+tls://HOST:1602 "
                  "where it speaks TLS")
      ->type_name("ADDRESS")
      ->group(group);
  verb.add_option("--token", token_,
                  "the server's bearer token, also ${env:NAME} or ${file:PATH}; default: the "
                  "environment variable AMP_AUTH_TOKEN")
      ->type_name("TOKEN")
      ->group(group);
  verb.add_option("--tls-roots", tls_roots_,
                  "TLS: trust the certificates of this PEM file, in place of the system's")
      ->type_name("FILE")
      ->group(group);
}

Status AmpOptionSet::CheckNotGiven() const {
  const char* given = token_.has_value() ? "--token" : !tls_roots_.empty() ? "--tls-roots" : "";
  if (*given == '\0') return Status::OK();
  return ConfigurationError(std::string(given) + " means something with --from only");
}

Result<source::AmpOptions> AmpOptionSet::Make() const {
  if (!given()) {
    ARROW_RETURN_NOT_OK(CheckNotGiven());
    return ConfigurationError("--from is missing: the Amp server, as in --from amp://HOST:1602");
  }
  source::AmpOptions options;
  ARROW_ASSIGN_OR_RAISE(options.address, source::AmpAddress::Parse(from_));
  ARROW_ASSIGN_OR_RAISE(options.token, TokenOf(token_));
  options.tls_roots = tls_roots_;
  return options;
}

}  // namespace ampload::cli
