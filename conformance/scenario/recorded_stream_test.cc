// The messages that were recorded from a real Amp server, through parser, rules, engine and store:
// the folder wire/ of AMPLOAD_REAL_DATA, whose README walks through them.
#include <gtest/gtest.h>

#include <map>

#include "ampload/registry.h"
#include "base/hex.h"
#include "conformance/amp/recorded_folder_for_test.h"
#include "matchers.h"
#include "pipeline/stream_load.h"
#include "source/amp/app_metadata.h"
#include "stream/connection_rules.h"
#include "temp_folder.h"

namespace ampload::conformance {
namespace {

struct Message {
  std::string metadata;  // as it was sent
  std::vector<ChainBlock> blocks;
};

// A connection that the loader is expected to make.
struct Connection {
  std::optional<uint64_t> behind;  // the cursor's number; none: no cursor
  std::vector<Message> messages;
};

class RecordedConnection : public Source {
 public:
  explicit RecordedConnection(const std::vector<Message>& messages) : messages_(messages) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_.schema(); }

  Result<std::optional<SourceBatch>> Next(const CallContext& context) override {
    if (next_ == messages_.size()) {
      base::WaitFor(std::chrono::hours(1), context.stop);
      return Status::Cancelled("interrupted");
    }
    const auto& message = messages_[next_++];
    ARROW_ASSIGN_OR_RAISE(auto metadata, source::ParseAppMetadata(message.metadata));
    SourceBatch batch;
    ARROW_ASSIGN_OR_RAISE(batch.batch, rows_.RowsOf(message.blocks, 0));
    batch.ranges = std::move(metadata.ranges);
    batch.ranges_complete = metadata.ranges_complete;
    return batch;
  }

 private:
  const std::vector<Message>& messages_;
  size_t next_ = 0;
  HeaderRows rows_;
};

class RecordedServer : public StreamSource {
 public:
  explicit RecordedServer(std::vector<Connection> connections)
      : connections_(std::move(connections)) {}
  const std::string& name() const override { return name_; }
  size_t opened() const { return opened_; }

  Result<std::unique_ptr<Source>> Open(const StreamCursor& cursor, const CallContext&) override {
    if (opened_ == connections_.size()) return PermanentError("one connection too many");
    const auto& connection = connections_[opened_++];
    const auto position = cursor.find("anvil");
    const std::optional<uint64_t> behind =
        position == cursor.end() ? std::nullopt
                                 : std::optional<uint64_t>(position->second.number.value);
    if (behind != connection.behind) {
      return PermanentError("connection " + std::to_string(opened_) + " is opened behind block " +
                            (behind ? std::to_string(*behind) : "none"));
    }
    return std::make_unique<RecordedConnection>(connection.messages);
  }

 private:
  const std::string name_ = "recorded";
  std::vector<Connection> connections_;
  size_t opened_ = 0;
};

class RecordedStream : public RecordedFolder {
 protected:
  // A block of the chain at the end; the first take's dead ones, whose hashes nobody recorded, are
  // invented.
  ChainBlock Block(uint64_t number) const {
    return {"anvil", number, canonical_.at(number),
            number == 0 ? "0x" + std::string(64, '0') : canonical_.at(number - 1)};
  }
  static ChainBlock Dead(uint64_t number) {
    const std::string hash(64, static_cast<char>('a' + number % 6));
    return {"anvil", number, "0x" + hash, "0x" + hash};
  }

  std::vector<Message> Session(const std::string& name) const {
    std::vector<Message> messages;
    for (const Json& json : Messages(name)) {
      Message& message = messages.emplace_back();
      message.metadata = json["meta"].dump();
      message.blocks = BlocksOf(json);
      if (!json.contains("blocks") || json["blocks"].is_null()) continue;
      const bool first_take = json["meta"]["ranges"][0]["numbers"]["end"] == 78;
      for (uint64_t number = json["blocks"][0]; number <= json["blocks"][1]; ++number) {
        message.blocks.push_back(first_take && number >= 76 ? Dead(number) : Block(number));
      }
    }
    return messages;
  }

  // What a connection behind block 73 was told after the third reorganisation: not recorded, but
  // told by the README.
  std::vector<Message> Unrecorded(const std::vector<Message>& session) const {
    std::vector<ChainBlock> blocks;
    const auto take = [&](uint64_t first, uint64_t last, const Message& from) {
      for (const auto& block : from.blocks) {
        if (block.number >= first && block.number <= last) blocks.push_back(block);
      }
    };
    // 74 to 77 as [74..81] had them, 78 to 87 as the message of the reorganisation.
    const Message* replaced = nullptr;
    for (const auto& message : session) {
      if (!message.blocks.empty() && message.blocks.front().number == 78) replaced = &message;
    }
    take(74, 77, session.at(1));
    take(78, 87, *replaced);
    const Json range = {{"network", "anvil"},
                        {"numbers", {{"start", 74}, {"end", 87}}},
                        {"hash", blocks.back().hash},
                        {"prev_hash", canonical_.at(73)}};
    const auto metadata = [&](bool complete) {
      return Json{{"ranges", {range}}, {"ranges_complete", complete}}.dump();
    };
    return {{metadata(false), blocks}, {metadata(true), {}}};
  }
};

TEST_F(RecordedStream, EndsAsTheRecordedChain) {
  const auto session = Session("session_with_reorgs");
  auto last = Unrecorded(session);
  for (const auto& message : session) {
    const auto start = Json::parse(message.metadata)["ranges"][0]["numbers"]["start"];
    if (start >= 88) last.push_back(message);
  }
  RecordedServer server(
      {{{}, Session("first_session_blocks")}, {73, session}, {73, std::move(last)}});

  TempFolder folder;
  const auto registry = LoaderRegistry::BuiltIn();
  ASSERT_OK_AND_ASSIGN(const auto* descriptor, registry.FindByName("lmdb"));
  ASSERT_OK_AND_ASSIGN(const auto loader, descriptor->make({{"path", folder / "env"}}));
  ASSERT_THAT(loader->Connect(CallContext{}), IsOk());
  pipeline::StreamRequest request;
  request.table.name = "blocks";
  request.table.keys = {"block_num"};
  request.table.pipeline = "recorded";
  request.query = "SELECT block_num, hash, parent_hash FROM blocks";
  request.cadence.rows = 1;  // each batch by itself
  request.until = BlockNumber{117};
  std::vector<std::string> ladders;
  request.on_commit = [&](const Checkpoint& checkpoint) {
    std::string text;
    for (const auto& entry : checkpoint.ladder) {
      text += std::to_string(entry.ranges[0].start.value) + ".." +
              std::to_string(entry.ranges[0].end.value) + " ";
    }
    ladders.push_back(text);
  };
  const auto outcome = pipeline::RunStream(server, *loader, request, CallContext{});
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(server.opened(), 3U);
  EXPECT_EQ(outcome.progress.reorgs, 4);
  EXPECT_EQ(ladders.back(), "0..19 20..30 31..33 34..53 54..73 74..87 88..107 108..115 116..117 ");

  ASSERT_OK_AND_ASSIGN(const auto stored, loader->ReadRows("blocks", {.limit = INT64_MAX}));
  std::map<uint64_t, std::string> found;
  for (int64_t i = 0; i < stored->num_rows(); ++i) {
    ASSERT_OK_AND_ASSIGN(const auto number, stored->GetColumnByName("block_num")->GetScalar(i));
    ASSERT_OK_AND_ASSIGN(const auto hash, stored->GetColumnByName("hash")->GetScalar(i));
    const auto text =
        "0x" + base::ToHex(static_cast<const arrow::FixedSizeBinaryScalar&>(*hash).view());
    found[static_cast<const arrow::UInt64Scalar&>(*number).value] = text;
  }
  EXPECT_EQ(stored->num_rows(), 118);
  EXPECT_EQ(found, canonical_);
}

// What the rules make of the three kinds of answer to a cursor.
TEST_F(RecordedStream, AnswersToACursorAreUnderstood) {
  const auto read = [&](const std::string& name) -> std::string {
    stream::ConnectionRules rules(Header(name), {});
    const auto metadata = source::ParseAppMetadata(Session(name).front().metadata).ValueOrDie();
    const auto reading = rules.Read(metadata.ranges, metadata.ranges_complete, 0).ValueOrDie();
    return reading.lost.empty() ? "goes on"
                                : "lost from " + std::to_string(reading.lost.front().from.value);
  };
  EXPECT_EQ(read("resume_right"), "goes on");
  EXPECT_EQ(read("resume_orphaned"), "lost from 108");
  EXPECT_EQ(read("resume_unknown_hash"), "lost from 105");
}

}  // namespace
}  // namespace ampload::conformance
