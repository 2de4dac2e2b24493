#include "conformance/amp/wire_stream.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/amp/wire_metadata.h"

namespace ampload::conformance {
namespace {

using Json = nlohmann::json;

constexpr size_t kDepth = 100'000;
constexpr uint64_t kGapBlocks = 10;

// Breaks a rule in the metadata of a message that has ranges.
void BreakRule(FaultKind kind, Json& metadata) {
  Json& ranges = metadata["ranges"];
  Json& range = ranges.at(0);
  Json& numbers = range["numbers"];
  switch (kind) {
    case FaultKind::kMissingFields:
      range = {{"network", range["network"]}};
      return;
    case FaultKind::kWrongTypes:
      numbers = {{"start", numbers["start"].dump()}, {"end", numbers["end"].dump()}};
      return;
    case FaultKind::kTwoRanges:
      ranges.push_back(Json(range));
      return;
    case FaultKind::kOtherNetwork:
      range["network"] = "elsewhere";
      return;
    case FaultKind::kStartAfterEnd:
      numbers["start"] = numbers["end"].get<uint64_t>() + 1;
      return;
    case FaultKind::kNoPrevHash:
      range.erase("prev_hash");
      return;
    case FaultKind::kWrongPrevHash:
      range["prev_hash"] = "0x" + std::string(64, 'b');
      return;
    case FaultKind::kGap:
      numbers["start"] = numbers["start"].get<uint64_t>() + kGapBlocks;
      numbers["end"] = numbers["end"].get<uint64_t>() + kGapBlocks;
      return;
    default:
      return;
  }
}

constexpr FaultKind kBrokenRules[] = {
    FaultKind::kMissingFields, FaultKind::kWrongTypes,    FaultKind::kTwoRanges,
    FaultKind::kOtherNetwork,  FaultKind::kStartAfterEnd, FaultKind::kNoPrevHash,
    FaultKind::kWrongPrevHash, FaultKind::kGap,
};

}  // namespace

// The message's metadata, with what is wrong with it.
std::optional<std::string> WireStream::Metadata(const ModelMessage& message) {
  if (Happens(FaultKind::kNoMetadata)) return std::nullopt;
  if (Happens(FaultKind::kNotJson)) return "{ranges: none}";
  if (Happens(FaultKind::kDeepJson)) return std::string(kDepth, '[') + std::string(kDepth, ']');
  if (message.rows->num_rows() > 0 && Happens(FaultKind::kRowsWithoutRanges)) {
    return MetadataOf({{}, message.complete, message.rows});
  }
  std::string text = MetadataOf(message);
  for (const FaultKind kind : kBrokenRules) {
    if (!Happens(kind)) continue;
    Json json = Json::parse(text);
    BreakRule(kind, json);
    text = json.dump();
  }
  return text;
}

Result<std::optional<ModelMessage>> WireStream::NextOfProducer() {
  if (!again_.empty()) {
    ModelMessage message = std::move(again_.front());
    again_.pop_front();
    return message;
  }
  ARROW_ASSIGN_OR_RAISE(auto message, producer_->Next());
  if (!message) return message;
  if (microbatch_.empty() || microbatch_.back().complete) microbatch_.clear();
  microbatch_.push_back(*message);
  return message;
}

Result<WireEvent> WireStream::Next() {
  if (ends_ || Happens(FaultKind::kEnd)) return Ended{};
  if (Happens(FaultKind::kDisconnect)) return Disconnected{};
  if (Happens(FaultKind::kStall)) return Stalled{};
  if (Happens(FaultKind::kNothingYet)) {
    ends_ = true;
    ModelMessage nothing = producer_->KeepAlive();
    nothing.complete = true;
    return WireMessage{MetadataOf(nothing), nothing.rows, {}};
  }
  ARROW_ASSIGN_OR_RAISE(auto message, NextOfProducer());
  if (message && message->complete && Happens(FaultKind::kNeverComplete)) {
    ARROW_ASSIGN_OR_RAISE(message, NextOfProducer());
  }
  if (!message) return NothingNow{};
  if (message->complete && Happens(FaultKind::kRepeat)) {
    again_.assign(microbatch_.begin(), microbatch_.end());
  }
  auto metadata = Metadata(*message);
  ++sent_;
  return WireMessage{std::move(metadata), message->rows,
                     message->complete ? message->ranges : std::vector<BlockRange>{}};
}

WireMessage WireStream::KeepAlive() {
  ++sent_;
  const ModelMessage message = producer_->KeepAlive();
  return {MetadataOf(message), message.rows, {}};
}

}  // namespace ampload::conformance
