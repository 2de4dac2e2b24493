#include "loaders/redis/row_form.h"

#include <arrow/array.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "encode/encodable.h"
#include "encode/json_bytes.h"
#include "encode/msgpack_bytes.h"
#include "encode/named_column.h"
#include "loader/column_order.h"
#include "loader/lineage.h"
#include "loaders/redis/command_frame.h"
#include "loaders/redis/key_texts.h"
#include "loaders/redis/resp_columns.h"
#include "loaders/redis/scores.h"

namespace ampload::redis {

// What an encoder is made of. Which parts there are depends on the structure.
struct RowEncoder::Parts {
  std::vector<int> stored;                 // places of the columns that are stored
  std::shared_ptr<arrow::Schema> columns;  // those
  std::unique_ptr<KeyTexts> keys;
  std::unique_ptr<Scores> scores;
  std::unique_ptr<encode::RowFormatEncoder> values;
  std::unique_ptr<encode::OrderEncoder> order;
};

namespace {

Result<std::vector<int>> StoredColumns(const RowForm& form) {
  std::vector<int> places;
  for (const auto& name : form.fields) {
    const auto found = encode::PlaceOfColumn("fields", name, *form.rows, form.table);
    if (!found.ok()) return WithContext(found.status(), "redis");
  }
  for (int i = 0; i < form.rows->num_fields(); ++i) {
    const auto& name = form.rows->field(i)->name();
    const bool is_asked_for =
        std::find(form.fields.begin(), form.fields.end(), name) != form.fields.end();
    if (form.fields.empty() || is_asked_for || name == kBatchIdColumn) places.push_back(i);
  }
  return places;
}

const char* BytesOf(const encode::EncodedRows& rows) { return rows.bytes->data_as<char>(); }

std::unique_ptr<encode::ColumnWriter> TextPartOf(std::string before, const Texts& texts) {
  return TextPart(std::move(before), texts.bytes.data(), texts.offsets);
}

size_t PutNumber(char* to, uint64_t number) {
  const auto begin = reinterpret_cast<uint8_t*>(to);
  return static_cast<size_t>(encode::json::PutUint(begin, number) - begin);
}

}  // namespace

int64_t EncodedCommands::size_bytes() const {
  return commands.size_bytes() + static_cast<int64_t>(keys.bytes.size()) +
         static_cast<int64_t>((commands.offsets.size() + keys.offsets.size()) * sizeof(int64_t)) +
         static_cast<int64_t>(field_counts.size() * sizeof(int32_t)) +
         static_cast<int64_t>(order.has_value() ? order->size_bytes() : 0);
}

std::string EncodedCommands::Place(int64_t row) const {
  return "row=" + std::to_string(first_row + row) + (origin.empty() ? "" : " file=" + origin);
}

RowEncoder::~RowEncoder() = default;

const std::shared_ptr<arrow::Schema>& RowEncoder::columns() const { return parts_->columns; }

bool RowEncoder::numbers_rows() const {
  if (form_.structure == Structure::kStream) return true;
  return FactsOf(form_.structure).key_per_row && form_.key_pattern.empty();
}

bool RowEncoder::TellsKeysApart() const {
  return parts_->keys == nullptr || parts_->keys->TellsKeysApart();
}

Result<std::unique_ptr<RowEncoder>> RowEncoder::Make(RowForm form) {
  const std::string where = "redis: table=" + form.table;
  const auto& facts = FactsOf(form.structure);
  auto parts = std::make_unique<Parts>();
  ARROW_ASSIGN_OR_RAISE(parts->stored, StoredColumns(form));
  arrow::FieldVector columns;
  for (const int place : parts->stored) columns.push_back(form.rows->field(place));
  parts->columns = arrow::schema(std::move(columns), form.rows->metadata());
  if (facts.key_per_row && !form.key_pattern.empty()) {
    ARROW_ASSIGN_OR_RAISE(parts->keys, KeyTexts::Make(form));
  }
  if (form.structure == Structure::kSortedSet) {
    ARROW_ASSIGN_OR_RAISE(parts->scores, Scores::Make(form));
  }
  if (!form.order_by.empty()) {
    auto order = encode::OrderEncoder::Make(*form.rows, form.order_by, form.table);
    if (!order.ok()) return WithContext(order.status(), "redis");
    parts->order = std::move(*order);
  }
  if (facts.one_value) {
    auto values = encode::MakeRowFormatEncoder(form.format, parts->columns);
    if (!values.ok()) return WithContext(values.status(), where);
    parts->values = std::move(*values);
  } else {
    const auto encodable =
        encode::CheckEncodable(*parts->columns, encode::msgpack::kMaxDepth, "text");
    ARROW_RETURN_NOT_OK(WithContext(encodable, where));
  }
  auto encoder = std::make_unique<RowEncoder>();
  encoder->form_ = std::move(form);
  encoder->parts_ = std::move(parts);
  return encoder;
}

Result<std::unique_ptr<EncodedBatch>> RowEncoder::Encode(const StagedBatch& staged) const {
  auto encoded = std::make_unique<EncodedCommands>();
  encoded->made_by = this;
  encoded->batch_id = staged.id.value();
  encoded->first_row = staged.first_row;
  encoded->origin = staged.origin;
  ARROW_RETURN_NOT_OK(WithOrigin(EncodeRows(staged, encoded.get()), staged));
  return encoded;
}

Status RowEncoder::EncodeRows(const StagedBatch& staged, EncodedCommands* encoded) const {
  ARROW_ASSIGN_OR_RAISE(const auto batch, InOrder("redis", staged.batch, *form_.rows, form_.table));
  ARROW_ASSIGN_OR_RAISE(const auto stored, batch->SelectColumns(parts_->stored));
  const CommandFrame frame = FrameOf(form_);
  encoded->numbered = numbers_rows();
  encoded->commands_per_row = frame.expiry_head.empty() ? 1 : 2;
  if (parts_->keys != nullptr) {
    ARROW_ASSIGN_OR_RAISE(encoded->keys, parts_->keys->Encode(*batch, staged.first_row));
  }
  if (parts_->order != nullptr) {
    ARROW_ASSIGN_OR_RAISE(encoded->order, parts_->order->Encode(*batch));
  }
  // What the commands are made from.
  encode::EncodedRows values;
  Texts scores;
  std::vector<int32_t> fields;
  CommandParts commands;

  if (parts_->values == nullptr) {
    fields.assign(static_cast<size_t>(batch->num_rows()), 0);
    commands.push_back({CountPart(frame.words, fields, frame.verb), ""});
  } else {
    commands.push_back({LiteralPart(frame.head()), ""});
  }
  if (parts_->keys != nullptr) commands.push_back({TextPartOf("$", encoded->keys), ""});
  if (parts_->scores != nullptr) {
    ARROW_ASSIGN_OR_RAISE(scores, parts_->scores->Encode(*batch, staged.first_row));
    commands.push_back({TextPartOf("$", scores), form_.score});
  }
  if (parts_->values == nullptr) {
    for (int i = 0; i < stored->num_columns(); ++i) {
      const auto& name = stored->column_name(i);
      commands.push_back({FieldPart(name, *stored->column_data(i), form_.binary, &fields), name});
    }
  } else {
    ARROW_ASSIGN_OR_RAISE(values, EncodeValues(*stored, staged.first_row));
    commands.push_back({TextPart(frame.middle, BytesOf(values), values.offsets), ""});
  }
  commands.push_back({LiteralPart(frame.tail), ""});
  if (encoded->commands_per_row == 2 && !encoded->numbered) {
    commands.push_back({TextPartOf(frame.expiry_head + "$", encoded->keys), ""});
    commands.push_back({LiteralPart(frame.expiry_tail), ""});
  }
  ARROW_ASSIGN_OR_RAISE(encoded->commands,
                        EncodeCommands(commands, batch->num_rows(), form_.table, staged.first_row));
  if (encoded->numbered) {
    encoded->name_at = static_cast<int64_t>(frame.verb.size());
    encoded->expiry_head = frame.expiry_head;
    encoded->expiry_tail = frame.expiry_tail;
  }
  if (form_.structure == Structure::kHash) encoded->field_counts = std::move(fields);
  const bool by_member =
      form_.structure == Structure::kSet || form_.structure == Structure::kSortedSet;
  if (by_member) encoded->keys = TextsOf(std::move(values));
  return Status::OK();
}

Result<encode::EncodedRows> RowEncoder::EncodeValues(const arrow::RecordBatch& stored,
                                                     int64_t first_row) const {
  auto values = parts_->values->Encode(stored);
  if (values.ok()) return values;
  return WithContext(values.status(),
                     "redis: table=" + form_.table + " first_row=" + std::to_string(first_row));
}

Status RowEncoder::Number(std::string_view prefix, uint64_t first, EncodedCommands* commands) {
  const int64_t rows = commands->rows();
  const auto old = std::move(commands->commands);
  auto& offsets = commands->commands.offsets;
  offsets.assign(static_cast<size_t>(rows) + 1, 0);

  // Names first, then places for everything, then the bytes.
  Texts names;
  names.bytes.reserve(static_cast<size_t>(rows) * (prefix.size() + 20));
  names.offsets.reserve(offsets.size());
  char digits[24];
  const bool expires = !commands->expiry_head.empty();
  const auto around_expiry =
      static_cast<int64_t>(commands->expiry_head.size() + commands->expiry_tail.size());
  for (int64_t row = 0; row < rows; ++row) {
    const auto number = first + static_cast<uint64_t>(row);
    names.bytes.append(prefix).append(digits, PutNumber(digits, number));
    names.offsets.push_back(static_cast<int64_t>(names.bytes.size()));
    const auto name = static_cast<int64_t>(names.at(row).size());
    const int64_t bulk = 1 + LineSize(name) + name;
    const auto i = static_cast<size_t>(row);
    offsets[i + 1] = offsets[i] + old.offsets[i + 1] - old.offsets[i] + bulk +
                     (expires ? around_expiry + bulk : 0);
  }
  ARROW_ASSIGN_OR_RAISE(commands->commands.bytes,
                        arrow::AllocateBuffer(commands->commands.size_bytes()));
  uint8_t* at = commands->commands.bytes->mutable_data();
  const auto put = [&](std::string_view bytes) {
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  };
  const auto put_name = [&](std::string_view name) {
    *at = '$';
    at = PutLine(at + 1, static_cast<int64_t>(name.size()));
    put(name);
  };
  for (int64_t row = 0; row < rows; ++row) {
    const auto command = old.row(row);
    const auto name = names.at(row);
    const size_t before = command.find('\n') + 1 + static_cast<size_t>(commands->name_at);
    put(command.substr(0, before));
    put_name(name);
    put(command.substr(before));
    if (!expires) continue;
    put(commands->expiry_head);
    put_name(name);
    put(commands->expiry_tail);
  }
  commands->keys = std::move(names);
  commands->numbered = false;
  return Status::OK();
}

}  // namespace ampload::redis
