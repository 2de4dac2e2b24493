#include "cli/text.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace ampload::cli {
namespace {

struct Character {
  uint32_t code = 0;
  size_t bytes = 1;
  bool valid = false;
};

Character FirstCharacter(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t bytes = lead >= 0xf0 && lead < 0xf5   ? 4
                       : lead >= 0xe0 && lead < 0xf0 ? 3
                       : lead >= 0xc2 && lead < 0xe0 ? 2
                                                     : 0;
  if (bytes == 0 || text.size() < bytes) return {};
  uint32_t code = lead & (0xffU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, bytes, true};
}

bool IsWithin(uint32_t code, std::initializer_list<std::pair<uint32_t, uint32_t>> ranges) {
  for (const auto& [first, last] : ranges) {
    if (code >= first && code <= last) return true;
  }
  return false;
}

// Unicode's East Asian Width (W, F) and zero-width classes, in coarse ranges.
int WidthOf(uint32_t code) {
  if (IsWithin(code, {{0x300, 0x36f},
                      {0x483, 0x489},
                      {0x591, 0x5bd},
                      {0x610, 0x61a},
                      {0x64b, 0x65f},
                      {0x200b, 0x200f},
                      {0x202a, 0x202e},
                      {0x2060, 0x2064},
                      {0x20d0, 0x20ff},
                      {0xfe00, 0xfe0f},
                      {0xfe20, 0xfe2f},
                      {0xfeff, 0xfeff},
                      {0xe0100, 0xe01ef}})) {
    return 0;
  }
  return IsWithin(code, {{0x1100, 0x115f},
                         {0x2e80, 0x303e},
                         {0x3041, 0xa4cf},
                         {0xa960, 0xa97f},
                         {0xac00, 0xd7a3},
                         {0xf900, 0xfaff},
                         {0xfe30, 0xfe6f},
                         {0xff00, 0xff60},
                         {0xffe0, 0xffe6},
                         {0x1f300, 0x1f64f},
                         {0x1f680, 0x1f6ff},
                         {0x1f900, 0x1f9ff},
                         {0x20000, 0x3fffd}})
             ? 2
             : 1;
}

int WidthOf(const Character& character) { return character.valid ? WidthOf(character.code) : 1; }

// Directions and invisible marks that change how the rest of a line is shown, besides C0 and C1.
bool Steers(uint32_t code) {
  return code < 0x20 ||
         IsWithin(code, {{0x7f, 0x9f}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}});
}

std::string Escaped(uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    case '\r':
      return "\\r";
    default:
      return code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
  }
}

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    width += WidthOf(character);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string CutToWidth(std::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  size_t kept = 0;
  int used = 1;  // the ellipsis
  while (kept < text.size()) {
    const Character character = FirstCharacter(text.substr(kept));
    used += WidthOf(character);
    if (used > width) break;
    kept += character.bytes;
  }
  return std::string(text.substr(0, kept)) + "…";
}

std::string PadRight(std::string text, int width) {
  const int missing = width - DisplayWidth(text);
  if (missing > 0) text.append(static_cast<size_t>(missing), ' ');
  return text;
}

std::string PadLeft(std::string text, int width) {
  const int missing = width - DisplayWidth(text);
  if (missing > 0) text.insert(0, static_cast<size_t>(missing), ' ');
  return text;
}

std::string EscapeControls(std::string_view text, bool keep_newlines) {
  std::string out;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    if (!character.valid) {
      out += "\xef\xbf\xbd";
    } else if (Steers(character.code) && !(keep_newlines && character.code == '\n')) {
      out += Escaped(character.code);
    } else {
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::vector<std::string> WrapText(std::string_view text, int width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (!line.empty() && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string Definition(std::string_view left, std::string_view text, int indent, int width) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  std::string out = "  " + std::string(left);
  bool on_new_line = false;
  if (DisplayWidth(out) + 2 > indent && !text.empty()) {
    out += "\n";
    on_new_line = true;
  }
  bool first = true;
  for (const auto& line : WrapText(text, std::max(width - indent, 20))) {
    if (first && !on_new_line) {
      out = PadRight(out, indent) + line + "\n";
    } else {
      out += margin + line + "\n";
    }
    first = false;
  }
  if (first && !on_new_line) out += "\n";
  return out;
}

}  // namespace ampload::cli
