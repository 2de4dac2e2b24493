// What tests of the Amp client share.
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "matchers.h"
#include "source/amp/amp_client.h"
#include "source/amp/flight_server_for_test.h"

namespace ampload::source {

class AmpTest : public testing::Test {
 protected:
  using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

  static std::shared_ptr<arrow::Schema> NumberSchema() {
    return arrow::schema({arrow::field("n", arrow::int64(), false)});
  }

  // One column n with first, first + 1, ...
  static BatchPtr Numbers(int64_t first, int64_t count) {
    std::vector<int64_t> values(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), first);
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(values).ok());
    return arrow::RecordBatch::Make(NumberSchema(), count, {builder.Finish().ValueOrDie()});
  }

  static std::string Metadata(uint64_t start, uint64_t end, bool complete) {
    return R"({"ranges":[{"network":"n","numbers":{"start":)" + std::to_string(start) +
           R"(,"end":)" + std::to_string(end) + R"(},"hash":"0xab","prev_hash":"0xcd"}],)" +
           R"("ranges_complete":)" + (complete ? "true}" : "false}");
  }

  // The server answers with these steps.
  void Script(std::vector<AnswerStep> steps,
              std::shared_ptr<arrow::Schema> schema = NumberSchema()) {
    server_->announced = schema;
    server_->answers["0"] = {.schema = std::move(schema), .steps = std::move(steps)};
  }

  AmpOptions Options() const {
    AmpOptions options;
    options.address = {.host = "127.0.0.1", .port = static_cast<uint16_t>(server_->port())};
    options.query = "SELECT n FROM d.t";
    return options;
  }

  static Result<std::unique_ptr<Source>> OpenStream(AmpOptions options,
                                                    const StreamCursor& cursor = {},
                                                    const CallContext& context = {}) {
    ARROW_ASSIGN_OR_RAISE(const auto stream, MakeAmpStream(std::move(options)));
    return stream->Open(cursor, context);
  }
  Result<std::unique_ptr<Source>> OpenStream() const { return OpenStream(Options()); }

  // All of a query's rows, or its failure.
  static Result<std::vector<int64_t>> ReadNumbers(Source& source) {
    std::vector<int64_t> values;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto next, source.Next({}));
      if (!next.has_value()) return values;
      const auto& column = static_cast<const arrow::Int64Array&>(*next->batch->column(0));
      for (int64_t i = 0; i < column.length(); ++i) values.push_back(column.Value(i));
    }
  }
  Result<std::vector<int64_t>> QueryNumbers() const {
    ARROW_ASSIGN_OR_RAISE(const auto source, OpenAmpQuery(Options(), {}));
    return ReadNumbers(*source);
  }

  std::unique_ptr<FlightServerForTest> server_ = FlightServerForTest::Start();
};

}  // namespace ampload::source
