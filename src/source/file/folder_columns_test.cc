// Columns in the names of folders.
#include "source/file/folder_columns.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;

class FolderColumnsTest : public ::testing::Test {
 protected:
  // One row x = `x` in a file of that name.
  std::string File(const std::string& name, int64_t x = 0) {
    EXPECT_THAT(WriteParquet(folder_.Path(name), Numbers("x", x, 1)), IsOk());
    return folder_.Path(name);
  }
  std::string Folder() const { return folder_.Path(""); }
  // "name: type" of each column.
  static std::vector<std::string> Columns(const FileSourceOptions& options) {
    std::vector<std::string> out;
    const auto source = OpenFileSource(options);
    EXPECT_THAT(source, IsOk());
    if (!source.ok()) return out;
    for (const auto& field : (*source)->schema()->fields()) out.push_back(field->ToString());
    return out;
  }
  static std::vector<std::string> Values(const FileSourceOptions& options,
                                         const std::string& column) {
    std::vector<std::string> out;
    const auto table = Load(options).ValueOrDie();
    const auto values = table->GetColumnByName(column);
    for (int64_t i = 0; i < table->num_rows(); ++i) {
      out.push_back(values->GetScalar(i).ValueOrDie()->ToString());
    }
    return out;
  }

  TestFolder folder_;
};

TEST_F(FolderColumnsTest, StandBehindTheFilesOwn) {
  File("year=2023/chain=eth/a.parquet");
  File("year=2024/chain=base/a.parquet");
  EXPECT_THAT(Columns(Of({Folder()})), ElementsAre("x: int64", "year: int64", "chain: string"));
  EXPECT_THAT(Values(Of({Folder()}), "year"), ElementsAre("2023", "2024"));
  EXPECT_THAT(Values(Of({Folder()}), "chain"), ElementsAre("eth", "base"));
}

TEST_F(FolderColumnsTest, AreIntegersOnlyWhereEveryValueIsWrittenAsOne) {
  for (const auto* odd : {"007", "+1", "-0", "1.0", " 1", "", "9223372036854775808", "x"}) {
    const TestFolder folder;
    for (const auto* value : {"1", "-7", odd}) {
      ASSERT_THAT(
          WriteParquet(folder.Path(std::string("k=") + value + "/a.parquet"), Numbers("x", 0, 1)),
          IsOk());
    }
    EXPECT_THAT(Columns(Of({folder.Path("")})), ElementsAre("x: int64", "k: string")) << odd;
    const auto values = Values(Of({folder.Path("")}), "k");
    EXPECT_TRUE(std::find(values.begin(), values.end(), odd) != values.end()) << odd;
  }
  File("k=-9223372036854775808/a.parquet");
  File("k=0/a.parquet");
  EXPECT_THAT(Columns(Of({Folder()})), ElementsAre("x: int64", "k: int64"));
}

TEST_F(FolderColumnsTest, KnowNullAndPercentCodes) {
  File("k=__HIVE_DEFAULT_PARTITION__/a.parquet");
  File("k=5/a.parquet");
  EXPECT_THAT(Columns(Of({Folder()})), ElementsAre("x: int64", "k: int64"));
  EXPECT_THAT(Values(Of({Folder()}), "k"), ElementsAre("5", "null"));
  const TestFolder other;
  ASSERT_THAT(WriteParquet(other.Path("a%20b=x%2Fy%C3%A9%zz%/a.parquet"), Numbers("x", 0, 1)),
              IsOk());
  EXPECT_THAT(Values(Of({other.Path("")}), "a b"), ElementsAre("x/y\xc3\xa9%zz%"));
}

TEST_F(FolderColumnsTest, MayBeDeclared) {
  File("k=1/d=2024-02-29/a.parquet");
  auto options = Of({Folder()});
  options.text.types = {{"k", arrow::utf8()}, {"d", arrow::date32()}};
  EXPECT_THAT(Columns(options), ElementsAre("x: int64", "k: string", "d: date32[day]"));
  EXPECT_THAT(Values(options, "d"), ElementsAre("2024-02-29"));
  options.text.types = {{"d", arrow::int64()}};
  EXPECT_THAT(OpenFileSource(options),
              FailsWith(FailureKind::kConfiguration, "no int64: d=2024-02-29"));
  options.text.types = {{"k", arrow::int8()}};
  EXPECT_THAT(Columns(options), ElementsAre("x: int64", "k: int8", "d: string"));
  File("k=128/d=2024-02-29/a.parquet");
  EXPECT_THAT(OpenFileSource(options), FailsWith(FailureKind::kConfiguration, "no int8: k=128"));
}

TEST_F(FolderColumnsTest, AreOfEveryFile) {
  File("k=1/a.parquet");
  File("a.parquet");
  EXPECT_THAT(OpenFileSource(Of({Folder()})),
              FailsWith(FailureKind::kConfiguration, "not every file has the same keys"));
  EXPECT_THAT(Columns(Of({folder_.Path("k*")})), ElementsAre("x: int64", "k: int64"));
  EXPECT_THAT(Columns(Of({folder_.Path("k=1")})), ElementsAre("x: int64"));
  EXPECT_THAT(Columns(Of({folder_.Path("k=1/a.parquet")})), ElementsAre("x: int64"));
  EXPECT_THAT(OpenFileSource(Of({folder_.Path("k*"), folder_.Path("a.parquet")})),
              FailsWith(FailureKind::kConfiguration, "--no-hive"));
}

TEST_F(FolderColumnsTest, CanBeLeftAlone) {
  File("k=1/a.parquet");
  auto options = Of({Folder()});
  options.hive = false;
  EXPECT_THAT(Columns(options), ElementsAre("x: int64"));
}

TEST_F(FolderColumnsTest, MustNotBeInTheFilesToo) {
  File("x=1/a.parquet", 1);
  EXPECT_THAT(
      OpenFileSource(Of({Folder()})),
      FailsWith(FailureKind::kConfiguration, "--no-hive takes it from the files: column=x"));
}

TEST_F(FolderColumnsTest, WithOneKeyTwiceAreRefused) {
  File("k=1/k=2/a.parquet");
  EXPECT_THAT(OpenFileSource(Of({Folder()})), FailsWith(FailureKind::kConfiguration, "same key k"));
}

TEST_F(FolderColumnsTest, OfAFilterLeaveOutWholeFiles) {
  const auto old = File("year=2023/a.parquet", 1);
  File("year=2024/a.parquet", 2);
  File("year=2025/a.parquet", 3);
  DamageRowGroup(old, 0);
  EXPECT_THAT(Load(Of({Folder()})), FailsWith(FailureKind::kPermanent, "2023"));
  for (const auto* where :
       {"year > 2023", "year in (2024, 2025)", "not (year = 2023)", "year != 2023 and x < 100"}) {
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({Folder()}, where)));
    EXPECT_EQ(Int64s(*loaded, "x"), Range(2, 2)) << where;
  }
  ASSERT_OK_AND_ASSIGN(const auto mixed,
                       Load(Of({Folder()}, "year = 2025 or year = 2024 and x = 9")));
  EXPECT_EQ(Int64s(*mixed, "x"), Range(3, 1));
  ASSERT_OK_AND_ASSIGN(const auto none, Load(Of({Folder()}, "year = 1999")));
  EXPECT_EQ(none->num_rows(), 0);
  EXPECT_EQ(none->schema()->ToString(), "x: int64\nyear: int64");
}

TEST_F(FolderColumnsTest, AreNotEvenLookedAtBehindThatFilter) {
  File("year=2023/a.parquet", 1);
  folder_.Write("year=2024/a.parquet", "no Parquet at all");
  EXPECT_THAT(Load(Of({Folder()})), FailsWith(FailureKind::kConfiguration, "not a Parquet file"));
  EXPECT_THAT(Load(Of({Folder()}, "year = 2023")), IsOk());
}

TEST_F(FolderColumnsTest, NullIsFilteredAsNull) {
  File("k=__HIVE_DEFAULT_PARTITION__/a.parquet", 1);
  File("k=5/a.parquet", 2);
  EXPECT_EQ(Int64s(*Load(Of({Folder()}, "k is null")).ValueOrDie(), "x"), Range(1, 1));
  EXPECT_EQ(Int64s(*Load(Of({Folder()}, "k = 5")).ValueOrDie(), "x"), Range(2, 1));
  EXPECT_EQ(Load(Of({Folder()}, "k != 5")).ValueOrDie()->num_rows(), 0);
}

TEST_F(FolderColumnsTest, CanBeAllThatIsAskedFor) {
  EXPECT_THAT(WriteParquet(folder_.Path("k=7/a.parquet"), Numbers("x", 0, 5)), IsOk());
  auto options = Of({Folder()});
  options.columns = {"k"};
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
  EXPECT_THAT(loaded->schema()->field_names(), ElementsAre("k"));
  EXPECT_THAT(Int64s(*loaded, "k"), ElementsAre(7, 7, 7, 7, 7));
}

TEST_F(FolderColumnsTest, ComeWithTextToo) {
  folder_.Write("k=1/a.csv", "x\n1\n2\n");
  folder_.Write("k=2/a.csv", "x\n3\n");
  auto options = Of({Folder()}, "k = 2 or x = 1");
  options.text.types = {{"k", arrow::int32()}, {"x", arrow::utf8()}};
  EXPECT_THAT(OpenFileSource(options), FailsWith(FailureKind::kConfiguration, "x"));
  options.where = "k = 2 or x = '1'";
  EXPECT_THAT(Columns(options), ElementsAre("x: string", "k: int32"));
  EXPECT_THAT(Values(options, "k"), ElementsAre("1", "2"));
}

}  // namespace
}  // namespace ampload::source
