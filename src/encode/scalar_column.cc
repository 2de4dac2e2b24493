// null, bool and the floats: values whose encoded size never varies.
#include <arrow/util/bit_util.h>
#include <arrow/util/float16.h>

#include "encode/leaf_column.h"

namespace ampload::encode {
namespace {

class NullColumn final : public ColumnWriter {
 public:
  explicit NullColumn(const KeyPrefix& prefix) : null_(prefix.With(msgpack::kNil)) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    for (int64_t k = 0; k < rows.count; ++k) sizes[k] += null_.size();
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    const KeyPrefix::View null = null_.view();
    for (int64_t k = 0; k < rows.count; ++k) cursors[k] = null.Put(cursors[k]);
  }

 private:
  KeyPrefix null_;
};

struct BoolCodec : PlainCodec {
  const uint8_t* bits;
  int64_t offset;

  static int64_t Size(int64_t) { return 1; }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    const bool value = arrow::bit_util::GetBit(bits, offset + row);
    *at = static_cast<uint8_t>(msgpack::kFalse + value);
    return at + 1;
  }
};

template <class T>
struct FloatCodec : PlainCodec {
  const T* values;

  static int64_t Size(int64_t) { return sizeof(T) == 8 ? 9 : 5; }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    if constexpr (sizeof(T) == 8) {
      return msgpack::PutTagged(at, msgpack::kFloat64, std::bit_cast<uint64_t>(values[row]));
    } else if constexpr (sizeof(T) == 4) {
      return msgpack::PutTagged(at, msgpack::kFloat32, std::bit_cast<uint32_t>(values[row]));
    } else {
      const float wide = arrow::util::Float16::FromBits(values[row]).ToFloat();
      return msgpack::PutTagged(at, msgpack::kFloat32, std::bit_cast<uint32_t>(wide));
    }
  }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeScalarColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&](auto codec) { return MakeLeaf(data, std::move(prefix), codec); };
  switch (data.type->id()) {
    case arrow::Type::BOOL:
      return make(BoolCodec{{}, data.GetValues<uint8_t>(1, 0), data.offset});
    case arrow::Type::HALF_FLOAT:
      return make(FloatCodec<uint16_t>{{}, data.GetValues<uint16_t>(1)});
    case arrow::Type::FLOAT:
      return make(FloatCodec<float>{{}, data.GetValues<float>(1)});
    case arrow::Type::DOUBLE:
      return make(FloatCodec<double>{{}, data.GetValues<double>(1)});
    default:
      return std::make_unique<NullColumn>(prefix);
  }
}

}  // namespace ampload::encode
