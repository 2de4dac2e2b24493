#include "conformance/amp/wire_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "matchers.h"

namespace ampload::conformance {
namespace {

using Json = nlohmann::json;

// A chain of 60 blocks in microbatches of 20: [0..19] of two messages, [20..39], [40..59].
class Faults : public ::testing::Test {
 protected:
  Faults() { chain_.Mine(60); }

  void Plan(const std::vector<std::string>& faults) {
    std::vector<Fault> parsed;
    for (const auto& fault : faults) parsed.push_back(ParseFault(fault).ValueOrDie());
    plan_ = FaultPlan(parsed);
  }

  // What one connection sees until it ends or waits: "0-19 0-19! ..." with ! for complete and ? for
  // metadata that is not what the protocol asks for.
  std::string Connection() {
    WireStream stream(StreamProducer::Make({&chain_}, {}, {}).ValueOrDie(), &plan_);
    std::string seen;
    metadata_.clear();
    rows_.clear();
    while (true) {
      auto event = stream.Next().ValueOrDie();
      if (std::holds_alternative<NothingNow>(event)) return seen + "waits";
      if (std::holds_alternative<Stalled>(event)) return seen + "stalls";
      if (std::holds_alternative<Disconnected>(event)) return seen + "breaks";
      if (std::holds_alternative<Ended>(event)) return seen + "ends";
      auto& message = std::get<WireMessage>(event);
      metadata_.push_back(message.metadata.value_or("none"));
      rows_.push_back(message.rows->num_rows());
      seen += Described(metadata_.back()) + " ";
    }
  }

  static std::string Described(const std::string& metadata) {
    const Json json = Json::parse(metadata, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return "?";
    std::string seen;
    for (const Json& range : json["ranges"]) {
      if (!range.contains("prev_hash") || !range["numbers"]["start"].is_number()) return "?";
      if (!seen.empty()) seen += "+";
      seen += range["numbers"]["start"].dump() + "-" + range["numbers"]["end"].dump();
    }
    return seen + (json["ranges_complete"].get<bool>() ? "!" : "");
  }

  ModelChain chain_{"main", 0, 1};
  FaultPlan plan_;
  std::vector<std::string> metadata_;
  std::vector<int64_t> rows_;
};

constexpr const char* kSound = "0-19 0-19! 20-39 20-39! 40-59 40-59! waits";

TEST_F(Faults, AreNoneWhereNoneIsPlanned) { EXPECT_EQ(Connection(), kSound); }

TEST_F(Faults, OfAConnection) {
  Plan({"disconnect@4"});
  EXPECT_EQ(Connection(), "0-19 0-19! 20-39 breaks");
  Plan({"disconnect@1"});
  EXPECT_EQ(Connection(), "breaks");
  Plan({"end@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! ends");
  Plan({"stall@2"});
  EXPECT_EQ(Connection(), "0-19 stalls");
}

TEST_F(Faults, HappenOnceUnlessEachTimeIsAsked) {
  Plan({"disconnect@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! breaks");
  EXPECT_EQ(Connection(), kSound);
  Plan({"disconnect@3*"});
  EXPECT_EQ(Connection(), "0-19 0-19! breaks");
  EXPECT_EQ(Connection(), "0-19 0-19! breaks");
  Plan({"not-json@1", "disconnect@3", "disconnect@4"});
  EXPECT_EQ(Connection(), "? 0-19! breaks");
  EXPECT_EQ(Connection(), "0-19 0-19! 20-39 breaks");
}

TEST_F(Faults, OfMetadataThatCannotBeRead) {
  for (const std::string fault :
       {"no-metadata@3", "not-json@3", "deep-json@3", "missing-fields@3", "wrong-types@3"}) {
    Plan({fault});
    EXPECT_EQ(Connection(), "0-19 0-19! ? 20-39! 40-59 40-59! waits") << fault;
  }
  Plan({"no-metadata@3"});
  Connection();
  EXPECT_EQ(metadata_[2], "none");
  Plan({"missing-fields@3"});
  Connection();
  EXPECT_EQ(Json::parse(metadata_[2])["ranges"].dump(), R"([{"network":"main"}])");
}

TEST_F(Faults, OfMetadataThatBreaksARule) {
  Plan({"two-ranges@1"});
  EXPECT_EQ(Connection(), "0-19+0-19 0-19! 20-39 20-39! 40-59 40-59! waits");
  Plan({"start-after-end@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! 40-39 20-39! 40-59 40-59! waits");
  Plan({"gap@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! 30-49 20-39! 40-59 40-59! waits");
  Plan({"no-prev-hash@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! ? 20-39! 40-59 40-59! waits");
  Plan({"other-network@3"});
  EXPECT_EQ(Connection(), kSound);
  EXPECT_EQ(Json::parse(metadata_[2])["ranges"][0]["network"], "elsewhere");
  Plan({"wrong-prev-hash@3"});
  EXPECT_EQ(Connection(), kSound);
  EXPECT_NE(Json::parse(metadata_[2])["ranges"][0]["prev_hash"],
            Json::parse(metadata_[1])["ranges"][0]["hash"]);
  EXPECT_EQ(Json::parse(metadata_[3])["ranges"][0]["prev_hash"],
            Json::parse(metadata_[1])["ranges"][0]["hash"]);
}

TEST_F(Faults, OfTheSequence) {
  Plan({"never-complete@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! 20-39 40-59 40-59! waits");
  Plan({"nothing-yet@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! ! ends");
  Plan({"repeat@3"});
  EXPECT_EQ(Connection(), "0-19 0-19! 20-39 20-39! 20-39 20-39! 40-59 40-59! waits");
  EXPECT_EQ(rows_[2], rows_[4]);
  Plan({"rows-without-ranges@2"});
  EXPECT_EQ(Connection(), "0-19 0-19!  20-39! 40-59 40-59! waits");
  EXPECT_GT(rows_[2], 0);
}

TEST_F(Faults, AreReadByName) {
  std::set<FaultKind> kinds;
  for (const FaultName& name : FaultNames()) {
    ASSERT_OK_AND_ASSIGN(const Fault fault, ParseFault(std::string(name.name) + "@12*"));
    EXPECT_EQ(fault.kind, name.kind);
    EXPECT_EQ(fault.at, 12U);
    EXPECT_TRUE(fault.each_time);
    EXPECT_TRUE(kinds.insert(fault.kind).second);
  }
  EXPECT_THAT(ParseFault("notjson@1"),
              FailsWith(FailureKind::kConfiguration, "did you mean not-json?"));
  for (const char* wrong : {"stall", "stall@", "stall@0", "stall@x", "stall@3x", "stall@3**"}) {
    EXPECT_THAT(ParseFault(wrong), FailsWith(FailureKind::kConfiguration, "want KIND@N")) << wrong;
  }
}

}  // namespace
}  // namespace ampload::conformance
