#include "loaders/deltalake/table_files.h"

#include <algorithm>
#include <utility>

#include "loaders/deltalake/partition_values.h"

namespace ampload::deltalake {
namespace {

constexpr size_t kChangesKept = 1024;  // a commit has a few

}  // namespace

std::string PathOfKey(const std::string& path) {
  if (path.find('%') == std::string::npos) return path;
  return DecodePath(path).ValueOr(path);
}

void TableFiles::Put(AddFile add) {
  auto key = KeyOf(add);
  Note(key);
  PutOne(std::move(key), std::move(add));
}

void TableFiles::Take(RemoveFile remove) {
  auto key = KeyOf(remove);
  Note(key);
  TakeOne(std::move(key), std::move(remove));
}

void TableFiles::Put(std::vector<AddFile> adds, std::vector<RemoveFile> removes) {
  NoteMany();
  Reserve(adds_.size() + adds.size(), tombstones_.size() + removes.size());
  for (auto& add : adds) {
    auto key = KeyOf(add);
    PutOne(std::move(key), std::move(add));
  }
  for (auto& remove : removes) {
    auto key = KeyOf(remove);
    TakeOne(std::move(key), std::move(remove));
  }
}

void TableFiles::Follow(TableFiles later) {
  NoteMany();
  Reserve(adds_.size() + later.adds_.size(), tombstones_.size() + later.tombstones_.size());
  while (!later.adds_.empty()) {
    auto one = later.adds_.extract(later.adds_.begin());
    PutOne(std::move(one.key()), std::move(one.mapped()));
  }
  while (!later.tombstones_.empty()) {
    auto one = later.tombstones_.extract(later.tombstones_.begin());
    TakeOne(std::move(one.key()), std::move(one.mapped()));
  }
}

void TableFiles::PutOne(FileKey key, AddFile add) {
  if (!tombstones_.empty()) tombstones_.erase(key);
  bytes_ += add.size;
  auto [at, is_new] = adds_.try_emplace(std::move(key));
  if (!is_new) bytes_ -= at->second.size;
  at->second = std::move(add);
}

void TableFiles::TakeOne(FileKey key, RemoveFile remove) {
  if (const auto found = adds_.find(key); found != adds_.end()) {
    bytes_ -= found->second.size;
    adds_.erase(found);
  }
  tombstones_[std::move(key)] = std::move(remove);
}

void TableFiles::Note(const FileKey& key) {
  changes_.push_back({std::exchange(state_, std::make_shared<const char>()), key});
  if (changes_.size() > kChangesKept) changes_.pop_front();
}

void TableFiles::NoteMany() {
  changes_.clear();
  state_ = std::make_shared<const char>();
}

std::optional<std::vector<FileKey>> TableFiles::ChangedSince(const State& before) const {
  std::vector<FileKey> out;
  if (before == state_) return out;
  auto at = changes_.rbegin();
  for (; at != changes_.rend(); ++at) {
    out.push_back(at->key);
    if (at->before == before) break;
  }
  if (at == changes_.rend()) return std::nullopt;
  std::reverse(out.begin(), out.end());
  return out;
}

void TableFiles::Reserve(size_t adds, size_t tombstones) {
  adds_.reserve(adds);
  tombstones_.reserve(tombstones);
}

}  // namespace ampload::deltalake
