#include "source/text/json_tape.h"

#include <arrow/util/utf8.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <array>
#include <cstring>

#include "source/text/row_faults.h"

namespace ampload::source {
namespace {

constexpr Fault kTooDeep = "nested deeper than 64 levels";
constexpr Fault kTooMany = "more values in one record than the memory for one record holds";
constexpr Fault kHalfAPair = "half of a surrogate pair";

}  // namespace

struct JsonTape::Parser {
  rapidjson::Reader reader;
};

// Fills the tape. Returns false, with `fault` set, where it will not have more.
class JsonTape::Handler {
 public:
  using Ch = char;
  using Size = rapidjson::SizeType;

  Handler(JsonTape* tape, rapidjson::InsituStringStream* stream, size_t most, bool escapes)
      : tape_(tape), stream_(stream), most_(most), escapes_(escapes) {}

  bool Null() { return Add(JsonKind::kNull, 4); }
  bool Bool(bool value) { return value ? Add(JsonKind::kTrue, 4) : Add(JsonKind::kFalse, 5); }
  bool RawNumber(const char* text, Size size, bool) {
    return AddText(JsonKind::kNumber, text, size);
  }
  bool String(const char* text, Size size, bool) {
    return Letters(text, size) && AddText(JsonKind::kString, text, size);
  }
  bool Key(const char* text, Size size, bool) {
    return Letters(text, size) && AddText(JsonKind::kKey, text, size);
  }
  bool StartObject() { return Open(JsonKind::kObject); }
  bool EndObject(Size) { return Close(); }
  bool StartArray() { return Open(JsonKind::kArray); }
  bool EndArray(Size) { return Close(); }
  // Numbers come as RawNumber alone.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

  Fault fault() const { return fault_; }

 private:
  bool Refuse(Fault fault) {
    fault_ = fault;
    return false;
  }
  bool Letters(const char* text, Size size) {
    if (!escapes_ || arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(text), size)) {
      return true;
    }
    return Refuse(kHalfAPair);
  }
  bool AddNode(size_t begin, size_t size, JsonKind kind) {
    auto& nodes = tape_->nodes_;
    if (nodes.size() >= most_) {
      tape_->too_large_ = true;
      return Refuse(kTooMany);
    }
    nodes.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(size),
                     static_cast<uint32_t>(nodes.size() + 1), kind});
    return true;
  }
  bool Add(JsonKind kind, size_t size) { return AddNode(stream_->Tell() - size, size, kind); }
  bool AddText(JsonKind kind, const char* text, Size size) {
    return AddNode(static_cast<size_t>(text - tape_->letters_.data()), size, kind);
  }
  bool Open(JsonKind kind) {
    if (depth_ == open_.size()) return Refuse(kTooDeep);
    open_[depth_++] = static_cast<uint32_t>(tape_->nodes_.size());
    return AddNode(stream_->Tell() - 1, 0, kind);
  }
  bool Close() {
    Node& node = tape_->nodes_[open_[--depth_]];
    node.size = static_cast<uint32_t>(stream_->Tell()) - node.begin;
    node.end = static_cast<uint32_t>(tape_->nodes_.size());
    return true;
  }

  JsonTape* const tape_;
  rapidjson::InsituStringStream* const stream_;
  const size_t most_;
  const bool escapes_;
  std::array<uint32_t, kDeepestJson> open_{};
  size_t depth_ = 0;
  Fault fault_ = nullptr;
};

JsonTape::JsonTape() : parser_(std::make_unique<Parser>()) {}
JsonTape::~JsonTape() = default;

std::string_view JsonTape::text(uint32_t value) const {
  const Node& node = nodes_[value];
  const bool decoded = node.kind == JsonKind::kString || node.kind == JsonKind::kKey;
  return {(decoded ? letters_.data() : line_.data()) + node.begin, node.size};
}

Fault JsonTape::Parse(std::string_view line, size_t most_values) {
  line_ = line;
  nodes_.clear();
  fault_at_ = 0;
  too_large_ = false;
  if (!arrow::util::ValidateUTF8(line)) return kNotUtf8;
  if (const size_t zero = line.find('\0'); zero != std::string_view::npos) {
    fault_at_ = zero;
    return "a zero byte";
  }
  letters_.assign(line.begin(), line.end());
  letters_.push_back('\0');
  rapidjson::InsituStringStream stream(letters_.data());
  Handler handler(this, &stream, most_values, line.find("\\u") != std::string_view::npos);
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
  const auto result = parser_->reader.Parse<kFlags>(stream, handler);
  if (!result.IsError()) return nullptr;
  fault_at_ = result.Offset();
  if (handler.fault() != nullptr) return handler.fault();
  return rapidjson::GetParseError_En(result.Code());
}

}  // namespace ampload::source
