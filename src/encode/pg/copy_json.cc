// Lists, structs and maps into json and jsonb: the JSON encoder's text.
#include <cstring>
#include <string>
#include <vector>

#include "encode/json_format.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"
#include "encode/pg/jsonb_text.h"
#include "encode/picked_rows.h"

namespace ampload::encode::pg {
namespace {

class CopyJson final : public ColumnWriter {
 public:
  CopyJson(const arrow::ArrayData& data, bool jsonb)
      : validity_(data),
        jsonb_(jsonb),
        text_(MakeColumnWriter<JsonFormat>(data, {})),
        probe_(jsonb && MayBeNoJsonb(data) ? MakeColumnWriter<JsonFormat>(data, {}) : nullptr) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    Pick(rows);
    texts_.assign(static_cast<size_t>(rows.count), 0);
    if (MaybeRefusal refusal = picked_.Size(*text_, texts_.data())) return refusal;
    for (int64_t k = 0; k < rows.count; ++k) sizes[k] += kLengthSize;
    MaybeRefusal refusal;
    for (const int64_t k : picked_.positions()) {
      const int64_t size = jsonb_ + texts_[static_cast<size_t>(k)];
      if (size > kMaxValue && !refusal) {
        refusal = Refusal{k, "JSON text is longer than PostgreSQL's 1 GB",
                          "length=" + std::to_string(size), ""};
      }
      sizes[k] += size;
    }
    if (!refusal && probe_ != nullptr) refusal = Probe(rows);
    return refusal;
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    Pick(rows);
    starts_.resize(static_cast<size_t>(rows.count));
    for (int64_t k = 0; k < rows.count; ++k) {
      starts_[static_cast<size_t>(k)] = cursors[k];
      cursors[k] = PutLength(cursors[k], -1);
    }
    for (const int64_t k : picked_.positions()) {
      if (jsonb_) *cursors[k]++ = kJsonbVersion;
    }
    picked_.Write(*text_, cursors);
    for (const int64_t k : picked_.positions()) {
      uint8_t* start = starts_[static_cast<size_t>(k)];
      PutLength(start, cursors[k] - start - kLengthSize);
    }
  }

 private:
  // Those that are not null: a null is none of JSON's.
  void Pick(const Rows& rows) {
    picked_.Clear();
    ForEachRow(
        rows, validity_, [&](int64_t k, int64_t row) { picked_.Add(k, row); }, [](int64_t) {});
  }

  // Writes the block's texts to look at them.
  MaybeRefusal Probe(const Rows& rows) {
    std::vector<int64_t> sizes(static_cast<size_t>(rows.count));
    (void)picked_.Size(*probe_, sizes.data());  // what it refuses, the first writer has
    std::vector<std::string> texts;
    std::vector<uint8_t*> cursors;
    texts.reserve(sizes.size());
    for (const int64_t size : sizes) {
      texts.emplace_back(static_cast<size_t>(size), '\0');
      cursors.push_back(reinterpret_cast<uint8_t*>(texts.back().data()));
    }
    picked_.Write(*probe_, cursors.data());
    for (const int64_t k : picked_.positions()) {
      const char* why = WhyNoJsonb(texts[static_cast<size_t>(k)]);
      if (why != nullptr) return Refusal{k, why, "", ""};
    }
    return std::nullopt;
  }

  Validity validity_;
  bool jsonb_;
  std::unique_ptr<ColumnWriter> text_;
  std::unique_ptr<ColumnWriter> probe_;  // a second one, where the values are suspicious
  PickedRows picked_;
  std::vector<int64_t> texts_;
  std::vector<uint8_t*> starts_;
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeCopyJson(const arrow::ArrayData& data, const PgType& type) {
  return std::make_unique<CopyJson>(data, type.kind == PgKind::kJsonb);
}

}  // namespace ampload::encode::pg
