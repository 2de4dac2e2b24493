#include "loaders/deltalake/check.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "loaders/deltalake/log.h"

namespace ampload::deltalake {
namespace {

namespace fs = std::filesystem;

// The nearest folder that is there decides whether a new one can be made.
fs::path NearestFolder(const std::string& path) {
  std::error_code error;
  fs::path folder = fs::absolute(path, error);
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

bool IsThere(const DeltaLakeStorageConfig& config) {
  std::error_code error;
  return !IsLocal(config) || fs::exists(config.path, error);
}

CheckLine MayWriteLine(lake::ObjectStore& root, const DeltaLakeStorageConfig& config,
                       const CallContext& context) {
  if (!IsThere(config)) {
    const auto folder = NearestFolder(config.path);
    const bool may_write = access(folder.c_str(), W_OK | X_OK) == 0;
    return {"may write", may_write,
            may_write ? "the folder will be made" : "no right to write in " + folder.string()};
  }
  const Status put = root.CheckPutIfAbsent("", context);
  if (!put.ok()) return {"may write", false, MessageOf(put)};
  return {"may write", true, "one writer cannot replace the commit of another"};
}

CheckLine DurabilityLine(const DeltaLakeStorageConfig& config) {
  if (!IsLocal(config)) return {"durable", true, "as the bucket keeps objects"};
  if (config.durability == "power") return {"durable", true, "commits outlive a loss of power"};
  return {"durable", true, "commits outlive the process, not a loss of power (durability=process)"};
}

}  // namespace

bool IsLocal(const DeltaLakeStorageConfig& config) { return !config.path.starts_with("s3://"); }

Status CheckTarget(lake::ObjectStore& root, const DeltaLakeStorageConfig& config,
                   const CallContext& context) {
  std::error_code error;
  if (IsLocal(config) && fs::exists(config.path, error) && !fs::is_directory(config.path, error)) {
    return ConfigurationError("deltalake: the target is a file; give a folder: path=" +
                              config.path);
  }
  ARROW_ASSIGN_OR_RAISE(const auto folders, root.ListFolders("", context));
  if (std::find(folders.begin(), folders.end(), kLogFolder) == folders.end()) return Status::OK();
  return ConfigurationError(
      "deltalake: the target is a table itself; give the folder above it, and this folder's name "
      "as "
      "--table: path=" +
      config.path);
}

Result<std::vector<CheckLine>> CheckLake(lake::ObjectStore& root,
                                         const DeltaLakeStorageConfig& config,
                                         const CallContext& context) {
  std::vector<CheckLine> lines;
  const Status reached = root.ListFolders("", context).status();
  lines.push_back({"reachable", reached.ok(), reached.ok() ? root.root() : MessageOf(reached)});
  lines.push_back({"version", true, "Delta protocol: reads 1 to 3, writes 2 to 7, by features"});
  if (!reached.ok()) return lines;
  lines.push_back(MayWriteLine(root, config, context));
  lines.push_back(DurabilityLine(config));
  if (!IsLocal(config)) return lines;
  std::error_code error;
  const auto space = fs::space(NearestFolder(config.path), error);
  if (!error) {
    lines.push_back(
        {"free space", space.available > 0, std::to_string(space.available >> 20) + " MiB"});
  }
  return lines;
}

}  // namespace ampload::deltalake
