#include "conformance/amp/stream_producer.h"

#include <algorithm>
#include <utility>

namespace ampload::conformance {

Result<std::unique_ptr<StreamProducer>> StreamProducer::Make(
    const std::vector<const ModelChain*>& chains, const StreamCursor& cursor,
    ProducerOptions options) {
  options.max_blocks = std::max<uint64_t>(options.max_blocks, 1);
  options.row_messages = std::max<uint64_t>(options.row_messages, 1);
  std::vector<Told> told;
  for (const ModelChain* chain : chains) {
    told.push_back({.chain = chain, .last = {}});
    if (cursor.empty()) continue;
    const auto position = cursor.find(chain->network());
    if (position == cursor.end()) {
      return ConfigurationError("stream: the resume cursor lacks a network of the query: network=" +
                                chain->network());
    }
    told.back().last = position->second;
  }
  std::unique_ptr<StreamProducer> producer(new StreamProducer(std::move(told), options));
  for (const Told& one : producer->told_) ARROW_RETURN_NOT_OK(producer->StartOf(one));
  return producer;
}

// The number of the first block that is to be told; nullopt: not known before the chain grows.
Result<std::optional<uint64_t>> StreamProducer::StartOf(const Told& told) const {
  const ModelChain& chain = *told.chain;
  if (!told.last) return chain.first();
  const StreamPosition& last = *told.last;
  if (const auto fork = chain.ForkOf(last.number.value, last.hash)) return *fork + 1;
  // Never known: a cursor. Where the chain is not there yet, its block may still come.
  if (chain.empty() || *chain.head() < last.number.value) return std::nullopt;
  if (options_.unknown_hash == UnknownHash::kRefused) {
    return ConfigurationError(
        "stream: the chain never had the block of the resume cursor: network=" + chain.network() +
        " block=" + std::to_string(last.number.value) + " hash=" + last.hash);
  }
  return std::max(last.number.value, chain.first());
}

// Begins the next microbatch, if there is one.
Result<bool> StreamProducer::Plan() {
  std::vector<BlockRange> ranges;
  std::vector<ChainBlock> blocks;
  for (const Told& told : told_) {
    const ModelChain& chain = *told.chain;
    ARROW_ASSIGN_OR_RAISE(const auto start, StartOf(told));
    if (!start || chain.empty() || *chain.head() < *start) return false;
    const uint64_t end = *start + std::min(*chain.head() - *start, options_.max_blocks - 1);
    ranges.push_back({.network = chain.network(),
                      .start = {*start},
                      .end = {end},
                      .hash = chain.HashAt(end),
                      .prev_hash = chain.ParentHashAt(*start)});
    const auto own = chain.Blocks(*start, end);
    blocks.insert(blocks.end(), own.begin(), own.end());
  }
  std::ranges::stable_sort(blocks, {}, &ChainBlock::number);
  ranges_ = std::move(ranges);
  ARROW_RETURN_NOT_OK(Fill(blocks));
  return true;
}

// Makes the messages of the microbatch that holds the blocks.
Status StreamProducer::Fill(const std::vector<ChainBlock>& blocks) {
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        told_.front().chain->rows()->RowsOf(blocks, options_.order_seed));
  const auto say = [&](bool complete, std::shared_ptr<arrow::RecordBatch> what) {
    pending_.push_back({ranges_, complete, std::move(what)});
  };
  const auto none = rows->Slice(0, 0);
  if (options_.leading_empty) say(false, none);
  const auto parts = static_cast<int64_t>(options_.row_messages);
  int64_t from = 0;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t to = rows->num_rows() * (part + 1) / parts;
    const bool last = part + 1 == parts && options_.rows_on_completion;
    say(last, rows->Slice(from, to - from));
    if (options_.keep_alives && !last) say(false, none);
    from = to;
  }
  if (!options_.rows_on_completion) say(true, none);
  return Status::OK();
}

// Whether a block of the microbatch that is being sent is no longer canonical.
bool StreamProducer::TakenBack() const {
  for (size_t i = 0; i < told_.size(); ++i) {
    const ModelChain& chain = *told_[i].chain;
    const BlockRange& range = ranges_[i];
    if (*chain.head() < range.end.value || chain.HashAt(range.end.value) != range.hash) return true;
  }
  return false;
}

Result<std::optional<ModelMessage>> StreamProducer::Next() {
  if (!pending_.empty() && options_.break_off && TakenBack()) pending_.clear();
  if (pending_.empty()) {
    ARROW_ASSIGN_OR_RAISE(const bool planned, Plan());
    if (!planned) return std::nullopt;
  }
  ModelMessage message = std::move(pending_.front());
  pending_.pop_front();
  if (message.complete) {
    for (size_t i = 0; i < told_.size(); ++i) {
      told_[i].last = StreamPosition{ranges_[i].end, ranges_[i].hash};
    }
  }
  return message;
}

ModelMessage StreamProducer::KeepAlive() const {
  const auto& schema = told_.front().chain->rows()->schema();
  return {{}, false, arrow::RecordBatch::MakeEmpty(schema).ValueOrDie()};
}

}  // namespace ampload::conformance
