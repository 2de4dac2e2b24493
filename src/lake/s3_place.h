// Where a bucket is and as whom it is asked.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ampload/status.h"
#include "lake/object_store.h"
#include "lake/sigv4.h"

namespace ampload::lake {

struct S3Place {
  std::string endpoint;  // "https://host:port", without a slash at its end
  std::string base;      // what keys are put behind: "/" or "/bucket/"
  std::string region;
  S3Credentials credentials;
  std::string ca_file;  // certificates that are trusted; "": the system's
};

// What the AWS tools look at; replaced in tests.
struct Surroundings {
  std::function<std::string(const char* name)> variable;  // "": not set
  std::function<std::optional<std::string>(const std::string& path)> file;

  static Surroundings OfThisProcess();
};

// Each from the settings, else the variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN; AWS_REGION, AWS_DEFAULT_REGION; AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL;
// AWS_CA_BUNDLE), else the profile (AWS_PROFILE, "default") of ~/.aws/credentials and ~/.aws/config
// or the files that AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name. Configuration errors: no
// credentials, half of them, a profile that is not there, an endpoint that is no URL.
Result<S3Place> FindS3Place(const std::string& bucket, const S3Settings& settings,
                            const Surroundings& surroundings);

}  // namespace ampload::lake
