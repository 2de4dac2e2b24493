// float16, float32 and float64 into real and double precision. NaN and the infinities are values of
// both; a double goes into a real where it is one.
#include <arrow/util/float16.h>

#include <bit>
#include <cmath>
#include <string>

#include "encode/json_bytes.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"

namespace ampload::encode::pg {
namespace {

template <class From, class To, class Bits>
struct FloatCodec : FixedCodec {
  const From* values;

  auto Load(int64_t row) const {
    if constexpr (sizeof(From) == 2) {
      return arrow::util::Float16::FromBits(values[row]).ToFloat();
    } else {
      return values[row];
    }
  }
  static int64_t size() { return sizeof(To); }

  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    if constexpr (sizeof(From) <= sizeof(To)) {
      return std::nullopt;
    } else {
      return RefuseUnless(
          rows, validity,
          [&](int64_t row) {
            const From value = values[row];
            if (!std::isfinite(value)) return true;
            // Out of a float's range the conversion itself would be undefined.
            if (std::fabs(value) > std::numeric_limits<To>::max()) return false;
            return static_cast<From>(static_cast<To>(value)) == value;
          },
          [](int64_t) { return "value is no float of the column's width"; },
          [&](int64_t row) {
            char text[json::kMaxFloatSize];
            return std::string(text, static_cast<size_t>(json::FloatText(values[row], text)));
          });
    }
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    return PutBig(at, std::bit_cast<Bits>(static_cast<To>(Load(row))));
  }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeCopyFloat(const arrow::ArrayData& data, const PgType& type) {
  const auto make = [&]<class From>(From) -> std::unique_ptr<ColumnWriter> {
    const From* values = data.GetValues<From>(1);
    if (type.kind == PgKind::kFloat4) {
      return MakeCopyLeaf(data, FloatCodec<From, float, uint32_t>{{}, values});
    }
    return MakeCopyLeaf(data, FloatCodec<From, double, uint64_t>{{}, values});
  };
  switch (data.type->id()) {
    case arrow::Type::HALF_FLOAT:
      return make(uint16_t{});
    case arrow::Type::FLOAT:
      return make(float{});
    default:
      return make(double{});
  }
}

}  // namespace ampload::encode::pg
