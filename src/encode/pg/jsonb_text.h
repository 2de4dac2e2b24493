// JSON text that a jsonb would not take, or not keep as it is.
#pragma once

#include <arrow/array/data.h>

#include <cstdint>
#include <string_view>

namespace ampload::encode::pg {

inline constexpr uint8_t kJsonbVersion = 1;  // in front of the text

inline constexpr const char* kNulInJsonb = "JSON text has a NUL, which a jsonb cannot keep";

// "\u0000" within JSON text.
bool HasNulEscape(const uint8_t* text, int64_t length);

// Of text that the JSON encoder wrote: what is wrong with it, or nullptr. A NUL; a key that is
// there twice in one object, of which a jsonb keeps the last alone; a negative zero, which becomes
// 0.
const char* WhyNoJsonb(std::string_view text);

// Whether WhyNoJsonb could find anything in the text of these values. Looks at the columns, which
// is fast; true is no more than a suspicion.
bool MayBeNoJsonb(const arrow::ArrayData& data);

}  // namespace ampload::encode::pg
