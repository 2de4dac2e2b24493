#include "loaders/postgresql/names.h"

#include <optional>
#include <vector>

namespace ampload::postgresql {
namespace {

constexpr size_t kMaxBytes = 63;  // NAMEDATALEN - 1; the server cuts longer names without an error

// The part of a name at the beginning of `rest`, which it is taken off; a "." behind it stays.
// nullopt: a quote that is not closed, or text behind the closing one.
std::optional<std::string> TakePart(std::string_view* rest) {
  std::string part;
  if (!rest->starts_with('"')) {
    part = rest->substr(0, rest->find('.'));
    rest->remove_prefix(part.size());
    return part;
  }
  rest->remove_prefix(1);
  while (true) {
    const size_t quote = rest->find('"');
    if (quote == std::string_view::npos) return std::nullopt;
    part += rest->substr(0, quote);
    rest->remove_prefix(quote + 1);
    if (!rest->starts_with('"')) break;
    part += '"';
    rest->remove_prefix(1);
  }
  if (!rest->empty() && !rest->starts_with('.')) return std::nullopt;
  return part;
}

Status Unfit(std::string_view why, std::string_view text) {
  return ConfigurationError("postgresql: " + std::string(why) + ": table=" + std::string(text));
}

bool NeedsQuotes(std::string_view part) {
  return part.starts_with('"') || part.find('.') != std::string_view::npos;
}

}  // namespace

std::string Quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

std::string Literal(std::string_view text) {
  std::string out = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out += '\'';
}

std::string QuotedList(std::span<const std::string> names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + Quoted(name);
  return out;
}

Result<TableName> ParseTableName(std::string_view text, std::string_view default_schema) {
  std::vector<std::string> parts;
  std::string_view rest = text;
  while (true) {
    auto part = TakePart(&rest);
    if (!part.has_value()) {
      return Unfit(
          "a part of the name that begins with \" ends with one, and the next begins with .", text);
    }
    if (part->empty())
      return Unfit("a part of the name is empty; write TABLE or SCHEMA.TABLE", text);
    if (part->find('\0') != std::string::npos) return Unfit("a name has no NUL in it", text);
    if (part->size() > kMaxBytes) {
      return Unfit("a name has at most 63 bytes, of a longer one the server would cut the end",
                   text);
    }
    parts.push_back(std::move(*part));
    if (rest.empty()) break;
    rest.remove_prefix(1);
  }
  if (parts.size() > 2) {
    return Unfit("a name is TABLE or SCHEMA.TABLE; put double quotes around a part that has dots",
                 text);
  }
  if (parts.size() == 2) return TableName{std::move(parts[0]), std::move(parts[1])};
  return TableName{std::string(default_schema), std::move(parts[0])};
}

std::string AsWritten(const TableName& name, std::string_view default_schema) {
  const auto part = [](const std::string& text) { return NeedsQuotes(text) ? Quoted(text) : text; };
  if (name.schema == default_schema) return part(name.name);
  return part(name.schema) + "." + part(name.name);
}

}  // namespace ampload::postgresql
