// The data files of a table, and those that were removed from it of late.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

// What identifies a logical file: its path, decoded, since not every writer that removes a file
// spells its path as the one that added it; and its deletion vector's UniqueId, or "".
struct FileKey {
  std::string path;
  std::string deletion_vector;
  friend bool operator==(const FileKey&, const FileKey&) = default;
  friend auto operator<=>(const FileKey&, const FileKey&) = default;
};

// A path of the log, decoded where it can be.
std::string PathOfKey(const std::string& path);

template <class File>
FileKey KeyOf(const File& file) {
  return {PathOfKey(file.path),
          file.deletion_vector ? file.deletion_vector->UniqueId() : std::string()};
}

struct FileKeyHash {
  size_t operator()(const FileKey& key) const noexcept {
    return std::hash<std::string>()(key.path) * 31 + std::hash<std::string>()(key.deletion_vector);
  }
};

// What adds and removes come to (the Delta protocol, "Action Reconciliation"). A key is of an add,
// of a tombstone or of neither: what was said of it last counts.
class TableFiles {
 public:
  using Adds = std::unordered_map<FileKey, AddFile, FileKeyHash>;
  using Tombstones = std::unordered_map<FileKey, RemoveFile, FileKeyHash>;

  // One file more, or one less.
  void Put(AddFile add);
  void Take(RemoveFile remove);
  // Many at once.
  void Put(std::vector<AddFile> adds, std::vector<RemoveFile> removes);
  // All that was said later.
  void Follow(TableFiles later);

  const Adds& adds() const { return adds_; }
  const Tombstones& tombstones() const { return tombstones_; }
  int64_t bytes() const { return bytes_; }  // of the adds

  // What stands for the files as they are: where two are equal, so are the files. Null: none.
  using State = std::shared_ptr<const char>;
  const State& state() const { return state_; }
  // The keys of which something was said since these files were in that state, the oldest first;
  // nullopt: they never were, or that is long ago.
  std::optional<std::vector<FileKey>> ChangedSince(const State& before) const;

 private:
  struct Change {
    State before;
    FileKey key;
  };
  void PutOne(FileKey key, AddFile add);
  void TakeOne(FileKey key, RemoveFile remove);
  void Note(const FileKey& key);  // a change of one
  void NoteMany();
  void Reserve(size_t adds, size_t tombstones);

  Adds adds_;
  Tombstones tombstones_;
  int64_t bytes_ = 0;
  State state_;
  std::deque<Change> changes_;  // the newest
};

}  // namespace ampload::deltalake
