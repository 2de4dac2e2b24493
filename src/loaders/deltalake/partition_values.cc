#include "loaders/deltalake/partition_values.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/ascii.h"
#include "base/sha256.h"
#include "encode/iso8601.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {
namespace {

using arrow::Type;

constexpr char kNullFolder[] = "__HIVE_DEFAULT_PARTITION__";
constexpr size_t kLongestName = 200;  // file systems take 255 bytes
constexpr char kHexDigits[] = "0123456789ABCDEF";
constexpr int64_t kMicrosPerSecond = 1'000'000;

// ---- Values to text.

template <class Float>
Result<std::string> FloatText(Float value) {
  if (!std::isfinite(value)) {
    return DataError("NaN and the infinities cannot be partition values");
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return std::string(text, end);
}

std::string DecimalText(const arrow::Decimal128& value, int scale) {
  std::string digits = value.ToIntegerString();
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  const auto behind = static_cast<size_t>(std::max(scale, 0));
  if (behind > 0) {
    if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
    digits.insert(digits.size() - behind, ".");
  }
  return (negative ? "-" : "") + digits;
}

Result<std::string> DateText(int64_t days) {
  if (!encode::IsDate(days)) {
    return DataError("a partition's date is outside the years 0000 to 9999: days=" +
                     std::to_string(days));
  }
  char text[encode::kDateSize];
  return std::string(text, encode::PutDate(text, days));
}

// In UTC with a T and a Z; without a zone with a space, as the protocol has it.
Result<std::string> TimestampText(int64_t micros, bool utc) {
  constexpr auto kUnit = arrow::TimeUnit::MICRO;
  if (!encode::IsTimestamp(micros, kUnit)) {
    return DataError("a partition's timestamp is outside the years 0000 to 9999: microseconds=" +
                     std::to_string(micros));
  }
  char text[64];
  std::string out(text, encode::PutTimestamp(text, micros, kUnit, utc));
  if (!utc) out[encode::kDateSize] = ' ';
  return out;
}

Result<std::string> StringText(const arrow::Scalar& value) {
  std::string text = static_cast<const arrow::StringScalar&>(value).value->ToString();
  if (text.empty()) {
    return DataError(
        "an empty text cannot be a partition value: Delta would read it as a null; use null, or "
        "another column");
  }
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(text)) return DataError("a partition value is no UTF-8");
  return text;
}

Status NoPartition(const arrow::DataType& type) {
  return DataError("a column of this type cannot partition a table: type=" + type.ToString());
}

Result<std::string> TextOf(const arrow::Scalar& value) {
  const auto& type = *value.type;
  switch (type.id()) {
    case Type::BOOL:
      return std::string(static_cast<const arrow::BooleanScalar&>(value).value ? "true" : "false");
    case Type::INT8:
      return std::to_string(static_cast<const arrow::Int8Scalar&>(value).value);
    case Type::INT16:
      return std::to_string(static_cast<const arrow::Int16Scalar&>(value).value);
    case Type::INT32:
      return std::to_string(static_cast<const arrow::Int32Scalar&>(value).value);
    case Type::INT64:
      return std::to_string(static_cast<const arrow::Int64Scalar&>(value).value);
    case Type::FLOAT:
      return FloatText(static_cast<const arrow::FloatScalar&>(value).value);
    case Type::DOUBLE:
      return FloatText(static_cast<const arrow::DoubleScalar&>(value).value);
    case Type::DECIMAL128:
      return DecimalText(static_cast<const arrow::Decimal128Scalar&>(value).value,
                         static_cast<const arrow::Decimal128Type&>(type).scale());
    case Type::STRING:
      return StringText(value);
    case Type::DATE32:
      return DateText(static_cast<const arrow::Date32Scalar&>(value).value);
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      if (timestamp.unit() != arrow::TimeUnit::MICRO) return NoPartition(type);
      return TimestampText(static_cast<const arrow::TimestampScalar&>(value).value,
                           !timestamp.timezone().empty());
    }
    default:
      return NoPartition(type);
  }
}

// ---- Text to values.

template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<arrow::Decimal128> ParseDecimal(std::string_view text,
                                              const arrow::Decimal128Type& type) {
  arrow::Decimal128 value;
  int32_t precision = 0;
  int32_t scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) return std::nullopt;
  const auto rescaled = value.Rescale(scale, type.scale());
  if (!rescaled.ok() || !rescaled->FitsInPrecision(type.precision())) return std::nullopt;
  return *rescaled;
}

std::optional<int> TakeTwoDigits(std::string_view* text) {
  if (text->size() < 2) return std::nullopt;
  const auto value = ParseNumber<int>(text->substr(0, 2));
  if (!value || !std::isdigit(static_cast<unsigned char>((*text)[0]))) return std::nullopt;
  text->remove_prefix(2);
  return value;
}

bool TakeChar(std::string_view* text, char c) {
  if (!text->starts_with(c)) return false;
  text->remove_prefix(1);
  return true;
}

// ".123456789" or nothing, in microseconds; what is finer must be zeros.
std::optional<int64_t> TakeFraction(std::string_view* text) {
  if (!TakeChar(text, '.')) return 0;
  int64_t micros = 0;
  int digits = 0;
  for (; !text->empty() && std::isdigit(static_cast<unsigned char>(text->front())); ++digits) {
    const int digit = text->front() - '0';
    if (digits < 6) micros = micros * 10 + digit;
    if (digits >= 6 && digit != 0) return std::nullopt;
    text->remove_prefix(1);
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (; digits < 6; ++digits) micros *= 10;
  return micros;
}

// "Z", "+01:00" or nothing: how many seconds the clock is ahead of UTC.
std::optional<int64_t> TakeZone(std::string_view* text) {
  if (TakeChar(text, 'Z')) return 0;
  const bool ahead = text->starts_with('+');
  if (!ahead && !text->starts_with('-')) return std::nullopt;
  text->remove_prefix(1);
  const auto hours = TakeTwoDigits(text);
  TakeChar(text, ':');
  const auto minutes = TakeTwoDigits(text);
  if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  const int64_t seconds = int64_t{*hours} * 3600 + int64_t{*minutes} * 60;
  return ahead ? seconds : -seconds;
}

std::optional<int64_t> ParseTimestamp(std::string_view text, bool utc) {
  const auto days = encode::ParseDate(text.substr(0, encode::kDateSize));
  if (!days) return std::nullopt;
  int64_t seconds = *days * encode::kSecondsPerDay;
  text.remove_prefix(encode::kDateSize);
  if (text.empty()) return seconds * kMicrosPerSecond;
  if (!TakeChar(&text, ' ') && !TakeChar(&text, 'T')) return std::nullopt;
  for (const auto& [unit, limit] : {std::pair{3600, 23}, std::pair{60, 59}, std::pair{1, 59}}) {
    if (unit != 3600 && !TakeChar(&text, ':')) return std::nullopt;
    const auto part = TakeTwoDigits(&text);
    if (!part || *part > limit) return std::nullopt;
    seconds += int64_t{*part} * unit;
  }
  const auto fraction = TakeFraction(&text);
  if (!fraction) return std::nullopt;
  if (!text.empty()) {
    const auto zone = TakeZone(&text);
    if (!zone || !utc || !text.empty()) return std::nullopt;
    seconds -= *zone;
  }
  return seconds * kMicrosPerSecond + *fraction;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Escapes of six characters each, as delta-rs takes the protocol; others put the bytes there.
std::string BinaryOf(const std::string& text) {
  constexpr size_t kEscape = 6;
  std::string bytes;
  for (size_t at = 0; at < text.size(); at += kEscape) {
    if (text.compare(at, 4, "\\u00") != 0 || at + kEscape > text.size()) return text;
    const int high = HexValue(text[at + 4]);
    const int low = HexValue(text[at + 5]);
    if (high < 0 || low < 0) return text;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

template <class Value>
std::shared_ptr<arrow::Scalar> Made(const std::shared_ptr<arrow::DataType>& type,
                                    const std::optional<Value>& value) {
  if (!value) return nullptr;
  return arrow::MakeScalar(type, *value).ValueOr(nullptr);
}

std::optional<bool> ParseBool(std::string_view text) {
  const std::string lower = base::LowerAscii(text);
  if (lower == "true") return true;
  return lower == "false" ? std::optional(false) : std::nullopt;
}

// Null: the text is no value of the type.
std::shared_ptr<arrow::Scalar> Parsed(const std::string& text,
                                      const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case Type::BOOL:
      return Made(type, ParseBool(text));
    case Type::INT8:
      return Made(type, ParseNumber<int8_t>(text));
    case Type::INT16:
      return Made(type, ParseNumber<int16_t>(text));
    case Type::INT32:
      return Made(type, ParseNumber<int32_t>(text));
    case Type::INT64:
      return Made(type, ParseNumber<int64_t>(text));
    case Type::FLOAT:
      return Made(type, ParseNumber<float>(text));
    case Type::DOUBLE:
      return Made(type, ParseNumber<double>(text));
    case Type::DECIMAL128:
      return Made(type, ParseDecimal(text, static_cast<const arrow::Decimal128Type&>(*type)));
    case Type::STRING:
      return std::make_shared<arrow::StringScalar>(text);
    case Type::BINARY:
      return std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(BinaryOf(text)));
    case Type::DATE32: {
      const auto days = encode::ParseDate(text);
      return Made(type, days ? std::optional(static_cast<int32_t>(*days)) : std::nullopt);
    }
    case Type::TIMESTAMP:
      return Made(type,
                  ParseTimestamp(
                      text, !static_cast<const arrow::TimestampType&>(*type).timezone().empty()));
    default:
      return nullptr;
  }
}

// ---- Paths.

void AppendEscaped(char c, std::string* out) {
  const auto byte = static_cast<unsigned char>(c);
  *out += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
}

bool IsPlain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("-._").find(c) != std::string_view::npos;
}

// Escapes more than Hive and Spark do: of such a name only the % signs are encoded in the log,
// where every writer spells them alike. Other characters some spell in another way when they remove
// a file, and the readers that compare paths as texts keep it.
std::string HiveName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (IsPlain(c)) {
      out += c;
    } else {
      AppendEscaped(c, &out);
    }
  }
  return out;
}

}  // namespace

Result<std::optional<std::string>> PartitionText(const arrow::Scalar& value) {
  if (!value.is_valid) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto text, TextOf(value));
  return text;
}

Status CheckPartitionType(const arrow::Field& field) {
  const auto& type = *field.type();
  const bool fits = type.id() != Type::NA && type.id() != Type::BINARY &&
                    SchemaToJson(*arrow::schema({field.RemoveMetadata()})).ok() &&
                    type.num_fields() == 0;
  if (fits) return Status::OK();
  return ConfigurationError("a column of this type cannot partition a table: column=" +
                            field.name() + " type=" + type.ToString());
}

Result<std::shared_ptr<arrow::Scalar>> PartitionScalar(
    const std::optional<std::string>& text, const std::shared_ptr<arrow::DataType>& type) {
  if (!text || text->empty()) return arrow::MakeNullScalar(type);
  auto scalar = Parsed(*text, type);
  if (scalar != nullptr) return scalar;
  return PermanentError("deltalake: a partition value in the log is none of its column's type: " +
                        std::string("type=") + DeltaTypeName(*type) + " value=" + *text);
}

std::string PartitionFolder(std::string_view column, const std::optional<std::string>& text) {
  std::string name = HiveName(column) + "=" + (text ? HiveName(*text) : kNullFolder);
  if (name.size() <= kLongestName) return name;
  // The name is for people; the value is in the log.
  const std::string digest = base::Sha256Hex(name).substr(0, 16);
  size_t end = kLongestName - digest.size() - 1;
  while (name[end - 1] == '%' || name[end - 2] == '%') --end;  // no half of an escape
  return name.substr(0, end) + "-" + digest;
}

std::string EncodePath(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (IsPlain(c) || c == '/' || c == '=') {
      out += c;
    } else {
      AppendEscaped(c, &out);
    }
  }
  return out;
}

Result<std::string> DecodePath(std::string_view path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const int high = i + 2 < path.size() ? HexValue(path[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexValue(path[i + 2]);
    if (low < 0) {
      return PermanentError("deltalake: a path in the log is damaged: path=" + std::string(path));
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace ampload::deltalake
