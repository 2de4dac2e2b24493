#include "loaders/postgresql/pg_error.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace ampload::postgresql {
namespace {

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

bool IsAnyOf(std::string_view state, std::initializer_list<std::string_view> those) {
  return std::find(those.begin(), those.end(), state) != those.end();
}

}  // namespace

FailureKind KindOfSqlState(std::string_view state) {
  const std::string_view group = state.substr(0, 2);
  // A take-over ends the backend of its predecessor by 57P01, a time-out of ours by 25P03.
  if (IsAnyOf(group, {"08", "53", "40"})) {
    // A full disk does not pass by itself, but somebody may make room: the engine waits for that.
    return state == "53400" ? FailureKind::kConfiguration : FailureKind::kTransient;
  }
  if (IsAnyOf(state, {"57P01", "57P02", "57P03", "57P05", "55P03", "25P03", "25006"})) {
    return FailureKind::kTransient;
  }
  if (state == "57014") return FailureKind::kTransient;  // statement_timeout, or cancelled by hand
  if (IsAnyOf(group, {"22", "23", "P0", "44", "21"})) return FailureKind::kData;
  if (IsAnyOf(group, {"28", "3D", "3F", "42", "0A"})) return FailureKind::kConfiguration;
  return FailureKind::kPermanent;
}

Status StatusOfResult(const PGresult* result) {
  const std::string state = Field(result, PG_DIAG_SQLSTATE);
  std::string message = "postgresql: " + Field(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string values;
  const auto add = [&](const char* name, int code) {
    if (const auto text = Field(result, code); !text.empty()) {
      values += (values.empty() ? "" : " ") + std::string(name) + "=" + text;
    }
  };
  if (const auto detail = Field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty()) {
    message += ". " + detail;
  }
  if (const auto hint = Field(result, PG_DIAG_MESSAGE_HINT); !hint.empty()) message += " " + hint;
  add("table", PG_DIAG_TABLE_NAME);
  add("column", PG_DIAG_COLUMN_NAME);
  add("constraint", PG_DIAG_CONSTRAINT_NAME);
  add("sqlstate", PG_DIAG_SQLSTATE);
  if (!values.empty()) message += ": " + values;
  return MakeFailure(KindOfSqlState(state), std::move(message), state);
}

std::optional<int64_t> CopyLineOf(const PGresult* result) {
  // Whatever the language, the number stands behind the table's name and a comma.
  const std::string context = Field(result, PG_DIAG_CONTEXT);
  for (size_t at = context.find("COPY "); at != std::string::npos;
       at = context.find("COPY ", at + 1)) {
    if (at != 0 && context[at - 1] != '\n') continue;
    const std::string line = context.substr(at, context.find('\n', at) - at);
    for (size_t comma = line.find(", "); comma != std::string::npos;
         comma = line.find(", ", comma + 1)) {
      const size_t digit = line.find_first_of("0123456789", comma);
      if (digit == std::string::npos || line[digit - 1] != ' ') continue;
      int64_t number = 0;
      const auto parsed = std::from_chars(line.data() + digit, line.data() + line.size(), number);
      const bool ends =
          parsed.ptr == line.data() + line.size() || *parsed.ptr == ',' || *parsed.ptr == ':';
      if (parsed.ec == std::errc() && ends) return number;
    }
  }
  return std::nullopt;
}

}  // namespace ampload::postgresql
