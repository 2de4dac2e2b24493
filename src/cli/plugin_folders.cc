#include "cli/plugin_folders.h"

#include <filesystem>
#include <system_error>

namespace ampload::cli {

std::string PluginFolders(const Console& console, const std::string& executable) {
  std::string folders = console.env("AMPLOAD_PLUGIN_PATH").value_or("");
  if (executable.empty()) return folders;
  const auto installed =
      std::filesystem::path(executable).parent_path().parent_path() / "lib" / "ampload" / "loaders";
  std::error_code ignored;
  if (std::filesystem::is_directory(installed, ignored)) {
    if (!folders.empty()) folders += ':';
    folders += installed.string();
  }
  return folders;
}

std::string ExecutablePath() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : path.string();
}

}  // namespace ampload::cli
