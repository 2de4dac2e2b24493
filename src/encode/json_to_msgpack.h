// A JSON row as the msgpack row that stands for the same values, by the types of its columns.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <string_view>

#include "ampload/status.h"
#include "encode/json_tokens.h"

namespace ampload::encode {

class JsonToMsgpack {
 public:
  // The columns' types have no dictionary, run-end-encoded or extension type in them.
  explicit JsonToMsgpack(arrow::FieldVector columns);

  // Appends the row to `out`. Keys that are no column are left out. A data error "what:
  // column=path" where a value is none of its type; what the columns' readers check (ranges, dates,
  // digits) is not checked here.
  Status Convert(std::string_view json, std::string* out);

  // The same for one value of one type.
  Status ConvertValue(const arrow::DataType& type, std::string_view json, const std::string& path,
                      std::string* out);

 private:
  Status Value(const arrow::DataType& type, const std::string& path);
  Status Number(const arrow::DataType& type, const std::string& path);
  Status Binary(const std::string& path);
  Status List(const arrow::DataType& item, const std::string& path);
  Status Object(const arrow::FieldVector& fields, const std::string& path);
  Status Map(const arrow::MapType& type, const std::string& path);
  // The token at `place_`, which it moves behind the token.
  const JsonTokens::Token& Take() { return tokens_[place_++]; }

  arrow::FieldVector columns_;
  JsonTokens tokens_;
  size_t place_ = 0;
  std::string* out_ = nullptr;
};

}  // namespace ampload::encode
