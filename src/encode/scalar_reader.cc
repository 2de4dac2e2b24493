// null, bool, integers and floats.
#include <arrow/builder.h>
#include <arrow/util/float16.h>

#include <bit>
#include <cmath>
#include <limits>

#include "encode/value_reader.h"

namespace ampload::encode {
namespace {

using Kind = MsgpackReader::Kind;
using Token = MsgpackReader::Token;

template <class Builder>
class BuilderReader : public ValueReader {
 public:
  BuilderReader(arrow::ArrayBuilder& builder, std::string path)
      : ValueReader(std::move(path)), builder_(static_cast<Builder&>(builder)) {}
  Status AppendNull() override { return builder_.AppendNull(); }

 protected:
  Builder& builder_;
};

class NullReader final : public BuilderReader<arrow::NullBuilder> {
  using BuilderReader::BuilderReader;
  Status ReadValue(const Token&, MsgpackReader&) override { return Refuse("a value, not nil"); }
};

class BoolReader final : public BuilderReader<arrow::BooleanBuilder> {
  using BuilderReader::BuilderReader;
  Status ReadValue(const Token& token, MsgpackReader&) override {
    if (token.kind != Kind::kBool) return Refuse("not a bool");
    return builder_.Append(token.number != 0);
  }
};

template <class Builder>
class IntegerReader final : public BuilderReader<Builder> {
  using BuilderReader<Builder>::BuilderReader;
  using T = typename Builder::value_type;

  Status ReadValue(const Token& token, MsgpackReader&) override {
    if (token.kind != Kind::kUint && token.kind != Kind::kNegative) {
      return this->Refuse("not an integer");
    }
    const bool fits =
        token.kind == Kind::kUint
            ? token.number <= static_cast<uint64_t>(std::numeric_limits<T>::max())
            : std::is_signed_v<T> &&
                  static_cast<int64_t>(token.number) >=
                      int64_t{std::is_signed_v<T> ? std::numeric_limits<T>::min() : T{0}};
    if (!fits) return this->Refuse("the integer does not fit the column's type");
    return this->builder_.Append(static_cast<T>(token.number));
  }
};

// A float of either width, where the column's holds exactly its value.
template <class Builder>
class FloatReader final : public BuilderReader<Builder> {
  using BuilderReader<Builder>::BuilderReader;

  Status ReadValue(const Token& token, MsgpackReader&) override {
    if (token.kind != Kind::kFloat32 && token.kind != Kind::kFloat64) {
      return this->Refuse("not a float");
    }
    const auto bits32 = static_cast<uint32_t>(token.number);
    const double value = token.kind == Kind::kFloat64
                             ? std::bit_cast<double>(token.number)
                             : static_cast<double>(std::bit_cast<float>(bits32));
    constexpr const char* kInexact = "the float does not fit the column's type";
    if constexpr (std::is_same_v<Builder, arrow::HalfFloatBuilder>) {
      const auto half = arrow::util::Float16::FromDouble(value);
      if (!std::isnan(value) && half.ToDouble() != value) return this->Refuse(kInexact);
      return this->builder_.Append(half.bits());
    } else {
      using T = typename Builder::value_type;
      // A float32's own bits, so that a NaN keeps its payload.
      if (std::is_same_v<T, float> && token.kind == Kind::kFloat32) {
        return this->builder_.Append(static_cast<T>(std::bit_cast<float>(bits32)));
      }
      const auto narrow = static_cast<T>(value);
      if (!std::isnan(value) && static_cast<double>(narrow) != value) {
        return this->Refuse(kInexact);
      }
      return this->builder_.Append(narrow);
    }
  }
};

}  // namespace

std::unique_ptr<ValueReader> MakeScalarReader(const arrow::DataType& type,
                                              arrow::ArrayBuilder& builder, std::string path) {
  const auto make = [&]<class Reader>(std::type_identity<Reader>) {
    return std::make_unique<Reader>(builder, std::move(path));
  };
  using arrow::Type;
  switch (type.id()) {
    case Type::NA:
      return make(std::type_identity<NullReader>{});
    case Type::BOOL:
      return make(std::type_identity<BoolReader>{});
    case Type::INT8:
      return make(std::type_identity<IntegerReader<arrow::Int8Builder>>{});
    case Type::INT16:
      return make(std::type_identity<IntegerReader<arrow::Int16Builder>>{});
    case Type::INT32:
      return make(std::type_identity<IntegerReader<arrow::Int32Builder>>{});
    case Type::INT64:
      return make(std::type_identity<IntegerReader<arrow::Int64Builder>>{});
    case Type::UINT8:
      return make(std::type_identity<IntegerReader<arrow::UInt8Builder>>{});
    case Type::UINT16:
      return make(std::type_identity<IntegerReader<arrow::UInt16Builder>>{});
    case Type::UINT32:
      return make(std::type_identity<IntegerReader<arrow::UInt32Builder>>{});
    case Type::UINT64:
      return make(std::type_identity<IntegerReader<arrow::UInt64Builder>>{});
    case Type::HALF_FLOAT:
      return make(std::type_identity<FloatReader<arrow::HalfFloatBuilder>>{});
    case Type::FLOAT:
      return make(std::type_identity<FloatReader<arrow::FloatBuilder>>{});
    default:
      return make(std::type_identity<FloatReader<arrow::DoubleBuilder>>{});
  }
}

}  // namespace ampload::encode
