// ampload new-loader NAME [--dir DIR]
#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "cli/command.h"
#include "cli/loader_skeleton.h"
#include "cli/plugin_folders.h"
#include "cli/text.h"

namespace ampload::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kExamples[] = R"(Examples:
  ampload new-loader my_store            into ./my_store_loader
  ampload new-loader my_store --dir src/my_store

It writes a loader that works, a key-value store in a folder, its test and a
CMakeLists.txt. Build it, let ctest pass, then put your own store in.
docs/writing-a-loader.md explains it step by step.
)";

Status Failure(std::string_view what, const fs::path& path, std::error_code code) {
  return PermanentError(
      fmt::format("new-loader: cannot {}: {}: path={}", what, code.message(), path.string()));
}

Status CheckNotTaken(const LoaderRegistry& registry, const std::string& name) {
  bool taken = registry.FindByName(name).ok() || registry.FindByScheme(name).ok();
  for (const auto& missing : registry.missing()) taken = taken || missing.name == name;
  if (!taken) return Status::OK();
  return ConfigurationError(
      "new-loader: there is a loader of that name already: choose another: "
      "name=" +
      name);
}

Status MakeFolder(const fs::path& folder) {
  std::error_code code;
  if (fs::exists(folder, code) && !fs::is_directory(folder, code)) {
    return ConfigurationError(
        "new-loader: there is a file of that name: choose another folder "
        "with --dir: path=" +
        folder.string());
  }
  fs::create_directories(folder, code);
  if (code) return Failure("make the folder", folder, code);
  const bool empty = fs::is_empty(folder, code);
  if (code) return Failure("look into the folder", folder, code);
  if (empty) return Status::OK();
  return ConfigurationError(
      "new-loader: the folder is not empty: choose another with --dir: path=" + folder.string());
}

Status WriteFile(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return Status::OK();
  return Failure("write", path, {errno, std::generic_category()});
}

// As one word of a shell's.
std::string Quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// " -DCMAKE_PREFIX_PATH=..." of the installed or built tree that this command is from, or nothing.
std::string PrefixOption() {
  const auto tree = fs::path(ExecutablePath()).parent_path().parent_path();
  std::error_code ignored;
  for (const char* package : {"lib/cmake/ampload/amploadConfig.cmake", "amploadConfig.cmake"}) {
    if (!tree.empty() && fs::exists(tree / package, ignored)) {
      return " -DCMAKE_PREFIX_PATH=" + Quoted(tree.string());
    }
  }
  return "";
}

class NewLoaderCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("new-loader", "Write a loader of your own to begin with");
    verb->add_option("NAME", name_, "its name and scheme, in lower_snake")
        ->type_name("NAME")
        ->required();
    verb->add_option("--dir", folder_, "where to; empty or not there yet; default ./NAME_loader")
        ->type_name("FILE");
    DeclareOutputOptions(*verb, shared_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    ARROW_RETURN_NOT_OK(CheckLoaderName(name_));
    ARROW_RETURN_NOT_OK(CheckNotTaken(setting.registry, name_));
    const fs::path folder = folder_.empty() ? name_ + "_loader" : folder_;
    ARROW_RETURN_NOT_OK(MakeFolder(folder));
    auto names = nlohmann::ordered_json::array();
    for (const auto& file : LoaderSkeleton(name_)) {
      ARROW_RETURN_NOT_OK(WriteFile(folder / file.name, file.text));
      names += file.name;
    }
    if (shared_.json) {
      const nlohmann::ordered_json json = {{"success", true},
                                           {"error", nullptr},
                                           {"loader", name_},
                                           {"folder", folder.string()},
                                           {"files", std::move(names)}};
      setting.console.out << json.dump(-1, ' ', false,
                                       nlohmann::ordered_json::error_handler_t::replace)
                          << "\n";
    } else if (!shared_.quiet) {
      setting.console.out << Text(folder, names.size());
    }
    return ExitStatus::kDone;
  }

 private:
  static std::string Text(const fs::path& folder, size_t files) {
    const std::string source = Quoted(folder.string());
    const std::string build = Quoted((folder / "build").string());
    return fmt::format(
        "{}: {} files. Build and test it:\n\n"
        "  cmake -S {} -B {}{}\n"
        "  cmake --build {}\n"
        "  ctest --test-dir {} --output-on-failure\n",
        EscapeControls(folder.string()), files, source, build, PrefixOption(), build, build);
  }

  std::string name_;
  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> MakeNewLoaderCommand() { return std::make_unique<NewLoaderCommand>(); }

}  // namespace ampload::cli
