// The messages that were recorded from a real Amp server: the folder wire/ of AMPLOAD_REAL_DATA,
// whose README tells what was done to the chain.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ampload/stream_source.h"
#include "conformance/amp/block_rows.h"

namespace ampload::conformance {

class RecordedFolder : public ::testing::Test {
 protected:
  using Json = nlohmann::json;

  void SetUp() override {
    const char* folder = std::getenv("AMPLOAD_REAL_DATA");
    if (folder == nullptr) GTEST_SKIP() << "AMPLOAD_REAL_DATA is not set";
    folder_ = std::string(folder) + "/wire/";
    std::ifstream file(folder_ + "canonical_at_end.jsonl");
    for (std::string line; std::getline(file, line);) {
      const Json json = Json::parse(line);
      canonical_[json[0]] = json[1];
    }
    ASSERT_EQ(canonical_.size(), 118U) << folder_;
  }

  // A session's messages, one object each; not its first and last line, which are the recorder's.
  std::vector<Json> Messages(const std::string& session) const {
    std::vector<Json> messages;
    std::ifstream file(folder_ + session + ".jsonl");
    for (std::string line; std::getline(file, line);) {
      Json json = Json::parse(line);
      if (json.contains("meta")) messages.push_back(std::move(json));
    }
    EXPECT_FALSE(messages.empty()) << session;
    return messages;
  }

  // The blocks of a message's rows, where they were recorded.
  static std::vector<ChainBlock> BlocksOf(const Json& message) {
    std::vector<ChainBlock> blocks;
    for (const Json& row : message.value("rows_data", Json::array())) {
      blocks.push_back(
          {"anvil", row[0], "0x" + row[1].get<std::string>(), "0x" + row[2].get<std::string>()});
    }
    return blocks;
  }

  // The cursor that a resumed session sent.
  StreamCursor Header(const std::string& session) const {
    const Json json = Json::parse(std::ifstream(folder_ + session + ".header.json"));
    StreamCursor cursor;
    for (const auto& [network, position] : json.items()) {
      cursor[network] = {{position["number"]}, position["hash"]};
    }
    return cursor;
  }

  std::string folder_;
  std::map<uint64_t, std::string> canonical_;  // the chain as it was when all had ended
};

}  // namespace ampload::conformance
