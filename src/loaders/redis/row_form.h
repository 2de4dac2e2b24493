// A batch as Redis commands: one a row (two where rows expire), in RESP, made by passes over
// columns. And what the session must know of each row: its key, how its reply is to be read.
//
//   hash        HSET <key> <field> <value> ...     a null has no field
//   string      SET <key> <row> [PX ttl] [NX]      NX: unless it may replace
//   json        JSON.SET <key> $ <row> [NX]
//   stream      XADD <table> <id> <field> <value> ...
//   set         SADD <table> <row>
//   sorted_set  ZADD <table> [NX] <score> <row>
//   list        RPUSH <table> <row>
//   ttl         + PEXPIRE <key> <ms>               hash and json
//
// Fields are text: encode/text_encoder.h. Rows are JSON or msgpack: encode/row_format_encoder.h.
#pragma once

#include <arrow/buffer.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/write_session.h"
#include "encode/encoded_rows.h"
#include "encode/order_encoder.h"
#include "encode/row_format_encoder.h"
#include "encode/text_encoder.h"
#include "loaders/redis/structure.h"

namespace ampload::redis {

struct RowForm {
  std::string table = {};
  std::shared_ptr<arrow::Schema> rows = {};  // of the batches
  Structure structure = Structure::kHash;
  // Of rows that have a key each: "{table}:{block_num}". Empty: rows are numbered.
  std::string key_pattern = {};
  // In front of every key, and of a one-key structure's key: where rows wait to take the place of
  // others. Most often empty.
  std::string key_prefix = {};
  encode::ValueFormat format = encode::ValueFormat::kJson;
  std::vector<std::string> fields = {};  // columns that are stored; empty: all
  encode::BinaryText binary = encode::BinaryText::kBytes;
  std::string score = {};     // sorted_set: the column
  int64_t ttl_ms = 0;         // 0: rows stay
  bool replaces = false;      // a key that is there is taken over: no NX
  std::string order_by = {};  // empty: rows come in their order
};

// Texts end to end: key i is bytes[offsets[i], offsets[i + 1]).
struct Texts {
  std::string bytes;
  std::vector<int64_t> offsets = {0};

  int64_t size() const { return static_cast<int64_t>(offsets.size()) - 1; }
  std::string_view at(int64_t i) const {
    const auto index = static_cast<size_t>(i);
    return std::string_view(bytes).substr(static_cast<size_t>(offsets[index]),
                                          static_cast<size_t>(offsets[index + 1] - offsets[index]));
  }
};

struct EncodedCommands final : public EncodedBatch {
  // Row i's commands. While `numbered` is true they lack the part that names the row: see
  // RowEncoder::Number.
  encode::EncodedRows commands;
  bool numbered = false;
  int commands_per_row = 1;
  // For Number: the name stands so many bytes behind a row's first line break. What stands before
  // and behind the name in the row's second command; empty without one.
  int64_t name_at = 0;
  std::string expiry_head;
  std::string expiry_tail;
  // What identifies each row: its Redis key, or its member (set, sorted_set: a view of the row in
  // `commands` would do, but it is a copy). Empty for a list, and until Number for numbered rows.
  // For a stream: the entry's id.
  Texts keys;
  // hash: how many fields each row has. HSET answers with as many when the key was new.
  std::vector<int32_t> field_counts;
  std::optional<encode::EncodedOrder> order;
  const void* made_by = nullptr;  // the encoder
  int64_t batch_id = 0;
  int64_t first_row = 0;
  std::string origin;

  int64_t rows() const { return commands.num_rows(); }
  int64_t size_bytes() const override;
  std::string Place(int64_t row) const;  // "row=7 file=x.parquet"
};

class RowEncoder final : public BatchEncoder {
 public:
  // A configuration error for a key column, field or score that the rows lack (with the nearest
  // right name), a pattern without a closing brace, without a column or with a column that is no
  // scalar; a data error for columns that cannot be stored.
  static Result<std::unique_ptr<RowEncoder>> Make(RowForm form);
  ~RowEncoder() override;

  // Always makes EncodedCommands. The columns may come in another order; a batch of another schema
  // is a data error. Where one row alone is to blame, BadRowOf has its place in the batch: a null
  // in the key, an empty key, a score that is null, NaN or no double, a hash or stream entry
  // without any field.
  Result<std::unique_ptr<EncodedBatch>> Encode(const StagedBatch& batch) const override;

  // Numbered rows (a stream's entries; hash, string and json without a key): names row i
  // `<prefix><first + i>` and completes its commands. For a stream `prefix` is "<batch id>-", else
  // "<table>:" or "<table>:<batch id>-", behind the form's key_prefix. The bytes move to another
  // buffer once.
  static Status Number(std::string_view prefix, uint64_t first, EncodedCommands* commands);

  const RowForm& form() const { return form_; }
  const std::shared_ptr<arrow::Schema>& columns() const;  // those that are stored
  bool numbers_rows() const;
  // False where two different keys may have the same text: "{a}{b}" for 1, 23 and 12, 3.
  bool TellsKeysApart() const;

 private:
  struct Parts;

  Status EncodeRows(const StagedBatch& staged, EncodedCommands* encoded) const;
  Result<encode::EncodedRows> EncodeValues(const arrow::RecordBatch& stored,
                                           int64_t first_row) const;

  RowForm form_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ampload::redis
