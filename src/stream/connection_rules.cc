#include "stream/connection_rules.h"

#include <algorithm>
#include <utility>

#include "stream/range_text.h"

namespace ampload::stream {
namespace {

Status Broken(const std::string& what) {
  return PermanentError("stream: the server broke the protocol, nothing is taken back: " + what);
}

// By network, so that the same ranges are equal in whatever order they came.
std::vector<BlockRange> InOrder(std::vector<BlockRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const BlockRange& a, const BlockRange& b) { return a.network < b.network; });
  return ranges;
}

const BlockRange* FindNetwork(const std::vector<BlockRange>& ranges, const std::string& network) {
  const auto found = std::find_if(ranges.begin(), ranges.end(),
                                  [&](const BlockRange& one) { return one.network == network; });
  return found == ranges.end() ? nullptr : &*found;
}

}  // namespace

ConnectionRules::ConnectionRules(StreamCursor cursor, std::vector<LadderEntry> kept)
    : cursor_(std::move(cursor)), kept_(std::move(kept)) {
  for (auto& entry : kept_) entry.ranges = InOrder(std::move(entry.ranges));
  for (const auto& [network, position] : cursor_) networks_.insert(network);
}

Result<Reading> ConnectionRules::Read(const std::vector<BlockRange>& as_sent, bool complete,
                                      int64_t rows) {
  ARROW_RETURN_NOT_OK(CheckForm(as_sent, rows));
  const auto ranges = InOrder(as_sent);
  Reading reading;
  if (ranges.empty()) {
    reading.kind = complete ? Reading::Kind::kNothingYet : Reading::Kind::kKeepAlive;
    return reading;
  }
  ARROW_RETURN_NOT_OK(CheckNetworks(ranges));
  if (ranges == last_ranges_) {
    reading.kind = open_ ? Reading::Kind::kRows : Reading::Kind::kReplayed;
    reading.completes = open_ && complete;
    if (complete) open_ = false;
    return reading;
  }
  return Begin(ranges, complete);
}

Status ConnectionRules::CheckForm(const std::vector<BlockRange>& ranges, int64_t rows) const {
  if (ranges.empty() && rows > 0) {
    return Broken("rows came without block ranges: rows=" + std::to_string(rows));
  }
  for (const auto& range : ranges) {
    const std::string at = ": " + RangeText(range);
    if (FindNetwork(ranges, range.network) != &range) {
      return Broken("a message has two ranges of one network" + at);
    }
    if (range.start > range.end) return Broken("a range ends before it starts" + at);
    if (range.hash.empty()) return Broken("a range has no hash" + at);
    if (range.prev_hash.empty() && range.start.value != 0) {
      return Broken("a range has no prev_hash, and does not start at block 0" + at);
    }
  }
  return Status::OK();
}

Status ConnectionRules::CheckNetworks(const std::vector<BlockRange>& ranges) {
  std::set<std::string> networks;
  for (const auto& range : ranges) networks.insert(range.network);
  if (networks_.empty()) networks_ = networks;
  if (networks == networks_) return Status::OK();
  return Broken("a message has other networks than " +
                std::string(last_.empty() ? "the stream's checkpoint" : "the messages before it") +
                ": networks=" + NamesText(networks) + " expected=" + NamesText(networks_));
}

Result<ConnectionRules::Relation> ConnectionRules::Relate(const BlockRange& range) const {
  const auto last = last_.find(range.network);
  const auto cursor = cursor_.find(range.network);
  uint64_t end = 0;
  if (last != last_.end()) {
    if (range == last->second) return Relation::kSame;
    end = last->second.end.value;
  } else if (cursor != cursor_.end()) {
    ARROW_RETURN_NOT_OK(CheckFirstAfterCursor(range));
    end = cursor->second.number.value;
  } else {
    return Relation::kFirst;
  }
  if (range.start.value <= end) return Relation::kBack;
  if (range.start.value == end + 1) return Relation::kNext;
  return Broken("blocks are missing between two ranges: " + RangeText(range) +
                " expected_start=" + std::to_string(end + 1));
}

// Does the server go on where it was asked to?
Status ConnectionRules::CheckFirstAfterCursor(const BlockRange& range) const {
  const auto& position = cursor_.at(range.network);
  const auto ignored = [&](const std::string& how) {
    return Broken("the server left the cursor aside and " + how + ": " + RangeText(range) +
                  " cursor=" + std::to_string(position.number.value));
  };
  if (range.start.value == 0 && position.number.value > 0) return ignored("began at block 0");
  for (const auto& entry : kept_) {
    const auto* same = FindNetwork(entry.ranges, range.network);
    if (same != nullptr && same->end < position.number && same->end == range.end &&
        same->hash == range.hash) {
      return ignored("sent again what is committed");
    }
  }
  return Status::OK();
}

Result<Reading> ConnectionRules::Begin(const std::vector<BlockRange>& ranges, bool complete) {
  Reading reading;
  reading.kind = Reading::Kind::kRows;
  std::vector<const BlockRange*> same;
  const BlockRange* next = nullptr;
  for (const auto& range : ranges) {
    ARROW_ASSIGN_OR_RAISE(const Relation relation, Relate(range));
    if (relation == Relation::kSame) same.push_back(&range);
    if (relation == Relation::kBack) reading.lost.push_back({range.network, range.start});
    if (relation != Relation::kNext) continue;
    next = &range;
    const auto last = last_.find(range.network);
    const auto& parent = last != last_.end() ? last->second.hash : cursor_.at(range.network).hash;
    if (parent != range.prev_hash) {
      reading.lost.push_back({range.network, BlockNumber{range.start.value - 1}});
    }
  }
  // A first message that is the newest kept batch once more.
  if (last_.empty() && !kept_.empty() && kept_.back().ranges == ranges) {
    last_ranges_ = ranges;
    for (const auto& range : ranges) last_[range.network] = range;
    reading.kind = Reading::Kind::kReplayed;
    reading.lost.clear();
    return reading;
  }
  if (reading.lost.empty() && open_) {
    return Broken("a microbatch began before the one at hand was complete: " + RangeText(*next) +
                  " incomplete=" + RangeText(last_.at(next->network)));
  }
  if (reading.lost.empty() && !same.empty()) {
    return Broken("a network repeats its range while another goes on: " + RangeText(*same.front()) +
                  " other=" + RangeText(*next));
  }
  // It comes again with a microbatch that replaces the one it came in.
  for (const auto* range : same) reading.lost.push_back({range->network, range->start});
  reading.begins = true;
  reading.completes = complete;
  open_ = !complete;
  last_ranges_ = ranges;
  for (const auto& range : ranges) last_[range.network] = range;
  return reading;
}

}  // namespace ampload::stream
