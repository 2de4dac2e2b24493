// The scripts themselves. Rows are many enough that SmallSteps makes several steps of them.
#include <arrow/compute/api.h>

#include "conformance/kit/sample_rows.h"
#include "conformance/kit/script.h"

namespace ampload::conformance {
namespace {

constexpr int64_t kMany = 1200;

std::string HashOf(const std::string& network, uint64_t block, int fork) {
  return "0x" + network.substr(0, 1) + std::to_string(block) + "f" + std::to_string(fork);
}

// The blocks [start, end] of a network. Another `fork` has other hashes.
BlockRange Blocks(const std::string& network, uint64_t start, uint64_t end, int fork = 0) {
  return {network, BlockNumber{start}, BlockNumber{end}, HashOf(network, end, fork),
          start == 0 ? "" : HashOf(network, start - 1, 0)};
}

ScriptBatch Plain(std::shared_ptr<arrow::Table> rows) { return {std::move(rows), {}}; }

std::shared_ptr<arrow::Table> Rows(int64_t first, int64_t count, int64_t version = 0) {
  return SampleRows(first, count, 1 << 20, version);
}

// Every second id, in an order that jumps.
std::shared_ptr<arrow::Table> Scattered(int64_t count, bool odd) {
  std::vector<std::shared_ptr<arrow::Table>> rows;
  for (int64_t i = 0; i < count; ++i) {
    rows.push_back(Rows((i * 7919 % count) * 2 + (odd ? 1 : 0), 1));
  }
  return arrow::ConcatenateTables(rows).ValueOrDie()->CombineChunks().ValueOrDie();
}

std::shared_ptr<arrow::Table> FromJson(const arrow::FieldVector& fields,
                                       const std::vector<std::string>& columns) {
  return RowsFromJson(arrow::schema(fields), columns).ValueOrDie();
}

std::vector<Script> OneOffScripts() {
  std::vector<Script> scripts;
  scripts.push_back({.name = "AppendToANewTable",
                     .promise = "a killed append leaves no table behind",
                     .one_off = true,
                     .commits = {{{}, {Plain(Rows(0, kMany)), Plain(Rows(kMany, kMany))}}}});
  scripts.push_back({.name = "AppendBehindExistingRows",
                     .promise = "a killed append leaves the rows that were there",
                     .existing = Rows(0, 300),
                     .one_off = true,
                     .commits = {{{}, {Plain(Rows(300, kMany)), Plain(Rows(300 + kMany, 50))}}}});
  scripts.push_back({.name = "AppendBetweenExistingRows",
                     .promise = "and where the new rows go between the old ones",
                     .keys = {"id"},
                     .existing = Scattered(kMany, false),
                     .one_off = true,
                     .commits = {{{}, {Plain(Scattered(kMany, true)), Plain(Rows(9000, 10))}}}});
  scripts.push_back({.name = "Overwrite",
                     .promise = "a killed overwrite leaves the old rows",
                     .mode = LoadMode::kOverwrite,
                     .existing = Rows(0, 900),
                     .one_off = true,
                     .commits = {{{}, {Plain(Rows(100, kMany, 1)), Plain(Rows(5000, 80))}}}});
  scripts.push_back({.name = "UpsertIntoATable",
                     .promise = "a killed upsert leaves the old values",
                     .mode = LoadMode::kUpsert,
                     .keys = {"id"},
                     .existing = Rows(0, kMany),
                     .one_off = true,
                     .commits = {{{},
                                  {Plain(Rows(kMany / 2, kMany, 1)), Plain(Rows(10, 300, 2)),
                                   Plain(Rows(kMany, 200, 3))}}}});
  const arrow::FieldVector part = {arrow::field("id", arrow::int64()),
                                   arrow::field("_op", arrow::utf8()),
                                   arrow::field("name", arrow::utf8())};
  std::string ids;
  std::string ops;
  std::string names;
  for (int i = 0; i < 900; ++i) {
    const std::string comma = i == 0 ? "[" : ",";
    ids += comma + std::to_string(i * 2);
    ops += comma + (i % 5 == 0 ? "\"delete\"" : "\"upsert\"");
    names += comma + "\"merged " + std::to_string(i) + " with a text that takes room\"";
  }
  scripts.push_back(
      {.name = "MergeIntoATable",
       .promise = "a killed merge leaves the old values",
       .mode = LoadMode::kMerge,
       .keys = {"id"},
       .existing = Rows(0, kMany),
       .one_off = true,
       .commits = {{{}, {Plain(FromJson(part, {ids + "]", ops + "]", names + "]"}))}}}});
  return scripts;
}

std::vector<Script> PipelineScripts() {
  std::vector<Script> scripts;
  scripts.push_back({.name = "PipelineOfCommits",
                     .promise = "rows and checkpoint move together",
                     .commits = {{{}, {Plain(Rows(0, 10))}},
                                 {{}, {Plain(Rows(10, 20)), Plain(Rows(30, 5))}},
                                 {{}, {Plain(Rows(35, kMany))}},
                                 {{}, {}},
                                 {{}, {Plain(Rows(5000, 3))}}}});
  const std::string net = "mainnet";
  scripts.push_back(
      {.name = "StreamWithReorgs",
       .promise = "undone batches, new rows and checkpoint move together",
       .streaming = true,
       .commits = {
           {{}, {{Rows(0, 10), {Blocks(net, 0, 9)}}}},
           {{}, {{Rows(10, 40), {Blocks(net, 10, 19)}}, {Rows(50, 30), {Blocks(net, 20, 29)}}}},
           {{}, {{Rows(80, kMany), {Blocks(net, 30, 39)}}}},
           {{{net, 25}},
            {{Rows(50, 25, 1), {Blocks(net, 20, 29, 1)}},
             {Rows(2000, 60, 1), {Blocks(net, 30, 41, 1)}}}},
           {{}, {{Rows(3000, 0), {Blocks(net, 42, 50, 1)}}}},
           {{{net, 30}}, {}},
           {{}, {{Rows(3000, 7, 2), {Blocks(net, 30, 60, 2)}}}}}});
  scripts.push_back(
      {.name = "StreamByKeyWithReorgs",
       .promise = "the same where rows have keys, and the new rows the old ones' keys",
       .keys = {"id"},
       .streaming = true,
       .commits = {{{}, {{Rows(0, 10), {Blocks(net, 0, 9)}}}},
                   {{}, {{Rows(10, kMany), {Blocks(net, 10, 19)}}}},
                   {{{net, 10}}, {{Rows(10, kMany, 1), {Blocks(net, 10, 18, 1)}}}},
                   {{{net, 12}}, {{Rows(10, 20, 2), {Blocks(net, 10, 20, 2)}}}}}});
  scripts.push_back({.name = "StreamThatOverwrites",
                     .promise = "its first commit replaces the table, the others append",
                     .mode = LoadMode::kOverwrite,
                     .existing = Rows(0, 500),
                     .streaming = true,
                     .commits = {{{}, {{Rows(0, kMany, 1), {Blocks(net, 0, 9)}}}},
                                 {{}, {{Rows(5000, 20), {Blocks(net, 10, 19)}}}},
                                 {{{net, 10}}, {{Rows(5000, 10, 1), {Blocks(net, 10, 15, 1)}}}}}});
  const std::string other = "base";
  scripts.push_back(
      {.name = "StreamOfTwoNetworks",
       .promise = "a reorg takes back its own network's batches, and what they drag along",
       .streaming = true,
       .commits = {
           {{}, {{Rows(0, 10), {Blocks(net, 0, 9)}}, {Rows(100, 10), {Blocks(other, 0, 99)}}}},
           {{},
            {{Rows(10, 10), {Blocks(net, 10, 19)}}, {Rows(110, 10), {Blocks(other, 100, 199)}}}},
           {{{net, 15}}, {{Rows(10, 5, 1), {Blocks(net, 10, 19, 1)}}}},
           {{},
            {{Rows(200, 6), {Blocks(net, 20, 29, 1), Blocks(other, 200, 299)}},
             {Rows(300, 6), {Blocks(other, 300, 310)}}}},
           {{{net, 29}}, {{Rows(400, 4), {Blocks(net, 20, 35, 2)}}}}}});
  return scripts;
}

std::vector<Script> KeyedStreamScripts() {
  const std::string net = "mainnet";
  const std::string other = "base";
  std::vector<Script> scripts;
  scripts.push_back(
      {.name = "UpsertStream",
       .promise = "an undone version gives the one before it back, also from under a newer one",
       .mode = LoadMode::kUpsert,
       .keys = {"id"},
       .existing = Rows(0, 30),
       .streaming = true,
       .commits = {{{}, {{Rows(0, 20, 1), {Blocks(net, 0, 9)}}}},
                   {{}, {{Rows(10, 40, 2), {Blocks(other, 0, 9)}}}},
                   {{}, {{Rows(5, 20, 3), {Blocks(net, 10, 19)}}}},
                   {{{other, 5}}, {{Rows(40, 10, 4), {Blocks(other, 0, 8, 1)}}}},
                   {{{net, 3}}, {}},
                   {{}, {{Rows(0, kMany, 5), {Blocks(net, 0, 12, 1)}}}},
                   {{{net, 0}, {other, 0}}, {{Rows(2, 3, 6), {Blocks(net, 0, 4, 2)}}}}}});
  const arrow::FieldVector whole = {
      arrow::field("id", arrow::int64()), arrow::field("_op", arrow::utf8()),
      arrow::field("name", arrow::utf8()), arrow::field("amount", arrow::float64()),
      arrow::field("active", arrow::boolean())};
  const auto merged = [&](const std::string& ids, const std::string& ops, const std::string& names,
                          const std::string& amounts) {
    return FromJson(whole, {ids, ops, names, amounts, "[true, false, null]"});
  };
  scripts.push_back({.name = "MergeStream",
                     .promise = "deleted rows come back when their batch is undone",
                     .mode = LoadMode::kMerge,
                     .keys = {"id"},
                     .existing = Rows(0, 30),
                     .streaming = true,
                     .commits = {{{},
                                  {{merged("[1, 2, 40]", R"(["delete", "update", "insert"])",
                                           R"([null, "two", "forty"])", "[null, 2, 40]"),
                                    {Blocks(net, 0, 9)}}}},
                                 {{},
                                  {{merged("[1, 2, 41]", R"(["insert", "delete", "upsert"])",
                                           R"(["one again", null, "x"])", "[1, null, 41]"),
                                    {Blocks(other, 0, 9)}}}},
                                 {{{net, 5}},
                                  {{merged("[5, 6, 7]", R"(["delete", "delete", "upsert"])",
                                           R"([null, null, "seven"])", "[null, null, 7]"),
                                    {Blocks(net, 0, 11, 1)}}}},
                                 {{{other, 0}}, {}},
                                 {{{net, 0}}, {}}}});
  const arrow::FieldVector some = {arrow::field("id", arrow::int64()),
                                   arrow::field("_op", arrow::utf8()),
                                   arrow::field("amount", arrow::float64())};
  // Of a row that an undone batch had deleted, the other columns come back under a kept change.
  scripts.push_back(
      {.name = "MergeStreamOfSomeColumns",
       .promise = "a kept change of some columns is made again on what stands below it now",
       .mode = LoadMode::kMerge,
       .keys = {"id"},
       .existing = Rows(0, 10),
       .streaming = true,
       .commits = {
           {{},
            {{FromJson(some, {"[1, 2, 3, 20]", R"(["delete", "upsert", "upsert", "insert"])",
                              "[null, 200, 300, 2000]"}),
              {Blocks(net, 0, 9)}}}},
           {{},
            {{FromJson(some, {"[1, 2, 20, 21]", R"(["upsert", "delete", "upsert", "insert"])",
                              "[101, null, 2001, 2100]"}),
              {Blocks(other, 0, 9)}}}},
           {{},
            {{FromJson(some,
                       {"[1, 2, 21]", R"(["upsert", "upsert", "delete"])", "[102, 202, null]"}),
              {Blocks(other, 10, 19)}}}},
           {{{net, 0}},
            {{FromJson(some, {"[3, 4]", R"(["delete", "upsert"])", "[null, 400]"}),
              {Blocks(net, 0, 8, 1)}}}},
           {{{other, 12}}, {}},
           {{{other, 0}}, {}}}});
  return scripts;
}

Script EvolvingScript() {
  const std::string net = "mainnet";
  const auto id = arrow::field("id", arrow::int64());
  const auto small = arrow::field("amount", arrow::int32());
  const auto large = arrow::field("amount", arrow::int64());
  const auto fee = arrow::field("fee", arrow::utf8());
  const auto first = FromJson({id, small}, {"[1, 2]", "[10, -20]"});
  const auto second = FromJson({id, small}, {"[3]", "[null]"});
  const auto third = FromJson({id, small, fee}, {"[4, 5]", "[40, 50]", R"(["a", null])"});
  const auto fourth =
      FromJson({id, large, fee}, {"[6, 7]", "[9223372036854775807, 1]", R"([null, "b"])"});
  const auto fifth = FromJson({id, large, fee}, {"[8]", "[-9223372036854775808]", R"(["c"])"});
  return {.name = "StreamThatEvolves",
          .promise = "new columns and wider types come with the commit that needs them",
          .streaming = true,
          .commits = {{{}, {{first, {Blocks(net, 0, 9)}}}},
                      {{}, {{second, {Blocks(net, 10, 19)}}}},
                      {{}, {{third, {Blocks(net, 20, 29)}}}},
                      {{}, {{fourth, {Blocks(net, 30, 39)}}}},
                      {{{net, 25}}, {{fifth, {Blocks(net, 20, 35, 1)}}}}}};
}

}  // namespace

const std::vector<Script>& AllScripts() {
  static const auto* all = [] {
    auto* made = new std::vector<Script>(OneOffScripts());
    for (auto scripts : {PipelineScripts(), KeyedStreamScripts()}) {
      for (auto& script : scripts) made->push_back(std::move(script));
    }
    made->push_back(EvolvingScript());
    return made;
  }();
  return *all;
}

}  // namespace ampload::conformance
