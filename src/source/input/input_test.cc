// Bytes in, from files and pipes, plain and compressed: nothing lost, nothing made up.
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

#include "matchers.h"
#include "source/file/test_files.h"
#include "source/input/byte_stream.h"
#include "source/input/open_input.h"
#include "source/input/raw_input.h"

namespace ampload::source {
namespace {

// One member (gzip) or frame (zstd).
std::string Compress(arrow::Compression::type type, const std::string& text) {
  const auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  std::string out(static_cast<size_t>(codec->MaxCompressedLen(size, bytes)), '\0');
  const int64_t used = codec
                           ->Compress(size, bytes, static_cast<int64_t>(out.size()),
                                      reinterpret_cast<uint8_t*>(out.data()))
                           .ValueOrDie();
  out.resize(static_cast<size_t>(used));
  return out;
}

// Half of it compresses well, half does not.
std::string Text(size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) {
    text += "the same again and again,";
    for (int i = 0; i < 25; ++i) text += static_cast<char>(random() & 0xff);
  }
  text.resize(size);
  return text;
}

Result<std::string> ReadWhole(InputFile* input) {
  ARROW_ASSIGN_OR_RAISE(const auto stream, input->OpenStream());
  ARROW_ASSIGN_OR_RAISE(auto text, ReadText(stream.get(), int64_t{1} << 40));
  ARROW_RETURN_NOT_OK(stream->Close());
  return text;
}

class Input : public ::testing::Test {
 protected:
  Result<std::string> ReadPath(const std::string& path) {
    ARROW_ASSIGN_OR_RAISE(const auto input, OpenInput(path, {}));
    return ReadWhole(input.get());
  }
  Result<std::string> ReadBytesOf(const std::string& bytes) {
    return ReadPath(folder_.Write("f", bytes));
  }
  TestFolder folder_;
};

struct CompressionCase {
  arrow::Compression::type type;
  const char* name;
  Compression found;
};

class CompressedInput : public Input, public ::testing::WithParamInterface<CompressionCase> {
 protected:
  static std::string Pack(const std::string& text) { return Compress(GetParam().type, text); }
};

INSTANTIATE_TEST_SUITE_P(
    Each, CompressedInput,
    ::testing::Values(CompressionCase{arrow::Compression::GZIP, "gzip", Compression::kGzip},
                      CompressionCase{arrow::Compression::ZSTD, "zstd", Compression::kZstd}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(CompressedInput, IsKnownByItsBytesAndNotByItsName) {
  const auto path = folder_.Write("plain.csv", Pack("a,b\n"));
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(path, {}));
  EXPECT_EQ(input->compression(), GetParam().found);
  EXPECT_EQ(input->bytes(), static_cast<int64_t>(std::filesystem::file_size(path)));
  EXPECT_EQ(ReadWhole(input.get()).ValueOrDie(), "a,b\n");
  ASSERT_OK_AND_ASSIGN(const auto plain, OpenInput(folder_.Write("x.gz", "a,b\n"), {}));
  EXPECT_EQ(plain->compression(), Compression::kNone);
}

TEST_P(CompressedInput, ComesBackWhole) {
  for (const size_t size : {1, 2, 1000, 65'536, 262'143, 262'144, 262'145, 3'000'000}) {
    const std::string text = Text(size);
    EXPECT_EQ(ReadBytesOf(Pack(text)).ValueOrDie(), text) << size;
  }
}

TEST_P(CompressedInput, MembersOneAfterTheOtherAreReadWhole) {
  std::string packed;
  std::string text;
  for (const size_t size : {10, 0, 300'000, 1, 262'144, 0, 5}) {
    packed += Pack(Text(size));
    text += Text(size);
  }
  EXPECT_EQ(ReadBytesOf(packed).ValueOrDie(), text);
}

TEST_P(CompressedInput, CutAtAnyByteIsNeverAnEnd) {
  const std::string first = Pack(Text(600));
  const std::string second = Pack("the last words");
  const std::string packed = first + second;
  for (size_t length = 1; length < packed.size(); ++length) {
    const auto read = ReadBytesOf(packed.substr(0, length));
    if (length == first.size()) {
      // A file of one member less: nothing is missing that it could tell.
      EXPECT_EQ(read.ValueOrDie(), Text(600));
      continue;
    }
    if (length == 1 && GetParam().found == Compression::kZstd) {
      EXPECT_EQ(read.ValueOrDie(), "(") << "a text, by its name alone more";
      EXPECT_THAT(ReadPath(folder_.Write("f.zst", "(")),
                  FailsWith(FailureKind::kPermanent, "truncated zstd"));
      continue;
    }
    ASSERT_THAT(read, FailsWith(FailureKind::kPermanent, "truncated")) << length;
    ASSERT_THAT(read, FailsWith(FailureKind::kPermanent, "path=" + folder_.Path("f")));
  }
}

TEST_P(CompressedInput, CutAtAnyByteGivesAtMostWhatWasThere) {
  const std::string text = Text(700'000);
  const std::string packed = Pack(text);
  for (size_t length = packed.size() - 1; length > 40; length = length * 9 / 10) {
    const auto path = folder_.Write("f", packed.substr(0, length));
    ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(path, {}));
    ASSERT_OK_AND_ASSIGN(const auto stream, input->OpenStream());
    std::string got;
    Status end;
    for (;;) {
      const auto more = stream->Read(1000);
      end = more.status();
      if (!more.ok() || (*more)->size() == 0) break;
      got += (*more)->ToString();
    }
    EXPECT_THAT(end, FailsWith(FailureKind::kPermanent, "truncated")) << length;
    EXPECT_TRUE(text.starts_with(got)) << length;
  }
}

TEST_P(CompressedInput, AFlippedBitIsSeen) {
  const std::string text = Text(600);
  const std::string packed = Pack(text);
  int refused = 0;
  for (size_t i = 0; i < packed.size(); ++i) {
    std::string bad = packed;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    const auto read = ReadBytesOf(bad);
    if (!read.ok()) {
      EXPECT_EQ(KindOf(read.status()), FailureKind::kPermanent);
      ++refused;
    } else if (GetParam().found == Compression::kGzip && i > 9) {
      EXPECT_EQ(*read, text) << "gzip has a checksum: byte " << i;
    }
  }
  EXPECT_GT(refused, 10);
}

TEST_P(CompressedInput, WhatFollowsTheLastMemberIsNotPassedOver) {
  const auto read = ReadBytesOf(Pack("all of it") + "more");
  EXPECT_THAT(read, FailsWith(FailureKind::kPermanent, "damaged"));
}

TEST_P(CompressedInput, PeekTakesNothingAway) {
  const std::string text = Text(200'000);
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(folder_.Write("f", Pack(text)), {}));
  EXPECT_EQ(input->Peek(5).ValueOrDie(), text.substr(0, 5));
  EXPECT_EQ(input->Peek(100'000).ValueOrDie(), text.substr(0, 100'000));
  EXPECT_EQ(input->Peek(500'000).ValueOrDie(), text);
  EXPECT_EQ(ReadWhole(input.get()).ValueOrDie(), text);
}

TEST_F(Input, AZstdFileMayStartWithAFrameToBeSkipped) {
  const std::string skipped("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(
      ReadBytesOf(skipped + Compress(arrow::Compression::ZSTD, "text") + skipped).ValueOrDie(),
      "text");
  EXPECT_THAT(ReadBytesOf(skipped.substr(0, 9)), FailsWith(FailureKind::kPermanent, "truncated"));
}

TEST_F(Input, AnEmptyFileIsNamed) {
  EXPECT_THAT(ReadBytesOf(""), FailsWith(FailureKind::kPermanent, "empty file: path="));
}

TEST_F(Input, AFileThatWasWrittenToMeanwhileIsRefused) {
  const auto path = folder_.Write("f", "one\n");
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(path, {}));
  EXPECT_EQ(ReadWhole(input.get()).ValueOrDie(), "one\n");
  EXPECT_THAT(input->CheckUnchanged(), IsOk());
  std::ofstream(path, std::ios::app) << "two\n";
  EXPECT_THAT(input->CheckUnchanged(), FailsWith(FailureKind::kPermanent, "changed while"));
  EXPECT_THAT(input->OpenStream(), FailsWith(FailureKind::kPermanent, "changed while"));
}

TEST_F(Input, AFileThatIsReplacedWhileItIsReadWasReadWhole) {
  const auto path = folder_.Write("f", "one\n");
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(path, {}));
  ASSERT_OK_AND_ASSIGN(const auto stream, input->OpenStream());
  std::filesystem::rename(folder_.Write("g", "two\n"), path);
  EXPECT_EQ(ReadText(stream.get(), 100).ValueOrDie(), "one\n");
  EXPECT_THAT(input->CheckUnchanged(), IsOk());
  EXPECT_THAT(input->OpenStream(), FailsWith(FailureKind::kPermanent, "changed while"));
}

TEST_F(Input, AFileThatShrinksIsNotShort) {
  const auto path = folder_.Write("f", Text(100'000));
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(path, {}));
  ASSERT_OK_AND_ASSIGN(const auto stream, input->OpenStream());
  ASSERT_EQ(::truncate(path.c_str(), 50'000), 0);
  EXPECT_THAT(ReadText(stream.get(), 100'000), FailsWith(FailureKind::kPermanent, "changed while"));
}

// What a damaged file makes its reader ask for is not allocated.
TEST_F(Input, AReadPastTheEndAllocatesWhatIsThere) {
  const std::string text = Text(100'000);
  const auto path = folder_.Write("f", text);
  const auto packed = folder_.Write("g", Compress(arrow::Compression::GZIP, text));
  arrow::CappedMemoryPool pool(arrow::system_memory_pool(),
                               arrow::system_memory_pool()->bytes_allocated() + (8 << 20));
  InputOptions options;
  options.pool = &pool;
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(path, options));
  ASSERT_OK_AND_ASSIGN(const auto file, input->OpenRandomAccess());
  ASSERT_OK_AND_ASSIGN(const auto tail, file->ReadAt(99'990, int64_t{1} << 60));
  EXPECT_EQ(tail->ToString(), text.substr(99'990));
  EXPECT_EQ(file->ReadAt(200'000, 10).ValueOrDie()->size(), 0);
  for (const auto& one : {path, packed}) {
    ASSERT_OK_AND_ASSIGN(const auto again, OpenInput(one, options));
    ASSERT_OK_AND_ASSIGN(const auto stream, again->OpenStream());
    ASSERT_OK_AND_ASSIGN(const auto all, stream->Read(int64_t{1} << 60));
    EXPECT_EQ(all->ToString(), text);
  }
}

TEST_F(Input, ALargeReadOfACompressedStreamGrowsAsItGoes) {
  const std::string text = Text(30'000'000);
  const auto path = folder_.Write("g", Compress(arrow::Compression::ZSTD, text));
  for (const int64_t asked : {29'999'999, 30'000'000, 30'000'001, 1 << 30}) {
    ASSERT_OK_AND_ASSIGN(const auto input, OpenInput(path, {}));
    ASSERT_OK_AND_ASSIGN(const auto stream, input->OpenStream());
    ASSERT_OK_AND_ASSIGN(const auto all, stream->Read(asked));
    EXPECT_EQ(all->size(), std::min<int64_t>(asked, 30'000'000));
    EXPECT_TRUE(text.starts_with(std::string_view(*all)));
  }
}

// A pipe; what is written to it is what "-" gives.
class Pipe : public Input {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  void TearDown() override {
    if (writer_.joinable()) writer_.join();
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  void CloseWriter() { ::close(std::exchange(ends_[1], -1)); }
  // Writes in pieces and closes; the reader may be gone before.
  void Send(std::string bytes, size_t piece = 1000) {
    writer_ = std::thread([this, bytes = std::move(bytes), piece] {
      for (size_t at = 0; at < bytes.size(); at += piece) {
        const auto part = std::string_view(bytes).substr(at, piece);
        if (::write(ends_[1], part.data(), part.size()) < 0) break;
      }
      CloseWriter();
    });
  }
  InputOptions Options() const {
    InputOptions options;
    options.standard_input = ends_[0];
    return options;
  }

  std::array<int, 2> ends_ = {-1, -1};
  std::thread writer_;
};

TEST_F(Pipe, GivesEverythingAndLetsPeekAgain) {
  const std::string text = Text(300'000);
  Send(text);
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput("-", Options()));
  EXPECT_EQ(input->bytes(), std::nullopt);
  EXPECT_EQ(input->Peek(10).ValueOrDie(), text.substr(0, 10));
  EXPECT_EQ(input->Peek(100'000).ValueOrDie(), text.substr(0, 100'000));
  EXPECT_EQ(input->Peek(20).ValueOrDie(), text.substr(0, 20));
  EXPECT_EQ(ReadWhole(input.get()).ValueOrDie(), text);
  EXPECT_FALSE(input->OpenStream().ok());
}

TEST_F(Pipe, IsDecompressedToo) {
  const std::string text = Text(300'000);
  Send(Compress(arrow::Compression::GZIP, text) + Compress(arrow::Compression::GZIP, text), 77);
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput("-", Options()));
  EXPECT_EQ(input->compression(), Compression::kGzip);
  EXPECT_EQ(input->Peek(100'000).ValueOrDie(), text.substr(0, 100'000));
  EXPECT_EQ(ReadWhole(input.get()).ValueOrDie(), text + text);
}

TEST_F(Pipe, CutOffInsideOfGzipIsAnError) {
  const std::string packed = Compress(arrow::Compression::GZIP, Text(300'000));
  Send(packed.substr(0, packed.size() / 2));
  ASSERT_OK_AND_ASSIGN(const auto input, OpenInput("-", Options()));
  EXPECT_THAT(ReadWhole(input.get()), FailsWith(FailureKind::kPermanent, "truncated gzip"));
}

TEST_F(Pipe, WithoutAnyByteIsAnError) {
  CloseWriter();
  EXPECT_THAT(OpenInput("-", Options()),
              FailsWith(FailureKind::kPermanent, "standard input is empty"));
}

TEST_F(Pipe, AClosedStandardInputIsAnError) {
  ::close(std::exchange(ends_[0], -1));
  InputOptions options;
  options.standard_input = 999;  // not open
  EXPECT_THAT(OpenInput("-", options),
              FailsWith(FailureKind::kPermanent, "standard input is closed"));
}

TEST_F(Pipe, AStopRequestEndsTheWait) {
  std::stop_source stop;
  auto options = Options();
  CallContext context;
  context.stop = stop.get_token();
  options.context->Set(context);
  std::thread stopper([&stop] { stop.request_stop(); });
  EXPECT_TRUE(OpenInput("-", options).status().IsCancelled());
  stopper.join();
}

TEST_F(Pipe, ADeadlineEndsTheWait) {
  auto options = Options();
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  options.context->Set(context);
  EXPECT_TRUE(OpenInput("-", options).status().IsCancelled());
}

TEST_F(Pipe, ANamedPipeIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo(folder_.Path("p").c_str(), 0600), 0);
  EXPECT_THAT(OpenInput(folder_.Path("p"), {}),
              FailsWith(FailureKind::kConfiguration, "not a regular file"));
}

}  // namespace
}  // namespace ampload::source
