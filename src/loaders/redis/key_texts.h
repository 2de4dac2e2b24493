// The Redis keys of rows, made from a pattern and columns.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "encode/key_pattern.h"
#include "loaders/redis/row_form.h"

namespace ampload::redis {

// Made for one schema. Immutable: Encode may be called from several threads at once.
class KeyTexts {
 public:
  // See RowEncoder::Make for what is refused. `form.key_pattern` is not empty.
  static Result<std::unique_ptr<KeyTexts>> Make(const RowForm& form);

  // A bad row for a null in a key column, an empty key, one over 512 MiB, one that begins as
  // ampload's own keys do.
  Result<Texts> Encode(const arrow::RecordBatch& batch, int64_t first_row) const;

  bool TellsKeysApart() const { return tells_keys_apart_; }

 private:
  struct Column {
    int place;  // in the batch
    std::string name;
    std::string before;  // the text in front of it
  };

  Status Check(const Texts& keys, int64_t first_row) const;

  std::string table_;
  encode::BinaryText binary_ = encode::BinaryText::kBytes;
  std::vector<Column> columns_;
  std::string behind_;      // the text behind the last column
  size_t prefix_size_ = 0;  // of the form's key_prefix
  bool tells_keys_apart_ = false;
};

}  // namespace ampload::redis
