// Random tables and random conditions, judged by an evaluator that knows nothing of Arrow: each
// column has a few values in ascending order, rows hold their ranks, comparisons compare ranks.
#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <random>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;
constexpr int kNull = -1;
constexpr int kNan = -2;

struct Domain {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::vector<std::string> literals;  // ascending
  std::vector<ScalarPtr> values;      // one for each literal
  ScalarPtr nan = nullptr;
};

template <class Value>
Domain Plain(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
             std::vector<std::string> literals, const std::vector<Value>& values) {
  Domain domain{name, type, std::move(literals), {}};
  for (const auto& value : values) {
    domain.values.push_back(arrow::MakeScalar(type, value).ValueOrDie());
  }
  return domain;
}

Domain Bytes(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
             std::vector<std::string> literals, const std::vector<std::string>& values) {
  Domain domain{name, type, std::move(literals), {}};
  for (const auto& value : values) {
    domain.values.push_back(arrow::MakeScalar(type, arrow::Buffer::FromString(value)).ValueOrDie());
  }
  return domain;
}

// Values as whole numbers of the last place.
template <class Scalar, class Value>
Domain Decimals(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                std::vector<std::string> literals, const std::vector<std::string>& values) {
  Domain domain{name, type, std::move(literals), {}};
  for (const auto& value : values) {
    domain.values.push_back(std::make_shared<Scalar>(Value::FromString(value).ValueOrDie(), type));
  }
  return domain;
}

std::vector<Domain> MakeDomains() {
  using arrow::TimeUnit;
  const std::string nines38(38, '9');
  const std::string nines76(76, '9');
  const std::vector<std::string> texts = {"", "a", "a'b", "z\xc3\xa9"};
  const std::vector<std::string> text_literals = {"''", "'a'", "'a''b'", "'z\xc3\xa9'"};
  const std::vector<std::string> bytes = {"", std::string(1, '\0'), std::string("\0\xff", 2),
                                          "\xff"};
  const std::vector<std::string> byte_literals = {"0x", "0x00", "0x00ff", "0xFF"};
  std::vector<Domain> out = {
      Plain<uint64_t>("u64", arrow::uint64(),
                      {"0", "1", "9223372036854775808", "18446744073709551615"},
                      {0, 1, 9223372036854775808ULL, 18446744073709551615ULL}),
      Plain<int8_t>("i8", arrow::int8(), {"-128", "-1", "0", "1.27e2"}, {-128, -1, 0, 127}),
      Plain<uint16_t>("u16", arrow::uint16(), {"0", "32768", "65535"}, {0, 32768, 65535}),
      Plain<int64_t>("i64", arrow::int64(), {"-9223372036854775808", "+3", "9223372036854775807"},
                     {std::numeric_limits<int64_t>::min(), 3, std::numeric_limits<int64_t>::max()}),
      Plain<bool>("flag", arrow::boolean(), {"false", "TRUE"}, {false, true}),
      Plain<double>("f64", arrow::float64(), {"-1.5", "0", "0.1", "1e300"}, {-1.5, 0, 0.1, 1e300}),
      Plain<float>("f32", arrow::float32(), {"-1.5", "0.1", "3"}, {-1.5F, 0.1F, 3.0F}),
      Bytes("str", arrow::utf8(), text_literals, texts),
      Bytes("large_str", arrow::large_utf8(), text_literals, texts),
      Bytes("str_view", arrow::utf8_view(), text_literals, texts),
      Bytes("bin", arrow::binary(), byte_literals, bytes),
      Bytes("large_bin", arrow::large_binary(), byte_literals, bytes),
      Bytes("fixed", arrow::fixed_size_binary(2), {"0x0000", "0x00ff", "0xff00"},
            {std::string("\0\0", 2), std::string("\0\xff", 2), std::string("\xff\0", 2)}),
      Decimals<arrow::Decimal128Scalar, arrow::Decimal128>("d128", arrow::decimal128(38, 0),
                                                           {"-" + nines38, "0", "1", nines38},
                                                           {"-" + nines38, "0", "1", nines38}),
      Decimals<arrow::Decimal256Scalar, arrow::Decimal256>("d256", arrow::decimal256(76, 2),
                                                           {"-0.01", "0", "7.5", nines76 + "e-2"},
                                                           {"-1", "0", "750", nines76}),
      Decimals<arrow::Decimal64Scalar, arrow::Decimal64>(
          "d64", arrow::decimal64(15, 3), {"-2.125", "0.001", "5"}, {"-2125", "1", "5000"}),
      Decimals<arrow::Decimal32Scalar, arrow::Decimal32>(
          "d32", arrow::decimal32(5, 1), {"-3.5", "0", "9999.9"}, {"-35", "0", "99999"}),
      Plain<int64_t>(
          "ts_ns", arrow::timestamp(TimeUnit::NANO, "+00:00"),
          {"'1677-09-21T00:12:43.145224193Z'", "'1970-01-01T00:00:00.000000001Z'",
           "'2262-04-12T01:47:16.854775807+02:00'"},
          {std::numeric_limits<int64_t>::min() + 1, 1, std::numeric_limits<int64_t>::max()}),
      Plain<int64_t>(
          "ts_ms", arrow::timestamp(TimeUnit::MILLI),
          {"'1969-12-31T23:59:59.999'", "'1970-01-01 00:00:00'", "'9999-12-31T00:00:00'"},
          {-1, 0, 253402214400000}),
      Plain<int32_t>("d_32", arrow::date32(), {"'1969-12-31'", "'1970-01-01'", "'2024-02-29'"},
                     {-1, 0, 19782}),
      Plain<int64_t>("d_64", arrow::date64(), {"'1969-12-31'", "'1970-01-01'", "'2024-02-29'"},
                     {-86400000, 0, 19782LL * 86400000}),
      Plain<int32_t>("t_ms", arrow::time32(TimeUnit::MILLI),
                     {"'00:00:00'", "'00:00:00.001'", "'23:59:59.999'"}, {0, 1, 86399999}),
      Plain<int64_t>("t_ns", arrow::time64(TimeUnit::NANO),
                     {"'00:00:00'", "'00:00:00.000000001'", "'23:59:59.999999999'"},
                     {0, 1, 86399999999999}),
  };
  Domain half{"f16", arrow::float16(), {"-1.5", "0.1", "65504"}, {}};
  for (const double value : {-1.5, 0.1, 65504.0}) {
    half.values.push_back(
        std::make_shared<arrow::HalfFloatScalar>(arrow::util::Float16::FromDouble(value).bits()));
  }
  out.push_back(half);
  for (auto& domain : out) {
    if (domain.name == "f64") domain.nan = arrow::MakeScalar(std::nan(""));
    if (domain.name == "f32") domain.nan = arrow::MakeScalar(std::nanf(""));
  }
  return out;
}

const std::vector<Domain>& Domains() {
  static const auto domains = MakeDomains();
  return domains;
}

struct RandomTable {
  std::vector<std::vector<int>> ranks;  // by column, by row
  std::shared_ptr<arrow::Table> table;  // and a column `id`
};

using Random = std::mt19937;
int Below(Random* random, size_t count) {
  return static_cast<int>((*random)() % static_cast<uint32_t>(count));
}

// Runs of rows draw from one or two values, so that row groups have narrow statistics.
std::vector<int> RandomRanks(Random* random, const Domain& domain, int rows) {
  std::vector<int> ranks;
  while (static_cast<int>(ranks.size()) < rows) {
    const int low = Below(random, domain.values.size());
    const int high = Below(random, domain.values.size());
    const bool nulls = Below(random, 3) == 0;
    const bool nans = domain.nan != nullptr && Below(random, 3) == 0;
    for (int left = 1 + Below(random, 16); left > 0 && static_cast<int>(ranks.size()) < rows;
         --left) {
      const int draw = Below(random, 4);
      ranks.push_back(nulls && draw == 0  ? kNull
                      : nans && draw == 1 ? kNan
                      : draw < 3          ? low
                                          : high);
    }
  }
  return ranks;
}

RandomTable MakeTable(Random* random, int rows) {
  RandomTable out;
  auto fields = Numbers("id", 0, rows)->schema()->fields();
  auto columns = Numbers("id", 0, rows)->columns();
  for (const auto& domain : Domains()) {
    auto ranks = RandomRanks(random, domain, rows);
    auto builder = arrow::MakeBuilder(domain.type).ValueOrDie();
    for (const int rank : ranks) {
      const auto appended = rank == kNull  ? builder->AppendNull()
                            : rank == kNan ? builder->AppendScalar(*domain.nan)
                                           : builder->AppendScalar(*domain.values[rank]);
      EXPECT_TRUE(appended.ok());
    }
    fields.push_back(arrow::field(domain.name, domain.type));
    columns.push_back(std::make_shared<arrow::ChunkedArray>(builder->Finish().ValueOrDie()));
    out.ranks.push_back(std::move(ranks));
  }
  out.table = arrow::Table::Make(arrow::schema(fields), columns);
  return out;
}

// true, false or, as SQL has it, unknown.
using Answer = std::optional<bool>;
using Evaluate = std::function<Answer(const RandomTable&, size_t row)>;

struct Condition {
  std::string text;
  Evaluate evaluate;
};

Answer CompareRanks(int operation, int row, int literal) {
  if (row == kNull) return std::nullopt;
  if (row == kNan) return operation == 1;
  switch (operation) {
    case 0:
      return row == literal;
    case 1:
      return row != literal;
    case 2:
      return row < literal;
    case 3:
      return row <= literal;
    case 4:
      return row > literal;
    default:
      return row >= literal;
  }
}

Condition RandomTest(Random* random) {
  static const std::vector<std::vector<std::string>> kOperators = {
      {" = ", "==", "="}, {" != ", "<>"}, {"<"}, {" <= "}, {">"}, {" >= "}};
  const auto column = static_cast<size_t>(Below(random, Domains().size()));
  const Domain& domain = Domains()[column];
  const int kind = Below(random, 10);
  if (kind == 0) {
    return {domain.name + " is null",
            [=](const auto& table, size_t row) { return table.ranks[column][row] == kNull; }};
  }
  if (kind == 1) {
    return {domain.name + " IS NOT NULL",
            [=](const auto& table, size_t row) { return table.ranks[column][row] != kNull; }};
  }
  if (kind <= 3) {
    std::vector<int> ranks;
    std::string list;
    const int length = Below(random, 4) == 0 ? 20 : 1 + Below(random, 3);
    for (int i = 0; i < length; ++i) {
      ranks.push_back(Below(random, length == 20 ? 2 : domain.values.size()));
      list += (i > 0 ? ", " : "") + domain.literals[static_cast<size_t>(ranks.back())];
    }
    const bool negated = kind == 3;
    return {domain.name + (negated ? " not in (" : " in (") + list + ")",
            [=](const auto& table, size_t row) -> Answer {
              const int rank = table.ranks[column][row];
              if (rank == kNull) return std::nullopt;
              const bool in = std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
              return in != negated;
            }};
  }
  const int operation = Below(random, 6);
  const auto& spellings = kOperators[static_cast<size_t>(operation)];
  const int literal = Below(random, domain.values.size());
  return {domain.name + spellings[static_cast<size_t>(Below(random, spellings.size()))] +
              domain.literals[static_cast<size_t>(literal)],
          [=](const auto& table, size_t row) {
            return CompareRanks(operation, table.ranks[column][row], literal);
          }};
}

Condition RandomCondition(Random* random, int depth) {
  const int kind = depth == 0 ? 0 : Below(random, 5);
  if (kind <= 1) return RandomTest(random);
  const Condition a = RandomCondition(random, depth - 1);
  if (kind == 2) {
    return {"not (" + a.text + ")", [a](const auto& table, size_t row) -> Answer {
              const Answer answer = a.evaluate(table, row);
              return answer.has_value() ? Answer(!*answer) : std::nullopt;
            }};
  }
  const Condition b = RandomCondition(random, depth - 1);
  const bool decides = kind == 4;  // `or` is true where one side is, `and` false where one side is
  return {"(" + a.text + (decides ? ") or (" : ") AND (") + b.text + ")",
          [a, b, decides](const auto& table, size_t row) -> Answer {
            const Answer left = a.evaluate(table, row);
            const Answer right = b.evaluate(table, row);
            if (left == decides || right == decides) return decides;
            if (!left.has_value() || !right.has_value()) return std::nullopt;
            return !decides;
          }};
}

TEST(WhereOracle, KeepsTheRowsThatARowByRowEvaluationKeeps) {
  TestFolder folder;
  Random random(20240607);
  int64_t kept = 0;
  int64_t dropped = 0;
  for (int t = 0; t < 10; ++t) {
    const int rows = 1 + Below(&random, 120);
    const auto table = MakeTable(&random, rows);
    const auto path = folder.Path(fmt::format("t{}.parquet", t));
    ASSERT_THAT(WriteParquet(path, table.table, 1 + Below(&random, 25)), IsOk());
    for (int c = 0; c < 50; ++c) {
      const auto condition = RandomCondition(&random, Below(&random, 4));
      std::vector<int64_t> expected;
      for (int row = 0; row < rows; ++row) {
        if (condition.evaluate(table, static_cast<size_t>(row)) == true) expected.push_back(row);
      }
      auto options = Of({path}, condition.text);
      options.columns = {"id"};
      ASSERT_OK_AND_ASSIGN(const auto loaded, Load(options));
      ASSERT_EQ(Int64s(*loaded, "id"), expected) << condition.text;
      kept += static_cast<int64_t>(expected.size());
      dropped += rows - static_cast<int64_t>(expected.size());
    }
  }
  EXPECT_GT(kept, 500);
  EXPECT_GT(dropped, 500);
}

TEST(WhereOracle, GivesEveryColumnOfTheRowsItKeeps) {
  TestFolder folder;
  Random random(7);
  const auto table = MakeTable(&random, 200);
  const auto path = folder.Path("t.parquet");
  ASSERT_THAT(WriteParquet(path, table.table, 64), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto all, Load(Of({path})));
  ASSERT_OK_AND_ASSIGN(const auto some, Load(Of({path}, "u64 = 1 or str_view = 'a'")));
  const auto ids = Int64s(*some, "id");
  ASSERT_GT(ids.size(), 0U);
  ASSERT_LT(ids.size(), 200U);
  for (int c = 0; c < all->num_columns(); ++c) {
    for (size_t i = 0; i < ids.size(); ++i) {
      ASSERT_OK_AND_ASSIGN(const auto expected, all->column(c)->GetScalar(ids[i]));
      ASSERT_OK_AND_ASSIGN(const auto got, some->column(c)->GetScalar(static_cast<int64_t>(i)));
      ASSERT_TRUE(got->Equals(*expected, arrow::EqualOptions::Defaults().nans_equal(true)))
          << all->field(c)->ToString();
    }
  }
}

}  // namespace
}  // namespace ampload::source
