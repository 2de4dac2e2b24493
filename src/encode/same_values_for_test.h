// Whether a batch that was decoded has the values that were encoded: dictionaries, runs and
// extensions come back as what they stand for.
#pragma once

#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "encode/decoded_type.h"
#include "matchers.h"

namespace ampload::encode {

inline bool SameElements(const arrow::Array& in, int64_t in_begin, int64_t in_length,
                         const arrow::Array& out, int64_t out_begin, int64_t out_length);

// Whether in[i], with dictionaries, runs and extensions looked through, is out[j].
inline bool Same(const arrow::Array& in, int64_t i, const arrow::Array& out, int64_t j) {
  switch (in.type_id()) {
    case arrow::Type::EXTENSION: {
      const auto& storage = *static_cast<const arrow::ExtensionArray&>(in).storage();
      if (out.type_id() != arrow::Type::EXTENSION) return Same(storage, i, out, j);
      return Same(storage, i, *static_cast<const arrow::ExtensionArray&>(out).storage(), j);
    }
    case arrow::Type::RUN_END_ENCODED: {
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
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(in);
      return Same(*dictionary.dictionary(), dictionary.GetValueIndex(i), out, j);
    }
    case arrow::Type::STRUCT: {
      if (out.IsNull(j)) return false;
      const auto& from = static_cast<const arrow::StructArray&>(in);
      const auto& to = static_cast<const arrow::StructArray&>(out);
      for (int f = 0; f < from.num_fields(); ++f) {
        if (!Same(*from.field(f), i, *to.field(f), j)) return false;
      }
      return from.num_fields() == to.num_fields();
    }
    case arrow::Type::MAP: {
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
    case arrow::Type::LIST:
      return lists(std::type_identity<arrow::ListArray>{});
    case arrow::Type::LARGE_LIST:
      return lists(std::type_identity<arrow::LargeListArray>{});
    case arrow::Type::LIST_VIEW:
      return lists(std::type_identity<arrow::ListViewArray>{});
    case arrow::Type::LARGE_LIST_VIEW:
      return lists(std::type_identity<arrow::LargeListViewArray>{});
    case arrow::Type::FIXED_SIZE_LIST:
      return lists(std::type_identity<arrow::FixedSizeListArray>{});
    default: {
      const auto options =
          arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
      return in.RangeEquals(out, i, i + 1, j, options);
    }
  }
}

inline bool SameElements(const arrow::Array& in, int64_t in_begin, int64_t in_length,
                         const arrow::Array& out, int64_t out_begin, int64_t out_length) {
  if (in_length != out_length) return false;
  for (int64_t e = 0; e < in_length; ++e) {
    if (!Same(in, in_begin + e, out, out_begin + e)) return false;
  }
  return true;
}

inline void ExpectSameValues(const arrow::RecordBatch& batch, const arrow::RecordBatch& back) {
  ASSERT_THAT(back.ValidateFull(), IsOk());
  ASSERT_EQ(back.num_rows(), batch.num_rows());
  for (int c = 0; c < batch.num_columns(); ++c) {
    EXPECT_TRUE(back.column(c)->type()->Equals(DecodedType(batch.column(c)->type())));
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      ASSERT_TRUE(Same(*batch.column(c), i, *back.column(c), i))
          << "column " << c << " " << batch.column(c)->type()->ToString() << " row " << i << "\n"
          << batch.column(c)->Slice(i, 1)->ToString() << "\n"
          << back.column(c)->Slice(i, 1)->ToString();
    }
  }
}

}  // namespace ampload::encode
