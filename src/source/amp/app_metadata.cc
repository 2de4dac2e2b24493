#include "source/amp/app_metadata.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/hex.h"
#include "source/amp/printable.h"

namespace ampload::source {
namespace {

constexpr int kDeepest = 64;
constexpr size_t kShownValue = 80;
constexpr char kUnsigned[] = "expected an unsigned integer below 2^64";

// Where in the text the parser is.
enum class Place { kDocument, kMessage, kRanges, kRange, kNumbers, kIgnored };

// The fields that are ours.
enum class Field { kNone, kRanges, kComplete, kNetwork, kNumbers, kHash, kPrevHash, kStart, kEnd };

struct KnownField {
  Place place;
  std::string_view name;
  Field field;
  bool required;
};

constexpr std::array kFields = {
    KnownField{Place::kMessage, "ranges", Field::kRanges, true},
    KnownField{Place::kMessage, "ranges_complete", Field::kComplete, true},
    KnownField{Place::kRange, "network", Field::kNetwork, true},
    KnownField{Place::kRange, "numbers", Field::kNumbers, true},
    KnownField{Place::kRange, "hash", Field::kHash, true},
    KnownField{Place::kRange, "prev_hash", Field::kPrevHash, false},
    KnownField{Place::kNumbers, "start", Field::kStart, true},
    KnownField{Place::kNumbers, "end", Field::kEnd, true},
};

std::string_view ExpectedOf(Field field) {
  switch (field) {
    case Field::kRanges:
      return "expected an array";
    case Field::kComplete:
      return "expected true or false";
    case Field::kNetwork:
      return "expected a string that is not empty";
    case Field::kHash:
    case Field::kPrevHash:
      return "expected a string of hex digits, two a byte";
    case Field::kStart:
    case Field::kEnd:
      return kUnsigned;
    case Field::kNumbers:
    case Field::kNone:
      break;
  }
  return "expected an object";
}

// "0x" and lower-case digits; nullopt for what is no hash.
std::optional<std::string> NormalHash(std::string_view text) {
  const auto bytes = base::FromHex(text);
  if (!bytes.ok() || bytes->empty()) return std::nullopt;
  return "0x" + base::ToHex(*bytes);
}

// The parser's listener: every method returns false to end the parse.
class Listener {
 public:
  AppMetadata metadata;
  std::string problem;  // where and what; empty: none

  bool null() {
    if (field_ == Field::kPrevHash) return true;
    return Scalar("null");
  }
  bool boolean(bool value) {
    if (field_ != Field::kComplete) return Scalar(value ? "true" : "false");
    metadata.ranges_complete = value;
    return true;
  }
  bool number_integer(int64_t value) { return Scalar(std::to_string(value)); }
  bool number_unsigned(uint64_t value) {
    if (field_ == Field::kStart) {
      metadata.ranges.back().start = {value};
    } else if (field_ == Field::kEnd) {
      metadata.ranges.back().end = {value};
    } else {
      return Scalar(std::to_string(value));
    }
    return true;
  }
  bool number_float(double /*value*/, const std::string& text) { return Scalar(text); }
  bool string(const std::string& text) {
    if (field_ == Field::kNetwork && !text.empty()) {
      metadata.ranges.back().network = text;
      return true;
    }
    if (field_ == Field::kHash || field_ == Field::kPrevHash) {
      auto hash = NormalHash(text);
      if (!hash.has_value()) return Scalar(text);
      auto& range = metadata.ranges.back();
      (field_ == Field::kHash ? range.hash : range.prev_hash) = std::move(*hash);
      return true;
    }
    return Scalar(text);
  }
  bool binary(const std::vector<uint8_t>& /*bytes*/) { return Scalar("binary"); }

  bool key(const std::string& name) {
    field_ = Field::kNone;
    for (const auto& known : kFields) {
      if (known.place != place_ || known.name != name) continue;
      field_ = known.field;
      auto& given = place_ == Place::kMessage ? message_given_
                    : place_ == Place::kRange ? range_given_
                                              : numbers_given_;
      if (std::find(given.begin(), given.end(), field_) != given.end()) return Fail("given twice");
      given.push_back(field_);
    }
    return true;
  }

  bool start_object(size_t /*size*/) {
    if (!Deeper()) return false;
    if (place_ == Place::kDocument) {
      place_ = Place::kMessage;
    } else if (place_ == Place::kRanges) {
      place_ = Place::kRange;
      range_given_.clear();
      metadata.ranges.emplace_back();
    } else if (field_ == Field::kNumbers) {
      place_ = Place::kNumbers;
      numbers_given_.clear();
    } else {
      return Ignore("an object");
    }
    field_ = Field::kNone;
    return true;
  }
  bool end_object() {
    --depth_;
    if (place_ == Place::kIgnored) return EndIgnored();
    if (!HasAll()) return false;
    if (place_ == Place::kRange) EndRange();
    place_ = place_ == Place::kNumbers ? Place::kRange
             : place_ == Place::kRange ? Place::kRanges
                                       : Place::kDocument;
    field_ = Field::kNone;
    return true;
  }
  bool start_array(size_t /*size*/) {
    if (!Deeper()) return false;
    if (field_ != Field::kRanges) return Ignore("an array");
    place_ = Place::kRanges;
    field_ = Field::kNone;
    return true;
  }
  bool end_array() {
    --depth_;
    if (place_ == Place::kIgnored) return EndIgnored();
    place_ = Place::kMessage;
    return true;
  }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    problem = "not valid JSON: byte=" + std::to_string(position);
    return false;
  }

 private:
  bool Deeper() {
    if (++depth_ <= kDeepest) return true;
    problem = "nested deeper than " + std::to_string(kDeepest);
    return false;
  }

  // A value that is not what its place wants; fine where the place is not ours.
  bool Scalar(std::string_view value) {
    if (place_ == Place::kDocument || place_ == Place::kRanges || field_ != Field::kNone) {
      return Fail(std::string(ExpectedOf(field_)) + ": value=" + PrintableText(value, kShownValue));
    }
    return true;
  }

  bool Ignore(std::string_view what) {
    if (place_ == Place::kIgnored) return true;
    if (!Scalar(what)) return false;
    before_ignored_ = place_;
    ignored_depth_ = depth_;
    place_ = Place::kIgnored;
    return true;
  }
  bool EndIgnored() {
    if (depth_ < ignored_depth_) place_ = before_ignored_;
    field_ = Field::kNone;
    return true;
  }

  bool HasAll() {
    const auto& given = place_ == Place::kMessage ? message_given_
                        : place_ == Place::kRange ? range_given_
                                                  : numbers_given_;
    for (const auto& known : kFields) {
      if (known.place != place_ || !known.required) continue;
      if (std::find(given.begin(), given.end(), known.field) == given.end()) {
        field_ = known.field;
        return Fail("missing");
      }
    }
    return true;
  }

  void EndRange() {
    auto& range = metadata.ranges.back();
    if (range.start.value == 0 && range.prev_hash.find_first_not_of('0', 2) == std::string::npos) {
      range.prev_hash.clear();
    }
  }

  bool Fail(const std::string& what) {
    const std::string path = Path();
    problem = path.empty() ? what : path + ": " + what;
    return false;
  }

  std::string Path() const {
    std::string path;
    if (place_ == Place::kRange || place_ == Place::kNumbers || place_ == Place::kRanges) {
      const size_t index = metadata.ranges.size() - (place_ == Place::kRanges ? 0 : 1);
      path = "ranges[" + std::to_string(index) + "]";
    }
    if (place_ == Place::kNumbers) path += ".numbers";
    for (const auto& known : kFields) {
      if (known.field != field_) continue;
      if (!path.empty()) path += ".";
      path += known.name;
    }
    return path;
  }

  Place place_ = Place::kDocument;
  Place before_ignored_ = Place::kDocument;
  Field field_ = Field::kNone;  // of the value that comes next
  int depth_ = 0;
  int ignored_depth_ = 0;
  std::vector<Field> message_given_;
  std::vector<Field> range_given_;
  std::vector<Field> numbers_given_;
};

}  // namespace

Result<AppMetadata> ParseAppMetadata(std::string_view json) {
  Listener listener;
  if (nlohmann::json::sax_parse(json.begin(), json.end(), &listener)) {
    return std::move(listener.metadata);
  }
  return DataError("amp: message metadata: " + listener.problem);
}

}  // namespace ampload::source
