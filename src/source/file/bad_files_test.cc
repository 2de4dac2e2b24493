// Files that cannot be loaded, and what is said about them.
#include <arrow/api.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

class BadFile : public ::testing::Test {
 protected:
  // Three row groups of 100 rows, without compression.
  std::string Good(const std::string& name = "good.parquet", const EditProperties& edit = {}) {
    EXPECT_THAT(WriteParquet(folder_.Path(name), Numbers("x", 0, 300), 100,
                             [&edit](parquet::WriterProperties::Builder* properties) {
                               properties->disable_dictionary();
                               if (edit) edit(properties);
                             }),
                IsOk());
    return folder_.Path(name);
  }
  std::string Write(const std::string& bytes) { return folder_.Write("bad.parquet", bytes); }

  TestFolder folder_;
};

TEST_F(BadFile, Empty) {
  EXPECT_THAT(Load(Of({Write("")})), FailsWith(FailureKind::kPermanent, "empty file: path="));
}

TEST_F(BadFile, TruncatedAtAnyLength) {
  const std::string bytes = ReadBytes(Good());
  for (size_t length = 1; length < bytes.size(); ++length) {
    const bool near_an_end = length < 20 || length + 20 > bytes.size();
    if (!near_an_end && length % 97 != 0) continue;
    const auto path = Write(bytes.substr(0, length));
    const auto loaded = Load(Of({path}));
    ASSERT_THAT(loaded, FailsWith(FailureKind::kPermanent, "truncated Parquet file")) << length;
    ASSERT_THAT(loaded, FailsWith(FailureKind::kPermanent, "path=" + path));
  }
}

TEST_F(BadFile, NotParquetSaysWhatItLooksLike) {
  const auto refused = [this](const std::string& bytes, const std::string& text) {
    EXPECT_THAT(Load(Of({Write(bytes)})), FailsWith(FailureKind::kConfiguration, text));
    EXPECT_THAT(Load(Of({Write(bytes)})),
                FailsWith(FailureKind::kConfiguration, "not a Parquet file"));
  };
  refused("a,b\n1,2\n", "looks like text");
  refused("{\"a\": 1}\n", "looks like JSON");
  refused("PK\x03\x04 and so on", "looks like zip");
  refused(std::string("\0\1\2\3", 4), "not a Parquet file: path=");
}

TEST_F(BadFile, AParquetFileMayHaveAnyName) {
  const auto path = folder_.Write("data.csv", ReadBytes(Good()));
  EXPECT_THAT(Load(Of({path})), IsOk());
}

TEST_F(BadFile, EncryptedFooter) {
  std::string bytes = ReadBytes(Good());
  bytes.replace(0, 4, "PARE");
  bytes.replace(bytes.size() - 4, 4, "PARE");
  EXPECT_THAT(Load(Of({Write(bytes)})), FailsWith(FailureKind::kPermanent, "encrypted footer"));
}

TEST_F(BadFile, AFooterLongerThanTheFile) {
  std::string bytes = ReadBytes(Good());
  bytes[bytes.size() - 5] = '\x7f';
  EXPECT_THAT(Load(Of({Write(bytes)})), FailsWith(FailureKind::kPermanent, "damaged"));
}

TEST_F(BadFile, AFooterOfGarbage) {
  std::string bytes = ReadBytes(Good());
  std::fill(bytes.end() - 100, bytes.end() - 8, '\xee');
  EXPECT_THAT(Load(Of({Write(bytes)})), FailsWith(FailureKind::kPermanent, "damaged Parquet"));
}

TEST_F(BadFile, APieceCutOutOfTheMiddleIsSeenBeforeTheFirstRow) {
  std::string bytes = ReadBytes(Good());
  bytes.erase(200, 500);
  EXPECT_THAT(OpenFileSource(Of({Write(bytes)})),
              FailsWith(FailureKind::kPermanent, "a piece of the file is missing"));
}

TEST_F(BadFile, ADamagedPageEndsTheLoadAndNamesTheFile) {
  const auto path = Good();
  DamageRowGroup(path, 0);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({path})));
  EXPECT_THAT(source->Next(CallContext()), FailsWith(FailureKind::kPermanent, "path=" + path));
  ASSERT_OK_AND_ASSIGN(const auto after, source->Next(CallContext()));
  EXPECT_FALSE(after.has_value());
}

TEST_F(BadFile, AFlippedBitIsSeenByThePagesChecksum) {
  const auto good = Good("crc.parquet", [](auto* p) { p->enable_page_checksum(); });
  EXPECT_THAT(Load(Of({good})), IsOk());
  std::string bytes = ReadBytes(good);
  // Into the middle of the first page's values: 100 numbers of 8 bytes.
  bytes[400] = static_cast<char>(bytes[400] ^ 1);
  EXPECT_THAT(Load(Of({Write(bytes)})), FailsWith(FailureKind::kPermanent, "CRC"));
}

TEST_F(BadFile, AFileThatChangedAfterItWasOpenedIsRefused) {
  const auto path = Good();
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({path})));
  ASSERT_THAT(WriteParquet(path, Numbers("x", 0, 301)), IsOk());
  EXPECT_THAT(source->Next(CallContext()), FailsWith(FailureKind::kPermanent, "changed while"));
}

TEST_F(BadFile, AFileThatWentAwayAfterItWasOpenedIsNamed) {
  const auto path = Good();
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({path})));
  std::filesystem::remove(path);
  EXPECT_THAT(source->Next(CallContext()), FailsWith(FailureKind::kPermanent, "path=" + path));
}

TEST_F(BadFile, Unreadable) {
  const auto path = Good();
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder_.Path("").c_str(), 0755), 0);
  constexpr uid_t kNobody = 65534;
  const uid_t user = ::geteuid();
  if (user == 0) {
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const auto loaded = Load(Of({path}));
  if (user == 0) {
    ASSERT_EQ(::seteuid(user), 0);
  }
  EXPECT_THAT(loaded, FailsWith(FailureKind::kPermanent, "path=" + path));
  EXPECT_EQ(StoreCodeOf(loaded.status()), "EACCES");
}

TEST_F(BadFile, APipeIsNotWaitedFor) {
  const auto path = folder_.Path("pipe.parquet");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(Load(Of({path})), FailsWith(FailureKind::kConfiguration, "not a regular file"));
}

TEST_F(BadFile, TwoColumnsOfOneName) {
  const auto numbers = Numbers("x", 0, 3);
  const auto table = arrow::Table::Make(arrow::schema({numbers->field(0), numbers->field(0)}),
                                        {numbers->column(0), numbers->column(0)});
  const auto path = folder_.Path("twice.parquet");
  ASSERT_THAT(WriteParquet(path, table), IsOk());
  EXPECT_THAT(Load(Of({path})), FailsWith(FailureKind::kData, "column=x path=" + path));
}

// Arrow would wrap such a value round to another year.
TEST_F(BadFile, AnInt96TimestampThatNanosecondsCannotHoldIsRefused) {
  const auto write = [this](int64_t second) {
    arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::SECOND),
                                    arrow::default_memory_pool());
    EXPECT_TRUE(builder.AppendNull().ok());
    EXPECT_TRUE(builder.Append(second).ok());
    const auto table = arrow::Table::Make(arrow::schema({arrow::field("t", builder.type())}),
                                          {builder.Finish().ValueOrDie()});
    const auto file = arrow::io::FileOutputStream::Open(folder_.Path("i.parquet")).ValueOrDie();
    const auto int96 =
        parquet::ArrowWriterProperties::Builder().enable_deprecated_int96_timestamps()->build();
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, 100,
                                           parquet::default_writer_properties(), int96)
                    .ok());
    EXPECT_TRUE(file->Close().ok());
    return folder_.Path("i.parquet");
  };
  const int64_t last = 9223372036;  // 2262-04-11T23:47:16
  for (const int64_t second : {last, int64_t{0}, -last}) {
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({write(second)})));
    ASSERT_OK_AND_ASSIGN(const auto value, loaded->column(0)->GetScalar(1));
    EXPECT_EQ(static_cast<const arrow::TimestampScalar&>(*value).value, second * 1'000'000'000);
  }
  for (const int64_t second : {last + 1, -last - 2, int64_t{253402214400}}) {
    EXPECT_THAT(Load(Of({write(second)})), FailsWith(FailureKind::kData, "INT96"));
  }
}

TEST_F(BadFile, SchemasThatDifferAreExplainedBeforeTheFirstRow) {
  const auto a = folder_.Path("a.parquet");
  const auto b = folder_.Path("b.parquet");
  ASSERT_THAT(WriteParquet(a, Numbers("x", 0, 3)), IsOk());
  ASSERT_THAT(WriteParquet(b, Numbers("y", 0, 3)), IsOk());
  EXPECT_THAT(
      OpenFileSource(Of({a, b})),
      FailsWith(FailureKind::kData, "column x: only in " + a + " (int64), missing in " + b));
}

}  // namespace
}  // namespace ampload::source
