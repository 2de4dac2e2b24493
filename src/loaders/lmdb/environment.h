// One LMDB environment (a folder with data.mdb and lock.mdb) and the transactions in it.
//
// LMDB allows a process to open an environment only once: Open hands out the one that is open
// already. The transactions of one process take turns: LMDB's database handles and its map may only
// change while no other transaction runs. Readers and writers of other processes are not held up by
// that.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::lmdb {

inline MDB_val ToVal(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
inline std::string_view ToView(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

enum class SyncMode {
  kFull,      // every commit is on the disk when it returns
  kMetaLast,  // a power cut may lose the last commit, never its integrity (MDB_NOMETASYNC)
  kNone,      // the system decides; a power cut may destroy the environment (MDB_NOSYNC)
};

struct EnvironmentOptions {
  int64_t map_size = 0;  // first size of the map; it grows by itself
  // Where the process has it open already with a weaker mode, this one holds for all from then on.
  SyncMode sync = SyncMode::kFull;
  bool create = false;     // make the folder and the environment where they are missing
  bool read_only = false;  // for folders that may not be written
};

class Environment;

// A transaction; aborted when it goes out of scope uncommitted. Must end on the thread that began
// it.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // The named database; nullopt where it is missing and `create` is false. Valid within this
  // transaction.
  Result<std::optional<MDB_dbi>> OpenDatabase(const std::string& name, bool create);
  // The unnamed database that holds the named ones' records.
  Result<MDB_dbi> OpenMain();

  Result<std::optional<std::string_view>> Get(MDB_dbi dbi, std::string_view key);
  Status Put(MDB_dbi dbi, std::string_view key, std::string_view value);
  Status Delete(MDB_dbi dbi, std::string_view key);  // a missing key is fine
  Result<std::optional<std::string>> LastKey(MDB_dbi dbi);
  Result<MDB_stat> Stat(MDB_dbi dbi);

  // Calls `visit` for each pair whose key begins with `prefix`, in key order, until it returns
  // false.
  Status ForEachPrefix(
      MDB_dbi dbi, std::string_view prefix,
      const std::function<Result<bool>(std::string_view, std::string_view)>& visit);

  // Empties a named database, and with `remove` takes its name away. A missing one is fine.
  Status Drop(const std::string& name, bool remove);

  // The contents of two named databases change places; where `to` is missing, `from` gets its name.
  // Neither may have been touched in this transaction before.
  Status ExchangeDatabases(const std::string& from, const std::string& to);

  Status Commit();  // a failure means that nothing took effect, but for EIO (see session.cc)
  void Abort();

  MDB_txn* raw() { return txn_; }
  const std::string& path() const;

 private:
  friend class Environment;
  Transaction(Environment* environment, MDB_txn* txn, std::unique_lock<std::mutex> turn);
  void EndTurn();

  Environment* environment_;
  MDB_txn* txn_;
  std::unique_lock<std::mutex> turn_;
  std::vector<MDB_dbi> handles_;  // closed with the transaction
};

class Cursor {
 public:
  static Result<Cursor> Open(Transaction& txn, MDB_dbi dbi);
  Cursor(Cursor&& other) noexcept : cursor_(other.cursor_), txn_(other.txn_) {
    other.cursor_ = nullptr;
  }
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();

  MDB_cursor* raw() { return cursor_; }
  // false at the end.
  Result<bool> Move(MDB_val* key, MDB_val* value, MDB_cursor_op op);

 private:
  Cursor(MDB_cursor* cursor, Transaction* txn) : cursor_(cursor), txn_(txn) {}
  MDB_cursor* cursor_;
  Transaction* txn_;
};

class Environment {
 public:
  // Errors name the folder and what to do: missing, not a folder, another format, no rights.
  static Result<std::shared_ptr<Environment>> Open(const std::string& path,
                                                   const EnvironmentOptions& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  Result<Transaction> BeginRead();
  // Makes sure first that the map has room for about `bytes` more.
  Result<Transaction> BeginWrite(int64_t bytes);

  // Runs `body` in a write transaction and commits it. Where the map turns out too small it grows
  // and `body` runs again, so `body` must not change anything outside of the transaction.
  // `before_commit` runs last.
  Status Write(int64_t bytes, const std::function<Status(Transaction&)>& body);

  // Fails where the disk has no room for `bytes` more and some to undo earlier ones, so that a full
  // disk is met before a transaction. Sets nothing aside: that made loads a tenth slower.
  Status CheckRoom(int64_t bytes) const;

  const std::string& path() const { return path_; }
  bool read_only() const { return read_only_; }

 private:
  friend class Transaction;
  Environment(std::string path, MDB_env* env, bool read_only)
      : path_(std::move(path)), env_(env), read_only_(read_only) {}

  Result<Transaction> Begin(unsigned flags, int64_t bytes);
  Status SyncAtLeast(SyncMode sync);
  Status Grow(int64_t bytes);  // with the turn held

  std::string path_;
  MDB_env* env_;
  bool read_only_;
  std::mutex turn_;
};

}  // namespace ampload::lmdb
