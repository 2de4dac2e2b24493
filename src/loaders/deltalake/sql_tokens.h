// The words of a condition that a Delta table keeps in its log, as Spark SQL or DataFusion wrote
// it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::deltalake {

struct SqlToken {
  enum class Kind {
    kName,          // bare: a column or a keyword
    kQuotedName,    // `a b`: a column, to everyone
    kDoubleQuoted,  // "a b": a text to Spark, a column to DataFusion
    kNumber,        // 12  1.5e3; without a sign
    kText,          // 'it'
    kSymbol,        // ( ) , - = != < <= > >= ::   (== and <> come as = and !=)
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text;     // without quotes
  size_t position = 0;  // of its first byte
};

// The last token is kEnd. A configuration error for whatever a condition may have that is not read,
// and for what engines read differently: a quote or a backslash within a text, and comments.
Result<std::vector<SqlToken>> SqlTokens(std::string_view sql);

// "<what> at N", N counting from 1.
Status SqlError(std::string_view what, size_t position);

}  // namespace ampload::deltalake
