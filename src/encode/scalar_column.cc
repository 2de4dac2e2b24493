// null, bool and the floats.
#include <arrow/util/bit_util.h>
#include <arrow/util/float16.h>

#include "encode/leaf_column.h"

namespace ampload::encode {
namespace {

template <class Format>
class NullColumn final : public ColumnWriter {
 public:
  explicit NullColumn(const KeyPrefix& prefix) : null_(prefix) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    for (int64_t k = 0; k < rows.count; ++k) sizes[k] += null_.size();
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    const auto null = null_.view();
    for (int64_t k = 0; k < rows.count; ++k) cursors[k] = null.Put(cursors[k]);
  }

 private:
  typename Format::Null null_;
};

template <class Format>
struct BoolCodec : PlainCodec {
  const uint8_t* bits;
  int64_t offset;

  bool Load(int64_t row) const { return arrow::bit_util::GetBit(bits, offset + row); }
  int64_t Size(int64_t row) const { return Format::BoolSize(Load(row)); }
  uint8_t* Put(uint8_t* at, int64_t row) const { return Format::PutBool(at, Load(row)); }
};

// A float16 is written as the float32 of its value.
template <class Format, class T>
struct FloatCodec : PlainCodec {
  const T* values;

  auto Load(int64_t row) const {
    if constexpr (sizeof(T) == 2) {
      return arrow::util::Float16::FromBits(values[row]).ToFloat();
    } else {
      return values[row];
    }
  }
  int64_t Size(int64_t row) const { return Format::FloatSize(Load(row)); }
  uint8_t* Put(uint8_t* at, int64_t row) const { return Format::PutFloat(at, Load(row)); }
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeScalarColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&](auto codec) { return MakeLeaf<Format>(data, std::move(prefix), codec); };
  switch (data.type->id()) {
    case arrow::Type::BOOL:
      return make(BoolCodec<Format>{{}, data.GetValues<uint8_t>(1, 0), data.offset});
    case arrow::Type::HALF_FLOAT:
      return make(FloatCodec<Format, uint16_t>{{}, data.GetValues<uint16_t>(1)});
    case arrow::Type::FLOAT:
      return make(FloatCodec<Format, float>{{}, data.GetValues<float>(1)});
    case arrow::Type::DOUBLE:
      return make(FloatCodec<Format, double>{{}, data.GetValues<double>(1)});
    default:
      return std::make_unique<NullColumn<Format>>(prefix);
  }
}

AMPLOAD_FOR_EVERY_FORMAT(MakeScalarColumn)

}  // namespace ampload::encode
