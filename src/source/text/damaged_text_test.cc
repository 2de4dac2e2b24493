// Damaged text: never a crash, never more or other rows than the undamaged part has, and the same
// outcome however the text is cut into blocks.
#include <random>

#include "source/text/text_for_test.h"

namespace ampload::source {
namespace {

constexpr std::string_view kCsv =
    "id,name,amount,at,ok\n"
    "1,alpha,0.5,2024-01-31T00:00:00Z,true\n"
    "2,\"be\"\"ta, x\",1.25,2024-02-29T12:00:00.5Z,false\r\n"
    "3,\"gam\nma\",,2024-02-29T12:00:00Z,\n"
    "-9,\xc3\xa9,7,1970-01-01T00:00:00Z,true\n";

constexpr std::string_view kNdjson =
    R"({"id":1,"s":"a\u00e9\ud83d\ude00","l":[1,2,null],"o":{"x":1.5,"y":[{"z":true}]}})"
    "\n"
    R"({"id":-7,"s":"","l":[],"o":null,"big":123456789012345678901234567890})"
    "\n\n"
    R"({"o":{"y":[null,{"z":false}],"x":2},"s":null,"big":5})"
    "\n";

std::string Damage(std::string text, std::mt19937_64* random) {
  static constexpr std::string_view kInserts = "\",\n\r{}[]:\\u0-1e.\xff\xc3\x80tnf \0";
  for (auto left = 1 + (*random)() % 6; left > 0 && !text.empty(); --left) {
    const auto at = (*random)() % text.size();
    switch ((*random)() % 5) {
      case 0:
        text[at] = static_cast<char>((*random)());
        break;
      case 1:
        text.insert(at, 1, kInserts[(*random)() % (kInserts.size())]);
        break;
      case 2:
        text.erase(at, 1 + (*random)() % 4);
        break;
      case 3:
        text.insert(at, text.substr((*random)() % text.size(), (*random)() % 30));
        break;
      default:
        text[at] = kInserts[(*random)() % kInserts.size()];
    }
  }
  return text;
}

std::string Outcome(const Result<Loaded>& loaded) {
  if (!loaded.ok()) return loaded.status().message();
  std::string out = loaded->table->ToString();
  for (const auto& bad : loaded->bad) {
    out += "\n" + std::to_string(bad.record) + " " + bad.raw + " " + bad.reason;
  }
  return out;
}

void ReadDamaged(TextFormat format, std::string_view text, uint64_t seeds, std::string_view types) {
  int loads = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    std::mt19937_64 random(seed);
    const auto damaged = Damage(std::string(text), &random);
    HowToLoad how;
    how.format = format;
    how.keep_bad = seed % 3 != 0;
    if (seed % 2 == 0) how.options = WithTypes(types);
    how.sample_bytes = seed % 5 == 0 ? 90 : 1 << 20;
    const auto whole = Load(damaged, how);
    loads += whole.ok();
    if (!whole.ok()) {
      ASSERT_FALSE(whole.status().message().empty());
    }
    how.drip = true;
    how.batch_bytes = 1 + static_cast<int64_t>(seed % 300);
    ASSERT_EQ(Outcome(Load(damaged, how)), Outcome(whole)) << seed << "\n" << damaged;
  }
  EXPECT_GT(loads, static_cast<int>(seeds) / 20);
}

TEST(DamagedText, CsvIsReadAlikeHoweverItIsCut) {
  ReadDamaged(TextFormat::kCsv, kCsv, 1500, "amount:decimal128(10, 3)");
}

TEST(DamagedText, NdjsonIsReadAlikeHoweverItIsCut) {
  ReadDamaged(TextFormat::kNdjson, kNdjson, 3000,
              "o:struct<x: decimal128(10, 3), y: list<struct<z: bool>>>,s:string");
}

TEST(DamagedText, RandomBytesAreNoCrash) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::mt19937_64 random(seed);
    std::string text;
    for (auto left = random() % 300; left > 0; --left) {
      text += seed % 2 == 0 ? static_cast<char>(random()) : "{}[]\",:1e\n\\ua"[random() % 13];
    }
    for (const auto format : {TextFormat::kCsv, TextFormat::kNdjson}) {
      HowToLoad how;
      how.format = format;
      how.keep_bad = true;
      const auto whole = Load(text, how);
      how.drip = true;
      ASSERT_EQ(Outcome(Load(text, how)), Outcome(whole)) << seed;
    }
  }
}

}  // namespace
}  // namespace ampload::source
