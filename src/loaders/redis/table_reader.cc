#include "loaders/redis/table_reader.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "encode/row_format_encoder.h"
#include "encode/text_decoder.h"
#include "loaders/redis/key_shape.h"
#include "loaders/redis/redis_error.h"

namespace ampload::redis {
namespace {

constexpr int64_t kPage = 1000;  // rows that are asked for at once

using Rows = std::vector<Reply>;  // of a hash or entry its fields and values in turn, else the row

class RowReader {
 public:
  RowReader(Connection& connection, const std::string& table, const TableRecord& record,
            int64_t limit, const CallContext& context)
      : connection_(connection), table_(table), record_(record), limit_(limit), context_(context) {}

  Result<Rows> Read() {
    switch (record_.structure) {
      case Structure::kStream:
        ARROW_RETURN_NOT_OK(ReadEntries());
        break;
      case Structure::kSet:
        ARROW_RETURN_NOT_OK(ReadMembers());
        break;
      case Structure::kSortedSet:
        ARROW_RETURN_NOT_OK(ReadRange("ZRANGE"));
        break;
      case Structure::kList:
        ARROW_RETURN_NOT_OK(ReadRange("LRANGE"));
        break;
      case Structure::kHash:
      case Structure::kString:
      case Structure::kJson:
        ARROW_RETURN_NOT_OK(ReadKeys());
    }
    return std::move(rows_);
  }

 private:
  int64_t wanted() const { return limit_ - static_cast<int64_t>(rows_.size()); }

  Status ReadRange(std::string_view command) {
    for (int64_t at = 0; wanted() > 0;) {
      const int64_t last = at + std::min(wanted(), kPage) - 1;
      ARROW_ASSIGN_OR_RAISE(
          auto page,
          connection_.Ask({command, table_, std::to_string(at), std::to_string(last)}, context_));
      for (auto& row : page.elements) rows_.push_back(std::move(row));
      if (static_cast<int64_t>(page.elements.size()) <= last - at) return Status::OK();
      at = last + 1;
    }
    return Status::OK();
  }

  Status ReadEntries() {
    std::string from = "-";
    while (wanted() > 0) {
      const std::string count = std::to_string(std::min(wanted(), kPage));
      ARROW_ASSIGN_OR_RAISE(
          auto page, connection_.Ask({"XRANGE", table_, from, "+", "COUNT", count}, context_));
      if (page.elements.empty()) return Status::OK();
      for (auto& entry : page.elements) {
        if (entry.elements.size() != 2) return Strange("XRANGE");
        from = "(" + entry.elements[0].text;
        rows_.push_back(std::move(entry.elements[1]));
      }
    }
    return Status::OK();
  }

  // SSCAN may give a member more than once.
  Status ReadMembers() {
    std::set<std::string> seen;
    std::string cursor = "0";
    do {
      ARROW_ASSIGN_OR_RAISE(
          auto page,
          connection_.Ask({"SSCAN", table_, cursor, "COUNT", std::to_string(kPage)}, context_));
      if (page.elements.size() != 2) return Strange("SSCAN");
      cursor = page.elements[0].text;
      for (auto& member : page.elements[1].elements) {
        if (wanted() > 0 && seen.insert(member.text).second) rows_.push_back(std::move(member));
      }
    } while (cursor != "0" && wanted() > 0);
    return Status::OK();
  }

  Status ReadKeys() {
    ARROW_ASSIGN_OR_RAISE(const int64_t there, CountRows(connection_, table_, record_, context_));
    // Nothing to be found is not searched for.
    limit_ = std::min(limit_, there);
    ARROW_ASSIGN_OR_RAISE(const auto shape, KeyShape::Of(table_, record_));
    const auto glob = KeyGlobOf(table_, record_.key_pattern);
    const auto type = FactsOf(record_.structure).redis_type;
    std::set<std::string> seen;
    std::string cursor = "0";
    while (wanted() > 0) {
      ARROW_ASSIGN_OR_RAISE(auto page, connection_.Ask({"SCAN", cursor, "MATCH", glob, "COUNT",
                                                        std::to_string(kPage), "TYPE", type},
                                                       context_));
      if (page.elements.size() != 2) return Strange("SCAN");
      cursor = page.elements[0].text;
      std::vector<std::string> keys;
      for (auto& key : page.elements[1].elements) {
        if (!shape.Matches(key.text) || static_cast<int64_t>(keys.size()) >= wanted()) continue;
        if (seen.insert(key.text).second) keys.push_back(std::move(key.text));
      }
      ARROW_RETURN_NOT_OK(ReadRowsOf(keys));
      if (cursor == "0") return Status::OK();
    }
    return Status::OK();
  }

  // A key that has gone, or changed its type, since it was found is no row any more.
  Status ReadRowsOf(const std::vector<std::string>& keys) {
    CommandBuffer commands;
    for (const auto& key : keys) {
      if (record_.structure == Structure::kHash) {
        commands.Add({"HGETALL", key});
      } else if (record_.structure == Structure::kString) {
        commands.Add({"GET", key});
      } else {
        commands.Add({"JSON.GET", key});
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto replies, connection_.AskAll(commands, context_));
    for (auto& reply : replies) {
      if (reply.is_error() && CodeOf(reply.text) != "WRONGTYPE") {
        return FromReply(reply.text, "cannot read rows: table=" + table_);
      }
      const bool gone = reply.is_error() || reply.is_nil() ||
                        (reply.kind == Reply::Kind::kArray && reply.elements.empty());
      if (!gone) rows_.push_back(std::move(reply));
    }
    return Status::OK();
  }

  Status Strange(const std::string& command) const {
    return PermanentError("redis: the server answers " + command +
                          " in an unknown form: table=" + table_);
  }

  Connection& connection_;
  const std::string& table_;
  const TableRecord& record_;
  int64_t limit_;
  const CallContext& context_;
  Rows rows_;
};

// Fields and values in turn, by column; fields that the table does not know are nobody's.
std::vector<encode::TextRow> AsColumns(const Rows& rows, const arrow::Schema& schema) {
  std::vector<encode::TextRow> found;
  for (const auto& row : rows) {
    encode::TextRow fields(static_cast<size_t>(schema.num_fields()));
    for (size_t i = 0; i + 1 < row.elements.size(); i += 2) {
      const int column = schema.GetFieldIndex(row.elements[i].text);
      if (column >= 0) fields[static_cast<size_t>(column)] = row.elements[i + 1].text;
    }
    found.push_back(std::move(fields));
  }
  return found;
}

Result<std::shared_ptr<arrow::RecordBatch>> Decode(const Rows& rows, const TableRecord& record) {
  if (!FactsOf(record.structure).one_value) {
    return encode::DecodeFields(record.schema, AsColumns(rows, *record.schema), record.binary);
  }
  std::vector<std::string_view> texts;
  for (const auto& row : rows) texts.push_back(row.text);
  return encode::DecodeRows(record.value_format, texts, record.schema);
}

}  // namespace

Result<std::shared_ptr<arrow::Table>> ReadTableRows(Connection& connection,
                                                    const std::string& table,
                                                    const TableRecord& record, int64_t limit,
                                                    const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        RowReader(connection, table, record, limit, context).Read());
  const auto batch = Decode(rows, record);
  if (!batch.ok()) return WithContext(batch.status(), "redis: table=" + table);
  return arrow::Table::FromRecordBatches((*batch)->schema(), {*batch});
}

}  // namespace ampload::redis
