// A Delta table as of one version: what replaying its log makes (the Delta protocol, "Action
// Reconciliation"). A value; copies share what they can.
//
// The files that a log checkpoint has are not read with the rest: there may be many, and a commit
// that only adds needs none of them.
//
//   checkpoint, columns of files    |  entries after it
//   unread() until Log::ReadFiles   |  newest_files()
//                          files(): both, or an error
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/deltalake/actions.h"
#include "loaders/deltalake/table_files.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {

// Where the files of a snapshot's checkpoint stand.
struct UnreadFiles {
  int64_t checkpoint = 0;          // its version
  std::vector<std::string> paths;  // sidecars among them
  std::optional<int64_t> adds;     // so many, where that can be told without reading them
  std::optional<int64_t> said;     // so many, says _last_checkpoint
};

class Snapshot {
 public:
  int64_t version = -1;  // -1: nothing was applied yet
  Protocol protocol;
  Metadata metadata;
  std::map<std::string, Txn> txns;
  std::map<std::string, DomainMetadata> domains;  // not the removed ones
  std::optional<CommitInfo> commit_info;          // of `version`; none after a checkpoint
  int64_t checkpointed = 0;  // the newest log checkpoint that is known, or was tried to be written

  // The columns, from metadata.schema_string; and as data files name them.
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<arrow::Schema> physical;
  ColumnMapping mapping = ColumnMapping::kNone;

  // The actions of the next version, or of a checkpoint (whose version is taken as it is). A
  // permanent failure, which `where` ends, for what the protocol forbids: two protocols or metadata
  // in one entry, a first version without them.
  Status Apply(int64_t of_version, std::vector<Action> actions, const std::string& where);

  // Is the table (a first version with protocol and metadata) there?
  bool exists() const { return version >= 0; }
  const std::string* Property(const std::string& key) const;  // null: not set

  // Never null, and good until the snapshot changes. An error while some are unread:
  // Log::ReadFiles.
  Result<const TableFiles*> files() const;
  // Those that the entries after the checkpoint tell of. They are in the table; others may be, too.
  const TableFiles& newest_files() const { return files_; }
  // Nullopt: only the unread files say.
  std::optional<bool> has_files() const;

  const std::optional<UnreadFiles>& unread() const { return unread_; }
  // The files are those of a checkpoint, and are read again when somebody asks.
  void LeaveUnread(UnreadFiles files);
  // What the unread files are: they are read.
  void TakeUnread(TableFiles of_checkpoint);

 private:
  Status TakeMetadata(const std::string& where);

  TableFiles files_;  // without the unread ones
  std::optional<UnreadFiles> unread_;
};

}  // namespace ampload::deltalake
