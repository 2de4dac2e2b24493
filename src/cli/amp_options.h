// The options that name an Amp server, shared by the verbs that read from one.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "source/amp/amp_client.h"

namespace ampload::cli {

class AmpOptionSet {
 public:
  // --from, --token and --tls-roots.
  void Declare(CLI::App& verb);

  bool given() const { return !from_.empty(); }

  // Address, token (from AMP_AUTH_TOKEN where --token is not given) and certificates; query, pool
  // and limits are the caller's. A configuration error for a missing --from and for a value that
  // cannot be understood. Reads no more than a ${file:..}.
  Result<source::AmpOptions> Make() const;

  // Where --from is not given: the others are not either.
  Status CheckNotGiven() const;

 private:
  std::string from_;
  std::optional<std::string> token_;
  std::string tls_roots_;
};

}  // namespace ampload::cli
