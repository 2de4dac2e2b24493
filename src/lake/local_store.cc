#include "lake/local_store.h"

#include <arrow/io/file.h>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

#include "ampload/fault_point.h"
#include "base/random.h"
#include "lake/local_output.h"
#include "lake/object_path.h"
#include "lake/posix_file.h"
#include "lake/system_error.h"

namespace ampload::lake {
namespace {

bool IsMissing(int code) { return code == ENOENT || code == ENOTDIR; }

int64_t ModifiedMs(const struct stat& info) {
  return static_cast<int64_t>(info.st_mtim.tv_sec) * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

class LocalStore final : public ObjectStore {
 public:
  LocalStore(std::string root, Durability durability)
      : root_(std::move(root)), durability_(durability) {}

  const std::string& root() const override { return root_; }

  Status CheckPutIfAbsent(const std::string& folder, const CallContext& context) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(const std::string& path,
                                              const CallContext& context) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> Open(const std::string& path,
                                                            const CallContext& context) override;
  Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes,
                                 const CallContext& context) override;
  Status Put(const std::string& path, std::string_view bytes, const CallContext& context) override;
  Result<std::unique_ptr<ObjectOutput>> Create(const std::string& path,
                                               const CallContext& context) override;
  Result<std::vector<ObjectInfo>> List(const std::string& folder, const std::string& after,
                                       const CallContext& context) override;
  Result<std::vector<std::string>> ListFolders(const std::string& folder,
                                               const CallContext& context) override;
  Status Delete(std::span<const std::string> paths, const CallContext& context) override;
  Result<int64_t> DeleteLeftovers(const std::string& folder, int64_t before_ms,
                                  const CallContext& context) override;
  Result<std::shared_ptr<ObjectStore>> Below(const std::string& folder) override {
    ARROW_RETURN_NOT_OK(CheckPath(folder));
    return std::make_shared<LocalStore>(Full(folder), durability_);
  }

 private:
  struct Temporary {
    std::string path;
    Descriptor file;
  };

  std::string Full(const std::string& path) const { return JoinPath(root_, path); }
  Status ReadyFolder(const std::string& folder);
  void ForgetFolder(const std::string& folder);
  // Runs `make`, which makes a file in the folder; once more where the folder was deleted
  // meanwhile.
  template <class Make>
  auto InFolder(const std::string& folder, Make make) -> decltype(make());
  Result<Temporary> WriteTemporary(const std::string& folder, std::string_view bytes) const;
  Result<PutOutcome> PutNew(const std::string& folder, const std::string& target,
                            std::string_view bytes) const;
  // Calls `visit(entry, descriptor of the folder)` for all that is in a folder: our temporary
  // files, or everything else.
  template <class Visit>
  Status Scan(const std::string& folder, bool temporary, const CallContext& context,
              Visit visit) const;

  const std::string root_;
  const Durability durability_;
  std::mutex mutex_;
  std::set<std::string> ready_;  // folders that are there, durably
};

Status LocalStore::ReadyFolder(const std::string& folder) {
  {
    const std::lock_guard lock(mutex_);
    if (ready_.contains(folder)) return Status::OK();
  }
  ARROW_RETURN_NOT_OK(MakeFolders(folder, root_, durability_));
  const std::lock_guard lock(mutex_);
  ready_.insert(folder);
  return Status::OK();
}

void LocalStore::ForgetFolder(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  ready_.erase(folder);
}

template <class Make>
auto LocalStore::InFolder(const std::string& folder, Make make) -> decltype(make()) {
  ARROW_RETURN_NOT_OK(ReadyFolder(folder));
  auto made = make();
  if (made.ok() || StoreCodeOf(made.status()) != "ENOENT") return made;
  ForgetFolder(folder);
  ARROW_RETURN_NOT_OK(ReadyFolder(folder));
  return make();
}

Result<LocalStore::Temporary> LocalStore::WriteTemporary(const std::string& folder,
                                                         std::string_view bytes) const {
  Temporary out;
  out.path = TemporaryName(folder);
  ARROW_ASSIGN_OR_RAISE(out.file, CreateNew(out.path));
  Status written = WriteAll(out.file, bytes, out.path);
  if (written.ok() && durability_ == Durability::kPower) written = SyncFile(out.file, out.path);
  if (!written.ok()) {
    ::unlink(out.path.c_str());
    return written;
  }
  return out;
}

Result<PutOutcome> LocalStore::PutNew(const std::string& folder, const std::string& target,
                                      std::string_view bytes) const {
  ARROW_ASSIGN_OR_RAISE(const auto temporary, WriteTemporary(folder, bytes));
  AMPLOAD_FAULT_POINT("lake.put_if_absent.before");
  return Publish(temporary.file, temporary.path, target);
}

Result<PutOutcome> LocalStore::PutIfAbsent(const std::string& path, std::string_view bytes,
                                           const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  ARROW_RETURN_NOT_OK(context.Check());
  const std::string target = Full(path);
  const std::string folder(FolderOf(target));
  ARROW_ASSIGN_OR_RAISE(const auto outcome,
                        InFolder(folder, [&] { return PutNew(folder, target, bytes); }));
  AMPLOAD_FAULT_POINT("lake.put_if_absent.after");
  if (AMPLOAD_REPLY_LOST("lake.put_if_absent.reply")) return PutOutcome::kUnknown;
  if (outcome != PutOutcome::kWritten) return outcome;
  if (durability_ == Durability::kPower && !SyncFolder(folder).ok()) {
    return PutOutcome::kUnknown;  // it is there, but a loss of power may take it away again
  }
  return PutOutcome::kWritten;
}

Status LocalStore::Put(const std::string& path, std::string_view bytes,
                       const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  ARROW_RETURN_NOT_OK(context.Check());
  const std::string target = Full(path);
  const std::string folder(FolderOf(target));
  ARROW_ASSIGN_OR_RAISE(const auto temporary,
                        InFolder(folder, [&] { return WriteTemporary(folder, bytes); }));
  AMPLOAD_FAULT_POINT("lake.put.before");
  if (::rename(temporary.path.c_str(), target.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary.path.c_str());
    return SystemError(code, "cannot write the file", target);
  }
  if (durability_ == Durability::kPower) ARROW_RETURN_NOT_OK(SyncFolder(folder));
  AMPLOAD_FAULT_POINT("lake.put.after");
  return Status::OK();
}

Result<std::unique_ptr<ObjectOutput>> LocalStore::Create(const std::string& path,
                                                         const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  ARROW_RETURN_NOT_OK(context.Check());
  const std::string target = Full(path);
  return InFolder(std::string(FolderOf(target)),
                  [&] { return OpenLocalOutput(target, durability_); });
}

Status LocalStore::CheckPutIfAbsent(const std::string& folder, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckFolder(folder));
  ARROW_RETURN_NOT_OK(context.Check());
  // A folder that is not there yet will be on the same file system as the one it is made in.
  std::string there = Full(folder);
  struct stat info = {};
  while (::stat(there.c_str(), &info) != 0) {
    if (!IsMissing(errno)) return SystemError(errno, "cannot look into the folder", there);
    const auto above = FolderOf(there);
    there = above.empty() ? "/" : std::string(above);
  }
  if (!S_ISDIR(info.st_mode)) return SystemError(ENOTDIR, "cannot write into the folder", there);

  static std::mutex mutex;
  static auto* const good = new std::set<dev_t>();
  {
    const std::lock_guard lock(mutex);
    if (good->contains(info.st_dev)) return Status::OK();
  }
  const std::string probe = TemporaryName(there);
  ARROW_ASSIGN_OR_RAISE(const auto first, PutNew(there, probe, "1"));
  const auto second = PutNew(there, probe, "2");
  ::unlink(probe.c_str());
  ARROW_RETURN_NOT_OK(second.status());
  if (first == PutOutcome::kUnknown || *second == PutOutcome::kUnknown) {
    return SystemError(ETIMEDOUT, "cannot see whether files may be put into the folder", there);
  }
  if (first != PutOutcome::kWritten || *second != PutOutcome::kExists) {
    return PermanentError(
        fmt::format("lake: this file system lets one file take the place of another under a name "
                    "that must be new, so two writers could overwrite each other's commits; keep "
                    "the table elsewhere: path={}",
                    there));
  }
  const std::lock_guard lock(mutex);
  good->insert(info.st_dev);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Buffer>> LocalStore::Read(const std::string& path,
                                                        const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  ARROW_RETURN_NOT_OK(context.Check());
  const std::string full = Full(path);
  const Descriptor file(::open(full.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (IsMissing(errno)) return nullptr;
    return SystemError(errno, "cannot read the file", full);
  }
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0) return SystemError(errno, "cannot read the file", full);
  if (S_ISDIR(info.st_mode)) return SystemError(EISDIR, "cannot read the file", full);
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(info.st_size));
  int64_t done = 0;
  while (done < info.st_size) {
    const ssize_t got = ::pread(file.get(), buffer->mutable_data() + done,
                                static_cast<size_t>(info.st_size - done), done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(errno, "cannot read the file", full);
    if (got == 0) break;
    done += got;
  }
  ARROW_RETURN_NOT_OK(buffer->Resize(done));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> LocalStore::Open(const std::string& path,
                                                                      const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  ARROW_RETURN_NOT_OK(context.Check());
  const std::string full = Full(path);
  Descriptor file(::open(full.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return SystemError(errno == ENOTDIR ? ENOENT : errno, "cannot open the file", full);
  }
  ARROW_ASSIGN_OR_RAISE(auto opened, arrow::io::ReadableFile::Open(file.get()));
  file.Release();
  return opened;
}

template <class Visit>
Status LocalStore::Scan(const std::string& folder, bool temporary, const CallContext& context,
                        Visit visit) const {
  ARROW_RETURN_NOT_OK(CheckFolder(folder));
  ARROW_RETURN_NOT_OK(context.Check());
  const std::string full = Full(folder);
  const Folder opened(::opendir(full.c_str()));
  if (opened == nullptr) {
    return IsMissing(errno) ? Status::OK() : SystemError(errno, "cannot list the folder", full);
  }
  while (true) {
    errno = 0;
    const struct dirent* entry = ::readdir(opened.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || IsTemporaryName(name) != temporary) continue;
    ARROW_RETURN_NOT_OK(visit(*entry, ::dirfd(opened.get())));
  }
  return errno == 0 ? Status::OK() : SystemError(errno, "cannot list the folder", full);
}

Result<std::vector<ObjectInfo>> LocalStore::List(const std::string& folder,
                                                 const std::string& after,
                                                 const CallContext& context) {
  std::vector<ObjectInfo> files;
  // Of many names most may be passed over: no path is made of them.
  const std::string within = folder.empty() ? "" : folder + "/";
  const std::string_view past = std::string_view(after).starts_with(within)
                                    ? std::string_view(after).substr(within.size())
                                    : std::string_view();
  const auto visit = [&](const struct dirent& entry, int at) -> Status {
    if (entry.d_type == DT_DIR || entry.d_name <= past) return Status::OK();
    auto path = JoinPath(folder, entry.d_name);
    if (path <= after) return Status::OK();
    struct stat info = {};
    if (::fstatat(at, entry.d_name, &info, 0) != 0) {
      if (errno == ENOENT) return Status::OK();  // deleted meanwhile
      return SystemError(errno, "cannot look at the file", Full(path));
    }
    if (S_ISREG(info.st_mode)) {
      files.push_back({std::move(path), static_cast<int64_t>(info.st_size), ModifiedMs(info)});
    }
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(Scan(folder, false, context, visit));
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

Result<std::vector<std::string>> LocalStore::ListFolders(const std::string& folder,
                                                         const CallContext& context) {
  std::vector<std::string> folders;
  const auto visit = [&](const struct dirent& entry, int at) -> Status {
    bool is_folder = entry.d_type == DT_DIR;
    if (entry.d_type == DT_UNKNOWN || entry.d_type == DT_LNK) {
      struct stat info = {};
      is_folder = ::fstatat(at, entry.d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
    }
    if (is_folder) folders.emplace_back(entry.d_name);
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(Scan(folder, false, context, visit));
  std::sort(folders.begin(), folders.end());
  return folders;
}

Status LocalStore::Delete(std::span<const std::string> paths, const CallContext& context) {
  for (const auto& path : paths) {
    ARROW_RETURN_NOT_OK(CheckPath(path));
    ARROW_RETURN_NOT_OK(context.Check());
    AMPLOAD_FAULT_POINT("lake.delete.before");
    const std::string full = Full(path);
    if (::unlink(full.c_str()) != 0 && !IsMissing(errno)) {
      return SystemError(errno, "cannot delete the file", full);
    }
  }
  return Status::OK();
}

Result<int64_t> LocalStore::DeleteLeftovers(const std::string& folder, int64_t before_ms,
                                            const CallContext& context) {
  int64_t count = 0;
  const auto visit = [&](const struct dirent& entry, int at) -> Status {
    struct stat info = {};
    if (::fstatat(at, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return Status::OK();
    if (!S_ISREG(info.st_mode) || ModifiedMs(info) >= before_ms) return Status::OK();
    if (::unlinkat(at, entry.d_name, 0) == 0) {
      ++count;
    } else if (errno != ENOENT) {
      return SystemError(errno, "cannot delete the file", Full(JoinPath(folder, entry.d_name)));
    }
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(Scan(folder, true, context, visit));
  return count;
}

}  // namespace

Result<std::shared_ptr<ObjectStore>> OpenLocalStore(const std::string& root,
                                                    Durability durability) {
  std::error_code error;
  auto path = std::filesystem::absolute(root, error).lexically_normal().string();
  if (error) return SystemError(error.value(), "cannot find the current folder", root);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return std::make_shared<LocalStore>(std::move(path), durability);
}

}  // namespace ampload::lake
