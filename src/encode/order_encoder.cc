#include "encode/order_encoder.h"

#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "base/arrow_compute.h"
#include "encode/big_endian.h"
#include "encode/named_column.h"
#include "encode/plain_column.h"

namespace ampload::encode {
namespace {

constexpr char kNull = 0;
constexpr char kValue = 1;

// Where a value's bytes go.
class Sink {
 public:
  explicit Sink(EncodedOrder& order) : bytes_(order.bytes) {}

  template <class T>
  void Integer(T value) {
    char text[sizeof(T)];
    PutBigEndian(value, text);
    bytes_.append(text, sizeof(T));
  }
  // `bits` of an IEEE float; `infinity` is the bit pattern of +infinity.
  template <class U>
  void Float(U bits, U infinity) {
    constexpr U kSign = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
    const U magnitude = static_cast<U>(bits & static_cast<U>(~kSign));
    if (magnitude > infinity) {
      bits = static_cast<U>(~kSign);  // every NaN alike, above +infinity
    } else if (magnitude == 0) {
      bits = 0;
    }
    Integer(
        static_cast<U>((bits & kSign) != 0 ? static_cast<U>(~bits) : static_cast<U>(bits | kSign)));
  }
  // A two's complement number, its lowest byte first.
  void LittleEndian(std::string_view number) {
    const size_t begin = bytes_.size();
    bytes_.append(number.rbegin(), number.rend());
    bytes_[begin] = static_cast<char>(static_cast<unsigned char>(bytes_[begin]) ^ 0x80U);
  }
  void Bytes(std::string_view value) { bytes_.append(value); }

 private:
  std::string& bytes_;
};

// put(i) for each row that has a value.
template <class Put>
void ForEach(const arrow::Array& array, EncodedOrder& order, const Put& put) {
  order.offsets.reserve(static_cast<size_t>(array.length()) + 1);
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      order.bytes.push_back(kNull);
    } else {
      order.bytes.push_back(kValue);
      put(i);
    }
    order.offsets.push_back(order.bytes.size());
  }
}

template <class T, class Put>
void ForEachFixed(const arrow::Array& array, EncodedOrder& order, const Put& put) {
  const T* values = array.data()->GetValues<T>(1);
  ForEach(array, order, [&](int64_t i) { put(values[i]); });
}

template <class T>
void Integers(const arrow::Array& array, EncodedOrder& order) {
  Sink sink(order);
  ForEachFixed<T>(array, order, [&](T value) { sink.Integer(value); });
}

template <class Array>
void Texts(const arrow::Array& array, EncodedOrder& order) {
  Sink sink(order);
  const auto& typed = static_cast<const Array&>(array);
  ForEach(array, order, [&](int64_t i) { sink.Bytes(std::string_view(typed.GetView(i))); });
}

using Encoding = void (*)(const arrow::Array&, EncodedOrder&);

// Null for a type without an order.
Encoding EncodingOf(arrow::Type::type type) {
  using Type = arrow::Type;
  switch (type) {
    case Type::BOOL:
      return [](const arrow::Array& array, EncodedOrder& order) {
        Sink sink(order);
        const auto& typed = static_cast<const arrow::BooleanArray&>(array);
        ForEach(array, order,
                [&](int64_t i) { sink.Integer(static_cast<uint8_t>(typed.Value(i) ? 1 : 0)); });
      };
    case Type::INT8:
      return Integers<int8_t>;
    case Type::INT16:
      return Integers<int16_t>;
    case Type::INT32:
    case Type::DATE32:
    case Type::TIME32:
      return Integers<int32_t>;
    case Type::INT64:
    case Type::DATE64:
    case Type::TIME64:
    case Type::TIMESTAMP:
      return Integers<int64_t>;
    case Type::UINT8:
      return Integers<uint8_t>;
    case Type::UINT16:
      return Integers<uint16_t>;
    case Type::UINT32:
      return Integers<uint32_t>;
    case Type::UINT64:
      return Integers<uint64_t>;
    case Type::HALF_FLOAT:
      return [](const arrow::Array& array, EncodedOrder& order) {
        Sink sink(order);
        ForEachFixed<uint16_t>(array, order,
                               [&](uint16_t bits) { sink.Float<uint16_t>(bits, 0x7c00); });
      };
    case Type::FLOAT:
      return [](const arrow::Array& array, EncodedOrder& order) {
        Sink sink(order);
        ForEachFixed<uint32_t>(array, order,
                               [&](uint32_t bits) { sink.Float<uint32_t>(bits, 0x7f800000); });
      };
    case Type::DOUBLE:
      return [](const arrow::Array& array, EncodedOrder& order) {
        Sink sink(order);
        ForEachFixed<uint64_t>(
            array, order, [&](uint64_t bits) { sink.Float<uint64_t>(bits, 0x7ff0000000000000); });
      };
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return [](const arrow::Array& array, EncodedOrder& order) {
        Sink sink(order);
        const auto& typed = static_cast<const arrow::FixedSizeBinaryArray&>(array);
        ForEach(array, order, [&](int64_t i) { sink.LittleEndian(typed.GetView(i)); });
      };
    case Type::FIXED_SIZE_BINARY:
      return Texts<arrow::FixedSizeBinaryArray>;
    case Type::STRING:
    case Type::BINARY:
      return Texts<arrow::BinaryArray>;
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return Texts<arrow::LargeBinaryArray>;
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return Texts<arrow::BinaryViewArray>;
    default:
      return nullptr;
  }
}

}  // namespace

Result<std::unique_ptr<OrderEncoder>> OrderEncoder::Make(const arrow::Schema& schema,
                                                         const std::string& column,
                                                         const std::string& table) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  ARROW_ASSIGN_OR_RAISE(const int place, PlaceOfColumn("order_by", column, schema, table));
  auto type = PlainType(schema.field(place)->type());
  if (EncodingOf(type->id()) == nullptr) {
    return ConfigurationError(
        "rows cannot be ordered by a column of this type; order_by takes integers, floats, "
        "decimals, timestamps, dates, times, strings, binary and bool: table=" +
        table + " column=" + column + " type=" + schema.field(place)->type()->ToString());
  }
  return std::unique_ptr<OrderEncoder>(new OrderEncoder(place, std::move(type)));
}

Result<EncodedOrder> OrderEncoder::Encode(const arrow::RecordBatch& batch) const {
  ARROW_ASSIGN_OR_RAISE(const auto values, PlainColumn(batch, column_, type_));
  EncodedOrder order;
  EncodingOf(type_->id())(*values, order);
  return order;
}

}  // namespace ampload::encode
