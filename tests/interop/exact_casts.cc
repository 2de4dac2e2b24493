// Casts values one by one, for a test that judges each in another language.
//
//   exact_casts IN.arrow OUT.arrow
//
// IN has columns f0 t0 f1 t1 ...: the values of f<i> are cast to the type of t<i>. OUT has the
// values in t<i> (null where the cast refuses one) and ok<i>; a pair that is not offered has
// neither.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/api.h>

#include <iostream>
#include <string>

#include "encode/exact_cast.h"

namespace {

arrow::Status AddPair(const arrow::RecordBatch& in, int pair, arrow::FieldVector* fields,
                      arrow::ArrayVector* columns) {
  const std::string number = std::to_string(pair);
  const auto from = in.GetColumnByName("f" + number);
  const auto to = in.GetColumnByName("t" + number)->type();
  if (!ampload::encode::CheckCast(*from->type(), *to).ok()) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto values, arrow::MakeBuilder(to));
  arrow::BooleanBuilder fits;
  for (int64_t row = 0; row < in.num_rows(); ++row) {
    const auto cast = ampload::encode::ExactCast(from->Slice(row, 1), to, {});
    if (!cast.ok() && ampload::BadRowOf(cast.status()) != 0) return cast.status();
    ARROW_RETURN_NOT_OK(fits.Append(cast.ok()));
    if (!cast.ok()) {
      ARROW_RETURN_NOT_OK(values->AppendNull());
      continue;
    }
    ARROW_RETURN_NOT_OK(values->AppendArraySlice(*(*cast)->data(), 0, 1));
  }
  fields->push_back(arrow::field("t" + number, to));
  ARROW_ASSIGN_OR_RAISE(columns->emplace_back(), values->Finish());
  fields->push_back(arrow::field("ok" + number, arrow::boolean()));
  ARROW_ASSIGN_OR_RAISE(columns->emplace_back(), fits.Finish());
  return arrow::Status::OK();
}

arrow::Status Run(const std::string& from, const std::string& to) {
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(from));
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
  ARROW_ASSIGN_OR_RAISE(const auto batch, reader->ReadRecordBatch(0));
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int pair = 0; pair < batch->num_columns() / 2; ++pair) {
    ARROW_RETURN_NOT_OK(AddPair(*batch, pair, &fields, &columns));
  }
  const auto out = arrow::RecordBatch::Make(arrow::schema(fields), batch->num_rows(), columns);
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::FileOutputStream::Open(to));
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeFileWriter(sink, out->schema()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*out));
  ARROW_RETURN_NOT_OK(writer->Close());
  return sink->Close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto status = Run(argv[1], argv[2]);
  if (!status.ok()) std::cerr << "exact_casts: " << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
