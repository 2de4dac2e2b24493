// Encodes every row of an Arrow IPC stream in one of the value formats, for test_encoding.py: types
// that no Parquet file carries get to the encoder this way.
//
//   encode_rows FORMAT < STREAM > ROWS     each row after its length in four bytes, big-endian
#include <arrow/api.h>
#include <arrow/io/stdio.h>
#include <arrow/ipc/reader.h>

#include <cstdio>
#include <iostream>
#include <memory>

#include "ampload/status.h"
#include "encode/row_format_encoder.h"

namespace ampload {
namespace {

void Write(std::string_view row) {
  const auto size = static_cast<uint32_t>(row.size());
  const char length[] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                         static_cast<char>(size >> 8), static_cast<char>(size)};
  std::cout.write(length, sizeof length);
  std::cout.write(row.data(), static_cast<std::streamsize>(row.size()));
}

Status EncodeRows(std::string_view name) {
  const auto format = encode::ValueFormatOf(name);
  if (!format.has_value()) return ConfigurationError("no such format: " + std::string(name));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(
                                         std::make_shared<arrow::io::StdinStream>()));
  ARROW_ASSIGN_OR_RAISE(auto encoder, encode::MakeRowFormatEncoder(*format, reader->schema()));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto batch, reader->Next());
    if (batch == nullptr) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto rows, encoder->Encode(*batch));
    for (int64_t i = 0; i < rows.num_rows(); ++i) Write(rows.row(i));
    // Slices must read the same as the whole.
    const int64_t from = batch->num_rows() / 3;
    ARROW_ASSIGN_OR_RAISE(auto slice, encoder->Encode(*batch->Slice(from)));
    for (int64_t i = 0; i < slice.num_rows(); ++i) {
      if (slice.row(i) != rows.row(from + i)) {
        return PermanentError("a slice gave another row: row=" + std::to_string(from + i));
      }
    }
  }
}

}  // namespace
}  // namespace ampload

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto status = ampload::EncodeRows(argv[1]);
  if (status.ok()) return 0;
  std::cerr << ampload::MessageOf(status) << '\n';
  return 1;
}
