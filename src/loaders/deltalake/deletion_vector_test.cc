#include "loaders/deltalake/deletion_vector.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "matchers.h"
#include "temp_folder.h"

namespace ampload::deltalake {
namespace {

DeletionVectorDescriptor Inline(const std::string& text, int32_t size, int64_t rows) {
  DeletionVectorDescriptor out;
  out.storage_type = "i";
  out.path_or_inline = text;
  out.size_in_bytes = size;
  out.cardinality = rows;
  return out;
}

class DeletionVectors : public testing::Test {
 protected:
  void SetUp() override {
    lake::StoreSettings settings;
    settings.durability = lake::Durability::kProcess;
    ASSERT_OK_AND_ASSIGN(store_, lake::OpenObjectStore(folder_.path(), settings, {}));
  }
  TempFolder folder_;
  std::shared_ptr<lake::ObjectStore> store_;
};

// The vector of the Delta protocol, "JSON Example 3 - Inline".
constexpr char kExample[] = "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";

TEST_F(DeletionVectors, OfTheProtocolsExampleAreItsRows) {
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadDeletionVector(Inline(kExample, 40, 6), *store_, {}));
  EXPECT_EQ(rows, (std::vector<int64_t>{3, 4, 7, 11, 18, 29}));
}

// Made by an independent implementation: see the README beside the files.
TEST_F(DeletionVectors, OfAllKindsOfContainersAreTheirRows) {
  const auto read = [&](const std::string& name) {
    const std::string path =
        std::string(std::getenv("AMPLOAD_SOURCE_DIR")) + "/tests/golden/roaring/" + name;
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path;
    const std::string bitmap{std::istreambuf_iterator<char>(file), {}};
    return RowsOfBitmapArray(std::string("\xd1\xd3\x39\x64", 4) + bitmap);
  };
  std::vector<int64_t> expected = {0, 7, 65'535, 65'536, (int64_t{1} << 32) + 5};
  EXPECT_EQ(read("arrays.bin").ValueOrDie(), expected);
  expected.clear();
  for (int64_t row = 10; row < 100'000; ++row) expected.push_back(row);
  for (int64_t row = 400'000; row < 400'003; ++row) expected.push_back(row);
  EXPECT_EQ(read("runs.bin").ValueOrDie(), expected);
  expected.clear();
  for (int64_t row = 0; row < 60'000; row += 3) expected.push_back(row);
  EXPECT_EQ(read("bits.bin").ValueOrDie(), expected);
  expected.clear();
  for (int64_t block = 0; block < 6; ++block) {
    for (int64_t row = 0; row < 5'000; ++row) expected.push_back(block * 65'536 + row);
  }
  EXPECT_EQ(read("many_runs.bin").ValueOrDie(), expected);
  EXPECT_TRUE(read("none.bin").ValueOrDie().empty());
}

TEST_F(DeletionVectors, ThatAreDamagedAreRefused) {
  const auto read = [&](const DeletionVectorDescriptor& one) {
    return ReadDeletionVector(one, *store_, {});
  };
  EXPECT_THAT(read(Inline(kExample, 40, 5)), FailsWith(FailureKind::kPermanent, "number of rows"));
  EXPECT_THAT(read(Inline(kExample, 44, 6)), FailsWith(FailureKind::kPermanent, "shorter"));
  EXPECT_THAT(read(Inline(kExample, 36, 6)), FailsWith(FailureKind::kPermanent, "ends too early"));
  EXPECT_THAT(read(Inline("wi5b~", 4, 0)), FailsWith(FailureKind::kPermanent, "character"));
  EXPECT_THAT(read(Inline("00000", 4, 0)), FailsWith(FailureKind::kPermanent, "magic number=0"));
  auto other = Inline(kExample, 40, 6);
  other.storage_type = "x";
  EXPECT_THAT(read(other), FailsWith(FailureKind::kPermanent, "unknown kind"));
  other.storage_type = "p";
  other.path_or_inline = "/etc/passwd";
  EXPECT_THAT(read(other), FailsWith(FailureKind::kPermanent, "outside"));
}

// The same vector as a file: version, size, data, CRC-32 (zlib.crc32 of the 40 bytes).
TEST_F(DeletionVectors, LieInFilesOfTheirOwn) {
  ASSERT_OK_AND_ASSIGN(const auto data, DecodeZ85(kExample));
  // The example's name, with its prefix: see "JSON Example 1".
  DeletionVectorDescriptor in_file;
  in_file.storage_type = "u";
  in_file.path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^";
  in_file.offset = 1;
  in_file.size_in_bytes = 40;
  in_file.cardinality = 6;
  const std::string path = "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";
  EXPECT_THAT(ReadDeletionVector(in_file, *store_, {}),
              FailsWith(FailureKind::kPermanent, "missing: file=" + path));
  const std::string checksum("\x05\x99\xc9\xdf", 4);
  const std::string file = std::string("\x01\x00\x00\x00\x28", 5) + data + checksum;
  ASSERT_THAT(store_->Put(path, file, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto rows, ReadDeletionVector(in_file, *store_, {}));
  EXPECT_EQ(rows.size(), 6U);
  auto damaged = file;
  damaged[20] = static_cast<char>(damaged[20] ^ 1);
  ASSERT_THAT(store_->Put(path, damaged, {}), IsOk());
  EXPECT_THAT(ReadDeletionVector(in_file, *store_, {}),
              FailsWith(FailureKind::kPermanent, "checksum"));
  ASSERT_THAT(store_->Put(path, file.substr(0, 30), {}), IsOk());
  EXPECT_THAT(ReadDeletionVector(in_file, *store_, {}),
              FailsWith(FailureKind::kPermanent, "ends too early"));
  ASSERT_THAT(store_->Put(path, "\x02" + file.substr(1), {}), IsOk());
  EXPECT_THAT(ReadDeletionVector(in_file, *store_, {}),
              FailsWith(FailureKind::kPermanent, "another format"));
}

}  // namespace
}  // namespace ampload::deltalake
