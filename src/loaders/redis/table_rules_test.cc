#include "loaders/redis/table_rules.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::redis {
namespace {

using encode::BinaryText;
using encode::ValueFormat;
using ::testing::ElementsAre;

std::shared_ptr<arrow::Schema> Columns(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::DataType>>>& columns = {
        {"block", arrow::uint64()}, {"tx", arrow::uint32()}, {"note", arrow::utf8()}}) {
  arrow::FieldVector fields;
  for (const auto& [name, type] : columns) fields.push_back(arrow::field(name, type));
  return arrow::schema(std::move(fields));
}

TableSpec Spec() {
  TableSpec spec;
  spec.name = "logs";
  spec.schema = Columns();
  return spec;
}
TableSpec SpecWithKeys(std::vector<std::string> keys, LoadMode mode = LoadMode::kAppend) {
  auto spec = Spec();
  spec.keys = std::move(keys);
  spec.mode = mode;
  return spec;
}
TableSpec StreamSpec() {
  auto spec = Spec();
  spec.pipeline = "p";
  spec.streaming = true;
  return spec;
}
RedisConfig WithStructure(const std::string& structure) {
  RedisConfig config;
  config.structure = structure;
  return config;
}
RedisConfig WithPattern(const std::string& pattern, const std::string& structure = "") {
  auto config = WithStructure(structure);
  config.key_pattern = pattern;
  return config;
}

// As the first load leaves the table.
TableRecord Made(const RedisConfig& config, const TableSpec& spec) {
  auto record = RulesFor(config, spec, std::nullopt, false).ValueOrDie().record;
  record.uuid = "u";
  record.next_number = 7;
  return record;
}

void ExpectRefused(const RedisConfig& config, const TableSpec& spec, const std::string& text,
                   const std::optional<TableRecord>& table = std::nullopt) {
  EXPECT_THAT(RulesFor(config, spec, table, false), FailsWith(FailureKind::kConfiguration, text));
}

TEST(NewTable, IsANumberedHashWhereNothingIsAskedFor) {
  ASSERT_OK_AND_ASSIGN(const auto rules, RulesFor({}, Spec(), std::nullopt, false));
  EXPECT_EQ(rules.record.structure, Structure::kHash);
  EXPECT_EQ(rules.record.key_pattern, "");
  EXPECT_EQ(rules.record.binary, BinaryText::kBytes);
  EXPECT_TRUE(rules.record.schema->Equals(*Columns()));
  EXPECT_EQ(rules.record.uuid, "");
  EXPECT_EQ(rules.form.table, "logs");
  EXPECT_FALSE(rules.form.replaces);
  EXPECT_EQ(rules.evolution, "");
}

TEST(NewTable, HasWhatTheOptionsSay) {
  auto config = WithPattern("{table}/{tx}", "string");
  config.value_format = "msgpack";
  config.binary = "hex";
  config.ttl = 5000;
  config.fields = "note,block";
  ASSERT_OK_AND_ASSIGN(const auto rules, RulesFor(config, Spec(), std::nullopt, false));
  EXPECT_EQ(rules.form.structure, Structure::kString);
  EXPECT_EQ(rules.form.key_pattern, "{table}/{tx}");
  EXPECT_EQ(rules.form.format, ValueFormat::kMsgpack);
  EXPECT_EQ(rules.form.binary, BinaryText::kHex);
  EXPECT_EQ(rules.form.ttl_ms, 5000);
  EXPECT_THAT(rules.record.key_columns, ElementsAre("tx"));
  // Only what is stored; the key need not be.
  EXPECT_THAT(rules.record.schema->field_names(), ElementsAre("block", "note"));
}

TEST(Key, IsMadeOfTheKeyColumnsWhereThereIsNoPattern) {
  ASSERT_OK_AND_ASSIGN(const auto rules,
                       RulesFor({}, SpecWithKeys({"block", "tx"}), std::nullopt, false));
  EXPECT_EQ(rules.form.key_pattern, "{table}:{block}:{tx}");
  EXPECT_THAT(rules.record.key_columns, ElementsAre("block", "tx"));
}

TEST(Key, MayBeNamedBesideItsPattern) {
  const auto config = WithPattern("{table}:{tx}.{block}");
  ASSERT_OK_AND_ASSIGN(const auto rules,
                       RulesFor(config, SpecWithKeys({"block", "tx"}), std::nullopt, false));
  EXPECT_EQ(rules.form.key_pattern, "{table}:{tx}.{block}");
  ExpectRefused(config, SpecWithKeys({"block"}), "--key and key_pattern name different columns");
}

TEST(Key, IsRefusedWhereItIsNoneOfThisTable) {
  ExpectRefused(WithPattern("{table}:{block"), Spec(), "lacks a closing brace");
  ExpectRefused(WithPattern("{table}:all"), Spec(), "key_pattern names no column");
  ExpectRefused(WithPattern("{block}"), Spec(), "key_pattern begins with a column");
  ExpectRefused(WithPattern("__ampload__:{block}"), Spec(), "are ampload's own");
  ExpectRefused(WithPattern("{table}:{blokc}"), Spec(), "did you mean block?");
  auto spec = Spec();
  spec.name = "__ampload__:x";
  ExpectRefused({}, spec, "names that begin with __ampload__: are ampload's own");
  spec = SpecWithKeys({"table", "x}y", "z"});
  spec.schema = Columns({{"table", arrow::int8()}, {"z", arrow::int8()}});
  spec.keys = {"table", "z"};
  ExpectRefused({}, spec, "a name that cannot stand in a key_pattern");
}

TEST(Key, StaysTheTables) {
  const auto table = Made(WithPattern("{table}/{block}"), Spec());
  ASSERT_OK_AND_ASSIGN(const auto unnamed, RulesFor({}, Spec(), table, false));
  EXPECT_EQ(unnamed.form.key_pattern, "{table}/{block}");
  EXPECT_EQ(unnamed.record.uuid, "u");
  EXPECT_EQ(unnamed.record.next_number, 7);
  ASSERT_OK_AND_ASSIGN(const auto named, RulesFor({}, SpecWithKeys({"block"}), table, false));
  EXPECT_EQ(named.form.key_pattern, "{table}/{block}");
  ExpectRefused({}, SpecWithKeys({"tx"}),
                "the table's rows have another key; load with that one, or overwrite the table: "
                "table=logs structure=hash key={table}/{block} wanted={table}:{tx}",
                table);
  ExpectRefused(WithPattern("{table}:{block}"), Spec(), "the table's rows have another key", table);
  const auto numbered = Made({}, Spec());
  ExpectRefused({}, SpecWithKeys({"tx"}), "key=row number wanted={table}:{tx}", numbered);
}

TEST(Upsert, NeedsAKeyThatTellsRowsApart) {
  ExpectRefused({}, SpecWithKeys({}, LoadMode::kUpsert),
                "the table's rows are numbered; upsert needs key columns");
  ASSERT_OK_AND_ASSIGN(const auto rules, RulesFor({}, SpecWithKeys({"block"}, LoadMode::kUpsert),
                                                  std::nullopt, false));
  EXPECT_TRUE(rules.form.replaces);
  const auto vague = WithPattern("{table}:{block}{tx}");
  ExpectRefused(vague, SpecWithKeys({"block", "tx"}, LoadMode::kUpsert),
                "two different keys may give the same text");
  EXPECT_THAT(RulesFor(vague, SpecWithKeys({"block", "tx"}), std::nullopt, false), IsOk());
  auto replace = Spec();
  replace.on_duplicate = DuplicatePolicy::kReplace;
  ExpectRefused(vague, replace, "two different keys may give the same text");
}

TEST(Structures, RefuseWhatTheyCannotDo) {
  for (const auto* name : {"stream", "set", "list"}) {
    ExpectRefused(WithStructure(name), SpecWithKeys({}, LoadMode::kUpsert),
                  "this structure has no such mode: use append, overwrite");
    ExpectRefused(WithStructure(name), SpecWithKeys({"block"}), "the whole table is one key");
    ExpectRefused(WithPattern("{table}:{block}", name), Spec(), "the whole table is one key");
    auto config = WithStructure(name);
    config.ttl = 1;
    ExpectRefused(config, Spec(), "rows expire only where each has a key of its own");
  }
  ExpectRefused({}, SpecWithKeys({"block"}, LoadMode::kMerge), "mode=merge");
  ExpectRefused(WithStructure("set"), StreamSpec(),
                "a member of a set holds no row identity, so a reorganisation could not take it "
                "back: use hash, string or stream: table=logs structure=set");
  EXPECT_THAT(RulesFor(WithStructure("stream"), StreamSpec(), std::nullopt, false), IsOk());
  ExpectRefused(WithStructure("tree"), Spec(), "there is no such structure");
}

TEST(Duplicates, AreReplacedOnlyWhereRowsHaveKeys) {
  auto spec = Spec();
  spec.on_duplicate = DuplicatePolicy::kReplace;
  for (const auto* name : {"stream", "list"}) {
    ExpectRefused(WithStructure(name), spec, "rows have no key here, so none can be replaced");
  }
  for (const auto* name : {"hash", "string", "json", "set"}) {
    EXPECT_THAT(RulesFor(WithStructure(name), spec, std::nullopt, false), IsOk()) << name;
  }
  auto stream = StreamSpec();
  stream.on_duplicate = DuplicatePolicy::kReplace;
  ExpectRefused({}, stream, "a stream replaces rows by --mode upsert");
}

TEST(Format, IsThatOfStructuresWithOneValue) {
  const auto with = [](const std::string& structure, const std::string& format) {
    auto config = WithStructure(structure);
    config.value_format = format;
    return config;
  };
  ExpectRefused(with("hash", "json"), Spec(), "fields are text, each for itself");
  ExpectRefused(with("stream", "msgpack"), Spec(), "fields are text, each for itself");
  ExpectRefused(with("json", "msgpack"), Spec(), "a document of RedisJSON is JSON");
  ExpectRefused(with("string", "arrow_ipc"), Spec(), "use json or msgpack");
  EXPECT_THAT(RulesFor(with("json", "json"), Spec(), std::nullopt, false), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto list,
                       RulesFor(with("list", "msgpack"), Spec(), std::nullopt, false));
  EXPECT_EQ(list.form.format, ValueFormat::kMsgpack);
}

TEST(Documents, HaveNoObjectsWhoseKeysARowMayRepeat) {
  auto spec = Spec();
  const auto by_text = arrow::map(arrow::utf8(), arrow::int64());
  for (const auto& type :
       {by_text, arrow::list(by_text), arrow::dictionary(arrow::int8(), by_text),
        arrow::struct_({arrow::field("m", by_text)}), arrow::map(arrow::int8(), by_text)}) {
    spec.schema = Columns({{"id", arrow::int64()}, {"tags", type}});
    ExpectRefused(WithStructure("json"), spec, "column=tags");
    EXPECT_THAT(RulesFor(WithStructure("string"), spec, std::nullopt, false), IsOk());
  }
  spec.schema = Columns({{"id", arrow::map(arrow::int8(), arrow::utf8())}});
  EXPECT_THAT(RulesFor(WithStructure("json"), spec, std::nullopt, false), IsOk());
}

TEST(Score, IsAskedForByASortedSetAndByNoOther) {
  auto config = WithStructure("sorted_set");
  ExpectRefused(config, Spec(), "give the option score a column");
  config.score = "block";
  ASSERT_OK_AND_ASSIGN(const auto rules, RulesFor(config, Spec(), std::nullopt, false));
  EXPECT_EQ(rules.form.score, "block");
  EXPECT_EQ(rules.record.score, "block");
  config.score = "note";
  ExpectRefused(config, Spec(), "a score is a number");
  config.structure = "hash";
  ExpectRefused(config, Spec(), "only a sorted_set has scores");
}

TEST(Options, ThatDifferFromTheTablesAreRefused) {
  auto config = WithStructure("sorted_set");
  config.score = "block";
  config.value_format = "msgpack";
  config.binary = "hex";
  const auto table = Made(config, Spec());
  ASSERT_OK_AND_ASSIGN(const auto same, RulesFor({}, Spec(), table, false));
  EXPECT_EQ(same.form.structure, Structure::kSortedSet);
  EXPECT_EQ(same.form.score, "block");
  EXPECT_EQ(same.form.format, ValueFormat::kMsgpack);
  EXPECT_EQ(same.form.binary, BinaryText::kHex);
  RedisConfig other;
  other.score = "tx";
  ExpectRefused(other, Spec(), "another score; leave score out to go on with it", table);
  other = {};
  other.value_format = "json";
  ExpectRefused(other, Spec(), "another value_format", table);
  other = {};
  other.binary = "bytes";
  ExpectRefused(other, Spec(), "another binary", table);
  ExpectRefused(WithStructure("hash"), Spec(),
                "another structure; leave structure out to go on with it, or overwrite the table: "
                "table=logs structure=sorted_set wanted=hash",
                table);
}

TEST(Overwrite, TakesTheOptionsThatAreGivenAndKeepsTheOthers) {
  auto config = WithPattern("{table}:{block}", "string");
  config.value_format = "msgpack";
  config.binary = "hex";
  const auto table = Made(config, Spec());
  const auto spec = SpecWithKeys({}, LoadMode::kOverwrite);
  ASSERT_OK_AND_ASSIGN(const auto kept, RulesFor({}, spec, table, true));
  EXPECT_EQ(kept.form.structure, Structure::kString);
  EXPECT_EQ(kept.form.key_pattern, "{table}:{block}");
  EXPECT_EQ(kept.form.format, ValueFormat::kMsgpack);
  EXPECT_EQ(kept.record.uuid, "");
  EXPECT_EQ(kept.record.next_number, 0);
  auto other = WithPattern("{table}/{tx}");
  other.value_format = "json";
  ASSERT_OK_AND_ASSIGN(const auto changed, RulesFor(other, spec, table, true));
  EXPECT_EQ(changed.form.key_pattern, "{table}/{tx}");
  EXPECT_EQ(changed.form.format, ValueFormat::kJson);
  ASSERT_OK_AND_ASSIGN(const auto list, RulesFor(WithStructure("list"), spec, table, true));
  EXPECT_EQ(list.form.structure, Structure::kList);
  EXPECT_EQ(list.form.key_pattern, "");
  EXPECT_EQ(list.form.format, ValueFormat::kMsgpack);
  auto narrow = spec;
  narrow.schema = Columns({{"note", arrow::utf8()}});
  EXPECT_THAT(RulesFor({}, narrow, table, true),
              FailsWith(FailureKind::kConfiguration,
                        "the new rows lack a column of the table's key; give key_pattern or --key "
                        "for another: table=logs structure=string key_pattern={table}:{block} "
                        "column=block"));
}

TEST(TableColumns, FollowTheSchemaPolicy) {
  const auto table = Made({}, Spec());
  auto spec = Spec();
  spec.schema = Columns({{"block", arrow::uint64()},
                         {"tx", arrow::uint64()},
                         {"note", arrow::utf8()},
                         {"fee", arrow::int64()}});
  EXPECT_THAT(RulesFor({}, spec, table, false),
              FailsWith(FailureKind::kData, "redis: the rows' columns are not the table's"));
  spec.on_schema_change = SchemaPolicy::kEvolve;
  ASSERT_OK_AND_ASSIGN(const auto rules, RulesFor({}, spec, table, false));
  EXPECT_THAT(rules.record.schema->field_names(), ElementsAre("block", "tx", "note", "fee"));
  EXPECT_EQ(rules.record.schema->field(1)->type()->id(), arrow::Type::UINT64);
  EXPECT_THAT(rules.evolution, testing::HasSubstr("adds fee (int64)"));
  // A narrower row leaves the table as it is.
  RedisConfig fewer;
  fewer.fields = "note";
  ASSERT_OK_AND_ASSIGN(const auto narrow, RulesFor(fewer, Spec(), table, false));
  EXPECT_TRUE(narrow.record.schema->Equals(*table.schema, /*check_metadata=*/true));
  EXPECT_EQ(narrow.evolution, "");
}

TEST(TableColumns, KeepTheTypeOfKeysAndOfFloatsInText) {
  auto spec = SpecWithKeys({"id"});
  spec.on_schema_change = SchemaPolicy::kEvolve;
  spec.schema = Columns({{"id", arrow::int32()}, {"f", arrow::float32()}});
  const auto table = Made({}, spec);
  auto msgpack = WithStructure("string");
  msgpack.value_format = "msgpack";
  const auto packed = Made(msgpack, spec);
  spec.schema = Columns({{"id", arrow::int32()}, {"f", arrow::float64()}});
  EXPECT_THAT(RulesFor({}, spec, table, false),
              FailsWith(FailureKind::kData, "redis: a float column of a table in JSON or text"));
  EXPECT_THAT(RulesFor({}, spec, packed, false), IsOk());
  spec.schema = Columns({{"id", arrow::int64()}, {"f", arrow::float32()}});
  EXPECT_THAT(RulesFor({}, spec, table, false), FailsWith(FailureKind::kData, "column id"));
}

TEST(UndoOnly, NeedsNoColumnsThatFit) {
  auto spec = StreamSpec();
  spec.keys = {"block"};
  const auto table = Made({}, spec);
  spec.undo_only = true;
  spec.keys.clear();
  spec.schema = Columns({{"other", arrow::utf8()}});
  ASSERT_OK_AND_ASSIGN(const auto rules, RulesFor({}, spec, table, false));
  EXPECT_TRUE(rules.record.schema->Equals(*table.schema));
  EXPECT_THAT(rules.record.key_columns, ElementsAre("block"));
  EXPECT_THAT(RowEncoder::Make(rules.form), IsOk());
}

TEST(Fields, OfAHashWithKeysHaveOneThatEveryRowHas) {
  auto config = WithPattern("{table}:{block}");
  config.fields = "tx,note";
  ExpectRefused(config, Spec(), "put a key column among the fields");
  config.fields = "block,note";
  EXPECT_THAT(RulesFor(config, Spec(), std::nullopt, false), IsOk());
  config.fields = "note";
  config.structure = "string";  // SET sees any value that is there
  EXPECT_THAT(RulesFor(config, Spec(), std::nullopt, false), IsOk());
}

TEST(KeyPattern, IsText) {
  ExpectRefused(WithPattern("caf\xe9:{block}"), Spec(), "not valid UTF-8");
}

}  // namespace
}  // namespace ampload::redis
