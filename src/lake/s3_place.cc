#include "lake/s3_place.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

namespace ampload::lake {
namespace {

using Profile = std::map<std::string, std::string>;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// The lines "name = value" of a section; false where the text has no such section.
bool ReadSection(std::string_view text, std::string_view section, Profile* profile) {
  bool within = false;
  bool found = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const auto line = Trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      within = line.back() == ']' && Trimmed(line.substr(1, line.size() - 2)) == section;
      found = found || within;
    } else if (const size_t equals = line.find('='); within && equals != std::string_view::npos) {
      profile->try_emplace(std::string(Trimmed(line.substr(0, equals))),
                           Trimmed(line.substr(equals + 1)));
    }
  }
  return found;
}

class Finder {
 public:
  Finder(const S3Settings& settings, const Surroundings& surroundings)
      : settings_(settings), surroundings_(surroundings) {}

  Status ReadProfile() {
    const auto named = Variable("AWS_PROFILE");
    const std::string name = named.empty() ? "default" : named;
    const auto home = Variable("HOME");
    const auto read = [&](const char* variable, const char* usual, std::string_view section) {
      const auto path = Variable(variable);
      const auto text = surroundings_.file(path.empty() ? home + usual : path);
      return text.has_value() && ReadSection(*text, section, &profile_);
    };
    const bool in_credentials = read("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials", name);
    const bool in_config =
        read("AWS_CONFIG_FILE", "/.aws/config", name == "default" ? name : "profile " + name);
    if (named.empty() || in_credentials || in_config) return Status::OK();
    return ConfigurationError(
        fmt::format("lake: no such profile in ~/.aws/credentials and ~/.aws/config: "
                    "AWS_PROFILE={}",
                    name));
  }

  Result<S3Credentials> Credentials() const {
    if (settings_.access_key.empty() != settings_.secret_key.empty()) {
      return ConfigurationError("lake: an access key of S3 and its secret key go together");
    }
    if (!settings_.access_key.empty()) {
      return S3Credentials{settings_.access_key, settings_.secret_key, settings_.session_token};
    }
    S3Credentials found{Variable("AWS_ACCESS_KEY_ID"), Variable("AWS_SECRET_ACCESS_KEY"),
                        Variable("AWS_SESSION_TOKEN")};
    if (found.access_key.empty() && found.secret_key.empty()) {
      found = {InProfile("aws_access_key_id"), InProfile("aws_secret_access_key"),
               InProfile("aws_session_token")};
    }
    if (found.access_key.empty() || found.secret_key.empty()) {
      return ConfigurationError(
          "lake: no credentials for S3; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
          "AWS_PROFILE of a profile that has aws_access_key_id and aws_secret_access_key");
    }
    return found;
  }

  std::string Region() const {
    return FirstOf({settings_.region, Variable("AWS_REGION"), Variable("AWS_DEFAULT_REGION"),
                    InProfile("region"), "us-east-1"});
  }
  std::string CaFile() const {
    return FirstOf({Variable("AWS_CA_BUNDLE"), InProfile("ca_bundle")});
  }
  std::string Endpoint() const {
    return FirstOf({settings_.endpoint, Variable("AWS_ENDPOINT_URL_S3"),
                    Variable("AWS_ENDPOINT_URL"), InProfile("endpoint_url")});
  }

 private:
  std::string Variable(const char* name) const { return surroundings_.variable(name); }
  std::string InProfile(const std::string& name) const {
    const auto found = profile_.find(name);
    return found == profile_.end() ? "" : found->second;
  }
  static std::string FirstOf(std::initializer_list<std::string> texts) {
    for (const auto& text : texts) {
      if (!text.empty()) return text;
    }
    return {};
  }

  const S3Settings& settings_;
  const Surroundings& surroundings_;
  Profile profile_;
};

}  // namespace

Surroundings Surroundings::OfThisProcess() {
  return {[](const char* name) {
            const char* value = std::getenv(name);
            return std::string(value == nullptr ? "" : value);
          },
          [](const std::string& path) -> std::optional<std::string> {
            std::ifstream file(path, std::ios::binary);
            if (!file) return std::nullopt;
            return std::string(std::istreambuf_iterator<char>(file), {});
          }};
}

Result<S3Place> FindS3Place(const std::string& bucket, const S3Settings& settings,
                            const Surroundings& surroundings) {
  Finder finder(settings, surroundings);
  ARROW_RETURN_NOT_OK(finder.ReadProfile());
  S3Place place;
  ARROW_ASSIGN_OR_RAISE(place.credentials, finder.Credentials());
  place.region = finder.Region();
  place.ca_file = finder.CaFile();
  place.endpoint = finder.Endpoint();
  if (!place.endpoint.empty()) {
    while (place.endpoint.ends_with('/')) place.endpoint.pop_back();
    const size_t scheme = place.endpoint.find("://");
    const auto rest = scheme == std::string::npos ? "" : place.endpoint.substr(scheme + 3);
    if ((!place.endpoint.starts_with("http://") && !place.endpoint.starts_with("https://")) ||
        rest.empty() || rest.find_first_of("/?#@ ") != std::string::npos) {
      return ConfigurationError(
          "lake: the endpoint of S3 is a URL without a path: http://127.0.0.1:9000");
    }
    place.base = fmt::format("/{}/", bucket);
    return place;
  }
  const auto domain = fmt::format("s3.{}.amazonaws.com{}", place.region,
                                  place.region.starts_with("cn-") ? ".cn" : "");
  if (bucket.find('.') == std::string::npos) {
    place.endpoint = fmt::format("https://{}.{}", bucket, domain);
    place.base = "/";
  } else {  // a certificate's wildcard stands for one part of a name only
    place.endpoint = "https://" + domain;
    place.base = fmt::format("/{}/", bucket);
  }
  return place;
}

}  // namespace ampload::lake
