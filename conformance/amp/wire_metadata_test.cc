#include "conformance/amp/wire_metadata.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace ampload::conformance {
namespace {

TEST(WireMetadata, IsTheJsonThatARealServerSends) {
  const BlockRange range = {"main", {100}, {110}, "0xaa", "0xbb"};
  const auto json = nlohmann::json::parse(MetadataOf({{range}, true, nullptr}));
  EXPECT_EQ(json, nlohmann::json::parse(R"({"ranges":[{"network":"main",
      "numbers":{"start":100,"end":110},"hash":"0xaa","prev_hash":"0xbb","timestamp":1700001320}],
      "ranges_complete":true})"));
  EXPECT_EQ(MetadataOf({{}, false, nullptr}), R"({"ranges":[],"ranges_complete":false})");
}

TEST(WireMetadata, ReadsTheCursorOfAResume) {
  const std::string hash = "0x" + std::string(64, 'a');
  const auto cursor =
      ParseResume(R"({"main":{"number":73,"hash":")" + hash +
                  R"("},"side":{"number":18446744073709551615,"hash":")" + hash + R"("}})");
  const StreamCursor expected = {{"main", {{73}, hash}}, {"side", {{UINT64_MAX}, hash}}};
  EXPECT_EQ(cursor, expected);
}

TEST(WireMetadata, PassesOverAResumeThatCannotBeRead) {
  const std::string hash = "0x" + std::string(64, 'a');
  for (const std::string& text :
       {std::string(), std::string("main:73"), std::string("[]"), std::string(R"({"main":73})"),
        std::string(R"({"main":{"number":73}})"), R"({"main":{"hash":")" + hash + R"("}})",
        R"({"main":{"number":-1,"hash":")" + hash + R"("}})",
        R"({"main":{"number":"73","hash":")" + hash + R"("}})",
        std::string(R"({"main":{"number":73,"hash":"0xaa"}})")}) {
    EXPECT_EQ(ParseResume(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ampload::conformance
