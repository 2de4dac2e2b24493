#include <cstdlib>

#include "loader/config_file.h"
#include "loader/text_file.h"

namespace ampload {
namespace {

constexpr size_t kMaxSecretBytes = 1 << 20;

Result<std::string> ReadVariable(const std::string& name, const std::string& where) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr) return value;
  return ConfigurationError(where + ": environment variable is not set: variable=" + name);
}

// The file without the one newline that editors put at its end.
Result<std::string> ReadSecret(const std::string& path, const std::string& where) {
  auto text = ReadTextFile(path, kMaxSecretBytes);
  if (!text.ok()) return WithContext(text.status(), where);
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

// "env:HOME" of "${env:HOME}".
Result<std::string> Expand(const std::string& inner, const std::string& where) {
  const std::string name = inner.substr(std::min(inner.find(':') + 1, inner.size()));
  if (inner.starts_with("env:") && !name.empty()) return ReadVariable(name, where);
  if (inner.starts_with("file:") && !name.empty()) return ReadSecret(name, where);
  return ConfigurationError(where +
                            ": only ${env:NAME} and ${file:PATH} are replaced; write $${ for a "
                            "plain ${");
}

}  // namespace

Result<std::string> Interpolate(std::string_view text, std::string_view where) {
  const std::string place(where);
  std::string out;
  while (true) {
    const size_t at = text.find("${");
    if (at == std::string_view::npos) return out += text;
    if (at > 0 && text[at - 1] == '$') {
      out += text.substr(0, at - 1);
      out += "${";
      text.remove_prefix(at + 2);
      continue;
    }
    const size_t end = text.find('}', at);
    if (end == std::string_view::npos) return ConfigurationError(place + ": ${ has no }");
    ARROW_ASSIGN_OR_RAISE(const std::string value,
                          Expand(std::string(text.substr(at + 2, end - at - 2)), place));
    out += text.substr(0, at);
    out += value;
    text.remove_prefix(end + 1);
  }
}

}  // namespace ampload
