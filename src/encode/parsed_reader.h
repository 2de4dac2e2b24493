// A ValueReader of a str that stands for something else.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "encode/value_reader.h"

namespace ampload::encode {

// A text that `parse` turns into an optional value for the Builder; nullopt is refused.
template <class Builder, class Parse>
class ParsedReader final : public ValueReader {
 public:
  ParsedReader(arrow::ArrayBuilder& builder, std::string path, Parse parse, const char* refusal)
      : ValueReader(std::move(path)),
        builder_(static_cast<Builder&>(builder)),
        parse_(std::move(parse)),
        refusal_(refusal) {}
  Status AppendNull() override { return builder_.AppendNull(); }

 private:
  Status ReadValue(const MsgpackReader::Token& token, MsgpackReader&) override {
    if (token.kind != MsgpackReader::Kind::kStr) return Refuse("not a string");
    const auto value = parse_(token.bytes);
    return value ? builder_.Append(*value) : Refuse(refusal_);
  }

  Builder& builder_;
  Parse parse_;
  const char* refusal_;
};

template <class Builder, class Parse>
std::unique_ptr<ValueReader> MakeParsedReader(std::type_identity<Builder>,
                                              arrow::ArrayBuilder& builder, std::string path,
                                              Parse parse, const char* refusal) {
  return std::make_unique<ParsedReader<Builder, Parse>>(builder, std::move(path), std::move(parse),
                                                        refusal);
}

}  // namespace ampload::encode
