#include "source/file/file_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/nearest_name.h"
#include "source/input/compression.h"

namespace ampload::source {
namespace {

using namespace std::string_view_literals;

constexpr int64_t kHead = 32;  // bytes looked at

constexpr std::string_view kReadable = "Parquet, Arrow IPC, CSV and NDJSON can be read";

constexpr std::array kFormats = {Format::kParquet, Format::kArrow, Format::kCsv, Format::kNdjson};

constexpr std::array<std::pair<std::string_view, Format>, 9> kSuffixes = {{
    {".parquet", Format::kParquet},
    {".arrow", Format::kArrow},
    {".arrows", Format::kArrow},
    {".feather", Format::kArrow},
    {".ipc", Format::kArrow},
    {".csv", Format::kCsv},
    {".tsv", Format::kCsv},
    {".ndjson", Format::kNdjson},
    {".jsonl", Format::kNdjson},
}};

std::string_view WithoutCompression(std::string_view path) {
  for (const auto suffix : {".gz"sv, ".zst"sv}) {
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  }
  return path;
}

bool IsText(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

// By magic number. A head that is shorter than it and starts like it is a file cut off there.
std::optional<FileFormat> FormatOfBytes(std::string_view head) {
  const auto starts = [head](std::string_view magic) {
    return head.size() < magic.size() ? magic.starts_with(head) : head.starts_with(magic);
  };
  if (starts("PAR1") || starts("PARE")) return FileFormat::kParquet;
  if (starts("ARROW1\0\0"sv)) return FileFormat::kArrowFile;
  if (starts("\xff\xff\xff\xff")) return FileFormat::kArrowStream;
  return std::nullopt;
}

std::string_view NameOf(FileFormat format) {
  switch (format) {
    case FileFormat::kParquet:
      return "a Parquet file";
    case FileFormat::kArrowFile:
      return "an Arrow IPC file";
    case FileFormat::kArrowStream:
      return "an Arrow IPC stream";
    case FileFormat::kCsv:
      return "CSV";
    case FileFormat::kNdjson:
      return "NDJSON";
  }
  return "";
}

// Formats that cannot be read, and what the rest looks like.
std::string_view Guess(std::string_view head) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kKnown = {{
      {"PK\x03\x04", "zip"},
      {"ORC\x08", "ORC"},
      {"Obj\x01", "Avro"},
      {"FEA1", "the old Feather format"},
      {"BZh", "bzip2"},
      {"\xfd\x37zXZ", "xz"},
      {"\x04\x22\x4d\x18", "lz4"},
      {"SQLite format 3", "SQLite"},
  }};
  for (const auto& [magic, name] : kKnown) {
    if (head.starts_with(magic)) return name;
  }
  if (const auto format = FormatOfBytes(head)) return NameOf(*format);
  if (!IsText(head)) return "";
  const auto first = head.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (head[first] == '{' || head[first] == '[') ? "JSON"
                                                                                       : "text";
}

std::string LooksLike(std::string_view head) {
  const auto guess = Guess(head);
  return guess.empty() ? std::string() : fmt::format("; it looks like {}", guess);
}

std::string_view NameOf(Format format) {
  switch (format) {
    case Format::kParquet:
      return "a Parquet file";
    case Format::kArrow:
      return "an Arrow IPC file or stream";
    case Format::kCsv:
      return "CSV";
    case Format::kNdjson:
      return "NDJSON";
  }
  return "";
}

// Parquet and Arrow files are read from their end.
Status RefuseFooterWithoutFile(FileFormat format, const InputFile& input) {
  if (format != FileFormat::kParquet && format != FileFormat::kArrowFile) return Status::OK();
  if (input.compression() != Compression::kNone) {
    return ConfigurationError(fmt::format(
        "source: {} inside of {} cannot be read, for it is read from its end; decompress it first "
        "(its own pages can be compressed where it is written): path={}",
        NameOf(format), ToString(input.compression()), input.path()));
  }
  if (!input.bytes().has_value()) {
    return ConfigurationError(fmt::format(
        "source: {} cannot be read from standard input, for it is read from its end; give its path"
        "{}: path={}",
        NameOf(format), format == FileFormat::kArrowFile ? ", or send an Arrow IPC stream" : "",
        input.path()));
  }
  return Status::OK();
}

Status Unreadable(std::string_view head, const std::string& path) {
  const auto guess = Guess(head);
  if (guess == "text" || guess == "JSON") {
    return ConfigurationError(fmt::format(
        "source: it looks like {}, whose format the bytes do not tell; say --format csv or "
        "--format ndjson: path={}",
        guess, path));
  }
  return ConfigurationError(fmt::format("source: not a format that can be read{}; {}: path={}",
                                        LooksLike(head), kReadable, path));
}

// Text where `format` says so, checked against what the bytes are if not text.
Result<FileFormat> AsText(Format format, std::string_view head, const std::string& path) {
  const auto guess = Guess(head);
  if (!IsText(head) && !guess.empty()) {
    return ConfigurationError(
        fmt::format("source: not {}; it looks like {}: path={}", NameOf(format), guess, path));
  }
  return format == Format::kCsv ? FileFormat::kCsv : FileFormat::kNdjson;
}

}  // namespace

std::string_view ToString(Format format) {
  switch (format) {
    case Format::kParquet:
      return "parquet";
    case Format::kArrow:
      return "arrow";
    case Format::kCsv:
      return "csv";
    case Format::kNdjson:
      return "ndjson";
  }
  return "";
}

Result<Format> ParseFormat(std::string_view text) {
  std::vector<std::string> names;
  for (const auto format : kFormats) {
    if (ToString(format) == text) return format;
    names.emplace_back(ToString(format));
  }
  const auto nearest = base::NearestName(text, names);
  return ConfigurationError(
      fmt::format("source: unknown format{}; there are {}: format={}",
                  nearest.has_value() ? fmt::format("; did you mean {}?", *nearest) : std::string(),
                  fmt::join(names, ", "), text));
}

Format FormatOf(FileFormat format) {
  switch (format) {
    case FileFormat::kParquet:
      return Format::kParquet;
    case FileFormat::kArrowFile:
    case FileFormat::kArrowStream:
      return Format::kArrow;
    case FileFormat::kCsv:
      return Format::kCsv;
    case FileFormat::kNdjson:
      return Format::kNdjson;
  }
  return Format::kParquet;
}

std::optional<Format> FormatOfName(std::string_view path) {
  for (const auto& [suffix, format] : kSuffixes) {
    if (WithoutCompression(path).ends_with(suffix)) return format;
  }
  return std::nullopt;
}

bool IsTabSeparated(std::string_view path) { return WithoutCompression(path).ends_with(".tsv"); }

Result<FileFormat> DetectFormat(InputFile* input, std::optional<Format> asked) {
  const std::string& path = input->path();
  ARROW_ASSIGN_OR_RAISE(const std::string head, input->Peek(kHead));
  if (head.empty()) {
    return PermanentError(fmt::format("source: empty file: nothing is inside of the {}: path={}",
                                      ToString(input->compression()), path));
  }
  const auto wanted = asked.has_value() ? asked : FormatOfName(path);
  const bool text = wanted == Format::kCsv || wanted == Format::kNdjson;
  const auto found = FormatOfBytes(head);
  // "PAR1,x" may head a CSV file: text is text where text is said.
  if (text && (!found.has_value() || IsText(head))) return AsText(*wanted, head, path);
  if (!found.has_value()) {
    if (!wanted.has_value()) return Unreadable(head, path);
    return ConfigurationError(
        fmt::format("source: not {}{}: path={}", NameOf(*wanted), LooksLike(head), path));
  }
  if (asked.has_value() && FormatOf(*found) != *asked) {
    return ConfigurationError(fmt::format("source: not {}; it looks like {}: path={}",
                                          NameOf(*asked), NameOf(*found), path));
  }
  ARROW_RETURN_NOT_OK(RefuseFooterWithoutFile(*found, *input));
  return *found;
}

}  // namespace ampload::source
