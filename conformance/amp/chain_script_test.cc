#include "conformance/amp/chain_script.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "matchers.h"

namespace ampload::conformance {
namespace {

TEST(ChainScript, IsReadStepByStep) {
  ASSERT_OK_AND_ASSIGN(const auto steps, ParseChainScript("mine 100; wait-sent side 80 # so far\n"
                                                          "# nothing\n"
                                                          "reorg 5 7;;\n"
                                                          "  reorg side 1 0; sleep 20; down 30\n"
                                                          "disconnect; end"));
  struct Expected {
    ChainVerb verb;
    std::string network;
    std::vector<uint64_t> numbers;
    std::string text;
  };
  const std::vector<Expected> expected = {{ChainVerb::kMine, "", {100}, "mine 100"},
                                          {ChainVerb::kWaitSent, "side", {80}, "wait-sent side 80"},
                                          {ChainVerb::kReorg, "", {5, 7}, "reorg 5 7"},
                                          {ChainVerb::kReorg, "side", {1, 0}, "reorg side 1 0"},
                                          {ChainVerb::kSleep, "", {20}, "sleep 20"},
                                          {ChainVerb::kDown, "", {30}, "down 30"},
                                          {ChainVerb::kDisconnect, "", {}, "disconnect"},
                                          {ChainVerb::kEnd, "", {}, "end"}};
  ASSERT_EQ(steps.size(), expected.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].verb, expected[i].verb);
    EXPECT_EQ(steps[i].network, expected[i].network);
    EXPECT_EQ(steps[i].numbers, expected[i].numbers);
    EXPECT_EQ(steps[i].text, expected[i].text);
  }
}

TEST(ChainScript, SaysWhichStepIsWrong) {
  const auto fails = [](const std::string& script, const std::string& why) {
    EXPECT_THAT(ParseChainScript(script), FailsWith(FailureKind::kConfiguration, why)) << script;
  };
  fails("mine 1; mime 3", "did you mean mine?: mime 3");
  fails("mine", "mine takes [NETWORK] COUNT");
  fails("mine -3", "mine takes");
  fails("mine side", "mine takes");
  fails("reorg 5", "reorg takes [NETWORK] DEPTH COUNT");
  fails("sleep main 5", "sleep takes MS");
  fails("end 5", "end takes nothing");
  fails("mine 99999999999999999999", "mine takes");
}

}  // namespace
}  // namespace ampload::conformance
