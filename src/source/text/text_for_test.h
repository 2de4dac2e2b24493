// For the tests of this folder: text as a stream, and everything that a reader makes of it.
#pragma once

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "matchers.h"
#include "source/text/csv_reader.h"
#include "source/text/ndjson_reader.h"
#include "source/text/text_schema.h"
#include "source/text/type_names.h"

namespace ampload::source {

// Gives 1 to 7 bytes a read, in an order that is always the same.
class DrippingStream final : public arrow::io::InputStream {
 public:
  explicit DrippingStream(std::string text) : text_(std::move(text)) {}

  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override { return static_cast<int64_t>(at_); }
  Result<int64_t> Read(int64_t most, void* out) override {
    const size_t bytes = std::min({static_cast<size_t>(most), 1 + at_ * 5 % 7, text_.size() - at_});
    text_.copy(static_cast<char*>(out), bytes, at_);
    at_ += bytes;
    return static_cast<int64_t>(bytes);
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t) override {
    return Status::NotImplemented("not needed");
  }

 private:
  const std::string text_;
  size_t at_ = 0;
};

struct Loaded {
  std::shared_ptr<arrow::Table> table;
  std::vector<BadRecord> bad;
  int64_t batches = 0;
  int64_t largest_batch = 0;  // rows
};

struct HowToLoad {
  TextFormat format = TextFormat::kCsv;
  TextOptions options;
  bool keep_bad = false;
  int64_t batch_bytes = 1 << 20;
  int64_t sample_bytes = 1 << 20;
  bool drip = false;
};

inline TextOptions WithTypes(std::string_view types) {
  TextOptions options;
  options.types = ParseTypeList(types).ValueOrDie();
  return options;
}

inline Result<std::shared_ptr<arrow::Schema>> Infer(const std::string& text,
                                                    const HowToLoad& how = {}) {
  const auto sample = std::string_view(text).substr(0, static_cast<size_t>(how.sample_bytes));
  const bool whole = sample.size() == text.size();
  ARROW_ASSIGN_OR_RAISE(const auto schema,
                        how.format == TextFormat::kCsv
                            ? InferCsvSchema(sample, whole, how.options, "t.csv")
                            : InferNdjsonSchema(sample, whole, how.options, "t.ndjson"));
  const FileSchema file{"t", schema};
  return UniteTextSchemas(std::span(&file, 1), how.format, how.options);
}

inline Result<std::unique_ptr<RecordReader>> Open(const std::string& text,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  const HowToLoad& how = {}) {
  TextInput input;
  input.path = how.format == TextFormat::kCsv ? "t.csv" : "t.ndjson";
  input.keep_bad = how.keep_bad;
  if (how.drip) {
    input.stream = std::make_shared<DrippingStream>(text);
  } else {
    input.stream = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text));
  }
  return how.format == TextFormat::kCsv ? OpenCsv(std::move(input), schema, how.options)
                                        : OpenNdjson(std::move(input), schema, how.options);
}

inline Result<Loaded> Load(const std::string& text, const HowToLoad& how = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto schema, Infer(text, how));
  ARROW_ASSIGN_OR_RAISE(const auto reader, Open(text, schema, how));
  Loaded loaded;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto step, reader->Next(how.batch_bytes));
    if (!step) break;
    ARROW_RETURN_NOT_OK(step->batch->ValidateFull());
    ++loaded.batches;
    loaded.largest_batch = std::max(loaded.largest_batch, step->batch->num_rows());
    batches.push_back(step->batch);
    std::move(step->bad.begin(), step->bad.end(), std::back_inserter(loaded.bad));
  }
  ARROW_ASSIGN_OR_RAISE(loaded.table, arrow::Table::FromRecordBatches(schema, batches));
  ARROW_ASSIGN_OR_RAISE(loaded.table, loaded.table->CombineChunks());
  return loaded;
}

inline HowToLoad Ndjson(TextOptions options = {}) {
  HowToLoad how;
  how.format = TextFormat::kNdjson;
  how.options = std::move(options);
  return how;
}
inline HowToLoad Csv(TextOptions options = {}) {
  HowToLoad how;
  how.options = std::move(options);
  return how;
}

// One column as Arrow prints it; and the same of a JSON array of that type, for the comparison.
inline std::string Values(const Loaded& loaded, const std::string& column) {
  const auto values = loaded.table->GetColumnByName(column);
  if (values == nullptr) return "no such column";
  if (values->num_chunks() == 0) return values->type()->ToString() + " []";
  return values->type()->ToString() + " " + values->chunk(0)->ToString();
}
inline std::string Json(std::string_view type, std::string_view json) {
  const auto arrow_type = ParseTypeName(type).ValueOrDie();
  const auto array = arrow::json::ArrayFromJSONString(arrow_type, json).ValueOrDie();
  return arrow_type->ToString() + " " + array->ToString();
}

// "the schema's types, in order": "int64 string".
inline std::string Types(const arrow::Schema& schema) {
  std::string out;
  for (const auto& field : schema.fields()) {
    out += (out.empty() ? "" : " ") + field->type()->ToString();
  }
  return out;
}

}  // namespace ampload::source
