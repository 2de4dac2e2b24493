// Actions that tests make tables of.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "loaders/deltalake/actions.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

inline Metadata MetadataForTest() {
  Metadata metadata;
  metadata.id = "af23c9d7-fff1-4a5a-a2c8-55c59bd782aa";
  metadata.schema_string =
      R"({"type":"struct","fields":[{"name":"n","type":"long","nullable":true,"metadata":{}}]})";
  metadata.created_time = 1'700'000'000'000;
  return metadata;
}

// A first version's, of a table with one column `n`.
inline std::vector<Action> FirstActions() { return {Protocol{}, MetadataForTest()}; }

inline AddFile AddOf(std::string path, int64_t size) {
  AddFile add;
  add.path = std::move(path);
  add.size = size;
  add.modification_time = 1'700'000'000'000;
  return add;
}

inline RemoveFile RemoveOf(std::string path, int64_t timestamp = 1'700'000'000'001) {
  RemoveFile remove;
  remove.path = std::move(path);
  remove.deletion_timestamp = timestamp;
  return remove;
}

// Of a snapshot that has no unread ones.
inline const TableFiles& FilesOf(const Snapshot& table) { return *table.files().ValueOrDie(); }

}  // namespace ampload::deltalake
