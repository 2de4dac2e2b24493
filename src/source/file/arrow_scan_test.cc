// Arrow IPC files and streams, good and bad.
#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;

enum class Kind { kFile, kStream };

// The batches as IPC bytes.
std::string Ipc(Kind kind, const std::shared_ptr<arrow::Schema>& schema,
                const arrow::RecordBatchVector& batches,
                arrow::Compression::type compression = arrow::Compression::UNCOMPRESSED) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  if (compression != arrow::Compression::UNCOMPRESSED) {
    options.codec = arrow::util::Codec::Create(compression).ValueOrDie();
  }
  options.emit_dictionary_deltas = kind == Kind::kStream;
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = (kind == Kind::kFile ? arrow::ipc::MakeFileWriter(sink, schema, options)
                                           : arrow::ipc::MakeStreamWriter(sink, schema, options))
                          .ValueOrDie();
  for (const auto& batch : batches) EXPECT_THAT(writer->WriteRecordBatch(*batch), IsOk());
  EXPECT_THAT(writer->Close(), IsOk());
  return sink->Finish().ValueOrDie()->ToString();
}

std::string Ipc(Kind kind, const arrow::RecordBatchVector& batches,
                arrow::Compression::type compression = arrow::Compression::UNCOMPRESSED) {
  return Ipc(kind, batches.front()->schema(), batches, compression);
}

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::DataType>& type,
                                          const std::string& json) {
  const auto array = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("x", type)}), array->length(),
                                  {array});
}

std::shared_ptr<arrow::RecordBatch> NumberBatch(int64_t first, int64_t count) {
  return Numbers("x", first, count)->CombineChunksToBatch().ValueOrDie();
}

class Ipcs : public ::testing::TestWithParam<Kind> {
 protected:
  std::string Write(const std::string& bytes, const std::string& name = "f.arrow") {
    return folder_.Write(name, bytes);
  }
  TestFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Each, Ipcs, ::testing::Values(Kind::kFile, Kind::kStream),
                         [](const auto& one) {
                           return std::string(one.param == Kind::kFile ? "File" : "Stream");
                         });

TEST_P(Ipcs, GiveTheirBatchesInOrder) {
  const arrow::RecordBatchVector batches = {NumberBatch(0, 10), NumberBatch(10, 0),
                                            NumberBatch(10, 7)};
  for (const auto compression : {arrow::Compression::UNCOMPRESSED, arrow::Compression::LZ4_FRAME,
                                 arrow::Compression::ZSTD}) {
    const auto path = Write(Ipc(GetParam(), batches, compression), "any.name");
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({path})));
    EXPECT_EQ(Int64s(*loaded, "x"), Range(0, 17));
  }
}

TEST_P(Ipcs, WithoutRowsHaveASchema) {
  ASSERT_OK_AND_ASSIGN(const auto source,
                       OpenFileSource(Of({Write(Ipc(GetParam(), {NumberBatch(0, 0)}))})));
  EXPECT_EQ(source->schema()->ToString(), "x: int64");
  EXPECT_FALSE(source->Next(CallContext()).ValueOrDie().has_value());
}

TEST_P(Ipcs, ObeyColumnsWhereAndLimit) {
  const auto schema =
      arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8()),
                     arrow::field("c", arrow::int64())});
  arrow::RecordBatchVector batches;
  for (int i = 0; i < 5; ++i) {
    arrow::StringBuilder text;
    for (int j = 0; j < 100; ++j) EXPECT_TRUE(text.Append(std::to_string(i * 100 + j)).ok());
    batches.push_back(
        arrow::RecordBatch::Make(schema, 100,
                                 {NumberBatch(i * 100, 100)->column(0), text.Finish().ValueOrDie(),
                                  NumberBatch(i * 100, 100)->column(0)}));
  }
  auto options = Of({Write(Ipc(GetParam(), batches))}, "a >= 250 and b != '260'");
  options.columns = {"c", "b"};
  options.limit = 20;
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
  EXPECT_THAT(loaded->schema()->field_names(), ElementsAre("c", "b"));
  auto expected = Range(250, 10);
  for (const auto more : Range(261, 10)) expected.push_back(more);
  EXPECT_EQ(Int64s(*loaded, "c"), expected);
}

TEST_P(Ipcs, KeepEveryType) {
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> cases = {
      {arrow::null(), "[null, null]"},
      {arrow::uint64(), "[18446744073709551615, null]"},
      {arrow::decimal256(76, 2), R"(["12.34", null])"},
      {arrow::utf8_view(), R"(["a text longer than twelve bytes", null])"},
      {arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[1, null]"},
      {arrow::month_day_nano_interval(), "[[1, 2, 3], null]"},
      {arrow::list_view(arrow::int32()), "[[1, 2], null]"},
      {arrow::map(arrow::utf8(), arrow::int32()), R"([[["a", 1]], null])"},
      {arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["a", null])"},
      {arrow::dense_union({arrow::field("i", arrow::int32()), arrow::field("s", arrow::utf8())}),
       R"([[0, 1], [1, "a"]])"},
  };
  for (const auto& [type, json] : cases) {
    const auto batch = Batch(type, json);
    ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({Write(Ipc(GetParam(), {batch}))})));
    EXPECT_TRUE(loaded->field(0)->type()->Equals(*type)) << loaded->field(0)->ToString();
    EXPECT_TRUE(loaded->column(0)->chunk(0)->Equals(*batch->column(0))) << type->ToString();
  }
}

TEST_P(Ipcs, AreNestedAsDeepAsTheyLike) {
  auto type = arrow::int32();
  std::string json = "7";
  for (int depth = 0; depth < 50; ++depth) {
    type = arrow::list(type);
    json = "[" + json + "]";
  }
  const auto batch = Batch(type, "[" + json + "]");
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({Write(Ipc(GetParam(), {batch}))})));
  EXPECT_TRUE(loaded->column(0)->chunk(0)->Equals(*batch->column(0)));
}

TEST_P(Ipcs, LargeBatchesAreCut) {
  auto options = Of({Write(Ipc(GetParam(), {NumberBatch(0, 300'000)}))});
  options.batch_bytes = 100'000;
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
  int64_t rows = 0;
  for (;;) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
    if (!next.has_value()) break;
    EXPECT_LE(next->batch->num_rows() * 8, 200'000);
    rows += next->batch->num_rows();
  }
  EXPECT_EQ(rows, 300'000);
}

TEST_P(Ipcs, ABatchThatTheMemoryDoesNotHoldSaysWhatToSet) {
  const auto path = Write(Ipc(GetParam(), {NumberBatch(0, 10), NumberBatch(0, 500'000)}));
  auto* system = arrow::system_memory_pool();
  arrow::CappedMemoryPool pool(system, system->bytes_allocated() + (1 << 20));
  auto options = Of({path});
  options.pool = &pool;
  const auto loaded = Load(options);
  EXPECT_THAT(loaded, FailsWith(FailureKind::kPermanent, "--memory"));
  EXPECT_THAT(loaded, FailsWith(FailureKind::kPermanent, "path=" + path + " batch=1"));
}

TEST_P(Ipcs, AllMemoryComesFromThePool) {
  const auto x = NumberBatch(0, 100'000)->column(0);
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("x", arrow::int64()), arrow::field("y", arrow::int64())}),
      x->length(), {x, x});
  for (const auto compression : {arrow::Compression::UNCOMPRESSED, arrow::Compression::ZSTD}) {
    const auto path = Write(Ipc(GetParam(), {batch}, compression));
    for (const auto* where : {"", "x >= 10"}) {
      arrow::ProxyMemoryPool pool(arrow::system_memory_pool());
      auto options = Of({path}, where);
      options.columns = {"x"};
      options.pool = &pool;
      const int64_t others = arrow::system_memory_pool()->bytes_allocated();
      ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(options));
      ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
      EXPECT_GE(pool.bytes_allocated(), 99'990 * 8);
      EXPECT_EQ(arrow::system_memory_pool()->bytes_allocated() - others, pool.bytes_allocated())
          << "tests run with the system's pool as the default one";
    }
  }
}

// Cut anywhere: never a crash, never more rows than are there, and never fewer without a word.
TEST_P(Ipcs, CutAnywhereAreRefused) {
  const arrow::RecordBatchVector batches = {NumberBatch(0, 10), NumberBatch(10, 10)};
  const std::string bytes = Ipc(GetParam(), batches);
  std::vector<size_t> borders;  // of a stream's messages: schema, batch, batch
  if (GetParam() == Kind::kStream) {
    for (const size_t whole : {0, 1, 2}) {
      const arrow::RecordBatchVector some(batches.begin(), batches.begin() + whole);
      borders.push_back(Ipc(GetParam(), batches[0]->schema(), some).size() - 8);
    }
  }
  for (size_t length = 1; length < bytes.size(); ++length) {
    const auto loaded = Load(Of({Write(bytes.substr(0, length))}));
    const auto border = std::find(borders.begin(), borders.end(), length);
    if (border != borders.end()) {
      ASSERT_THAT(loaded, IsOk()) << length;
      EXPECT_EQ((*loaded)->num_rows(), 10 * (border - borders.begin())) << length;
      continue;
    }
    ASSERT_THAT(loaded, FailsWith(FailureKind::kPermanent, "path=")) << length;
  }
}

TEST_P(Ipcs, AFlippedByteNeverCrashes) {
  const auto type = arrow::struct_(
      {arrow::field("s", arrow::utf8()), arrow::field("l", arrow::list(arrow::int32())),
       arrow::field("d", arrow::dictionary(arrow::int8(), arrow::utf8()))});
  const auto batch =
      Batch(type, R"([{"s": "a", "l": [1, 2], "d": "x"}, {"s": "bc", "l": [], "d": "y"}, null])");
  const std::string bytes = Ipc(GetParam(), {batch, batch}, arrow::Compression::LZ4_FRAME);
  auto* system = arrow::system_memory_pool();
  arrow::CappedMemoryPool pool(system, system->bytes_allocated() + (64 << 20));
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string bad = bytes;
    bad[i] = static_cast<char>(bad[i] ^ std::array{0x01, 0x80, 0xff}[i % 3]);
    auto options = Of({Write(bad)});
    options.pool = &pool;
    refused += Load(options).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST_P(Ipcs, ValuesThatArrowDoesNotAllowAreRefused) {
  // Offsets that go back. (Text that is no UTF-8 is a bad row, for the encoders to say.)
  const auto bad = arrow::MakeArray(
      arrow::ArrayData::Make(arrow::utf8(), 3,
                             {nullptr, arrow::Buffer::FromVector(std::vector<int32_t>{0, 2, 1, 2}),
                              arrow::Buffer::FromString("ab")}));
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("x", arrow::utf8())}), 3, {bad});
  const auto path = Write(Ipc(GetParam(), {batch}));
  EXPECT_THAT(Load(Of({path})), FailsWith(FailureKind::kData, "column=x"));
  EXPECT_THAT(Load(Of({path})), FailsWith(FailureKind::kData, "path=" + path + " batch=1"));
}

TEST_P(Ipcs, ThatDifferInTheirSchemaAreExplained) {
  const auto a = Write(Ipc(GetParam(), {NumberBatch(0, 1)}), "a.arrow");
  const auto b = Write(Ipc(GetParam(), {Batch(arrow::utf8(), R"(["1"])")}), "b.arrow");
  EXPECT_THAT(OpenFileSource(Of({a, b})),
              FailsWith(FailureKind::kData, "column x: int64 in " + a + ", string in " + b));
}

class ArrowFormat : public Ipcs {};

TEST_F(ArrowFormat, AStreamsDictionariesMayGrow) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const arrow::RecordBatchVector batches = {
      Batch(type, R"(["a", "b"])"), Batch(type, R"(["a", "b", "c"])"), Batch(type, R"(["z"])")};
  ASSERT_OK_AND_ASSIGN(const auto source, OpenFileSource(Of({Write(Ipc(Kind::kStream, batches))})));
  for (const auto& expected : batches) {
    ASSERT_OK_AND_ASSIGN(const auto next, source->Next(CallContext()));
    ASSERT_TRUE(next.has_value());
    const auto& column = static_cast<const arrow::DictionaryArray&>(*next->batch->column(0));
    const auto& wanted = static_cast<const arrow::DictionaryArray&>(*expected->column(0));
    for (int64_t i = 0; i < wanted.length(); ++i) {
      EXPECT_TRUE(
          column.dictionary()
              ->GetScalar(column.GetValueIndex(i))
              .ValueOrDie()
              ->Equals(*wanted.dictionary()->GetScalar(wanted.GetValueIndex(i)).ValueOrDie()));
    }
  }
}

TEST_F(ArrowFormat, FilesAndStreamsAreOneFormat) {
  const auto a = Write(Ipc(Kind::kFile, {NumberBatch(0, 5)}), "a.arrow");
  const auto b = Write(Ipc(Kind::kStream, {NumberBatch(5, 5)}), "b.arrows");
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load(Of({folder_.Path("")})));
  EXPECT_EQ(Int64s(*loaded, "x"), Range(0, 10));
}

TEST_F(ArrowFormat, TwoFormatsAreNotOneLoad) {
  const auto a = Write(Ipc(Kind::kFile, {NumberBatch(0, 5)}), "a.arrow");
  const auto b = folder_.Path("b.parquet");
  ASSERT_THAT(WriteParquet(b, Numbers("x", 0, 5)), IsOk());
  EXPECT_THAT(OpenFileSource(Of({folder_.Path("")})),
              FailsWith(FailureKind::kConfiguration, "arrow=" + a + " parquet=" + b));
  auto options = Of({folder_.Path("")});
  options.format = Format::kParquet;
  EXPECT_EQ(Load(options).ValueOrDie()->num_rows(), 5);
}

TEST_F(ArrowFormat, TwoStreamsInOneFileAreRefused) {
  const std::string one = Ipc(Kind::kStream, {NumberBatch(0, 5)});
  EXPECT_THAT(Load(Of({Write(one + one)})),
              FailsWith(FailureKind::kData, "goes on behind its end mark"));
}

TEST_F(ArrowFormat, AStreamMayBeCompressedWholeAndAFileMayNot) {
  const auto gzip = arrow::util::Codec::Create(arrow::Compression::GZIP).ValueOrDie();
  const auto pack = [&gzip](const std::string& bytes) {
    std::string out(bytes.size() * 2 + 1000, '\0');
    out.resize(static_cast<size_t>(gzip->Compress(static_cast<int64_t>(bytes.size()),
                                                  reinterpret_cast<const uint8_t*>(bytes.data()),
                                                  static_cast<int64_t>(out.size()),
                                                  reinterpret_cast<uint8_t*>(out.data()))
                                       .ValueOrDie()));
    return out;
  };
  ASSERT_OK_AND_ASSIGN(
      const auto loaded,
      Load(Of({Write(pack(Ipc(Kind::kStream, {NumberBatch(0, 5)})), "a.arrows.gz")})));
  EXPECT_EQ(Int64s(*loaded, "x"), Range(0, 5));
  EXPECT_THAT(Load(Of({Write(pack(Ipc(Kind::kFile, {NumberBatch(0, 5)})))})),
              FailsWith(FailureKind::kConfiguration, "decompress it first"));
  const auto parquet = folder_.Path("p.parquet");
  ASSERT_THAT(WriteParquet(parquet, Numbers("x", 0, 5)), IsOk());
  EXPECT_THAT(Load(Of({Write(pack(ReadBytes(parquet)), "p.parquet.gz")})),
              FailsWith(FailureKind::kConfiguration, "a Parquet file inside of gzip"));
}

}  // namespace
}  // namespace ampload::source
