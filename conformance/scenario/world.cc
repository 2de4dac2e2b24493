#include "conformance/scenario/world.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace ampload::conformance {
namespace {

constexpr char kNobodysHash[] =
    "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const char* const kNetworks[] = {"mainnet", "base", "arbitrum"};

}  // namespace

// One connection: gives messages, and lets things happen between them.
class WorldConnection : public Source {
 public:
  WorldConnection(World& world, std::unique_ptr<StreamProducer> producer)
      : world_(world), producer_(std::move(producer)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return world_.rows()->schema(); }

  Result<std::optional<SourceBatch>> Next(const CallContext& context) override {
    std::unique_lock lock(world_.mutex_);
    for (;;) {
      ARROW_RETURN_NOT_OK(context.Check());
      if (!again_.empty()) {
        ModelMessage message = std::move(again_.front());
        again_.pop_front();
        return Give(std::move(message));
      }
      const Step* step = world_.NextStep();
      if (step != nullptr && IsDue(*step)) {
        ARROW_ASSIGN_OR_RAISE(const bool ended, Play(*step));
        if (ended) return std::optional<SourceBatch>();
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto message, producer_->Next());
      if (message.has_value()) {
        Remember(*message);
        return Give(*std::move(message));
      }
      silent_ = true;
      if (step != nullptr && (step->kind != StepKind::kCommitted || AllCommitted())) continue;
      if (step == nullptr) {
        world_.over_ = true;
        world_.StopWhereFinished();
      }
      world_.changed_.wait(lock, context.stop, [&] { return step != nullptr && AllCommitted(); });
    }
  }

 private:
  bool AllCommitted() const { return world_.committed_ == world_.told_; }

  bool IsDue(const Step& step) const {
    switch (step.kind) {
      case StepKind::kAfter:
        return silent_ || given_ >= step.count;
      case StepKind::kAll:
        return silent_;
      case StepKind::kCommitted:
        return silent_ && AllCommitted();
      case StepKind::kReplay:
        return silent_ || !open_;
      default:
        return true;
    }
  }

  // True: the server ends the stream.
  Result<bool> Play(const Step& step) {
    if (step.kind == StepKind::kRemember || step.kind == StepKind::kRestore) {
      kill(getpid(), SIGKILL);  // the store is copied while nobody has it open
    }
    if (step.kind == StepKind::kTakeOver && world_.take_over_) world_.take_over_();
    ARROW_RETURN_NOT_OK(world_.Happen(step));
    ++world_.progress_->steps;
    given_ = 0;
    silent_ = false;
    if (step.kind == StepKind::kCrash) kill(getpid(), SIGKILL);
    if (step.kind == StepKind::kDisconnect) return TransientError("the connection broke");
    if (step.kind == StepKind::kReplay) again_.assign(whole_.begin(), whole_.end());
    return step.kind == StepKind::kEnd;
  }

  void Remember(const ModelMessage& message) {
    // One that was broken off is not part of the next.
    if (!open_ || sent_.back().ranges != message.ranges) sent_.clear();
    sent_.push_back(message);
    open_ = !message.complete;
    if (open_) return;
    whole_ = sent_;
    for (const auto& range : message.ranges) {
      world_.told_[range.network] = {range.end, range.hash};
    }
  }

  std::optional<SourceBatch> Give(ModelMessage message) {
    ++given_;
    ++world_.progress_->messages;
    SourceBatch batch;
    batch.batch = std::move(message.rows);
    batch.ranges = std::move(message.ranges);
    for (auto& range : batch.ranges) {
      if (range.start.value == 0) range.prev_hash.clear();  // as a source gives it
    }
    batch.ranges_complete = message.complete;
    return batch;
  }

  World& world_;
  std::unique_ptr<StreamProducer> producer_;
  uint64_t given_ = 0;               // messages since the last step
  bool silent_ = false;              // there was nothing to say since the last step
  bool open_ = false;                // a microbatch is being sent
  std::vector<ModelMessage> sent_;   // of it
  std::vector<ModelMessage> whole_;  // the last one that is whole
  std::deque<ModelMessage> again_;
};

class WorldSource : public StreamSource {
 public:
  explicit WorldSource(World& world) : world_(world) {}

  const std::string& name() const override { return name_; }

  Result<std::unique_ptr<Source>> Open(const StreamCursor& cursor,
                                       const CallContext& context) override {
    ARROW_RETURN_NOT_OK(context.Check());
    const std::lock_guard lock(world_.mutex_);
    world_.committed_ = cursor;
    world_.told_ = cursor;
    world_.over_ = false;
    StreamCursor known = cursor;
    for (const auto& chain : world_.chains_) {
      const auto position = known.find(chain->network());
      if (position == known.end() || !world_.forgets_) continue;
      const auto fork = chain->ForkOf(position->second.number.value, position->second.hash);
      if (fork != position->second.number.value) position->second.hash = kNobodysHash;
    }
    ProducerOptions options = world_.scenario_.server;
    options.order_seed = world_.progress_->messages;  // a replay has another order
    if (world_.scenario_.splits_otherwise) {
      options.max_blocks = 1 + (options.order_seed * 7 + options.max_blocks) % 20;
      options.row_messages = 1 + options.order_seed % 4;
    }
    ARROW_ASSIGN_OR_RAISE(auto producer, StreamProducer::Make(world_.chains(), known, options));
    return std::make_unique<WorldConnection>(world_, std::move(producer));
  }

 private:
  World& world_;
  const std::string name_ = "a scenario's server";
};

World::World(const Scenario& scenario, SharedProgress* progress)
    : scenario_(scenario), progress_(progress) {
  rows_ = std::make_shared<MadeUpRows>(
      MadeUpRowsOptions{.seed = scenario.seed, .most_rows = scenario.most_rows});
  for (size_t i = 0; i < scenario.networks; ++i) {
    chains_.push_back(std::make_unique<ModelChain>(kNetworks[i], scenario.first_block + i * 1000,
                                                   scenario.seed * 10 + i, rows_));
  }
}

Result<std::unique_ptr<World>> World::Make(const Scenario& scenario, SharedProgress* progress) {
  std::unique_ptr<World> world(new World(scenario, progress));
  for (uint64_t i = 0; i < progress->steps; ++i) {
    ARROW_RETURN_NOT_OK(world->Happen(scenario.steps[i]));
  }
  return world;
}

std::vector<const ModelChain*> World::chains() const {
  std::vector<const ModelChain*> all;
  for (const auto& chain : chains_) all.push_back(chain.get());
  return all;
}

Result<std::vector<ChainBlock>> World::BlocksTo(const StreamCursor& cursor) const {
  const std::lock_guard lock(mutex_);
  std::vector<ChainBlock> blocks;
  for (const auto& chain : chains_) {
    const auto position = cursor.find(chain->network());
    if (position == cursor.end()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto own, chain->BlocksTo(position->second.hash));
    blocks.insert(blocks.end(), own.begin(), own.end());
  }
  return blocks;
}

bool World::IsTheEnd(const StreamCursor& cursor) const {
  const std::lock_guard lock(mutex_);
  // Of two networks the server says nothing until both have something new.
  if (chains_.size() > 1) return cursor.size() == chains_.size();
  const auto& chain = *chains_.front();
  const auto position = cursor.find(chain.network());
  return position != cursor.end() && position->second.number.value == chain.head() &&
         position->second.hash == chain.HashAt(*chain.head());
}

std::unique_ptr<StreamSource> World::MakeSource() { return std::make_unique<WorldSource>(*this); }

void World::NoteCommitted(const StreamCursor& cursor) {
  {
    const std::lock_guard lock(mutex_);
    committed_ = cursor;
    StopWhereFinished();
  }
  changed_.notify_all();
}

Status World::Happen(const Step& step) {
  if (step.kind == StepKind::kMine) chains_.at(step.network)->Mine(step.count);
  if (step.kind == StepKind::kForget) forgets_ = true;
  if (step.kind == StepKind::kReorg) {
    return chains_.at(step.network)->Reorg(step.depth, step.count);
  }
  return Status::OK();
}

const Step* World::NextStep() const {
  const uint64_t done = progress_->steps;
  return done < scenario_.steps.size() ? &scenario_.steps[done] : nullptr;
}

void World::StopWhereFinished() {
  if (over_ && committed_ == told_) finished_.request_stop();
}

}  // namespace ampload::conformance
