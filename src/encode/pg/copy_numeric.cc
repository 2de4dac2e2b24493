// Integers and decimals into numeric, decimals by value into integers.
//
//   numeric   groups, weight of the first, sign (0, 0x4000), digits behind the point; the groups,
//             all of two bytes
//
// A numeric(p, s) takes what it can hold as it is: the server itself would round.
#include "encode/pg/copy_numeric.h"

#include <arrow/stl_allocator.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "encode/by_integer_type.h"
#include "encode/decimal_digits.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"
#include "encode/pg/numeric_groups.h"

namespace ampload::encode::pg {
namespace {

// Numbers: how a column's values are read.
//   kLimbs; kMostDigits; Value Load(int64_t row): negative, limbs
template <int kLimbCount>
struct Limbs {
  bool negative;
  uint64_t limbs[kLimbCount];
};

template <class T>
struct IntegerNumbers {
  static constexpr int kLimbs = 1;
  static constexpr int kMostDigits = std::numeric_limits<T>::digits10 + 1;
  const T* values;

  Limbs<1> Load(int64_t row) const {
    if constexpr (std::is_signed_v<T>) {
      const auto [negative, magnitude] = SplitSign(values[row]);
      return {negative, {magnitude}};
    } else {
      return {false, {values[row]}};
    }
  }
};

template <int kBytes>
struct DecimalNumbers {
  static constexpr int kLimbs = kBytes <= 8 ? 1 : kBytes / 8;
  // Of all that the bytes hold: the type's precision is no more than a promise.
  static constexpr int kMostDigits = FewestDigits(8 * kBytes - 1) + 1;
  const uint8_t* values;

  Limbs<kLimbs> Load(int64_t row) const {
    const uint8_t* at = values + row * kBytes;
    if constexpr (kBytes <= 8) {
      std::conditional_t<kBytes == 4, int32_t, int64_t> value;
      std::memcpy(&value, at, sizeof(value));
      const auto [negative, magnitude] = SplitSign(value);
      return {negative, {magnitude}};
    } else if constexpr (kBytes == 16) {
      const auto [negative, magnitude] = SplitSign128(at);
      return {negative, {static_cast<uint64_t>(magnitude), static_cast<uint64_t>(magnitude >> 64)}};
    } else {
      const auto [negative, magnitude] = SplitSign256(at);
      Limbs<4> limbs{negative, {}};
      std::memcpy(limbs.limbs, magnitude.limbs, sizeof(limbs.limbs));
      return limbs;
    }
  }
};

// For a person.
template <int kLimbs>
std::string TextOf(const Limbs<kLimbs>& value, int32_t scale) {
  Uint256 magnitude{};
  std::copy(std::begin(value.limbs), std::end(value.limbs), std::begin(magnitude.limbs));
  const int digits = DigitCount(magnitude);
  const bool zero = digits == 1 && magnitude.limbs[0] == 0;
  std::string text(static_cast<size_t>(DecimalTextSize(value.negative, zero, digits, scale)), '0');
  PutDecimalText(text.data(), SignedMagnitude<Uint256>{value.negative, magnitude}, zero, digits,
                 scale);
  return text;
}

// What a numeric(p, s) can hold: numbers below 10^most_above that are multiples of 10^least_below.
// Looked at only where numbers of `most_digits`, `scale` of them behind the point, could be others.
struct NumericBounds {
  NumericBounds(const PgType& type, int most_digits, int32_t scale)
      : most_above(type.precision().value_or(0) - type.scale()),
        least_below(-type.scale()),
        may_be_above(type.precision() && most_digits - scale > most_above),
        may_be_below(type.precision() && -scale < least_below) {}

  template <class Groups>
  const char* Refuse(const Groups& groups) const {
    if (!(may_be_above || may_be_below) || groups.zero()) return nullptr;
    if (may_be_above && groups.digits_above() > most_above) return kDoesNotFit;
    if (may_be_below && groups.zeros_below() < least_below) {
      return "value has more digits behind the point than its column";
    }
    return nullptr;
  }

  int most_above;
  int least_below;
  bool may_be_above;
  bool may_be_below;
};

// Fields of one block, in memory of the pool that the batches are in: it hands the same bytes out
// again and again.
class KeptFields {
 public:
  explicit KeptFields(int64_t capacity)
      : bytes_(arrow::stl::allocator<uint8_t>().allocate(static_cast<size_t>(capacity)),
               Free{static_cast<size_t>(capacity)}),
        end_(bytes_.get()) {}

  uint8_t* begin() { return bytes_.get(); }
  const uint8_t* end() const { return end_; }
  void set_end(const uint8_t* end) { end_ = end; }

 private:
  struct Free {
    size_t capacity;
    void operator()(uint8_t* bytes) const {
      arrow::stl::allocator<uint8_t>().deallocate(bytes, capacity);
    }
  };
  std::unique_ptr<uint8_t, Free> bytes_;
  const uint8_t* end_;
};

// Up to 64 bytes without a call.
inline void CopyField(uint8_t* to, const uint8_t* from, size_t size) {
  if (size <= 32) return CopyShort(to, from, size);
  std::memcpy(to, from, 32);
  std::memcpy(to + size - 32, from + size - 32, 32);
}

// The bytes of a value are known only once it is taken apart, so Size keeps them for Write.
template <class Numbers>
class NumericColumn final : public ColumnWriter {
 public:
  NumericColumn(const arrow::ArrayData& data, Numbers numbers, int32_t scale, const PgType& type)
      : validity_(data),
        numbers_(numbers),
        scale_(scale),
        shown_scale_(std::max(type.precision() ? type.scale() : scale, 0)),
        alignment_(scale),
        bounds_(type, Numbers::kMostDigits, scale) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    KeptFields& kept = kept_.emplace_back(rows.count * kMostBytes);
    uint8_t* at = kept.begin();
    MaybeRefusal refusal;
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          const auto value = numbers_.Load(row);
          const Groups groups(value.limbs, alignment_);
          const char* why = bounds_.Refuse(groups);
          if (why != nullptr && !refusal) {
            refusal = Refusal{k, why, "value=" + TextOf(value, scale_), ""};
          }
          uint8_t* end = Put(at, value.negative, groups);
          sizes[k] += end - at;
          at = end;
        },
        [&](int64_t k) { sizes[k] += kLengthSize; });
    kept.set_end(at);
    return refusal;
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    const uint8_t* from = from_;
    const uint8_t* end = end_;
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t) {
          while (from == end) {
            from = kept_[next_].begin();
            end = kept_[next_++].end();
          }
          const size_t size = kLengthSize + from[3];  // a numeric's length is below 256
          CopyField(cursors[k], from, size);
          cursors[k] += size;
          from += size;
        },
        [&](int64_t k) { cursors[k] = PutLength(cursors[k], -1); });
    from_ = from;
    end_ = end;
  }

 private:
  using Groups = NumericGroups<Numbers::kLimbs>;
  static constexpr int64_t kHeader = 8;
  static constexpr int64_t kMostBytes = kLengthSize + kHeader + Groups::kMostBytes;
  static constexpr uint16_t kNegative = 0x4000;

  static_assert(kLengthSize + kHeader >= Groups::kFront);

  // The groups first: they reach into the bytes around them.
  uint8_t* Put(uint8_t* at, bool negative, const Groups& groups) const {
    const int count = groups.count();
    groups.Put(at + kLengthSize + kHeader);
    at = PutLength(at, kHeader + 2 * count);
    at = PutBig(at, static_cast<int16_t>(count));
    at = PutBig(at, static_cast<int16_t>(groups.top_weight()));
    at = PutBig(at, negative ? kNegative : uint16_t{0});
    at = PutBig(at, static_cast<uint16_t>(shown_scale_));
    return at + 2 * count;
  }

  Validity validity_;
  Numbers numbers_;
  int32_t scale_;
  int32_t shown_scale_;
  GroupAlignment alignment_;
  NumericBounds bounds_;
  std::vector<KeptFields> kept_;  // one for each call of Size
  size_t next_ = 0;               // of kept_, what Write comes to behind [from_, end_)
  const uint8_t* from_ = nullptr;
  const uint8_t* end_ = nullptr;
};

// Whole decimals into integers.
template <class Numbers, class To>
struct DecimalAsIntegerCodec : FixedCodec {
  Numbers numbers;
  int32_t scale;

  static int64_t size() { return sizeof(To); }

  std::optional<To> Value(int64_t row) const {
    const auto value = numbers.Load(row);
    const NumericGroups<Numbers::kLimbs> groups(value.limbs, GroupAlignment(scale));
    if (groups.zero()) return To{0};
    if (groups.low_weight() < 0 || groups.digits_above() > 19) return std::nullopt;
    uint64_t magnitude = 0;  // below 10^19
    for (int i = 0; i < groups.count(); ++i) magnitude = magnitude * 10000 + groups.group(i);
    for (int weight = groups.low_weight(); weight > 0; --weight) magnitude *= 10000;
    constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<To>::max());
    if (magnitude > kMost + value.negative) return std::nullopt;
    return static_cast<To>(value.negative ? 0 - magnitude : magnitude);
  }
  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    return RefuseUnless(
        rows, validity, [&](int64_t row) { return Value(row).has_value(); },
        [](int64_t) { return kDoesNotFit; },
        [&](int64_t row) { return TextOf(numbers.Load(row), scale); });
  }
  uint8_t* Put(uint8_t* at, int64_t row) const { return PutBig(at, Value(row).value_or(To{0})); }
};

template <class Numbers>
std::unique_ptr<ColumnWriter> MakeNumeric(const arrow::ArrayData& data, Numbers numbers,
                                          int32_t scale, const PgType& type) {
  return std::make_unique<NumericColumn<Numbers>>(data, numbers, scale, type);
}

}  // namespace

std::unique_ptr<ColumnWriter> MakeNumericOfIntegers(const arrow::ArrayData& data,
                                                    const PgType& type) {
  const auto make = [&]<class T>(T) {
    return MakeNumeric(data, IntegerNumbers<T>{data.GetValues<T>(1)}, 0, type);
  };
  return ByIntegerType(data.type->id(), make);
}

std::unique_ptr<ColumnWriter> MakeCopyDecimal(const arrow::ArrayData& data, const PgType& type) {
  const int32_t scale = static_cast<const arrow::DecimalType&>(*data.type).scale();
  const auto make =
      [&]<int kBytes>(std::integral_constant<int, kBytes>) -> std::unique_ptr<ColumnWriter> {
    using Numbers = DecimalNumbers<kBytes>;
    const Numbers numbers{data.GetValues<uint8_t>(1, data.offset * kBytes)};
    switch (type.kind) {
      case PgKind::kInt2:
        return MakeCopyLeaf(data, DecimalAsIntegerCodec<Numbers, int16_t>{{}, numbers, scale});
      case PgKind::kInt4:
        return MakeCopyLeaf(data, DecimalAsIntegerCodec<Numbers, int32_t>{{}, numbers, scale});
      case PgKind::kInt8:
        return MakeCopyLeaf(data, DecimalAsIntegerCodec<Numbers, int64_t>{{}, numbers, scale});
      default:
        return MakeNumeric(data, numbers, scale, type);
    }
  };
  switch (data.type->id()) {
    case arrow::Type::DECIMAL32:
      return make(std::integral_constant<int, 4>{});
    case arrow::Type::DECIMAL64:
      return make(std::integral_constant<int, 8>{});
    case arrow::Type::DECIMAL128:
      return make(std::integral_constant<int, 16>{});
    default:
      return make(std::integral_constant<int, 32>{});
  }
}

}  // namespace ampload::encode::pg
