#include "lake/s3_reply.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

namespace ampload::lake {
namespace {

// The inside of the next element of that name behind `*at`, which is moved behind it.
std::optional<std::string_view> NextElement(std::string_view xml, std::string_view element,
                                            size_t* at) {
  const auto open = fmt::format("<{}>", element);
  const auto close = fmt::format("</{}>", element);
  const size_t begin = xml.find(open, *at);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = xml.find(close, begin);
  if (end == std::string_view::npos) return std::nullopt;
  *at = end + close.size();
  return xml.substr(begin + open.size(), end - begin - open.size());
}

// The character that "amp", "#38" or "#x26" stands for; keys with others come URL-encoded.
std::optional<char> CharacterOf(std::string_view name) {
  constexpr std::pair<std::string_view, char> kNames[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, character] : kNames) {
    if (name == known) return character;
  }
  if (!name.starts_with('#')) return std::nullopt;
  name.remove_prefix(1);
  const int base = name.starts_with('x') ? 16 : 10;
  if (base == 16) name.remove_prefix(1);
  unsigned number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number, base);
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size() || number >= 0x80) {
    return std::nullopt;
  }
  return static_cast<char>(number);
}

std::string Resolved(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t ampersand = std::min(text.find('&'), text.size());
    out += text.substr(0, ampersand);
    text.remove_prefix(ampersand);
    if (text.empty()) break;
    const size_t end = text.find(';');
    const auto character =
        end == std::string_view::npos ? std::nullopt : CharacterOf(text.substr(1, end - 1));
    out += character.value_or('&');
    text.remove_prefix(character.has_value() ? end + 1 : 1);
  }
  return out;
}

std::string UrlDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() &&
               std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
                   text.data() + i + 3) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// "2026-01-31T12:00:00.123Z" in milliseconds.
std::optional<int64_t> ParseTime(const std::string& text) {
  int year = 0, hour = 0, minute = 0, second = 0, ms = 0;
  unsigned month = 0, day = 0;
  const int parts = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3d", &year, &month, &day,
                                &hour, &minute, &second, &ms);
  if (parts < 6) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const auto time = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                    std::chrono::minutes(minute) + std::chrono::seconds(second) +
                    std::chrono::milliseconds(ms);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

std::string XmlText(std::string_view xml, std::string_view element) {
  size_t at = 0;
  const auto inside = NextElement(xml, element, &at);
  return inside.has_value() ? Resolved(*inside) : std::string();
}

Result<S3Listing> ParseListing(std::string_view xml) {
  if (xml.find("<ListBucketResult") == std::string_view::npos ||
      xml.find("</ListBucketResult>") == std::string_view::npos) {
    return PermanentError("lake: S3 answered something else than a list of objects");
  }
  const bool encoded = XmlText(xml, "EncodingType") == "url";
  const auto key_of = [&](std::string_view part, std::string_view element) {
    auto key = XmlText(part, element);
    return encoded ? UrlDecoded(key) : key;
  };
  S3Listing listing;
  size_t at = 0;
  while (const auto part = NextElement(xml, "Contents", &at)) {
    ObjectInfo file;
    file.path = key_of(*part, "Key");
    const auto size = XmlText(*part, "Size");
    const auto parsed = std::from_chars(size.data(), size.data() + size.size(), file.size);
    const auto time = ParseTime(XmlText(*part, "LastModified"));
    if (file.path.empty() || parsed.ec != std::errc() || !time.has_value()) {
      return PermanentError("lake: S3 lists an object without key, size or time: key=" + file.path);
    }
    file.modified_ms = *time;
    listing.files.push_back(std::move(file));
  }
  at = 0;
  while (const auto part = NextElement(xml, "CommonPrefixes", &at)) {
    listing.folders.push_back(key_of(*part, "Prefix"));
  }
  if (XmlText(xml, "IsTruncated") == "true") {
    listing.next = XmlText(xml, "NextContinuationToken");
    if (listing.next.empty()) {
      return PermanentError("lake: S3 lists a part of the objects and does not say how to go on");
    }
  }
  return listing;
}

}  // namespace ampload::lake
