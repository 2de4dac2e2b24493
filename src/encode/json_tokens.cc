#include "encode/json_tokens.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace ampload::encode {

// What RapidJSON calls for each token.
class JsonTokens::Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
 public:
  explicit Handler(JsonTokens& into) : into_(into) {}

  bool Null() { return Add(Kind::kNull); }
  bool Bool(bool value) { return Add(value ? Kind::kTrue : Kind::kFalse); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return Add(Kind::kNumber, {text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return Add(Kind::kString, {text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    return Add(Kind::kString, {text, size});
  }
  bool StartObject() { return Open(Kind::kObject); }
  bool EndObject(rapidjson::SizeType count) { return Close(count); }
  bool StartArray() { return Open(Kind::kArray); }
  bool EndArray(rapidjson::SizeType count) { return Close(count); }

 private:
  bool Add(Kind kind, std::string_view text = {}) {
    const size_t place = into_.tokens_.size();
    into_.tokens_.push_back({kind, 0, place + 1, into_.texts_.size(), text.size()});
    into_.texts_.append(text);
    return true;
  }
  bool Open(Kind kind) {
    into_.open_.push_back(into_.tokens_.size());
    return Add(kind);
  }
  bool Close(size_t count) {
    Token& token = into_.tokens_[into_.open_.back()];
    into_.open_.pop_back();
    token.count = count;
    token.next = into_.tokens_.size();
    return true;
  }

  JsonTokens& into_;
};

Status JsonTokens::Parse(std::string_view json) {
  tokens_.clear();
  open_.clear();
  texts_.clear();
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::Reader reader;
  Handler handler(*this);
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  const rapidjson::ParseResult done = reader.Parse<kFlags>(stream, handler);
  if (done.IsError()) {
    return DataError(std::string("not valid JSON: ") + rapidjson::GetParseError_En(done.Code()) +
                     " offset=" + std::to_string(done.Offset()));
  }
  // It takes a NUL for the end of the text.
  if (stream.Tell() != json.size()) {
    return DataError("not valid JSON: bytes behind the value: offset=" +
                     std::to_string(stream.Tell()));
  }
  return Status::OK();
}

}  // namespace ampload::encode
