#include "loaders/redis/journal_chunk.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::redis {
namespace {

using namespace std::string_literals;

TEST(JournalChunk, HasTheBytesThatItsHeaderSays) {
  ChunkWriter writer;
  writer.AddNew("logs:7");
  writer.AddReplaced("k", {.expires_at = 258, .dump = "\x01\x02"});
  writer.AddReplaced("", {.expires_at = -1, .dump = ""});
  EXPECT_EQ(writer.Take(),
            "J1"
            "\0\x06logs:7"
            "\x01\x01k\x02\x01\0\0\0\0\0\0\x02\x01\x02"
            "\x01\0\xff\xff\xff\xff\xff\xff\xff\xff\0"s);
  EXPECT_TRUE(writer.empty());
}

TEST(JournalChunk, GivesBackWhatWasWritten) {
  const std::string long_key(300, 'k');
  const std::string dump(20'000, '\xfe');
  ChunkWriter writer;
  writer.AddNew(long_key);
  writer.AddReplaced("b\0c"s, {.expires_at = 1'700'000'000'123, .dump = dump});
  const std::string chunk = writer.Take();
  ASSERT_OK_AND_ASSIGN(const auto entries, ReadChunk(chunk));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].key, long_key);
  EXPECT_FALSE(entries[0].before.has_value());
  EXPECT_EQ(entries[1].key, "b\0c"s);
  EXPECT_EQ(entries[1].before->expires_at, 1'700'000'000'123);
  EXPECT_EQ(entries[1].before->dump, dump);
}

TEST(JournalChunk, BeginsAnewAfterTake) {
  ChunkWriter writer;
  writer.AddNew("a");
  writer.Take();
  writer.AddNew("b");
  EXPECT_EQ(writer.Take(),
            "J1\0\x01"
            "b"s);
}

TEST(JournalChunk, RefusesEveryCutAndEveryOtherFirstByte) {
  ChunkWriter writer;
  writer.AddNew("key");
  writer.AddReplaced("k", {.expires_at = 5, .dump = "dump"});
  const std::string chunk = writer.Take();
  const size_t whole_entry = 2 + 1 + 1 + 3;  // a cut there leaves a shorter chunk
  for (size_t length = 0; length < chunk.size(); ++length) {
    if (length == 2 || length == whole_entry) continue;
    EXPECT_THAT(ReadChunk(std::string_view(chunk).substr(0, length)),
                FailsWith(FailureKind::kPermanent, "damaged"))
        << length;
  }
  for (const char first : {'j', 'K', '\0'}) {
    std::string other = chunk;
    other[0] = first;
    EXPECT_THAT(ReadChunk(other), FailsWith(FailureKind::kPermanent, "damaged"));
  }
  std::string kind = chunk;
  kind[2] = 2;
  EXPECT_THAT(ReadChunk(kind), FailsWith(FailureKind::kPermanent, "damaged"));
}

TEST(JournalChunk, RefusesALengthThatIsLongerThanANumber) {
  EXPECT_THAT(ReadChunk("J1\0"s + std::string(12, '\xff')),
              FailsWith(FailureKind::kPermanent, "damaged"));
}

TEST(Image, SurvivesAsText) {
  const Image image{.expires_at = 1'700'000'000'123, .dump = "a\0b"};
  const std::string text = ToText(image);
  EXPECT_EQ(ImageOf(text).expires_at, image.expires_at);
  EXPECT_EQ(ImageOf(text).dump, image.dump);
}

}  // namespace
}  // namespace ampload::redis
