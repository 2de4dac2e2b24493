// A column whose values are encoded each on their own: the two loops, around a codec that is
// inlined into them.
//
//   struct Codec {
//     std::string head();                         bytes that every value begins with, may be empty
//     MaybeRefusal Check(const Rows&, const Validity&);
//     int64_t Size(int64_t row);                  without the head; after Check
//     uint8_t* Put(uint8_t* at, int64_t row);     exactly Size(row) bytes; returns the end
//   };
//
// Each pass over a block works on a copy of the codec, so that its members stay in registers.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "encode/column_writer.h"
#include "encode/every_format.h"

namespace ampload::encode {

// What most codecs are.
struct PlainCodec {
  static std::string head() { return {}; }
  static MaybeRefusal Check(const Rows&, const Validity&) { return std::nullopt; }
};

template <class Format, class Codec>
class LeafColumn final : public ColumnWriter {
 public:
  LeafColumn(const arrow::ArrayData& data, KeyPrefix prefix, Codec codec)
      : validity_(data),
        null_(prefix),
        prefix_(prefix.With(codec.head())),
        codec_(std::move(codec)) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    if (MaybeRefusal refusal = codec_.Check(rows, validity_)) return refusal;
    Codec codec = codec_;
    const int64_t before = prefix_.size();
    const int64_t null_size = null_.size();
    ForEachRow(
        rows, validity_, [&](int64_t k, int64_t row) { sizes[k] += before + codec.Size(row); },
        [&](int64_t k) { sizes[k] += null_size; });
    return std::nullopt;
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    Codec codec = codec_;
    const KeyPrefix::View prefix = prefix_.view();
    const auto null = null_.view();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) { cursors[k] = codec.Put(prefix.Put(cursors[k]), row); },
        [&](int64_t k) { cursors[k] = null.Put(cursors[k]); });
  }

 private:
  Validity validity_;
  typename Format::Null null_;
  KeyPrefix prefix_;
  Codec codec_;
};

template <class Format, class Codec>
std::unique_ptr<ColumnWriter> MakeLeaf(const arrow::ArrayData& data, KeyPrefix prefix,
                                       Codec codec) {
  return std::make_unique<LeafColumn<Format, Codec>>(data, std::move(prefix), std::move(codec));
}

// The first row whose value `holds(row)` says no to; rows.count when there is none.
template <class Holds>
int64_t FindRefused(const Rows& rows, const Validity& validity, Holds&& holds) {
  bool all = true;
  ForEachRow(
      rows, validity, [&](int64_t, int64_t row) { all &= holds(row); }, [](int64_t) {});
  if (all) return rows.count;
  int64_t k = 0;
  while (!validity(rows[k]) || holds(rows[k])) ++k;
  return k;
}

}  // namespace ampload::encode
