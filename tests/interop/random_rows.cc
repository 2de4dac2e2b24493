// One random table with all that Python cannot build (slices at every level, values behind nulls,
// lists that overlap), as Arrow and as rows, for test_random_rows.py.
//
//   random_rows SEED STREAM > ROWS   an Arrow IPC stream into the file STREAM; each row after its
//                                    length in four bytes, big-endian, to stdout
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>

#include <cstdlib>
#include <iostream>

#include "../random_columns.h"
#include "ampload/status.h"
#include "encode/msgpack_encoder.h"

namespace ampload {
namespace {

Status Save(const arrow::RecordBatch& batch, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto stream, arrow::ipc::MakeStreamWriter(file, batch.schema()));
  ARROW_RETURN_NOT_OK(stream->WriteRecordBatch(batch));
  ARROW_RETURN_NOT_OK(stream->Close());
  return file->Close();
}

Status WriteTable(uint64_t seed, const std::string& path) {
  RandomColumns random(seed, {.max_depth = 3, .for_python = true});
  const auto batch = random.Batch(20, random.Roll(4) == 0 ? 1100 : random.Roll(60));
  ARROW_RETURN_NOT_OK(Save(*batch, path));
  ARROW_ASSIGN_OR_RAISE(auto encoder, encode::MsgpackEncoder::Make(batch->schema()));
  ARROW_ASSIGN_OR_RAISE(auto rows, encoder->Encode(*batch));
  for (int64_t i = 0; i < rows.num_rows(); ++i) {
    const auto row = rows.row(i);
    for (int shift : {24, 16, 8, 0}) std::cout.put(static_cast<char>(row.size() >> shift));
    std::cout.write(row.data(), static_cast<std::streamsize>(row.size()));
  }
  return Status::OK();
}

}  // namespace
}  // namespace ampload

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto status = ampload::WriteTable(std::strtoull(argv[1], nullptr, 10), argv[2]);
  if (status.ok()) return 0;
  std::cerr << ampload::MessageOf(status) << '\n';
  return 1;
}
