#include "cli/loader_skeleton.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace ampload::cli {
namespace {

constexpr size_t kMaxNameBytes = 64;

constexpr char kReadme[] = R"(# minimal, a loader for ampload

It begins as a key-value store in a folder, a file a row. `minimal_loader.cc` is the loader: put
your own store where it works with files. `minimal_test_config.cc` tells the conformance suites what
is in the store. `docs/writing-a-loader.md` of ampload explains both.

Build it against an installed ampload, and test it:

    cmake -S . -B build -DCMAKE_PREFIX_PATH=/usr/local
    cmake --build build
    ctest --test-dir build --output-on-failure

Use it:

    export AMPLOAD_PLUGIN_PATH=$PWD/build
    ampload load rows.parquet --to minimal:./rows --table numbers
    ampload inspect minimal:./rows --table numbers
)";

// Targets that CMake's generators keep for themselves, and the one name whose class would be
// DataLoader.
constexpr std::array<std::string_view, 13> kTaken = {
    "all",     "clean", "codegen",    "data",    "depend",         "edit_cache",   "help",
    "install", "test",  "preinstall", "package", "package_source", "rebuild_cache"};

bool IsLowerSnake(std::string_view name) {
  if (name.empty() || name.front() < 'a' || name.front() > 'z' || name.back() == '_') return false;
  if (name.find("__") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// "MyStore", "my-store" -> "my_store".
std::string InLowerSnake(const std::string& name) {
  std::string snake;
  bool after_lower = false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool word = std::isalnum(byte) != 0;
    const bool begins = !word || (std::isupper(byte) != 0 && after_lower);
    if (begins && !snake.empty() && snake.back() != '_') snake += '_';
    if (word) snake += static_cast<char>(std::tolower(byte));
    after_lower = word && std::isupper(byte) == 0;
  }
  if (!snake.empty() && snake.back() == '_') snake.pop_back();
  return snake;
}

// "my_store" -> "MyStore".
std::string InPascalCase(const std::string& name) {
  std::string pascal;
  bool begins = true;
  for (const char c : name) {
    if (c != '_') {
      pascal += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    }
    begins = c == '_';
  }
  return pascal;
}

void ReplaceAll(std::string_view from, const std::string& to, std::string* text) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at)) {
    text->replace(at, from.size(), to);
    at += to.size();
  }
}

}  // namespace

Status CheckLoaderName(const std::string& name) {
  if (!IsLowerSnake(name)) {
    const std::string better = InLowerSnake(name);
    return ConfigurationError(
        "new-loader: a loader's name is lower_snake and begins with a letter" +
        (IsLowerSnake(better) ? ": did you mean " + better + "?" : std::string()) +
        ": name=" + name);
  }
  if (name.size() > kMaxNameBytes) {
    return ConfigurationError("new-loader: the name is longer than " +
                              std::to_string(kMaxNameBytes) +
                              " bytes: length=" + std::to_string(name.size()));
  }
  if (std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end()) {
    return ConfigurationError("new-loader: the build has another use for that name: did you mean " +
                              name + "_store?: name=" + name);
  }
  return Status::OK();
}

std::vector<SkeletonFile> LoaderSkeleton(const std::string& name) {
  std::vector<SkeletonFile> files = ExampleFiles();
  files.push_back({"README.md", kReadme});
  const std::string pascal = InPascalCase(name);
  for (auto& file : files) {
    for (auto* text : {&file.name, &file.text}) {
      ReplaceAll("Minimal", pascal, text);
      ReplaceAll("minimal", name, text);
    }
  }
  return files;
}

}  // namespace ampload::cli
