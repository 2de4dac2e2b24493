#include "conformance/amp/server/served_chains.h"

#include <algorithm>
#include <utility>

namespace ampload::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often a waiting stream asks whether its client has gone, which nobody tells it.
constexpr milliseconds kPoll{10};

std::string Described(const WireMessage& message) {
  return std::to_string(message.rows->num_rows()) + " rows " +
         message.metadata.value_or("without metadata").substr(0, 400);
}

}  // namespace

ServedStream::ServedStream(ServedChains* chains, uint64_t number, bool finite,
                           std::unique_ptr<WireStream> wire)
    : chains_(chains),
      number_(number),
      finite_(finite),
      wire_(std::move(wire)),
      breaks_(chains->breaks_),
      ends_(chains->ends_),
      last_said_(steady_clock::now()) {}

Result<std::optional<WireMessage>> ServedStream::Next(const std::function<bool()>& cancelled) {
  const auto say = [&](const std::string& what) {
    chains_->Say("stream " + std::to_string(number_) + ": " + what);
  };
  const milliseconds keep_alive = chains_->options_.keep_alive;
  std::unique_lock lock(chains_->mutex_);
  while (true) {
    if (cancelled()) {
      say("the client has gone");
      return Status::Cancelled("stream: the client has gone");
    }
    if (breaks_ != chains_->breaks_) return TransientError("stream: broken on purpose");
    if (ends_ != chains_->ends_) return std::nullopt;
    if (!stalled_) {
      ARROW_ASSIGN_OR_RAISE(auto event, wire_->Next());
      if (auto* message = std::get_if<WireMessage>(&event)) {
        for (const BlockRange& range : message->completed) {
          chains_->sent_[range.network] = range.end.value + 1;
        }
        chains_->changed_.notify_all();
        last_said_ = steady_clock::now();
        if (chains_->options_.on_event) say(Described(*message));
        return std::move(*message);
      }
      if (std::holds_alternative<Ended>(event) ||
          (finite_ && std::holds_alternative<NothingNow>(event))) {
        say("ends");
        return std::nullopt;
      }
      if (std::holds_alternative<Disconnected>(event)) {
        say("breaks");
        return TransientError("stream: broken on purpose");
      }
      stalled_ = std::holds_alternative<Stalled>(event);
      if (stalled_) say("stalls");
      if (!stalled_ && keep_alive.count() > 0 && steady_clock::now() - last_said_ >= keep_alive) {
        last_said_ = steady_clock::now();
        return wire_->KeepAlive();
      }
    }
    chains_->changed_.wait_for(lock, kPoll);
  }
}

ServedChains::ServedChains(std::vector<ModelChain> chains, ServingOptions options)
    : options_(std::move(options)),
      schema_(chains.front().rows()->schema()),
      chains_(std::move(chains)),
      plan_(options_.faults) {}

Status ServedChains::Admit(const std::function<bool()>& cancelled) {
  std::unique_lock lock(mutex_);
  ++queries_;
  FaultPlan::Done done;
  if (plan_.Take(FaultKind::kRefuse, queries_, done)) {
    return TransientError("server: not available, on purpose");
  }
  if (!plan_.Take(FaultKind::kNoAnswer, queries_, done)) return Status::OK();
  const uint64_t breaks = breaks_;
  while (!cancelled()) {
    if (breaks != breaks_) return TransientError("server: goes away");
    changed_.wait_for(lock, kPoll);
  }
  return Status::Cancelled("server: the client has gone");
}

// Where a stream with that cursor really begins, after all that goes wrong.
StreamCursor ServedChains::StartOf(const StreamCursor& cursor) {
  if (cursor.empty()) return cursor;
  ++resumed_;
  FaultPlan::Done done;
  if (plan_.Take(FaultKind::kCursorIgnored, resumed_, done)) return {};
  if (!plan_.Take(FaultKind::kCursorBehind, resumed_, done)) return cursor;
  StreamCursor behind;
  for (const ModelChain& chain : chains_) {
    const auto position = cursor.find(chain.network());
    if (position == cursor.end() || chain.empty()) return cursor;
    const uint64_t number = position->second.number.value;
    const uint64_t back = options_.producer.max_blocks;
    if (number < chain.first() + back || number - back > *chain.head()) return {};
    behind[chain.network()] = {{number - back}, chain.HashAt(number - back)};
  }
  return behind;
}

Result<std::unique_ptr<ServedStream>> ServedChains::Open(const StreamCursor& cursor, bool finite) {
  const std::lock_guard lock(mutex_);
  const uint64_t number = cursors_.size() + 1;
  cursors_.push_back(cursor);
  const StreamCursor from = StartOf(cursor);
  ProducerOptions options = options_.producer;
  if (options_.shuffle_rows) options.order_seed = number;
  if (finite) options.max_blocks = UINT64_MAX;
  ARROW_ASSIGN_OR_RAISE(auto producer, StreamProducer::Make(View(), from, options));
  std::string where = finite ? "all that there is" : from.empty() ? "from the beginning" : "behind";
  for (const auto& [network, position] : from) {
    where += " " + network + " " + std::to_string(position.number.value);
  }
  Say("stream " + std::to_string(number) + ": opened: " + where);
  return std::unique_ptr<ServedStream>(new ServedStream(
      this, number, finite, std::make_unique<WireStream>(std::move(producer), &plan_)));
}

Result<ModelChain*> ServedChains::Find(const std::string& network) {
  if (network.empty()) return &chains_.front();
  const auto chain = std::ranges::find(chains_, network, &ModelChain::network);
  if (chain == chains_.end()) {
    return ConfigurationError("server: no such network: network=" + network);
  }
  return &*chain;
}

std::vector<const ModelChain*> ServedChains::View() const {
  std::vector<const ModelChain*> view;
  for (const ModelChain& chain : chains_) view.push_back(&chain);
  return view;
}

Status ServedChains::Change(const std::string& network,
                            const std::function<Status(ModelChain&)>& change) {
  const std::lock_guard lock(mutex_);
  ARROW_ASSIGN_OR_RAISE(ModelChain * chain, Find(network));
  std::optional<StreamPosition> before;
  if (!chain->empty()) before = StreamPosition{{*chain->head()}, chain->HashAt(*chain->head())};
  ARROW_RETURN_NOT_OK(change(*chain));
  if (before) {
    uint64_t& sent = sent_[chain->network()];
    sent = std::min(sent, *chain->ForkOf(before->number.value, before->hash) + 1);
  }
  changed_.notify_all();
  return options_.on_change ? options_.on_change(View()) : Status::OK();
}

void ServedChains::BreakStreams() {
  const std::lock_guard lock(mutex_);
  ++breaks_;
  changed_.notify_all();
}

void ServedChains::EndStreams() {
  const std::lock_guard lock(mutex_);
  ++ends_;
  changed_.notify_all();
}

Status ServedChains::WaitUntilSent(const std::string& network, uint64_t block,
                                   const CallContext& context) {
  std::unique_lock lock(mutex_);
  ARROW_ASSIGN_OR_RAISE(const ModelChain* chain, Find(network));
  const uint64_t& sent = sent_[chain->network()];
  while (sent <= block) {
    ARROW_RETURN_NOT_OK(context.Check());
    changed_.wait_for(lock, context.stop, kPoll, [&] { return sent > block; });
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::Table>> ServedChains::CanonicalRows() const {
  const std::lock_guard lock(mutex_);
  return conformance::CanonicalRows(View());
}

std::vector<StreamCursor> ServedChains::cursors() const {
  const std::lock_guard lock(mutex_);
  return cursors_;
}

void ServedChains::Say(const std::string& event) const {
  if (options_.on_event) options_.on_event(event);
}

}  // namespace ampload::conformance
