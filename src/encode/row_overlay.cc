#include "encode/row_overlay.h"

#include <arrow/record_batch.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "encode/ipc_rows.h"
#include "encode/ipc_rows_decoder.h"
#include "encode/json_tokens.h"
#include "encode/msgpack_bytes.h"
#include "encode/msgpack_reader.h"

namespace ampload::encode {
namespace {

// One column of a row: its name, and the bytes of name and value as they stand in the row.
struct Entry {
  std::string name;
  std::string_view name_bytes;
  std::string_view value_bytes;
};
using Entries = std::vector<Entry>;

Status Damaged(const std::string& why) { return DataError("not a row: " + why); }

Result<Entries> SplitMsgpack(std::string_view row) {
  MsgpackReader reader(row);
  const auto head = reader.Next();
  if (head.kind != MsgpackReader::Kind::kMap) return Damaged("no msgpack map");
  Entries entries;
  entries.reserve(head.number);
  for (uint64_t i = 0; i < head.number; ++i) {
    const std::string_view begin = reader.rest();
    const auto name = reader.Next();
    if (name.kind != MsgpackReader::Kind::kStr) return Damaged("a column's name is no string");
    const std::string_view value = reader.rest();
    if (!reader.Skip()) return Damaged("damaged msgpack: column=" + std::string(name.bytes));
    entries.push_back({std::string(name.bytes), begin.substr(0, begin.size() - value.size()),
                       value.substr(0, value.size() - reader.rest().size())});
  }
  if (!reader.at_end()) return Damaged("bytes behind the msgpack map");
  return entries;
}

// Passes over the texts of a JSON document that is known to be valid.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  // Past white space and this character.
  void Pass(char punctuation) {
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == punctuation) ++at_;
    SkipSpace();
  }

  // The text of the value that begins here.
  std::string_view Value() {
    const size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        SkipString();
        if (depth == 0) break;
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || IsSpace(c))) break;
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  void SkipString() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

Result<Entries> SplitJson(std::string_view row) {
  JsonTokens tokens;
  ARROW_RETURN_NOT_OK(tokens.Parse(row));
  if (tokens[0].kind != JsonTokens::Kind::kObject) return Damaged("no JSON object");
  Entries entries;
  entries.reserve(tokens[0].count);
  JsonScanner scanner(row);
  scanner.Pass('{');
  size_t place = 1;
  for (size_t i = 0; i < tokens[0].count; ++i) {
    const auto name = tokens.text(tokens[place]);
    const auto name_bytes = scanner.Value();
    scanner.Pass(':');
    const auto value_bytes = scanner.Value();
    scanner.Pass(',');
    entries.push_back({std::string(name), name_bytes, value_bytes});
    place = tokens[place + 1].next;
  }
  return entries;
}

using Places = std::unordered_map<std::string_view, size_t>;

Result<Places> PlacesOf(const Entries& entries) {
  Places places;
  places.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!places.emplace(entries[i].name, i).second) {
      return Damaged("the column is there twice: column=" + entries[i].name);
    }
  }
  return places;
}

// The columns of the new row, in order.
Result<std::vector<const Entry*>> Merge(const Entries& base, const Entries& change) {
  auto in_base = PlacesOf(base);
  if (!in_base.ok()) return WithContext(in_base.status(), "base");
  auto in_change = PlacesOf(change);
  if (!in_change.ok()) return WithContext(in_change.status(), "change");
  std::vector<const Entry*> merged;
  merged.reserve(base.size() + change.size());
  for (const auto& entry : base) {
    const auto changed = in_change->find(entry.name);
    merged.push_back(changed == in_change->end() ? &entry : &change[changed->second]);
  }
  for (const auto& entry : change) {
    if (!in_base->contains(entry.name)) merged.push_back(&entry);
  }
  return merged;
}

size_t SizeOf(const std::vector<const Entry*>& entries) {
  size_t size = 2 + 2 * entries.size() + 5;
  for (const auto* entry : entries) size += entry->name_bytes.size() + entry->value_bytes.size();
  return size;
}

std::string JoinMsgpack(const std::vector<const Entry*>& entries) {
  std::string row = msgpack::MapHeader(static_cast<int64_t>(entries.size()));
  row.reserve(SizeOf(entries));
  for (const auto* entry : entries) row.append(entry->name_bytes).append(entry->value_bytes);
  return row;
}

std::string JoinJson(const std::vector<const Entry*>& entries) {
  std::string row = "{";
  row.reserve(SizeOf(entries));
  for (const auto* entry : entries) {
    if (row.size() > 1) row.push_back(',');
    row.append(entry->name_bytes).append(":").append(entry->value_bytes);
  }
  row.push_back('}');
  return row;
}

template <class Split, class Join>
Result<std::string> OverlayBytes(std::string_view base, std::string_view change, Split split,
                                 Join join) {
  const auto below = split(base);
  if (!below.ok()) return WithContext(below.status(), "base");
  const auto above = split(change);
  if (!above.ok()) return WithContext(above.status(), "change");
  ARROW_ASSIGN_OR_RAISE(const auto merged, Merge(*below, *above));
  return join(merged);
}

Status CheckNames(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    if (schema.GetAllFieldIndices(field->name()).size() > 1) {
      return Damaged("the column is there twice: column=" + field->name());
    }
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> ReadNamed(std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(auto row, ReadIpcRow(bytes));
  ARROW_RETURN_NOT_OK(CheckNames(*row->schema()));
  return row;
}

Result<std::string> OverlayIpc(std::string_view base, std::string_view change) {
  const auto below = ReadNamed(base);
  if (!below.ok()) return WithContext(below.status(), "base");
  const auto above = ReadNamed(change);
  if (!above.ok()) return WithContext(above.status(), "change");
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  const auto take = [&](const arrow::RecordBatch& row, int column) {
    fields.push_back(row.schema()->field(column));
    columns.push_back(row.column(column));
  };
  for (int i = 0; i < (*below)->num_columns(); ++i) {
    const int changed = (*above)->schema()->GetFieldIndex((*below)->column_name(i));
    changed < 0 ? take(**below, i) : take(**above, changed);
  }
  for (int i = 0; i < (*above)->num_columns(); ++i) {
    if ((*below)->schema()->GetFieldIndex((*above)->column_name(i)) < 0) take(**above, i);
  }
  const auto schema = arrow::schema(std::move(fields));
  ARROW_ASSIGN_OR_RAISE(const auto encoder, IpcRowsEncoder::Make(schema));
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        encoder->Encode(*arrow::RecordBatch::Make(schema, 1, std::move(columns))));
  return std::string(rows.row(0));
}

}  // namespace

Result<std::string> OverlayRow(ValueFormat format, std::string_view base, std::string_view change) {
  const auto overlaid = [&] {
    switch (format) {
      case ValueFormat::kMsgpack:
        return OverlayBytes(base, change, SplitMsgpack, JoinMsgpack);
      case ValueFormat::kJson:
        return OverlayBytes(base, change, SplitJson, JoinJson);
      case ValueFormat::kArrowIpc:
        break;
    }
    return OverlayIpc(base, change);
  }();
  if (!overlaid.ok()) return WithContext(overlaid.status(), ToString(format));
  return overlaid;
}

}  // namespace ampload::encode
