// Random tables of every type through each encoder and back, and damaged rows into the decoders.
// What the bytes mean to others, the golden tests and tests/interop say.
#include <arrow/extension_type.h>
#include <gtest/gtest.h>

#include "encode/decoded_type.h"
#include "encode/row_format_encoder.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode {
namespace {

using arrow::Array;
using arrow::Type;

std::vector<std::string_view> Split(const EncodedRows& rows) {
  std::vector<std::string_view> split;
  for (int64_t i = 0; i < rows.num_rows(); ++i) split.push_back(rows.row(i));
  return split;
}

bool SameElements(const Array& in, int64_t in_begin, int64_t in_length, const Array& out,
                  int64_t out_begin, int64_t out_length);

// Whether in[i], with dictionaries, runs and extensions looked through, is out[j].
bool Same(const Array& in, int64_t i, const Array& out, int64_t j) {
  switch (in.type_id()) {
    case Type::EXTENSION: {
      const auto& storage = *static_cast<const arrow::ExtensionArray&>(in).storage();
      if (out.type_id() != Type::EXTENSION) return Same(storage, i, out, j);
      return Same(storage, i, *static_cast<const arrow::ExtensionArray&>(out).storage(), j);
    }
    case Type::RUN_END_ENCODED: {
      const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(in);
      const auto scalar = runs.GetScalar(i).ValueOrDie();
      const auto& value = static_cast<const arrow::RunEndEncodedScalar&>(*scalar).value;
      return Same(*arrow::MakeArrayFromScalar(*value, 1).ValueOrDie(), 0, out, j);
    }
    default:
      break;
  }
  if (in.IsNull(i)) return out.IsNull(j);
  switch (in.type_id()) {
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(in);
      return Same(*dictionary.dictionary(), dictionary.GetValueIndex(i), out, j);
    }
    case Type::STRUCT: {
      if (out.IsNull(j)) return false;
      const auto& from = static_cast<const arrow::StructArray&>(in);
      const auto& to = static_cast<const arrow::StructArray&>(out);
      for (int f = 0; f < from.num_fields(); ++f) {
        if (!Same(*from.field(f), i, *to.field(f), j)) return false;
      }
      return from.num_fields() == to.num_fields();
    }
    case Type::MAP: {
      const auto& from = static_cast<const arrow::MapArray&>(in);
      const auto& to = static_cast<const arrow::MapArray&>(out);
      // Not keys() and items(): they do not look at the offset of sliced entries.
      return out.IsValid(j) &&
             SameElements(*from.values(), from.value_offset(i), from.value_length(i), *to.values(),
                          to.value_offset(j), to.value_length(j));
    }
    default:
      break;
  }
  const auto lists = [&]<class Lists>(std::type_identity<Lists>) {
    const auto& from = static_cast<const Lists&>(in);
    const auto& to = static_cast<const Lists&>(out);
    return out.IsValid(j) &&
           SameElements(*from.values(), from.value_offset(i), from.value_length(i), *to.values(),
                        to.value_offset(j), to.value_length(j));
  };
  switch (in.type_id()) {
    case Type::LIST:
      return lists(std::type_identity<arrow::ListArray>{});
    case Type::LARGE_LIST:
      return lists(std::type_identity<arrow::LargeListArray>{});
    case Type::LIST_VIEW:
      return lists(std::type_identity<arrow::ListViewArray>{});
    case Type::LARGE_LIST_VIEW:
      return lists(std::type_identity<arrow::LargeListViewArray>{});
    case Type::FIXED_SIZE_LIST:
      return lists(std::type_identity<arrow::FixedSizeListArray>{});
    default: {
      const auto options =
          arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
      return in.RangeEquals(out, i, i + 1, j, options);
    }
  }
}

bool SameElements(const Array& in, int64_t in_begin, int64_t in_length, const Array& out,
                  int64_t out_begin, int64_t out_length) {
  if (in_length != out_length) return false;
  for (int64_t e = 0; e < in_length; ++e) {
    if (!Same(in, in_begin + e, out, out_begin + e)) return false;
  }
  return true;
}

void ExpectComesBack(const arrow::RecordBatch& batch, ValueFormat format) {
  ASSERT_OK_AND_ASSIGN(auto encoder, MakeRowFormatEncoder(format, batch.schema()));
  ASSERT_OK_AND_ASSIGN(auto rows, encoder->Encode(batch));
  ASSERT_OK_AND_ASSIGN(auto back, DecodeRows(format, Split(rows), batch.schema()));
  ASSERT_THAT(back->ValidateFull(), IsOk());
  ASSERT_EQ(back->num_rows(), batch.num_rows());
  for (int c = 0; c < batch.num_columns(); ++c) {
    EXPECT_TRUE(back->column(c)->type()->Equals(DecodedType(batch.column(c)->type())));
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      ASSERT_TRUE(Same(*batch.column(c), i, *back->column(c), i))
          << "column " << c << " " << batch.column(c)->type()->ToString() << " row " << i << "\n"
          << batch.column(c)->Slice(i, 1)->ToString() << "\n"
          << back->column(c)->Slice(i, 1)->ToString();
    }
  }
}

class RandomTable : public ::testing::TestWithParam<std::tuple<ValueFormat, uint64_t>> {
 protected:
  ValueFormat format() const { return std::get<0>(GetParam()); }
  uint64_t seed() const { return std::get<1>(GetParam()); }
};

TEST_P(RandomTable, ComesBackFromItsRows) {
  RandomColumns random(seed());
  for (int table = 0; table < 10; ++table) {
    // Small tables, and some of more than one block.
    const int64_t rows = random.Roll(10) == 0 ? 1020 + random.Roll(300) : random.Roll(50);
    const auto batch = random.Batch(static_cast<int>(1 + random.Roll(20)), rows);
    ASSERT_THAT(batch->Validate(), IsOk());
    ASSERT_NO_FATAL_FAILURE(ExpectComesBack(*batch, format()));
  }
}

// What a damaged row decodes to, if to anything, is a valid table.
TEST_P(RandomTable, IsDecodedSafelyFromDamagedRows) {
  RandomColumns random(seed());
  const auto batch = random.Batch(8, 20);
  ASSERT_OK_AND_ASSIGN(auto encoder, MakeRowFormatEncoder(format(), batch->schema()));
  ASSERT_OK_AND_ASSIGN(auto encoded, encoder->Encode(*batch));
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string row(encoded.row(random.Roll(20)));
    for (int64_t damage = random.Roll(3); damage >= 0; --damage) {
      const auto at = static_cast<size_t>(random.Roll(static_cast<int64_t>(row.size())));
      const auto byte = static_cast<char>(random.Roll(256));
      switch (random.Roll(4)) {
        case 0:
          row[at] = byte;
          break;
        case 1:
          row.insert(at, 1, byte);
          break;
        case 2:
          row.erase(at, 1 + static_cast<size_t>(random.Roll(3)));
          break;
        default:
          row.resize(at);
          break;
      }
      if (row.empty()) row.assign(1, '\x81');
    }
    // A copy of exactly its size, so that ASan sees a read beyond its end.
    const std::vector<char> exact(row.begin(), row.end());
    const std::vector<std::string_view> rows = {{exact.data(), exact.size()}};
    auto back = DecodeRows(format(), rows, batch->schema());
    if (back.ok()) {
      EXPECT_THAT((*back)->ValidateFull(), IsOk());
    } else {
      EXPECT_THAT(back, FailsWith(FailureKind::kData, "row=0"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTable,
                         ::testing::Combine(::testing::Values(ValueFormat::kMsgpack,
                                                              ValueFormat::kJson,
                                                              ValueFormat::kArrowIpc),
                                            ::testing::Range<uint64_t>(1, 31)),
                         [](const auto& tested) {
                           return std::string(ToString(std::get<0>(tested.param))) + "_" +
                                  std::to_string(std::get<1>(tested.param));
                         });

}  // namespace
}  // namespace ampload::encode
