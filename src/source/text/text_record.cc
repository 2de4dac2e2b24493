#include "source/text/text_record.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "source/text/csv_reader.h"
#include "source/text/ndjson_reader.h"

namespace ampload::source {
namespace {

using nlohmann::ordered_json;

Status NotReadable(const std::string& why) {
  return DataError("quarantine: how its records are to be read is not known: " + why);
}

}  // namespace

std::string ToJson(const TextRecordFormat& format) {
  ordered_json json = {{"format", format.csv ? "csv" : "ndjson"}};
  if (format.csv) {
    json["delimiter"] = std::string(1, format.options.delimiter);
    json["quote"] = std::string(1, format.options.quote);
    json["null"] = format.options.null_text;
  }
  json["columns"] = format.columns;
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<TextRecordFormat> ParseTextRecordFormat(const std::string& text) {
  try {
    const auto json = ordered_json::parse(text);
    TextRecordFormat format;
    format.csv = json.at("format").get<std::string>() == "csv";
    format.columns = json.at("columns").get<std::vector<std::string>>();
    if (!format.csv) return format;
    format.options.delimiter = json.at("delimiter").get<std::string>().at(0);
    format.options.quote = json.at("quote").get<std::string>().at(0);
    format.options.null_text = json.at("null").get<std::string>();
    format.options.header = false;
    return format;
  } catch (const std::exception& error) {
    return NotReadable(error.what());
  }
}

Result<std::unique_ptr<RecordReader>> OpenTextRecords(const TextRecordFormat& format,
                                                      std::span<const std::string_view> records,
                                                      const arrow::Schema& schema,
                                                      const std::string& path, bool keep_bad) {
  for (const auto& name : schema.field_names()) {
    if (std::find(format.columns.begin(), format.columns.end(), name) != format.columns.end())
      continue;
    return DataError(
        "quarantine: a record's text does not have this column, which came from the name of its "
        "folder; load the record by hand: column=" +
        name + " path=" + path);
  }
  std::string text;
  for (const auto record : records) {
    text += record;
    if (!record.ends_with('\n')) text += '\n';
  }
  TextInput input;
  input.path = path;
  input.keep_bad = keep_bad;
  input.stream = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text));
  if (!format.csv) {
    return OpenNdjson(std::move(input), std::make_shared<arrow::Schema>(schema), format.options);
  }
  arrow::FieldVector fields;
  for (const auto& name : format.columns) {
    const auto known = schema.GetFieldByName(name);
    fields.push_back(known != nullptr ? known : arrow::field(name, arrow::utf8()));
  }
  return OpenCsv(std::move(input), arrow::schema(std::move(fields)), format.options);
}

}  // namespace ampload::source
