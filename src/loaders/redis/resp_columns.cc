#include "loaders/redis/resp_columns.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <utility>

#include "encode/json_bytes.h"
#include "encode/row_passes.h"
#include "encode/text_extent.h"

namespace ampload::redis {
namespace {

using encode::ColumnWriter;
using encode::KeyPrefix;
using encode::MaybeRefusal;
using encode::Refusal;
using encode::Rows;

constexpr std::string_view kTooLong =
    "a value is longer than the 512 MiB that Redis takes; leave the column out";

class Literal final : public ColumnWriter {
 public:
  explicit Literal(std::string bytes) : bytes_(std::move(bytes)) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    for (int64_t k = 0; k < rows.count; ++k) sizes[k] += bytes_.size();
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    const auto bytes = bytes_.view();
    for (int64_t k = 0; k < rows.count; ++k) cursors[k] = bytes.Put(cursors[k]);
  }

 private:
  KeyPrefix bytes_;
};

class Count final : public ColumnWriter {
 public:
  Count(int words, const std::vector<int32_t>& fields, std::string behind)
      : words_(words), fields_(fields), behind_(std::move(behind)) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    for (int64_t k = 0; k < rows.count; ++k) {
      if (fields(rows, k) == 0) {
        return Refusal{k, "every column of the row is null; Redis keeps nothing without a field",
                       "", ""};
      }
      sizes[k] += 1 + LineSize(words_ + 2 * fields(rows, k)) + behind_.size();
    }
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    const auto behind = behind_.view();
    for (int64_t k = 0; k < rows.count; ++k) {
      uint8_t* at = cursors[k];
      *at++ = '*';
      cursors[k] = behind.Put(PutLine(at, words_ + 2 * fields(rows, k)));
    }
  }

 private:
  int64_t fields(const Rows& rows, int64_t k) const {
    return fields_[static_cast<size_t>(rows.first + k)];
  }

  int64_t words_;
  const std::vector<int32_t>& fields_;
  KeyPrefix behind_;
};

class Text final : public ColumnWriter {
 public:
  Text(std::string before, const char* bytes, const std::vector<int64_t>& offsets)
      : before_(std::move(before)),
        bytes_(reinterpret_cast<const uint8_t*>(bytes)),
        offsets_(offsets) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    const int64_t* offsets = offsets_.data() + rows.first;
    for (int64_t k = 0; k < rows.count; ++k) {
      const int64_t length = offsets[k + 1] - offsets[k];
      if (length > kMaxValueBytes) {
        return Refusal{k, std::string(kTooLong), "length=" + std::to_string(length), ""};
      }
      sizes[k] += before_.size() + LineSize(length) + length;
    }
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    const auto before = before_.view();
    const int64_t* offsets = offsets_.data() + rows.first;
    for (int64_t k = 0; k < rows.count; ++k) {
      const int64_t length = offsets[k + 1] - offsets[k];
      uint8_t* at = PutLine(before.Put(cursors[k]), length);
      encode::CopyShort(at, bytes_ + offsets[k], static_cast<size_t>(length));
      cursors[k] = at + length;
    }
  }

 private:
  KeyPrefix before_;
  const uint8_t* bytes_;
  const std::vector<int64_t>& offsets_;
};

// Values whose texts differ in length.
class Field final : public ColumnWriter {
 public:
  Field(std::string before, std::unique_ptr<ColumnWriter> values, std::vector<int32_t>* fields)
      : before_(std::move(before)),
        values_(std::move(values)),
        fields_(*fields),
        lengths_(fields->size()) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    int64_t lengths[encode::kSizeBlock];
    std::fill_n(lengths, rows.count, 0);
    if (MaybeRefusal refusal = values_->Size(rows, lengths)) return refusal;
    int32_t* kept = lengths_.data() + rows.first;
    int32_t* fields = fields_.data() + rows.first;
    const int64_t before = before_.size();
    for (int64_t k = 0; k < rows.count; ++k) {
      const int64_t length = lengths[k];
      const bool is_there = length < encode::kAbsent;
      if (is_there && length > kMaxValueBytes) {
        return Refusal{k, std::string(kTooLong), "length=" + std::to_string(length), ""};
      }
      kept[k] = is_there ? static_cast<int32_t>(length) : kNothing;
      fields[k] += is_there;
      sizes[k] += is_there ? before + LineSize(length) + length : 0;
    }
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    const auto before = before_.view();
    const int32_t* lengths = lengths_.data() + rows.first;
    for (int64_t k = 0; k < rows.count; ++k) {
      if (lengths[k] != kNothing) cursors[k] = PutLine(before.Put(cursors[k]), lengths[k]);
    }
    values_->Write(rows, cursors);
  }

 private:
  static constexpr int32_t kNothing = -1;

  KeyPrefix before_;
  std::unique_ptr<ColumnWriter> values_;
  std::vector<int32_t>& fields_;
  std::vector<int32_t> lengths_;
};

// Values whose texts have one length: it rides on the name, in front of every value.
class FixedField final : public ColumnWriter {
 public:
  FixedField(std::unique_ptr<ColumnWriter> values, std::vector<int32_t>* fields)
      : values_(std::move(values)), fields_(*fields) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    int64_t values[encode::kSizeBlock];
    std::fill_n(values, rows.count, 0);
    if (MaybeRefusal refusal = values_->Size(rows, values)) return refusal;
    int32_t* fields = fields_.data() + rows.first;
    for (int64_t k = 0; k < rows.count; ++k) {
      const bool is_there = values[k] < encode::kAbsent;
      fields[k] += is_there;
      sizes[k] += is_there ? values[k] : 0;
    }
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override { values_->Write(rows, cursors); }

 private:
  std::unique_ptr<ColumnWriter> values_;
  std::vector<int32_t>& fields_;
};

class Key final : public ColumnWriter {
 public:
  explicit Key(std::unique_ptr<ColumnWriter> values) : values_(std::move(values)) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    int64_t values[encode::kSizeBlock];
    std::fill_n(values, rows.count, 0);
    if (MaybeRefusal refusal = values_->Size(rows, values)) return refusal;
    for (int64_t k = 0; k < rows.count; ++k) {
      if (values[k] >= encode::kAbsent) {
        return Refusal{k, "a key column is null; every row needs its key", "", ""};
      }
      sizes[k] += values[k];
    }
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override { values_->Write(rows, cursors); }

 private:
  std::unique_ptr<ColumnWriter> values_;
};

std::unique_ptr<ColumnWriter> ValueWriter(const arrow::ArrayData& data, KeyPrefix prefix,
                                          encode::BinaryText binaries) {
  return binaries == encode::BinaryText::kHex
             ? encode::MakeColumnWriter<encode::TextFormat<true>>(data, std::move(prefix))
             : encode::MakeColumnWriter<encode::TextFormat<false>>(data, std::move(prefix));
}

// Makes offsets[i + 1] the end of row i.
Status SizeCommands(const CommandParts& parts, const std::string& table, int64_t first_row,
                    std::vector<int64_t>* offsets) {
  const auto rows = static_cast<int64_t>(offsets->size()) - 1;
  int64_t end = 0;
  for (int64_t first = 0; first < rows; first += encode::kSizeBlock) {
    const Rows block{first, std::min(encode::kSizeBlock, rows - first), nullptr};
    int64_t* sizes = offsets->data() + first + 1;
    // From behind: the fields are counted before the count is sized.
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (const MaybeRefusal refusal = part->writer->Size(block, sizes)) {
        return RowError(refusal->what, table, part->column + refusal->path, first_row,
                        first + refusal->position, refusal->value);
      }
    }
    for (int64_t k = 0; k < block.count; ++k) sizes[k] = end += sizes[k];
  }
  return Status::OK();
}

}  // namespace

std::string Bulk(std::string_view word) {
  return "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
}

std::unique_ptr<ColumnWriter> LiteralPart(std::string bytes) {
  return std::make_unique<Literal>(std::move(bytes));
}

std::unique_ptr<ColumnWriter> CountPart(int words, const std::vector<int32_t>& fields,
                                        std::string behind) {
  return std::make_unique<Count>(words, fields, std::move(behind));
}

std::unique_ptr<ColumnWriter> TextPart(std::string before, const char* bytes,
                                       const std::vector<int64_t>& offsets) {
  return std::make_unique<Text>(std::move(before), bytes, offsets);
}

std::unique_ptr<ColumnWriter> FieldPart(std::string_view name, const arrow::ArrayData& data,
                                        encode::BinaryText binaries, std::vector<int32_t>* fields) {
  std::string before = "\r\n" + Bulk(name) + "$";
  const auto width = encode::ExtentOf(*data.type, binaries).width;
  if (width.has_value() && *width <= kMaxValueBytes) {
    KeyPrefix prefix(before + std::to_string(*width) + "\r\n");
    return std::make_unique<FixedField>(ValueWriter(data, std::move(prefix), binaries), fields);
  }
  return std::make_unique<Field>(std::move(before), ValueWriter(data, KeyPrefix(), binaries),
                                 fields);
}

std::unique_ptr<ColumnWriter> KeyPart(std::string before, const arrow::ArrayData& data,
                                      encode::BinaryText binaries) {
  return std::make_unique<Key>(ValueWriter(data, KeyPrefix(std::move(before)), binaries));
}

Result<encode::EncodedRows> EncodeCommands(const CommandParts& parts, int64_t rows,
                                           const std::string& table, int64_t first_row) {
  encode::EncodedRows encoded;
  encoded.offsets.assign(static_cast<size_t>(rows) + 1, 0);
  ARROW_RETURN_NOT_OK(SizeCommands(parts, table, first_row, &encoded.offsets));
  ARROW_ASSIGN_OR_RAISE(encoded.bytes, arrow::AllocateBuffer(encoded.size_bytes()));
  uint8_t* bytes = encoded.bytes->mutable_data();
  uint8_t* cursors[encode::kWriteBlock];
  for (int64_t first = 0; first < rows; first += encode::kWriteBlock) {
    const Rows block{first, std::min(encode::kWriteBlock, rows - first), nullptr};
    const int64_t* starts = encoded.offsets.data() + first;
    for (int64_t k = 0; k < block.count; ++k) cursors[k] = bytes + starts[k];
    for (const auto& part : parts) part.writer->Write(block, cursors);
  }
  return encoded;
}

Texts TextsOf(encode::EncodedRows rows) {
  Texts texts;
  texts.bytes.assign(rows.bytes->data_as<char>(), static_cast<size_t>(rows.size_bytes()));
  texts.offsets = std::move(rows.offsets);
  return texts;
}

Status RowError(std::string_view what, const std::string& table, std::string_view column,
                int64_t first_row, int64_t row, std::string_view more) {
  std::string message = "redis: ";
  message.append(what).append(": table=").append(table);
  if (!column.empty()) message.append(" column=").append(column);
  message.append(" row=").append(std::to_string(first_row + row));
  if (!more.empty()) message.append(" ").append(more);
  return BadRowError(row, std::move(message));
}

}  // namespace ampload::redis
