#include "encode/ipc_rows.h"

#include <arrow/extension/uuid.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <gtest/gtest.h>

#include "encode/ipc_rows_decoder.h"
#include "encode/rows_for_test.h"
#include "matchers.h"

namespace ampload::encode {
namespace {

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Array>& array) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("c", array->type())}),
                                  array->length(), {array});
}

// By Arrow's own reader.
std::shared_ptr<arrow::Table> ReadStream(std::string_view row) {
  auto source =
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::string(row)));
  return arrow::ipc::RecordBatchStreamReader::Open(std::move(source))
      .ValueOrDie()
      ->ToTable()
      .ValueOrDie();
}

// By Arrow's own writer.
std::string WriteStream(const arrow::RecordBatch& batch) {
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::ipc::MakeStreamWriter(sink, batch.schema()).ValueOrDie();
  EXPECT_THAT(writer->WriteRecordBatch(batch), IsOk());
  EXPECT_THAT(writer->Close(), IsOk());
  return sink->Finish().ValueOrDie()->ToString();
}

TEST(IpcRows, AreStreamsOfOneRowThatBeginAlike) {
  const auto numbers = FromJson(arrow::uint32(), "[7, null, 9]");
  ASSERT_OK_AND_ASSIGN(const auto rows, EncodeArray<IpcRowsEncoder>(numbers));
  ASSERT_EQ(rows.num_rows(), 3);
  const auto schema = arrow::ipc::SerializeSchema(*Batch(numbers)->schema()).ValueOrDie();
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(rows.row(i).starts_with(std::string_view(*schema)));
    EXPECT_EQ(rows.row(i).size() % 8, 0U);
    const auto table = ReadStream(rows.row(i));
    EXPECT_THAT(table->ValidateFull(), IsOk());
    ASSERT_EQ(table->num_rows(), 1);
    EXPECT_TRUE(table->column(0)->chunk(0)->Equals(numbers->Slice(i, 1)));
  }
}

TEST(IpcRows, HaveNoMetadataNoExtensionsNoDictionaries) {
  const auto type =
      arrow::struct_({arrow::field("d", arrow::dictionary(arrow::int8(), arrow::utf8()))
                          ->WithMetadata(arrow::key_value_metadata({"k"}, {"v"})),
                      arrow::field("u", arrow::extension::uuid())});
  const auto schema =
      arrow::schema({arrow::field("c", type)}, arrow::key_value_metadata({"pandas"}, {"much"}));
  const auto uuid = arrow::ExtensionType::WrapArray(
      arrow::extension::uuid(), FromJson(arrow::fixed_size_binary(16), R"(["0123456789abcdef"])"));
  const auto words = FromJson(arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["x"])");
  const auto batch =
      arrow::RecordBatch::Make(schema, 1,
                               arrow::ArrayVector{std::make_shared<arrow::StructArray>(
                                   type, 1, arrow::ArrayVector{words, uuid})});
  ASSERT_OK_AND_ASSIGN(const auto encoder, IpcRowsEncoder::Make(schema));
  ASSERT_OK_AND_ASSIGN(const auto rows, encoder->Encode(*batch));
  const auto table = ReadStream(rows.row(0));
  const auto plain = arrow::struct_(
      {arrow::field("d", arrow::utf8()), arrow::field("u", arrow::fixed_size_binary(16))});
  EXPECT_TRUE(table->schema()->Equals(*arrow::schema({arrow::field("c", plain)}),
                                      /*check_metadata=*/true));
  EXPECT_TRUE(table->column(0)->chunk(0)->Equals(
      FromJson(plain, R"([{"d": "x", "u": "0123456789abcdef"}])")));
}

TEST(IpcRows, ShowNothingOfWhatStandsBehindANull) {
  const auto nulls = arrow::Buffer::FromString(std::string(1, '\2'));
  const auto secret = std::make_shared<arrow::StringArray>(
      2, arrow::Buffer::FromVector(std::vector<int32_t>{0, 6, 12}),
      arrow::Buffer::FromString("secretpublic"));
  const auto fields = std::make_shared<arrow::StructArray>(
      arrow::struct_({arrow::field("s", arrow::utf8())}), 2, arrow::ArrayVector{secret}, nulls);
  ASSERT_OK_AND_ASSIGN(const auto rows, EncodeArray<IpcRowsEncoder>(fields));
  EXPECT_EQ(AllBytes(rows).find("secret"), std::string_view::npos);
  EXPECT_NE(rows.row(1).find("public"), std::string_view::npos);
  EXPECT_TRUE(ReadStream(rows.row(0))->column(0)->chunk(0)->Equals(fields->Slice(0, 1)));
}

TEST(IpcRows, RefuseUnionsByName) {
  EXPECT_THAT(IpcRowsEncoder::Make(arrow::schema(
                  {arrow::field("or", arrow::sparse_union({arrow::field("i", arrow::int32())}))})),
              FailsWith(FailureKind::kData, "arrow_ipc: columns that cannot be encoded"));
}

TEST(IpcRows, RefuseBadValuesWithTheirRow) {
  std::vector<int32_t> offsets(1501);
  for (size_t i = 0; i < offsets.size(); ++i) offsets[i] = static_cast<int32_t>(i);
  std::string letters(1500, 'a');
  letters[1400] = '\xff';
  const auto strings = std::make_shared<arrow::StringArray>(
      1500, arrow::Buffer::FromVector(offsets), arrow::Buffer::FromString(letters));
  auto rows = EncodeArray<IpcRowsEncoder>(strings->Slice(100));
  EXPECT_THAT(rows, FailsWith(FailureKind::kData,
                              "arrow_ipc: string is not UTF-8: column=c row=1300 length=1"));
  EXPECT_EQ(BadRowOf(rows.status()), 1300);

  const auto lists = std::make_shared<arrow::ListArray>(
      arrow::list(arrow::utf8()), 2, arrow::Buffer::FromVector(std::vector<int32_t>{0, 1400, 1401}),
      strings);
  rows = EncodeArray<IpcRowsEncoder>(lists);
  EXPECT_THAT(rows, FailsWith(FailureKind::kData, "string is not UTF-8: column=c[] row=1"));

  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  auto data = FromJson(arrow::int8(), "[0, 1, 2]")->data()->Copy();
  data->type = type;
  data->dictionary = FromJson(arrow::utf8(), R"(["a", "b"])")->data();
  rows = EncodeArray<IpcRowsEncoder>(arrow::MakeArray(data));
  EXPECT_THAT(rows,
              FailsWith(FailureKind::kData, "index is outside the dictionary: column=c row=2"));
  EXPECT_EQ(BadRowOf(rows.status()), 2);
}

TEST(IpcRows, TakeDatesThatNoTextHas) {
  const auto dates = FromJson(arrow::date32(), "[2932897, -719529, 2147483647]");
  ASSERT_OK_AND_ASSIGN(const auto rows, EncodeArray<IpcRowsEncoder>(dates));
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(ReadStream(rows.row(i))->column(0)->chunk(0)->Equals(dates->Slice(i, 1)));
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> Decode(const std::vector<std::string>& rows,
                                                   const std::shared_ptr<arrow::Schema>& schema) {
  return DecodeIpcRows(std::vector<std::string_view>(rows.begin(), rows.end()), schema);
}

TEST(IpcRowsDecoder, ReadsWhatAForeignWriterWrote) {
  const auto schema =
      arrow::schema({arrow::field("b", arrow::utf8()), arrow::field("c", arrow::int8())});
  const auto row = Batch(FromJson(arrow::int8(), "[5]"));
  ASSERT_OK_AND_ASSIGN(const auto batch, Decode({WriteStream(*row)}, schema));
  EXPECT_TRUE(batch->column(0)->IsNull(0));
  EXPECT_TRUE(batch->column(1)->Equals(FromJson(arrow::int8(), "[5]")));
}

TEST(IpcRowsDecoder, WidensWhatIsOlderThanTheColumn) {
  const auto decode = [](const std::shared_ptr<arrow::Array>& old,
                         const std::shared_ptr<arrow::DataType>& type) {
    const auto batch = Decode({WriteStream(*Batch(old))}, arrow::schema({arrow::field("c", type)}));
    return batch.ok() ? (*batch)->column(0)->ToString() : batch.status().ToString();
  };
  EXPECT_EQ(decode(FromJson(arrow::uint32(), "[4294967295]"), arrow::int64()),
            FromJson(arrow::int64(), "[4294967295]")->ToString());
  EXPECT_EQ(decode(FromJson(arrow::float32(), "[0.1]"), arrow::float64()),
            FromJson(arrow::float64(), "[0.10000000149011612]")->ToString());
  EXPECT_EQ(decode(FromJson(arrow::decimal128(10, 2), R"(["1.50"])"), arrow::decimal256(60, 2)),
            FromJson(arrow::decimal256(60, 2), R"(["1.50"])")->ToString());
  EXPECT_EQ(decode(FromJson(arrow::utf8(), R"(["x"])"), arrow::utf8_view()),
            FromJson(arrow::utf8_view(), R"(["x"])")->ToString());
  EXPECT_EQ(decode(std::make_shared<arrow::NullArray>(1), arrow::list(arrow::utf8())),
            FromJson(arrow::list(arrow::utf8()), "[null]")->ToString());
}

TEST(IpcRowsDecoder, ReadsNoRowsAsNoRows) {
  ASSERT_OK_AND_ASSIGN(const auto batch,
                       Decode({}, arrow::schema({arrow::field("c", arrow::extension::uuid())})));
  EXPECT_EQ(batch->num_rows(), 0);
  EXPECT_TRUE(batch->column(0)->type()->Equals(arrow::extension::uuid()));
}

TEST(IpcRowsDecoder, RefusesWhatIsNotOneRowOfTheColumns) {
  const auto schema = arrow::schema({arrow::field("c", arrow::int8())});
  const std::string good = WriteStream(*Batch(FromJson(arrow::int8(), "[5]")));
  const auto refuses = [&](const std::string& row, const char* message) {
    EXPECT_THAT(Decode({good, row}, schema), FailsWith(FailureKind::kData, message));
  };
  refuses("", "arrow_ipc: no Arrow IPC stream: ");
  refuses("what is this?", "row=1");
  refuses(WriteStream(*Batch(FromJson(arrow::int8(), "[5, 6]"))), "not one row: row=1");
  refuses(WriteStream(*Batch(FromJson(arrow::int16(), "[5]"))),  // wider than the column
          "of another type than the column: column=c type=int16 row=1");
}

}  // namespace
}  // namespace ampload::encode
