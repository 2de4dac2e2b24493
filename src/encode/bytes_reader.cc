// Strings and binaries in all their layouts.
#include <arrow/builder.h>
#include <arrow/util/utf8.h>

#include "encode/value_reader.h"

namespace ampload::encode {
namespace {

using Kind = MsgpackReader::Kind;
using Token = MsgpackReader::Token;

template <class Builder>
class BytesReader final : public ValueReader {
 public:
  BytesReader(arrow::ArrayBuilder& builder, std::string path, Kind kind)
      : ValueReader(std::move(path)), builder_(static_cast<Builder&>(builder)), kind_(kind) {}
  Status AppendNull() override { return builder_.AppendNull(); }

 private:
  Status ReadValue(const Token& token, MsgpackReader&) override {
    if (token.kind != kind_) return Refuse(kind_ == Kind::kStr ? "not a string" : "not a binary");
    if (kind_ == Kind::kStr && !arrow::util::ValidateUTF8(token.bytes)) {
      return Refuse("the string is not UTF-8");
    }
    if constexpr (std::is_same_v<Builder, arrow::FixedSizeBinaryBuilder>) {
      if (token.bytes.size() != static_cast<size_t>(builder_.byte_width())) {
        return Refuse("the binary has another length than the column");
      }
    }
    return builder_.Append(token.bytes);
  }

  Builder& builder_;
  Kind kind_;
};

}  // namespace

std::unique_ptr<ValueReader> MakeBytesReader(const arrow::DataType& type,
                                             arrow::ArrayBuilder& builder, std::string path) {
  using arrow::Type;
  const auto bytes = [&]<class Builder>(std::type_identity<Builder>, Kind kind) {
    return std::make_unique<BytesReader<Builder>>(builder, std::move(path), kind);
  };
  switch (type.id()) {
    case Type::STRING:
      return bytes(std::type_identity<arrow::StringBuilder>{}, Kind::kStr);
    case Type::LARGE_STRING:
      return bytes(std::type_identity<arrow::LargeStringBuilder>{}, Kind::kStr);
    case Type::STRING_VIEW:
      return bytes(std::type_identity<arrow::StringViewBuilder>{}, Kind::kStr);
    case Type::BINARY:
      return bytes(std::type_identity<arrow::BinaryBuilder>{}, Kind::kBin);
    case Type::LARGE_BINARY:
      return bytes(std::type_identity<arrow::LargeBinaryBuilder>{}, Kind::kBin);
    case Type::BINARY_VIEW:
      return bytes(std::type_identity<arrow::BinaryViewBuilder>{}, Kind::kBin);
    default:
      return bytes(std::type_identity<arrow::FixedSizeBinaryBuilder>{}, Kind::kBin);
  }
}

}  // namespace ampload::encode
