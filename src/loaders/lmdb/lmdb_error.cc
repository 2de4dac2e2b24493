#include "loaders/lmdb/lmdb_error.h"

#include <errno.h>
#include <lmdb.h>

#include <string>

namespace ampload::lmdb {
namespace {

std::string NameOf(int code) {
  switch (code) {
    case MDB_KEYEXIST:
      return "MDB_KEYEXIST";
    case MDB_NOTFOUND:
      return "MDB_NOTFOUND";
    case MDB_CORRUPTED:
      return "MDB_CORRUPTED";
    case MDB_PANIC:
      return "MDB_PANIC";
    case MDB_VERSION_MISMATCH:
      return "MDB_VERSION_MISMATCH";
    case MDB_INVALID:
      return "MDB_INVALID";
    case MDB_MAP_FULL:
      return "MDB_MAP_FULL";
    case MDB_DBS_FULL:
      return "MDB_DBS_FULL";
    case MDB_READERS_FULL:
      return "MDB_READERS_FULL";
    case MDB_TXN_FULL:
      return "MDB_TXN_FULL";
    case MDB_MAP_RESIZED:
      return "MDB_MAP_RESIZED";
    case MDB_BAD_VALSIZE:
      return "MDB_BAD_VALSIZE";
    case ENOSPC:
      return "ENOSPC";
    case EDQUOT:
      return "EDQUOT";
    case EACCES:
      return "EACCES";
    case EROFS:
      return "EROFS";
    case EIO:
      return "EIO";
    case ENOMEM:
      return "ENOMEM";
    default:
      return std::to_string(code);
  }
}

// What the person can do about it; empty where the library's own text says enough.
std::string_view AdviceFor(int code) {
  switch (code) {
    case MDB_INVALID:
      return "the folder's data.mdb is no LMDB file; give another folder";
    case MDB_VERSION_MISMATCH:
      return "data.mdb was made by another version of LMDB; give another folder";
    case MDB_CORRUPTED:
    case MDB_PANIC:
      return "the environment is damaged; restore it from a backup, or load into a new folder";
    case ENOSPC:
    case EDQUOT:
      return "the disk is full; make room and load again";
    case EACCES:
    case EROFS:
      return "no right to write there; give another folder, or change its rights";
    case MDB_DBS_FULL:
      return "more tables than this process may open";
    case MDB_READERS_FULL:
      return "too many readers at once; end some of them";
    default:
      return "";
  }
}

}  // namespace

Status FromCode(int code, std::string_view what, std::string_view where) {
  if (code == MDB_SUCCESS) return Status::OK();
  std::string message = "lmdb: " + std::string(what) + ": " + mdb_strerror(code);
  if (const auto advice = AdviceFor(code); !advice.empty()) message += "; " + std::string(advice);
  message += ": environment=" + std::string(where);
  return PermanentError(std::move(message), NameOf(code));
}

bool IsMapFull(const Status& status) {
  return !status.ok() && StoreCodeOf(status) == "MDB_MAP_FULL";
}

}  // namespace ampload::lmdb
