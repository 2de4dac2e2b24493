#include "source/file/glob.h"

#include <algorithm>
#include <optional>

namespace ampload::source {
namespace {

constexpr size_t kMostAlternatives = 10'000;

struct Braces {
  size_t open = 0;
  size_t close = 0;
  std::vector<std::string_view> alternatives;
};

// The first brace that closes and has a comma.
std::optional<Braces> FindBraces(std::string_view pattern) {
  for (size_t open = 0; open < pattern.size(); ++open) {
    if (pattern[open] == '\\') {
      ++open;
      continue;
    }
    if (pattern[open] != '{') continue;
    Braces found{open, 0, {}};
    size_t start = open + 1;
    int depth = 1;
    for (size_t i = start; i < pattern.size(); ++i) {
      const char c = pattern[i];
      if (c == '\\') {
        ++i;
      } else if (c == '{') {
        ++depth;
      } else if ((c == ',' && depth == 1) || (c == '}' && depth == 1)) {
        found.alternatives.push_back(pattern.substr(start, i - start));
        start = i + 1;
        if (c == '}') {
          found.close = i;
          break;
        }
      } else if (c == '}') {
        --depth;
      }
    }
    if (found.close != 0 && found.alternatives.size() > 1) return found;
  }
  return std::nullopt;
}

Status ExpandInto(const std::string& pattern, std::vector<std::string>* out) {
  const auto braces = FindBraces(pattern);
  if (!braces.has_value()) {
    if (out->size() >= kMostAlternatives) {
      return ConfigurationError("source: the braces of the pattern give more than 10000 paths");
    }
    out->push_back(pattern);
    return Status::OK();
  }
  for (const auto alternative : braces->alternatives) {
    std::string one = pattern.substr(0, braces->open);
    one += alternative;
    one += pattern.substr(braces->close + 1);
    ARROW_RETURN_NOT_OK(ExpandInto(one, out));
  }
  return Status::OK();
}

// The set that starts at pattern[0] == '['; nullopt where it never ends (then [ is a letter).
struct SetMatch {
  bool matches;
  size_t length;
};
std::optional<SetMatch> MatchSet(std::string_view pattern, char letter) {
  size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool in_set = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) return SetMatch{in_set != negated, i + 1};
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    const auto c = static_cast<unsigned char>(letter);
    in_set = in_set || (low <= c && c <= high);
    ++i;
  }
  return std::nullopt;
}

// How many letters of the pattern match this one letter; 0 where it does not match.
size_t MatchOne(std::string_view pattern, char letter) {
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '[') {
    if (const auto set = MatchSet(pattern, letter)) return set->matches ? set->length : 0;
  }
  if (pattern[0] == '\\' && pattern.size() > 1) return pattern[1] == letter ? 2 : 0;
  return pattern[0] == letter ? 1 : 0;
}

}  // namespace

bool HasGlob(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (std::string_view("*?[{").find(text[i]) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

Result<std::vector<std::string>> ExpandBraces(std::string_view pattern) {
  std::vector<std::string> out;
  ARROW_RETURN_NOT_OK(ExpandInto(std::string(pattern), &out));
  return out;
}

bool MatchesGlob(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  size_t p = 0;
  size_t n = 0;
  // Where to go on after a mismatch: behind the last star, one letter further.
  std::optional<size_t> star;
  size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_name = n;
      continue;
    }
    const size_t step = p < pattern.size() ? MatchOne(pattern.substr(p), name[n]) : 0;
    if (step > 0) {
      p += step;
      ++n;
    } else if (star.has_value()) {
      p = *star;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string Unescape(std::string_view pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    out += pattern[i];
  }
  return out;
}

std::vector<std::string> PathParts(std::string_view path) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (end > start) parts.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

}  // namespace ampload::source
