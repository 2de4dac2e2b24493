#include "loaders/redis/table_rules.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <set>
#include <utility>

#include "encode/key_pattern.h"
#include "encode/map_keys.h"
#include "loader/neighbours.h"
#include "loader/schema_change.h"
#include "loaders/redis/names.h"

namespace ampload::redis {
namespace {

std::string_view NameOf(encode::BinaryText binary) {
  return binary == encode::BinaryText::kHex ? "hex" : "bytes";
}

// Is there a map whose keys become an object's? Dictionaries and the like are looked through.
bool HasObjectOfAMap(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) {
    return HasObjectOfAMap(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  if (type.id() == arrow::Type::EXTENSION) {
    return HasObjectOfAMap(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  if (type.id() == arrow::Type::MAP &&
      encode::IsStringType(*static_cast<const arrow::MapType&>(type).key_type())) {
    return true;
  }
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasObjectOfAMap(*field->type()); });
}

// Judges one load; each step leaves its part of the record and of the form.
class Judge {
 public:
  Judge(const RedisConfig& config, const TableSpec& spec, const TableRecord* table, bool replacing)
      : config_(config), spec_(spec), table_(table), stays_(table != nullptr && !replacing) {
    if (stays_) record_ = *table;
    form_.table = spec.name;
    form_.rows = spec.schema;
  }

  Result<TableRules> Decide(Structure structure) {
    record_.structure = form_.structure = structure;
    facts_ = &FactsOf(structure);
    ARROW_RETURN_NOT_OK(CheckStructure());
    ARROW_RETURN_NOT_OK(CheckModes());
    ARROW_RETURN_NOT_OK(ChooseKey());
    ARROW_RETURN_NOT_OK(ChooseFormat());
    ARROW_RETURN_NOT_OK(ChooseBinary());
    ARROW_RETURN_NOT_OK(ChooseScore());
    if (config_.ttl > 0 && !facts_->expires) {
      return Refuse(
          "rows expire only where each has a key of its own: leave ttl out, or use hash, "
          "string or json");
    }
    form_.ttl_ms = config_.ttl;
    form_.fields = FieldNames(config_);
    form_.order_by = spec_.order_by;
    form_.replaces = MayReplaceRows(spec_);
    ARROW_RETURN_NOT_OK(CheckScoresStay());
    ARROW_RETURN_NOT_OK(spec_.undo_only && stays_ ? LeaveColumns() : FitColumns());
    return TableRules{std::move(record_), std::move(form_), std::move(evolution_)};
  }

 private:
  std::string Place() const {
    return ": table=" + spec_.name + " structure=" + std::string(facts_->name);
  }
  Status Refuse(const std::string& what, const std::string& more = "") const {
    return ConfigurationError("redis: " + what + Place() + more);
  }
  // An option against what the table has.
  Status RefuseOther(const std::string& option, std::string_view has,
                     std::string_view wanted) const {
    return ConfigurationError(
        "redis: the table's rows have another " + option + "; leave " + option +
        " out to go on with it, or overwrite the table: table=" + spec_.name + " " + option + "=" +
        std::string(has) + " wanted=" + std::string(wanted));
  }

  Status CheckStructure() const {
    if (stays_ && table_->structure != record_.structure) {
      return RefuseOther("structure", FactsOf(table_->structure).name, facts_->name);
    }
    if (IsOwnKey(spec_.name)) {
      return Refuse("names that begin with __ampload__: are ampload's own; choose another --table");
    }
    return Status::OK();
  }

  Status CheckModes() const {
    const auto& traits = facts_->traits;
    if (!traits.supported_modes.contains(spec_.mode)) {
      return Refuse("this structure has no such mode: use " + traits.supported_modes.ToString(),
                    " mode=" + std::string(ToString(spec_.mode)));
    }
    if (spec_.streaming && !traits.supports_streaming) {
      return Refuse(
          "a member of a " + std::string(facts_->name) +
          " holds no row identity, so a reorganisation could not take it back: use hash, string "
          "or stream");
    }
    if (spec_.on_duplicate != DuplicatePolicy::kReplace) return Status::OK();
    // Of a set, a member that is there is left as it is.
    if (facts_->structure == Structure::kStream || facts_->structure == Structure::kList) {
      return Refuse("rows have no key here, so none can be replaced: leave --on-duplicate out");
    }
    if (spec_.streaming) {
      return Refuse("a stream replaces rows by --mode upsert: leave --on-duplicate out");
    }
    return Status::OK();
  }

  // The pattern that options and --key ask for; empty: none.
  Result<std::string> WantedPattern() const {
    const std::string& pattern = config_.key_pattern;
    const std::set<std::string> keys(spec_.keys.begin(), spec_.keys.end());
    const auto is_over_keys = [&](const std::string& of) -> Result<bool> {
      const auto columns = encode::ColumnsOfPattern(of);
      if (!columns.ok()) return WithContext(columns.status(), "redis: table=" + spec_.name);
      return keys == std::set(columns->begin(), columns->end());
    };
    if (!pattern.empty()) {
      ARROW_ASSIGN_OR_RAISE(const bool same, is_over_keys(pattern));
      if (keys.empty() || same) return pattern;
      return Refuse(
          "--key and key_pattern name different columns; give one of the two, or the pattern's own "
          "columns as --key",
          " key_pattern=" + pattern);
    }
    if (table_ != nullptr && !table_->key_pattern.empty()) {
      ARROW_ASSIGN_OR_RAISE(const bool same, is_over_keys(table_->key_pattern));
      if (keys.empty() || same) return table_->key_pattern;
    }
    if (keys.empty()) return "";
    std::string made = "{table}";
    for (const auto& key : spec_.keys) made += ":{" + key + "}";
    if (encode::ColumnsOfPattern(made) == spec_.keys) return made;
    return Refuse(
        "a key column has a name that cannot stand in a key_pattern (table, or one with a brace); "
        "choose others, or rename it",
        " key_pattern=" + made);
  }

  Status ChooseKey() {
    if (!facts_->key_per_row) {
      if (config_.key_pattern.empty() && spec_.keys.empty()) {
        record_.key_pattern.clear();
        record_.key_columns.clear();
        return Status::OK();
      }
      return Refuse(
          "the whole table is one key, and its rows have none: leave --key and key_pattern out, or "
          "use hash, string or json");
    }
    ARROW_ASSIGN_OR_RAISE(form_.key_pattern, WantedPattern());
    if (stays_ && form_.key_pattern != table_->key_pattern) {
      const auto in_words = [](const std::string& key) { return key.empty() ? "row number" : key; };
      return Refuse(
          "the table's rows have another key; load with that one, or overwrite the table",
          " key=" + in_words(table_->key_pattern) + " wanted=" + in_words(form_.key_pattern));
    }
    if (form_.key_pattern.empty() && spec_.mode == LoadMode::kUpsert) {
      return Refuse("the table's rows are numbered; upsert needs key columns");
    }
    record_.key_pattern = form_.key_pattern;
    return CheckPattern();
  }

  // What all of the table's keys begin with sets them apart from other keys: an overwrite looks for
  // the old rows by it.
  Status CheckPattern() {
    record_.key_columns.clear();
    if (form_.key_pattern.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto parts, encode::SplitPattern(form_.key_pattern, spec_.name));
    const std::string more = " key_pattern=" + form_.key_pattern;
    for (const auto& part : parts) {
      if (part.is_column) record_.key_columns.push_back(part.text);
    }
    if (record_.key_columns.empty()) {
      return Refuse(
          "key_pattern names no column, so all rows would have one key; put columns in braces, as "
          "in {table}:{id}",
          more);
    }
    // It is kept in JSON.
    arrow::util::InitializeUTF8();
    if (!arrow::util::ValidateUTF8(form_.key_pattern)) {
      return Refuse("key_pattern is not valid UTF-8; take other text between the columns");
    }
    if (parts.front().is_column) {
      return Refuse(
          "key_pattern begins with a column, so the table's keys could not be told from others; "
          "put text in front, as in {table}:{id}",
          more);
    }
    if (IsOwnKey(parts.front().text)) {
      return Refuse(
          "keys that begin with __ampload__: are ampload's own; choose another "
          "key_pattern",
          more);
    }
    if (config_.key_pattern.empty() && spec_.keys.empty() && !stays_) {
      return CheckKeptKey();
    }
    return Status::OK();
  }

  // An overwrite goes on with the table's key where none was given.
  Status CheckKeptKey() const {
    for (const auto& column : record_.key_columns) {
      if (spec_.schema->GetFieldIndex(column) >= 0) continue;
      return Refuse(
          "the new rows lack a column of the table's key; give key_pattern or --key for another",
          " key_pattern=" + form_.key_pattern + " column=" + column);
    }
    return Status::OK();
  }

  Status ChooseFormat() {
    using encode::ValueFormat;
    auto& format = record_.value_format;
    const bool keeps = table_ != nullptr && FactsOf(table_->structure).one_value;
    format = facts_->one_value && keeps ? table_->value_format : ValueFormat::kJson;
    const bool is_json = facts_->structure == Structure::kJson;
    if (is_json) format = ValueFormat::kJson;
    form_.format = format;
    if (config_.value_format.empty()) return Status::OK();
    const auto wanted = encode::ValueFormatOf(config_.value_format);
    const std::string more = " value_format=" + config_.value_format;
    if (!wanted.has_value() || wanted == ValueFormat::kArrowIpc) {
      return Refuse("there is no such value format: use json or msgpack", more);
    }
    if (!facts_->one_value) {
      return Refuse("fields are text, each for itself: leave value_format out", more);
    }
    if (is_json && wanted != ValueFormat::kJson) {
      return Refuse("a document of RedisJSON is JSON: leave value_format out", more);
    }
    if (stays_ && *wanted != format) {
      return RefuseOther("value_format", ToString(format), config_.value_format);
    }
    form_.format = format = *wanted;
    return Status::OK();
  }

  Status ChooseBinary() {
    using encode::BinaryText;
    auto& binary = record_.binary;
    binary = table_ != nullptr ? table_->binary : BinaryText::kBytes;
    if (!config_.binary.empty()) {
      const auto wanted = config_.binary == "hex" ? BinaryText::kHex : BinaryText::kBytes;
      if (config_.binary != NameOf(wanted)) {
        return Refuse("binary values are stored as bytes or hex", " binary=" + config_.binary);
      }
      if (stays_ && wanted != binary) {
        return RefuseOther("binary", NameOf(binary), config_.binary);
      }
      binary = wanted;
    }
    form_.binary = binary;
    return Status::OK();
  }

  Status ChooseScore() {
    auto& score = record_.score;
    if (facts_->structure != Structure::kSortedSet) {
      score.clear();
      if (config_.score.empty()) return Status::OK();
      return Refuse("only a sorted_set has scores: leave score out", " score=" + config_.score);
    }
    score = table_ != nullptr ? table_->score : "";
    if (stays_ && !config_.score.empty() && config_.score != score) {
      return RefuseOther("score", score, config_.score);
    }
    if (!config_.score.empty()) score = config_.score;
    if (score.empty()) {
      return Refuse("rows of a sorted_set are sorted by a number: give the option score a column");
    }
    form_.score = score;
    return Status::OK();
  }

  // Members are the same only with the same score, unless the score is none of their fields.
  Status CheckScoresStay() const {
    const auto& fields = form_.fields;
    if (form_.score.empty() || !form_.replaces || fields.empty()) return Status::OK();
    if (std::find(fields.begin(), fields.end(), form_.score) != fields.end()) return Status::OK();
    return Refuse(
        "members that are there would get other scores, which a load that fails could not give "
        "back: put the score's column among the fields, or leave --on-duplicate out",
        " score=" + form_.score + " fields=" + config_.fields);
  }

  // A session that only undoes writes no row: the encoder is made for the table's own.
  Status LeaveColumns() {
    form_.rows = record_.schema;
    form_.fields.clear();
    form_.key_pattern.clear();
    form_.order_by.clear();
    return Status::OK();
  }

  Status FitColumns() {
    ARROW_ASSIGN_OR_RAISE(const auto encoder, RowEncoder::Make(form_));
    if (form_.replaces && !encoder->TellsKeysApart()) {
      return Refuse(
          "two different keys may give the same text under this key_pattern, so rows cannot be "
          "replaced by it; put something between its columns that they do not hold",
          " key_pattern=" + form_.key_pattern);
    }
    const auto& columns = encoder->columns();
    ARROW_RETURN_NOT_OK(CheckEveryRowSharesAField(*columns));
    ARROW_RETURN_NOT_OK(CheckObjects(*columns));
    if (!stays_) {
      record_.schema = columns;
      return Status::OK();
    }
    if (!facts_->one_value || record_.value_format == encode::ValueFormat::kJson) {
      const auto floats = CheckFloatsKeepTheirType(*record_.schema, *columns, spec_.name);
      ARROW_RETURN_NOT_OK(WithContext(floats, "redis"));
    }
    auto comparison = CompareSchemas(*record_.schema, *columns, record_.key_columns);
    ARROW_RETURN_NOT_OK(
        WithContext(CheckComparison(comparison, spec_.on_schema_change, spec_.name), "redis"));
    evolution_ = std::move(comparison.possible);
    if (!evolution_.empty()) record_.schema = std::move(comparison.evolved);
    return Status::OK();
  }

  // The server takes documents apart, and keeps one of two like keys without a word.
  Status CheckObjects(const arrow::Schema& columns) const {
    if (facts_->structure != Structure::kJson) return Status::OK();
    for (const auto& field : columns.fields()) {
      if (!HasObjectOfAMap(*field->type())) continue;
      return Refuse(
          "of a map's like keys a JSON document would keep one: leave the column out, or use "
          "string",
          " column=" + field->name() + " type=" + field->type()->ToString());
    }
    return Status::OK();
  }

  // That a hash was there before a row came is seen by a field that both have.
  Status CheckEveryRowSharesAField(const arrow::Schema& columns) const {
    if (facts_->structure != Structure::kHash || form_.key_pattern.empty()) return Status::OK();
    const auto& keys = record_.key_columns;
    for (const auto& field : columns.fields()) {
      const bool is_key = std::find(keys.begin(), keys.end(), field->name()) != keys.end();
      if (is_key || !field->nullable()) return Status::OK();
    }
    return Refuse(
        "two rows of one key could be mixed without a word, since no column that is stored has a "
        "value in every row: put a key column among the fields",
        " fields=" + config_.fields);
  }

  const RedisConfig& config_;
  const TableSpec& spec_;
  const TableRecord* table_;  // null: it is to be made
  bool stays_;                // the table's rows stay beside those that come
  const StructureFacts* facts_ = nullptr;
  TableRecord record_;
  RowForm form_;
  std::string evolution_;
};

}  // namespace

Structure StructureFor(const RedisConfig& config, const std::optional<TableRecord>& table) {
  const auto own = table.has_value() ? table->structure : Structure::kHash;
  return config.structure.empty() ? own : StructureOf(config.structure).value_or(own);
}

Result<TableRules> RulesFor(const RedisConfig& config, const TableSpec& spec,
                            const std::optional<TableRecord>& table, bool replacing) {
  if (!config.structure.empty() && !StructureOf(config.structure).has_value()) {
    return ConfigurationError("redis: there is no such structure: table=" + spec.name +
                              " structure=" + config.structure);
  }
  Judge judge(config, spec, table.has_value() ? &*table : nullptr, replacing);
  return judge.Decide(StructureFor(config, table));
}

}  // namespace ampload::redis
