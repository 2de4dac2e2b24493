#include "loader/checkpoint_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/checked_cast.h"
#include "loader/block_range_json.h"

namespace ampload {
namespace {

using Json = nlohmann::ordered_json;

Status Damaged(const std::string& what) {
  return PermanentError("checkpoint: damaged: " + what +
                        ": restore it from a backup, or load into a new table");
}

// Reads typed members of one JSON object; every failure names the member.
class ObjectReader {
 public:
  static Result<ObjectReader> Make(const Json& json, const std::string& where) {
    if (!json.is_object()) return Damaged(where + " is no object");
    return ObjectReader(json, where);
  }

  Result<const Json*> Member(const char* key) const {
    const auto it = json_.find(key);
    if (it == json_.end()) return Damaged("key is missing: key=" + Path(key));
    return &*it;
  }

  Status Read(const char* key, std::string* out) const {
    ARROW_ASSIGN_OR_RAISE(const Json* value, Member(key));
    if (!value->is_string()) return Damaged("not a text: key=" + Path(key));
    *out = value->get<std::string>();
    return Status::OK();
  }

  // Counts, ids, epochs: whole and never negative.
  Status Read(const char* key, int64_t* out) const {
    uint64_t value = 0;
    ARROW_RETURN_NOT_OK(Read(key, &value));
    if (!std::in_range<int64_t>(value)) return Damaged("number too large: key=" + Path(key));
    *out = static_cast<int64_t>(value);
    return Status::OK();
  }

  Status Read(const char* key, uint64_t* out) const {
    ARROW_ASSIGN_OR_RAISE(const Json* value, Member(key));
    if (!value->is_number_unsigned()) return Damaged("not a whole number: key=" + Path(key));
    *out = value->get<uint64_t>();
    return Status::OK();
  }

  Status Read(const char* key, BlockNumber* out) const { return Read(key, &out->value); }

  Status Read(const char* key, BatchId* out) const {
    int64_t value = 0;
    ARROW_RETURN_NOT_OK(Read(key, &value));
    *out = BatchId(value);
    return Status::OK();
  }

  bool Has(const char* key) const { return json_.contains(key); }

  std::string Path(const char* key) const { return where_.empty() ? key : where_ + "." + key; }

 private:
  ObjectReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  const Json& json_;
  std::string where_;
};

Json EntryToJson(const LadderEntry& entry) {
  Json ranges = Json::array();
  for (const auto& range : entry.ranges) ranges.push_back(ToJsonObject(range));
  return {{"batch_id", entry.batch.value()}, {"rows", entry.rows}, {"ranges", std::move(ranges)}};
}

Result<BlockRange> RangeFromJson(const Json& json) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, ObjectReader::Make(json, "ladder.ranges"));
  BlockRange range;
  ARROW_RETURN_NOT_OK(reader.Read("network", &range.network));
  ARROW_RETURN_NOT_OK(reader.Read("start", &range.start));
  ARROW_RETURN_NOT_OK(reader.Read("end", &range.end));
  ARROW_RETURN_NOT_OK(reader.Read("hash", &range.hash));
  ARROW_RETURN_NOT_OK(reader.Read("prev_hash", &range.prev_hash));
  return range;
}

Result<LadderEntry> EntryFromJson(const Json& json) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, ObjectReader::Make(json, "ladder"));
  LadderEntry entry;
  ARROW_RETURN_NOT_OK(reader.Read("batch_id", &entry.batch));
  ARROW_RETURN_NOT_OK(reader.Read("rows", &entry.rows));
  ARROW_ASSIGN_OR_RAISE(const Json* ranges, reader.Member("ranges"));
  if (!ranges->is_array()) return Damaged("not a list: key=ladder.ranges");
  for (const auto& item : *ranges) {
    ARROW_ASSIGN_OR_RAISE(auto range, RangeFromJson(item));
    entry.ranges.push_back(std::move(range));
  }
  return entry;
}

Status CheckVersion(const ObjectReader& reader) {
  int64_t version = 0;
  ARROW_RETURN_NOT_OK(reader.Read("version", &version));
  if (version > Checkpoint::kVersion) {
    return PermanentError(
        "checkpoint: written by a newer ampload: use that one: version=" + std::to_string(version) +
        " known=" + std::to_string(Checkpoint::kVersion));
  }
  return version == Checkpoint::kVersion
             ? Status::OK()
             : Damaged("no such version: version=" + std::to_string(version));
}

Status ReadPlainMembers(const ObjectReader& reader, Checkpoint* out) {
  ARROW_RETURN_NOT_OK(reader.Read("table", &out->table));
  ARROW_RETURN_NOT_OK(reader.Read("pipeline", &out->pipeline));
  ARROW_RETURN_NOT_OK(reader.Read("owner", &out->owner));
  ARROW_RETURN_NOT_OK(reader.Read("epoch", &out->epoch.value));
  ARROW_RETURN_NOT_OK(reader.Read("sequence", &out->sequence));
  ARROW_RETURN_NOT_OK(reader.Read("slot", &out->slot));
  if (out->slot > BatchId::kMaxSlot) {
    return Damaged("slot outside 0..32767: slot=" + std::to_string(out->slot));
  }
  ARROW_RETURN_NOT_OK(reader.Read("source_position", &out->source_position));
  ARROW_RETURN_NOT_OK(reader.Read("store_handle", &out->store_handle));
  ARROW_RETURN_NOT_OK(reader.Read("table_identity", &out->table_identity));
  ARROW_RETURN_NOT_OK(reader.Read("schema_fingerprint", &out->schema_fingerprint));
  ARROW_RETURN_NOT_OK(reader.Read("options_fingerprint", &out->options_fingerprint));
  if (reader.Has("retention_blocks")) {
    ARROW_RETURN_NOT_OK(reader.Read("retention_blocks", &out->retention_blocks));
  }
  ARROW_RETURN_NOT_OK(reader.Read("rows_total", &out->rows_total));
  return reader.Read("checksum", &out->checksum);
}

Status ReadLastBatchId(const ObjectReader& reader, Checkpoint* out) {
  ARROW_ASSIGN_OR_RAISE(const Json* value, reader.Member("last_batch_id"));
  if (value->is_null()) return Status::OK();
  BatchId id;
  ARROW_RETURN_NOT_OK(reader.Read("last_batch_id", &id));
  out->last_batch_id = id;
  return Status::OK();
}

Status ReadHighestEnd(const ObjectReader& reader, Checkpoint* out) {
  ARROW_ASSIGN_OR_RAISE(const Json* value, reader.Member("highest_end"));
  if (!value->is_object()) return Damaged("no object: key=highest_end");
  for (const auto& [network, end] : value->items()) {
    if (!end.is_number_unsigned()) {
      return Damaged("not a block number: key=highest_end." + network);
    }
    out->highest_end[network] = BlockNumber{end.template get<uint64_t>()};
  }
  return Status::OK();
}

Status ReadLadder(const ObjectReader& reader, Checkpoint* out) {
  ARROW_ASSIGN_OR_RAISE(const Json* ladder, reader.Member("ladder"));
  if (!ladder->is_array()) return Damaged("not a list: key=ladder");
  for (const auto& item : *ladder) {
    ARROW_ASSIGN_OR_RAISE(auto entry, EntryFromJson(item));
    out->ladder.push_back(std::move(entry));
  }
  return Status::OK();
}

}  // namespace

std::string ToJson(const Checkpoint& checkpoint) {
  Json highest_end = Json::object();
  for (const auto& [network, end] : checkpoint.highest_end) highest_end[network] = end.value;
  Json ladder = Json::array();
  for (const auto& entry : checkpoint.ladder) ladder.push_back(EntryToJson(entry));
  const auto& last = checkpoint.last_batch_id;
  const Json out = {{"version", Checkpoint::kVersion},
                    {"table", checkpoint.table},
                    {"pipeline", checkpoint.pipeline},
                    {"owner", checkpoint.owner},
                    {"epoch", checkpoint.epoch.value},
                    {"sequence", checkpoint.sequence},
                    {"slot", checkpoint.slot},
                    {"last_batch_id", last.has_value() ? Json(last->value()) : Json(nullptr)},
                    {"source_position", checkpoint.source_position},
                    {"store_handle", checkpoint.store_handle},
                    {"table_identity", checkpoint.table_identity},
                    {"schema_fingerprint", checkpoint.schema_fingerprint},
                    {"options_fingerprint", checkpoint.options_fingerprint},
                    {"highest_end", std::move(highest_end)},
                    {"retention_blocks", checkpoint.retention_blocks},
                    {"rows_total", checkpoint.rows_total},
                    {"checksum", checkpoint.checksum},
                    {"ladder", std::move(ladder)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Checkpoint> CheckpointFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Damaged("not JSON");
  ARROW_ASSIGN_OR_RAISE(const auto reader, ObjectReader::Make(json, ""));
  ARROW_RETURN_NOT_OK(CheckVersion(reader));
  Checkpoint out;
  ARROW_RETURN_NOT_OK(ReadPlainMembers(reader, &out));
  ARROW_RETURN_NOT_OK(ReadLastBatchId(reader, &out));
  ARROW_RETURN_NOT_OK(ReadHighestEnd(reader, &out));
  ARROW_RETURN_NOT_OK(ReadLadder(reader, &out));
  return out;
}

}  // namespace ampload
