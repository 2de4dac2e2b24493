// The log's checkpoints: read in two steps, of which many tables' readers need the first alone.
#include <nlohmann/json.hpp>
#include <utility>

#include "loaders/deltalake/checkpoint_reader.h"
#include "loaders/deltalake/log.h"
#include "loaders/deltalake/read_in_order.h"

namespace ampload::deltalake {

Status Log::ReadCheckpoint(int64_t version, const std::vector<std::string>& files,
                           Snapshot* snapshot, const CallContext& context) {
  UnreadFiles unread{.checkpoint = version, .paths = {}, .adds = 0, .said = {}};
  std::vector<Action> actions;
  std::vector<std::string> sidecars;
  const auto read = [&](const std::string& path) {
    return ReadCheckpointHead(*table_, path, context);
  };
  const auto take = [&](const std::string& path, CheckpointHead head) {
    if (head.may_have_files) unread.paths.push_back(path);
    unread.adds =
        unread.adds && head.adds ? std::optional(*unread.adds + *head.adds) : std::nullopt;
    for (auto& action : head.actions) {
      if (const auto* sidecar = std::get_if<Sidecar>(&action)) {
        const auto slash = sidecar->path.rfind('/');
        sidecars.push_back(std::string(kSidecarFolder) + "/" +
                           sidecar->path.substr(slash == std::string::npos ? 0 : slash + 1));
      } else {
        actions.push_back(std::move(action));
      }
    }
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(ReadInOrder(files, read, take));
  if (!sidecars.empty()) unread.adds.reset();
  unread.paths.insert(unread.paths.end(), sidecars.begin(), sidecars.end());
  ARROW_RETURN_NOT_OK(snapshot->Apply(version, std::move(actions), At(files.front())));
  ARROW_ASSIGN_OR_RAISE(unread.said, HintedAdds(version, context));
  const bool doubtful = unread.said && unread.adds && *unread.said != *unread.adds;
  snapshot->checkpointed = version;
  snapshot->LeaveUnread(std::move(unread));
  // Statistics alone are no ground to refuse a table.
  return doubtful ? ReadFiles(snapshot, context).status() : Status::OK();
}

Result<const TableFiles*> Log::ReadFiles(Snapshot* snapshot, const CallContext& context) {
  if (!snapshot->unread().has_value()) return snapshot->files();
  auto files = FilesOfCheckpoint(*snapshot->unread(), context);
  if (files.ok()) {
    snapshot->TakeUnread(*std::move(files));
    return snapshot->files();
  }
  if (StoreCodeOf(files.status()) != kCheckpointMissing) return files.status();
  return ReadFilesAnew(snapshot, files.status(), context);
}

Result<const TableFiles*> Log::ReadFilesAnew(Snapshot* snapshot, const Status& missing,
                                             const CallContext& context) {
  const int64_t checkpoint = snapshot->unread()->checkpoint;
  const auto read = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto again, ReadAt(snapshot->version, context));
    if (again.metadata.id != snapshot->metadata.id) {
      return PermanentError("deltalake: the table is another one now");
    }
    TableFiles files;
    if (again.unread().has_value()) {
      if (again.unread()->checkpoint == checkpoint) return missing;  // it was never whole
      ARROW_ASSIGN_OR_RAISE(files, FilesOfCheckpoint(*again.unread(), context));
    }
    again.TakeUnread(std::move(files));
    ARROW_ASSIGN_OR_RAISE(const auto* all, again.files());
    snapshot->TakeUnread(*all);
    return Status::OK();
  };
  const Status status = read();
  if (status.ok()) return snapshot->files();
  if (status.Equals(missing) || KindOf(status) == FailureKind::kTransient || status.IsCancelled()) {
    return status;
  }
  return PermanentError(
      "deltalake: the log's checkpoint that this process has begun from was deleted, and its "
      "version cannot be read in any other way; start again: " +
      At(CheckpointPath(checkpoint)) + " version=" + std::to_string(snapshot->version) +
      " why=" + MessageOf(status));
}

Result<TableFiles> Log::FilesOfCheckpoint(const UnreadFiles& unread, const CallContext& context) {
  TableFiles out;
  const auto read = [&](const std::string& path) {
    return ReadCheckpointFiles(*table_, path, context);
  };
  const auto take = [&](const std::string& /*path*/, CheckpointFiles found) {
    out.Put(std::move(found.adds), std::move(found.removes));
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(ReadInOrder(unread.paths, read, take));
  // Two who make the checkpoint of one version may differ in tombstones alone.
  if (!unread.said.has_value() || std::cmp_equal(*unread.said, out.adds().size())) return out;
  return PermanentError(
      "deltalake: the log's checkpoint and _last_checkpoint disagree about the number of files; "
      "if the log reaches back to version 0, delete both: " +
      At(CheckpointPath(unread.checkpoint)) + " files=" + std::to_string(out.adds().size()) +
      " said=" + std::to_string(*unread.said));
}

Result<std::optional<int64_t>> Log::HintedAdds(int64_t version, const CallContext& context) const {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, table_->Read(kLastCheckpoint, context));
  if (bytes == nullptr) return std::nullopt;
  const auto json = nlohmann::json::parse(std::string_view(*bytes), nullptr, false);
  const auto integer = [&](const char* key) -> std::optional<int64_t> {
    if (!json.is_object() || !json.contains(key) || !json[key].is_number_integer()) return {};
    return json[key].get<int64_t>();
  };
  if (integer("version") != version) return std::nullopt;
  return integer("numOfAddFiles");
}

Result<bool> Log::IsEmpty(Snapshot* snapshot, const CallContext& context) {
  if (const auto has_files = snapshot->has_files()) return !*has_files;
  ARROW_ASSIGN_OR_RAISE(const auto* files, ReadFiles(snapshot, context));
  return files->adds().empty();
}

}  // namespace ampload::deltalake
