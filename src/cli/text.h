// Text as a terminal shows it: how wide it is, cut, wrapped, made harmless. Pure. UTF-8; a byte
// that is not part of it counts as one column and is shown as U+FFFD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ampload::cli {

// Columns on a terminal: wide characters (CJK, emoji) take two, combining ones none.
int DisplayWidth(std::string_view text);

// At most `width` columns, the last of them "…" where something was cut off.
std::string CutToWidth(std::string_view text, int width);

// Spaces added on the right (or on the left) up to `width` columns.
std::string PadRight(std::string text, int width);
std::string PadLeft(std::string text, int width);

// Control characters as \n, \t, \x1b, so that data cannot steer the terminal or break a line.
std::string EscapeControls(std::string_view text, bool keep_newlines = false);

// Lines of at most `width` columns, broken at spaces; a longer word stands alone.
std::vector<std::string> WrapText(std::string_view text, int width);

// "  left      text that is wrapped\n            and goes on": `left` starts in column 2, the text
// in column `indent`, on the next line where `left` is too long. Ends with a newline.
std::string Definition(std::string_view left, std::string_view text, int indent, int width);

}  // namespace ampload::cli
