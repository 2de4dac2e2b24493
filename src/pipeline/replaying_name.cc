#include "pipeline/replaying_name.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "base/hex.h"
#include "base/sha256.h"

namespace ampload::pipeline {
namespace {

constexpr size_t kLongestName = 255;
constexpr size_t kDigestDigits = 16;
constexpr std::string_view kPlain = "-._~:=,+";

std::string DigestOf(const ReplayPlace& place) {
  return base::Sha256Hex(place.target + '\0' + place.table).substr(0, kDigestDigits);
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       kPlain.find(c) != std::string_view::npos;
    escaped += plain ? std::string(1, c) : "%" + base::ToHex(std::string_view(&c, 1));
  }
  return escaped;
}

std::string Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? base::FromHex(text.substr(i + 1, 2)) : std::string();
    if (byte.ok() && byte->size() == 1) {
      plain += *byte;
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

std::string MakeReplayingName(const std::string& path, const std::string& load_id,
                              const ReplayPlace& place) {
  const std::string name = path + kReplaying + DigestOf(place) + "-" + load_id;
  const size_t used = std::filesystem::path(name).filename().string().size();
  const size_t left = kLongestName - std::min(used, kLongestName);
  return name + ("@" + Escape(place.target) + "@" + Escape(place.table)).substr(0, left);
}

bool ReplayingName::is_to(const ReplayPlace& wanted) const { return digest == DigestOf(wanted); }

std::optional<ReplayingName> ParseReplayingName(const std::string& path, const std::string& name) {
  const std::string start = path + kReplaying;
  if (!name.starts_with(start)) return std::nullopt;
  const std::string rest = name.substr(start.size());
  if (rest.size() <= kDigestDigits || rest[kDigestDigits] != '-') return std::nullopt;
  const std::string id_and_place = rest.substr(kDigestDigits + 1);
  const size_t at = std::min(id_and_place.find('@'), id_and_place.size());
  const size_t place = std::min(at + 1, id_and_place.size());
  return ReplayingName{.load_id = id_and_place.substr(0, at),
                       .digest = rest.substr(0, kDigestDigits),
                       .place = Unescape(id_and_place.substr(place))};
}

}  // namespace ampload::pipeline
