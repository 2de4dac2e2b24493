#include "loaders/deltalake/snapshot.h"

#include <utility>

#include "loaders/deltalake/features.h"

namespace ampload::deltalake {
namespace {

// What one entry may have once.
struct Once {
  bool protocol = false;
  bool metadata = false;
};

Status Twice(const char* what, const std::string& where) {
  return PermanentError(std::string("deltalake: the log entry is damaged: two ") + what +
                        " actions: " + where);
}

}  // namespace

const std::string* Snapshot::Property(const std::string& key) const {
  const auto found = metadata.configuration.find(key);
  return found == metadata.configuration.end() ? nullptr : &found->second;
}

Result<const TableFiles*> Snapshot::files() const {
  if (unread_.has_value()) {
    return PermanentError("deltalake: the table's files were not read before they were needed");
  }
  return &files_;
}

std::optional<bool> Snapshot::has_files() const {
  if (!files_.adds().empty()) return true;
  if (!unread_.has_value() || unread_->adds == 0) return false;
  // The entries have removed no more than that.
  if (std::cmp_greater(unread_->adds.value_or(0), files_.tombstones().size())) return true;
  return std::nullopt;
}

void Snapshot::LeaveUnread(UnreadFiles files) {
  files_ = TableFiles();
  unread_ = std::move(files);
}

void Snapshot::TakeUnread(TableFiles of_checkpoint) {
  of_checkpoint.Follow(std::move(files_));
  files_ = std::move(of_checkpoint);
  unread_.reset();
}

Status Snapshot::Apply(int64_t of_version, std::vector<Action> actions, const std::string& where) {
  Once seen;
  bool new_columns = false;
  commit_info.reset();
  // A file that an entry removes and adds again, with another deletion vector, has two keys; the
  // order of the actions does not count then.
  for (auto& action : actions) {
    if (auto* one = std::get_if<Protocol>(&action)) {
      if (std::exchange(seen.protocol, true)) return Twice("protocol", where);
      new_columns = true;
      protocol = std::move(*one);
    } else if (auto* meta = std::get_if<Metadata>(&action)) {
      if (std::exchange(seen.metadata, true)) return Twice("metaData", where);
      new_columns = true;
      metadata = std::move(*meta);
    } else if (auto* add = std::get_if<AddFile>(&action)) {
      files_.Put(std::move(*add));
    } else if (auto* remove = std::get_if<RemoveFile>(&action)) {
      files_.Take(std::move(*remove));
    } else if (auto* txn = std::get_if<Txn>(&action)) {
      txns[txn->app_id] = std::move(*txn);
    } else if (auto* domain = std::get_if<DomainMetadata>(&action)) {
      if (domain->removed) {
        domains.erase(domain->domain);
      } else {
        domains[domain->domain] = std::move(*domain);
      }
    } else if (auto* info = std::get_if<CommitInfo>(&action)) {
      commit_info = std::move(*info);
    }
  }
  if (!exists() && !(seen.protocol && seen.metadata)) {
    return PermanentError(
        "deltalake: the log is damaged: its first version has no protocol or no metaData: " +
        where);
  }
  if (new_columns) ARROW_RETURN_NOT_OK(TakeMetadata(where));
  version = of_version;
  return Status::OK();
}

Status Snapshot::TakeMetadata(const std::string& where) {
  ARROW_RETURN_NOT_OK(CheckReadable(protocol, metadata, where));
  ARROW_ASSIGN_OR_RAISE(schema, SchemaFromJson(metadata.schema_string, where));
  ARROW_ASSIGN_OR_RAISE(mapping, ColumnMappingOf(protocol, metadata));
  ARROW_ASSIGN_OR_RAISE(physical, PhysicalSchema(*schema, mapping, where));
  return Status::OK();
}

}  // namespace ampload::deltalake
