#include "loaders/lmdb/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "loaders/lmdb/lmdb_error.h"

namespace ampload::lmdb {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kMaxDatabases = 512;
constexpr int64_t kSmallestMap = 1 << 20;
// A page for a few pairs costs more than the pairs: what one transaction may need beyond its bytes.
constexpr int64_t kSlackBytes = 4 << 20;

// The environments that this process has open, by the identity of their folder. Counted here and
// not by shared_ptr, because closing and opening must not overlap: closing a second descriptor of
// the lock file would take away the first one's locks.
struct OpenEnvironments {
  struct Entry {
    std::unique_ptr<Environment> environment;
    int64_t users = 0;
  };
  std::mutex mutex;
  std::map<std::pair<dev_t, ino_t>, Entry> by_folder;
};
OpenEnvironments& TheOpenEnvironments() {
  static auto* open = new OpenEnvironments;
  return *open;
}

// One more user of an entry, counted until the last copy of the pointer is gone. Call with the
// mutex held.
std::shared_ptr<Environment> Share(const std::pair<dev_t, ino_t>& id,
                                   OpenEnvironments::Entry& entry) {
  ++entry.users;
  return {entry.environment.get(), [id](Environment*) {
            auto& open = TheOpenEnvironments();
            const std::lock_guard lock(open.mutex);
            auto it = open.by_folder.find(id);
            if (--it->second.users == 0) open.by_folder.erase(it);
          }};
}

Status FromErrno(int code, std::string_view what, const std::string& path) {
  return FromCode(code, what, path);
}

bool DiskIsFull(const std::string& path) {
  std::error_code error;
  const auto space = fs::space(path, error);
  return !error && space.available < (1 << 20);
}

Status SyncFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FromErrno(errno, "cannot open the folder", path);
  const int code = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  return FromErrno(code, "cannot sync the folder", path);
}

// A folder that has files but no data.mdb belongs to something else.
Status CheckFolder(const std::string& path, bool create) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) {
    if (create) return Status::OK();
    return ConfigurationError("lmdb: there is no LMDB environment here yet: path=" + path);
  }
  if (!fs::is_directory(status)) {
    return ConfigurationError("lmdb: the target is a file, not a folder; give a folder: path=" +
                              path);
  }
  if (fs::exists(fs::path(path) / "data.mdb", error)) return Status::OK();
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const auto name = entry.path().filename().string();
    if (name == "lock.mdb" || name == "ampload.lock") continue;
    return ConfigurationError(
        "lmdb: the folder holds something else and no LMDB environment; give an empty or a "
        "new folder: path=" +
        path + " found=" + name);
  }
  if (error) return FromErrno(error.value(), "cannot read the folder", path);
  if (create) return Status::OK();
  return ConfigurationError("lmdb: there is no LMDB environment here yet: path=" + path);
}

unsigned FlagsOf(const EnvironmentOptions& options) {
  unsigned flags = MDB_NOTLS;
  if (options.read_only) flags |= MDB_RDONLY;
  if (options.sync == SyncMode::kMetaLast) flags |= MDB_NOMETASYNC;
  if (options.sync == SyncMode::kNone) flags |= MDB_NOSYNC;
  return flags;
}

}  // namespace

Transaction::Transaction(Environment* environment, MDB_txn* txn, std::unique_lock<std::mutex> turn)
    : environment_(environment), txn_(txn), turn_(std::move(turn)) {}
Transaction::Transaction(Transaction&& other) noexcept
    : environment_(other.environment_),
      txn_(std::exchange(other.txn_, nullptr)),
      turn_(std::move(other.turn_)),
      handles_(std::move(other.handles_)) {}
Transaction::~Transaction() { Abort(); }

const std::string& Transaction::path() const { return environment_->path(); }

// A handle that outlives its transaction goes by its name, and does not notice that an exchange, a
// drop or another process has put another table, or none, under that name: liblmdb then reads
// memory that is not there.
void Transaction::EndTurn() {
  if (!turn_.owns_lock()) return;
  for (const MDB_dbi dbi : handles_) mdb_dbi_close(environment_->env_, dbi);
  handles_.clear();
  turn_.unlock();
}

void Transaction::Abort() {
  if (txn_ != nullptr) mdb_txn_abort(std::exchange(txn_, nullptr));
  EndTurn();
}

Status Transaction::Commit() {
  const int code = mdb_txn_commit(std::exchange(txn_, nullptr));
  EndTurn();
  // liblmdb reports a write that a full disk cut short as EIO. Which page it was, it does not say.
  if (code == EIO && DiskIsFull(path())) {
    return PermanentError(MessageOf(FromCode(ENOSPC, "cannot commit", path())), "EIO");
  }
  return FromCode(code, "cannot commit", path());
}

Result<std::optional<MDB_dbi>> Transaction::OpenDatabase(const std::string& name, bool create) {
  MDB_dbi dbi = 0;
  const int code = mdb_dbi_open(txn_, name.c_str(), create ? MDB_CREATE : 0, &dbi);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code == MDB_INCOMPATIBLE) {
    return PermanentError(
        "lmdb: this name is taken by a plain key of the environment's main database, or by a "
        "database of another kind; choose another table name: environment=" +
        path() + " table=" + name);
  }
  ARROW_RETURN_NOT_OK(FromCode(code, "cannot open the table " + name, path()));
  handles_.push_back(dbi);
  return dbi;
}

Result<MDB_dbi> Transaction::OpenMain() {
  MDB_dbi dbi = 0;
  ARROW_RETURN_NOT_OK(
      FromCode(mdb_dbi_open(txn_, nullptr, 0, &dbi), "cannot open the main database", path()));
  return dbi;
}

Result<std::optional<std::string_view>> Transaction::Get(MDB_dbi dbi, std::string_view key) {
  MDB_val k = ToVal(key);
  MDB_val v;
  const int code = mdb_get(txn_, dbi, &k, &v);
  if (code == MDB_NOTFOUND) return std::nullopt;
  ARROW_RETURN_NOT_OK(FromCode(code, "cannot read", path()));
  return ToView(v);
}

Status Transaction::Put(MDB_dbi dbi, std::string_view key, std::string_view value) {
  MDB_val k = ToVal(key);
  MDB_val v = ToVal(value);
  return FromCode(mdb_put(txn_, dbi, &k, &v, 0), "cannot write", path());
}

Status Transaction::Delete(MDB_dbi dbi, std::string_view key) {
  MDB_val k = ToVal(key);
  const int code = mdb_del(txn_, dbi, &k, nullptr);
  return code == MDB_NOTFOUND ? Status::OK() : FromCode(code, "cannot delete", path());
}

Result<std::optional<std::string>> Transaction::LastKey(MDB_dbi dbi) {
  ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(*this, dbi));
  MDB_val key;
  MDB_val value;
  ARROW_ASSIGN_OR_RAISE(const bool found, cursor.Move(&key, &value, MDB_LAST));
  if (!found) return std::nullopt;
  return std::string(ToView(key));
}

Result<MDB_stat> Transaction::Stat(MDB_dbi dbi) {
  MDB_stat stat;
  ARROW_RETURN_NOT_OK(
      FromCode(mdb_stat(txn_, dbi, &stat), "cannot read the size of a table", path()));
  return stat;
}

Status Transaction::ForEachPrefix(
    MDB_dbi dbi, std::string_view prefix,
    const std::function<Result<bool>(std::string_view, std::string_view)>& visit) {
  ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(*this, dbi));
  MDB_val key = ToVal(prefix);
  MDB_val value;
  ARROW_ASSIGN_OR_RAISE(bool more,
                        cursor.Move(&key, &value, prefix.empty() ? MDB_FIRST : MDB_SET_RANGE));
  while (more && ToView(key).starts_with(prefix)) {
    ARROW_ASSIGN_OR_RAISE(const bool go_on, visit(ToView(key), ToView(value)));
    if (!go_on) break;
    ARROW_ASSIGN_OR_RAISE(more, cursor.Move(&key, &value, MDB_NEXT));
  }
  return Status::OK();
}

Status Transaction::Drop(const std::string& name, bool remove) {
  ARROW_ASSIGN_OR_RAISE(const auto dbi, OpenDatabase(name, false));
  if (!dbi.has_value()) return Status::OK();
  return FromCode(mdb_drop(txn_, *dbi, remove ? 1 : 0), "cannot drop the table " + name, path());
}

// LMDB has no rename. The record of a named database in the main one is a node with the flag 0x02;
// mdb_put refuses to write such a node, mdb_cursor_put and mdb_cursor_del let the flag pass, which
// is how the library itself makes and removes them. A unit test holds the library to that.
Status Transaction::ExchangeDatabases(const std::string& from, const std::string& to) {
  constexpr unsigned kNamedDatabase = 0x02;
  ARROW_ASSIGN_OR_RAISE(const MDB_dbi main, OpenMain());
  ARROW_ASSIGN_OR_RAISE(auto from_found, Get(main, from));
  ARROW_ASSIGN_OR_RAISE(auto to_found, Get(main, to));
  if (!from_found.has_value())
    return PermanentError("lmdb: cannot exchange: missing database: name=" + from);
  const std::string from_record(*from_found);
  const auto to_record =
      to_found.has_value() ? std::optional<std::string>(*to_found) : std::nullopt;

  ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(*this, main));
  const auto put = [&](const std::string& name, const std::string& record) {
    MDB_val key = ToVal(name);
    MDB_val value = ToVal(record);
    return FromCode(mdb_cursor_put(cursor.raw(), &key, &value, kNamedDatabase),
                    "this liblmdb cannot exchange two tables", path());
  };
  ARROW_RETURN_NOT_OK(put(to, from_record));
  if (to_record.has_value()) return put(from, *to_record);
  MDB_val key = ToVal(from);
  MDB_val value;
  ARROW_ASSIGN_OR_RAISE(const bool found, cursor.Move(&key, &value, MDB_SET_KEY));
  if (!found) return PermanentError("lmdb: cannot exchange: missing database: name=" + from);
  return FromCode(mdb_cursor_del(cursor.raw(), kNamedDatabase),
                  "this liblmdb cannot rename a table", path());
}

Result<Cursor> Cursor::Open(Transaction& txn, MDB_dbi dbi) {
  MDB_cursor* cursor = nullptr;
  ARROW_RETURN_NOT_OK(
      FromCode(mdb_cursor_open(txn.raw(), dbi, &cursor), "cannot open a cursor", txn.path()));
  return Cursor(cursor, &txn);
}

Cursor::~Cursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

Result<bool> Cursor::Move(MDB_val* key, MDB_val* value, MDB_cursor_op op) {
  const int code = mdb_cursor_get(cursor_, key, value, op);
  if (code == MDB_NOTFOUND) return false;
  ARROW_RETURN_NOT_OK(FromCode(code, "cannot read", txn_->path()));
  return true;
}

Result<std::shared_ptr<Environment>> Environment::Open(const std::string& path,
                                                       const EnvironmentOptions& options) {
  ARROW_RETURN_NOT_OK(CheckFolder(path, options.create));
  std::error_code error;
  if (options.create && !fs::exists(path)) {
    if (!fs::create_directory(path, error) && error) {
      return FromErrno(error.value(), "cannot make the folder", path);
    }
    const auto parent = fs::absolute(path).parent_path().string();
    ARROW_RETURN_NOT_OK(SyncFolder(parent));
  }
  struct stat folder;
  if (stat(path.c_str(), &folder) != 0) return FromErrno(errno, "cannot open the folder", path);

  auto& open = TheOpenEnvironments();
  std::unique_lock lock(open.mutex);
  const std::pair<dev_t, ino_t> id(folder.st_dev, folder.st_ino);
  if (auto it = open.by_folder.find(id); it != open.by_folder.end()) {
    if (it->second.environment->read_only_ && !options.read_only) {
      return PermanentError(
          "lmdb: no right to write there; give another folder, or change its rights: environment=" +
          path);
    }
    auto shared = Share(id, it->second);
    lock.unlock();  // waits for the turn without holding up others
    // Readers write nothing: they ask for no mode.
    if (options.create) ARROW_RETURN_NOT_OK(shared->SyncAtLeast(options.sync));
    return shared;
  }
  const bool fresh = !fs::exists(fs::path(path) / "data.mdb", error);
  MDB_env* env = nullptr;
  ARROW_RETURN_NOT_OK(FromCode(mdb_env_create(&env), "cannot start", path));
  mdb_env_set_maxdbs(env, kMaxDatabases);
  if (options.map_size > 0) {
    mdb_env_set_mapsize(env, static_cast<size_t>(std::max(options.map_size, kSmallestMap)));
  }
  const int code = mdb_env_open(env, path.c_str(), FlagsOf(options), 0644);
  if (code != 0) {
    mdb_env_close(env);
    return FromCode(code, "cannot open the environment", path);
  }
  int dead_readers = 0;
  mdb_reader_check(env, &dead_readers);
  std::unique_ptr<Environment> environment(new Environment(path, env, options.read_only));
  if (fresh) ARROW_RETURN_NOT_OK(SyncFolder(path));
  auto& entry = open.by_folder[id];
  entry.environment = std::move(environment);
  return Share(id, entry);
}

Environment::~Environment() { mdb_env_close(env_); }

Status Environment::SyncAtLeast(SyncMode sync) {
  unsigned weaker = 0;
  if (sync != SyncMode::kNone) weaker |= MDB_NOSYNC;
  if (sync == SyncMode::kFull) weaker |= MDB_NOMETASYNC;
  unsigned now = 0;
  mdb_env_get_flags(env_, &now);
  if ((now & weaker) == 0) return Status::OK();
  const std::lock_guard turn(turn_);
  return FromCode(mdb_env_set_flags(env_, weaker, 0), "cannot set the sync mode", path_);
}

Status Environment::Grow(int64_t bytes) {
  MDB_envinfo info;
  MDB_stat stat;
  mdb_env_info(env_, &info);
  mdb_env_stat(env_, &stat);
  const auto used = static_cast<int64_t>(info.me_last_pgno + 1) * stat.ms_psize;
  const int64_t needed = used + bytes * 2 + kSlackBytes;
  auto size = static_cast<int64_t>(info.me_mapsize);
  if (needed <= size) return Status::OK();
  // Pages that a reader held when it was killed can be used again.
  int dead_readers = 0;
  mdb_reader_check(env_, &dead_readers);
  while (size < needed) size *= 2;
  return FromCode(mdb_env_set_mapsize(env_, static_cast<size_t>(size)), "cannot grow the map",
                  path_);
}

Result<Transaction> Environment::Begin(unsigned flags, int64_t bytes) {
  std::unique_lock turn(turn_);
  if (bytes > 0) ARROW_RETURN_NOT_OK(Grow(bytes));
  for (;;) {
    MDB_txn* txn = nullptr;
    const int code = mdb_txn_begin(env_, nullptr, flags, &txn);
    if (code == MDB_MAP_RESIZED) {  // another process grew the map: take its size
      ARROW_RETURN_NOT_OK(
          FromCode(mdb_env_set_mapsize(env_, 0), "cannot take over the map's new size", path_));
      continue;
    }
    ARROW_RETURN_NOT_OK(FromCode(code, "cannot begin a transaction", path_));
    return Transaction(this, txn, std::move(turn));
  }
}

Result<Transaction> Environment::BeginRead() { return Begin(MDB_RDONLY, 0); }

Result<Transaction> Environment::BeginWrite(int64_t bytes) {
  return Begin(0, std::max<int64_t>(bytes, 1));
}

Status Environment::Write(int64_t bytes, const std::function<Status(Transaction&)>& body) {
  for (int64_t room = std::max<int64_t>(bytes, 1);; room = room * 2 + kSlackBytes) {
    ARROW_ASSIGN_OR_RAISE(auto txn, BeginWrite(room));
    Status status = body(txn);
    if (status.ok()) status = txn.Commit();
    if (!IsMapFull(status)) return status;
  }
}

Status Environment::CheckRoom(int64_t bytes) const {
  std::error_code error;
  const auto space = fs::space(path_, error);
  if (error || space.available >= static_cast<uintmax_t>(bytes + kSlackBytes)) return Status::OK();
  return FromErrno(ENOSPC, "no room for the next rows", path_);
}

}  // namespace ampload::lmdb
