#include "source/file/s3_expansion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "base/nearest_name.h"
#include "source/file/glob.h"
#include "source/file/path_expansion.h"

namespace ampload::source {
namespace {

using Parts = std::span<const std::string>;

// All of `name` below a folder, as the walk through a local one would come to it.
bool IsWantedBelow(Parts name, std::optional<Format> format) {
  return !name.empty() && std::none_of(name.begin(), name.end(), IsLeftOut) &&
         IsWanted(name.back(), format);
}

// The pattern matches the object, or a folder that it lies in.
bool Matches(Parts pattern, Parts name, std::optional<Format> format) {
  if (pattern.empty()) return name.empty() || IsWantedBelow(name, format);
  if (pattern[0] == "**") {
    if (pattern.size() == 1) return IsWantedBelow(name, format);
    if (Matches(pattern.subspan(1), name, format)) return true;
    return name.size() > 1 && !IsLeftOut(name[0]) && Matches(pattern, name.subspan(1), format);
  }
  return !name.empty() && MatchesGlob(pattern[0], name[0]) &&
         Matches(pattern.subspan(1), name.subspan(1), format);
}

FoundInput Found(const std::shared_ptr<const S3Bucket>& bucket, S3Object object,
                 std::string below) {
  FoundInput found;
  found.path = bucket->uri().Shown(object.key);
  found.below = std::move(below);
  found.bucket = bucket;
  found.object = std::move(object);
  return found;
}

// What follows the folder in the key.
std::string Below(const std::string& key, const std::string& folder) {
  return folder.empty() ? key : key.substr(folder.size() + 1);
}

std::string WithoutSlash(std::string key) {
  while (key.ends_with('/')) key.pop_back();
  return key;
}

Status MissingObject(const S3Bucket& bucket, const std::string& key) {
  const size_t slash = key.rfind('/');
  std::string hint;
  if (const auto beside = bucket.List(slash == std::string::npos ? "" : key.substr(0, slash));
      beside.ok()) {
    std::vector<std::string> keys;
    for (const auto& object : *beside) keys.push_back(object.key);
    if (const auto nearest = base::NearestName(key, keys)) {
      hint = fmt::format("; did you mean {}?", bucket.uri().Shown(*nearest));
    }
  }
  return ConfigurationError(
      fmt::format("source: no such object or folder{}: path={}", hint, bucket.uri().Shown(key)));
}

// `key` is a folder's, perhaps with a slash at its end.
Result<std::vector<FoundInput>> ExpandFolder(const std::shared_ptr<const S3Bucket>& bucket,
                                             const std::string& key, std::optional<Format> format) {
  const std::string folder = WithoutSlash(key);
  ARROW_ASSIGN_OR_RAISE(auto objects, bucket->List(folder));
  if (objects.empty() && !folder.empty()) return MissingObject(*bucket, key);
  std::vector<FoundInput> found;
  for (auto& object : objects) {
    std::string below = Below(object.key, folder);
    if (!IsWantedBelow(PathParts(below), format)) continue;
    found.push_back(Found(bucket, std::move(object), std::move(below)));
  }
  if (found.empty()) return FolderWithoutFiles(bucket->uri().Shown(key), format);
  return found;
}

Result<std::vector<FoundInput>> ExpandPattern(const std::shared_ptr<const S3Bucket>& bucket,
                                              const std::string& key,
                                              std::optional<Format> format) {
  ARROW_ASSIGN_OR_RAISE(const auto alternatives, ExpandBraces(key));
  std::vector<FoundInput> found;
  std::set<std::string> seen;
  for (const auto& alternative : alternatives) {
    const auto parts = PathParts(alternative);
    std::vector<std::string> fixed;
    for (size_t i = 0; i + 1 < parts.size() && !HasGlob(parts[i]); ++i) {
      fixed.push_back(Unescape(parts[i]));
    }
    const std::string folder = fmt::format("{}", fmt::join(fixed, "/"));
    const auto pattern = Parts(parts).subspan(fixed.size());
    ARROW_ASSIGN_OR_RAISE(auto objects, bucket->List(folder));
    for (auto& object : objects) {
      std::string below = Below(object.key, folder);
      if (!Matches(pattern, PathParts(below), format) || !seen.insert(object.key).second) continue;
      found.push_back(Found(bucket, std::move(object), std::move(below)));
    }
  }
  if (found.empty()) {
    return ConfigurationError(
        fmt::format("source: no object matches the pattern: pattern={}", bucket->uri().Shown(key)));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.object.key < b.object.key; });
  return found;
}

}  // namespace

Result<std::shared_ptr<const S3Bucket>> S3Buckets::Get(const S3Uri& uri) {
  auto& bucket = open_[uri.ForArrow()];
  if (bucket == nullptr) {
    ARROW_ASSIGN_OR_RAISE(bucket, S3Bucket::Open(uri, context_));
  }
  return bucket;
}

Result<std::vector<FoundInput>> ExpandS3(const std::string& path, std::optional<Format> format,
                                         S3Buckets* buckets) {
  ARROW_ASSIGN_OR_RAISE(const auto uri, ParseS3Uri(path));
  ARROW_ASSIGN_OR_RAISE(const auto bucket, buckets->Get(uri));
  if (!uri.key.empty() && !uri.key.ends_with('/')) {
    ARROW_ASSIGN_OR_RAISE(auto object, bucket->Find(uri.key));
    if (object.has_value()) return std::vector{Found(bucket, *std::move(object), {})};
    if (HasGlob(uri.key)) return ExpandPattern(bucket, uri.key, format);
  }
  return ExpandFolder(bucket, uri.key, format);
}

}  // namespace ampload::source
