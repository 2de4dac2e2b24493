// Lists, structs and maps.
#include <arrow/builder.h>

#include "encode/value_reader.h"

namespace ampload::encode {
namespace {

using Kind = MsgpackReader::Kind;
using Token = MsgpackReader::Token;

template <class Builder>
class ListReader final : public ValueReader {
 public:
  ListReader(const arrow::DataType& type, arrow::ArrayBuilder& builder, std::string path)
      : ValueReader(path),
        builder_(static_cast<Builder&>(builder)),
        values_(MakeValueReader(*type.field(0)->type(), *builder_.value_builder(), path + "[]")) {
    if constexpr (std::is_same_v<Builder, arrow::FixedSizeListBuilder>) {
      fixed_length_ = static_cast<const arrow::FixedSizeListType&>(type).list_size();
    }
  }
  Status AppendNull() override { return builder_.AppendNull(); }

 private:
  Status ReadValue(const Token& token, MsgpackReader& from) override {
    if (token.kind != Kind::kArray) return Refuse("not an array");
    if constexpr (std::is_same_v<Builder, arrow::FixedSizeListBuilder>) {
      if (token.number != static_cast<uint64_t>(fixed_length_)) {
        return Refuse("the array has another length than the column's type");
      }
      ARROW_RETURN_NOT_OK(builder_.Append());
    } else {
      ARROW_RETURN_NOT_OK(builder_.Append(true, static_cast<int64_t>(token.number)));
    }
    for (uint64_t i = 0; i < token.number; ++i) ARROW_RETURN_NOT_OK(values_->Read(from));
    return Status::OK();
  }

  Builder& builder_;
  std::unique_ptr<ValueReader> values_;
  int64_t fixed_length_ = 0;
};

class StructReader final : public ValueReader {
 public:
  StructReader(const arrow::DataType& type, arrow::ArrayBuilder& builder, const std::string& path)
      : ValueReader(path), builder_(static_cast<arrow::StructBuilder&>(builder)) {
    for (int i = 0; i < type.num_fields(); ++i) {
      const auto& field = *type.field(i);
      fields_.Add(field.name(), MakeValueReader(*field.type(), *builder_.field_builder(i),
                                                path + "." + field.name()));
    }
  }
  Status AppendNull() override { return builder_.AppendNull(); }

 private:
  Status ReadValue(const Token& token, MsgpackReader& from) override {
    if (token.kind != Kind::kMap) return Refuse("not a map");
    ARROW_RETURN_NOT_OK(builder_.Append());
    const ValueReader* at = nullptr;
    return fields_.Read(token.number, from, &at);
  }

  arrow::StructBuilder& builder_;
  NamedReaders fields_;
};

class MapReader final : public ValueReader {
 public:
  MapReader(const arrow::DataType& type, arrow::ArrayBuilder& builder, const std::string& path)
      : ValueReader(path), builder_(static_cast<arrow::MapBuilder&>(builder)) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    keys_ = MakeValueReader(*map.key_type(), *builder_.key_builder(), path + ".key");
    items_ = MakeValueReader(*map.item_type(), *builder_.item_builder(), path + ".value");
  }
  Status AppendNull() override { return builder_.AppendNull(); }

 private:
  Status ReadValue(const Token& token, MsgpackReader& from) override {
    if (token.kind != Kind::kMap) return Refuse("not a map");
    ARROW_RETURN_NOT_OK(builder_.Append());
    for (uint64_t i = 0; i < token.number; ++i) {
      MsgpackReader ahead = from;
      if (ahead.Next().kind == Kind::kNil) return Refuse("a key is nil");
      ARROW_RETURN_NOT_OK(keys_->Read(from));
      ARROW_RETURN_NOT_OK(items_->Read(from));
    }
    return Status::OK();
  }

  arrow::MapBuilder& builder_;
  std::unique_ptr<ValueReader> keys_;
  std::unique_ptr<ValueReader> items_;
};

}  // namespace

std::unique_ptr<ValueReader> MakeNestedReader(const arrow::DataType& type,
                                              arrow::ArrayBuilder& builder,
                                              const std::string& path) {
  using arrow::Type;
  switch (type.id()) {
    case Type::STRUCT:
      return std::make_unique<StructReader>(type, builder, path);
    case Type::LIST:
      return std::make_unique<ListReader<arrow::ListBuilder>>(type, builder, path);
    case Type::LARGE_LIST:
      return std::make_unique<ListReader<arrow::LargeListBuilder>>(type, builder, path);
    case Type::LIST_VIEW:
      return std::make_unique<ListReader<arrow::ListViewBuilder>>(type, builder, path);
    case Type::LARGE_LIST_VIEW:
      return std::make_unique<ListReader<arrow::LargeListViewBuilder>>(type, builder, path);
    case Type::FIXED_SIZE_LIST:
      return std::make_unique<ListReader<arrow::FixedSizeListBuilder>>(type, builder, path);
    default:
      return std::make_unique<MapReader>(type, builder, path);
  }
}

}  // namespace ampload::encode
