// Damaged and invented metadata: whatever comes, an answer or a data error. The sanitizers of
// build/dev are half of the test; the other half is that nlohmann's own reader agrees.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "matchers.h"
#include "source/amp/app_metadata.h"

namespace ampload::source {
namespace {

constexpr char kWhole[] =
    R"({"ranges":[{"network":"mainnet","numbers":{"start":100,"end":110},"hash":"0x8bc9","prev_hash":"0x6934","timestamp":1700000972},)"
    R"({"network":"base","numbers":{"start":0,"end":3},"hash":"0xaa","prev_hash":null}],"ranges_complete":false})";

// The same answer, read from a tree; only for texts without double keys.
AppMetadata ByTree(const nlohmann::json& tree) {
  AppMetadata out;
  out.ranges_complete = tree.at("ranges_complete").get<bool>();
  for (const auto& range : tree.at("ranges")) {
    BlockRange& read = out.ranges.emplace_back();
    read.network = range.at("network").get<std::string>();
    read.start = {range.at("numbers").at("start").get<uint64_t>()};
    read.end = {range.at("numbers").at("end").get<uint64_t>()};
    read.hash = range.at("hash").get<std::string>();
    if (range.contains("prev_hash") && range["prev_hash"].is_string()) {
      read.prev_hash = range["prev_hash"].get<std::string>();
    }
  }
  return out;
}

// Either a data error, or what the text says.
void ExpectAnAnswer(const std::string& text) {
  const auto result = ParseAppMetadata(text);
  if (!result.ok()) {
    EXPECT_THAT(result, FailsWith(FailureKind::kData, "amp: message metadata: ")) << text;
    return;
  }
  const auto tree = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(tree.is_discarded()) << text;
  const auto expected = ByTree(tree);
  ASSERT_EQ(result->ranges.size(), expected.ranges.size()) << text;
  for (size_t i = 0; i < expected.ranges.size(); ++i) {
    EXPECT_EQ(result->ranges[i].network, expected.ranges[i].network) << text;
    EXPECT_EQ(result->ranges[i].start, expected.ranges[i].start) << text;
    EXPECT_EQ(result->ranges[i].end, expected.ranges[i].end) << text;
  }
  EXPECT_EQ(result->ranges_complete, expected.ranges_complete) << text;
}

TEST(AppMetadataDamage, EveryTruncationIsRefused) {
  const std::string whole = kWhole;
  ASSERT_OK_AND_ASSIGN(const auto metadata, ParseAppMetadata(whole));
  EXPECT_EQ(metadata, ByTree(nlohmann::json::parse(whole)));
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(ParseAppMetadata(std::string_view(whole).substr(0, length)),
                FailsWith(FailureKind::kData, "amp: message metadata: "))
        << length;
  }
}

TEST(AppMetadataDamage, FlippedBytesGiveAnAnswer) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string text = kWhole;
    for (uint64_t flips = 1 + random() % 4; flips > 0; --flips) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    ExpectAnAnswer(text);
  }
}

TEST(AppMetadataDamage, PiecesMovedAndDoubledGiveAnAnswer) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 20000; ++round) {
    std::string text = kWhole;
    const size_t from = random() % text.size();
    const std::string piece = text.substr(from, random() % 40);
    text.insert(random() % text.size(), piece);
    // A double key is refused by us and taken by the tree, so only the parser's survival counts.
    const auto result = ParseAppMetadata(text);
    if (!result.ok()) {
      EXPECT_EQ(KindOf(result.status()), FailureKind::kData);
    }
  }
}

// Random JSON made of our own words.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  std::string Value(int depth) {
    static const char* const kScalars[] = {
        "null", "true", "-3", "5", "1.5e3", "18446744073709551616", "\"0xab\"", "\"\"", "\"n\""};
    const uint64_t choice = depth == 0 ? 0 : random_() % 4;
    if (choice < 2) return kScalars[random_() % std::size(kScalars)];
    std::string text;
    for (uint64_t count = random_() % 5; count > 0; --count) {
      if (!text.empty()) text += ",";
      if (choice == 2) text += Key() + ":";
      text += Value(depth - 1);
    }
    return choice == 2 ? "{" + text + "}" : "[" + text + "]";
  }

 private:
  std::string Key() {
    static const char* const kKeys[] = {"ranges",  "ranges_complete", "network",
                                        "numbers", "start",           "end",
                                        "hash",    "prev_hash",       "x"};
    return "\"" + std::string(kKeys[random_() % std::size(kKeys)]) + "\"";
  }
  std::mt19937_64 random_;
};

TEST(AppMetadataDamage, InventedTreesGiveAnAnswer) {
  Maker maker(3);
  for (int round = 0; round < 20000; ++round) {
    const std::string text = R"({"ranges_complete":true,"ranges":[{"network":"n","hash":"0xab",)"
                             R"("numbers":{"start":1,"end":2,"y":)" +
                             maker.Value(4) + R"(},"z":)" + maker.Value(6) + R"(}],"w":)" +
                             maker.Value(6) + "}";
    EXPECT_THAT(ParseAppMetadata(text), IsOk()) << text;
    const auto wild = ParseAppMetadata(R"({"ranges":)" + maker.Value(5) + R"(,"x":1})");
    EXPECT_THAT(wild, FailsWith(FailureKind::kData, "amp: message metadata: "));
  }
}

}  // namespace
}  // namespace ampload::source
