// int8 to uint64 into smallint, integer, bigint, and by value into floats; numeric is a family of
// its own.
#include <bit>
#include <string>
#include <utility>

#include "encode/by_integer_type.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"
#include "encode/pg/copy_numeric.h"

namespace ampload::encode::pg {
namespace {

template <class From, class To>
struct IntegerCodec : FixedCodec {
  const From* values;

  static int64_t size() { return sizeof(To); }
  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    if constexpr (std::in_range<To>(std::numeric_limits<From>::min()) &&
                  std::in_range<To>(std::numeric_limits<From>::max())) {
      return std::nullopt;
    } else {
      return RefuseUnless(
          rows, validity, [&](int64_t row) { return std::in_range<To>(values[row]); },
          [](int64_t) { return kDoesNotFit; },
          [&](int64_t row) { return std::to_string(values[row]); });
    }
  }
  uint8_t* Put(uint8_t* at, int64_t row) const { return PutBig(at, static_cast<To>(values[row])); }
};

// Up to 2^24 or 2^53, where each integer has a float of its own.
template <class From, class Float, class Bits>
struct IntegerAsFloatCodec : FixedCodec {
  const From* values;

  static int64_t size() { return sizeof(Float); }
  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    constexpr int64_t kMost = int64_t{1} << std::numeric_limits<Float>::digits;
    return RefuseUnless(
        rows, validity,
        [&](int64_t row) {
          return std::cmp_less_equal(values[row], kMost) &&
                 std::cmp_greater_equal(values[row], -kMost);
        },
        [](int64_t) { return "integer has more digits than the column's floats are sure to keep"; },
        [&](int64_t row) { return std::to_string(values[row]); });
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    return PutBig(at, std::bit_cast<Bits>(static_cast<Float>(values[row])));
  }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeCopyInteger(const arrow::ArrayData& data, const PgType& type) {
  const auto make = [&]<class From>(From) -> std::unique_ptr<ColumnWriter> {
    const From* values = data.GetValues<From>(1);
    switch (type.kind) {
      case PgKind::kInt2:
        return MakeCopyLeaf(data, IntegerCodec<From, int16_t>{{}, values});
      case PgKind::kInt4:
        return MakeCopyLeaf(data, IntegerCodec<From, int32_t>{{}, values});
      case PgKind::kInt8:
        return MakeCopyLeaf(data, IntegerCodec<From, int64_t>{{}, values});
      case PgKind::kFloat4:
        return MakeCopyLeaf(data, IntegerAsFloatCodec<From, float, uint32_t>{{}, values});
      case PgKind::kFloat8:
        return MakeCopyLeaf(data, IntegerAsFloatCodec<From, double, uint64_t>{{}, values});
      default:
        return MakeNumericOfIntegers(data, type);
    }
  };
  return ByIntegerType(data.type->id(), make);
}

}  // namespace ampload::encode::pg
