// msgpack values into Arrow builders: one reader for each column and nested field, type-driven.
#pragma once

#include <arrow/array/builder_base.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ampload/status.h"
#include "encode/msgpack_reader.h"

namespace ampload::encode {

// Reads one value and appends it to the builder, which must outlive the reader. After a failure the
// builder holds half a row: throw it away.
class ValueReader {
 public:
  explicit ValueReader(std::string path) : path_(std::move(path)) {}
  virtual ~ValueReader() = default;

  // A data error "what: column=path", or the builder's own.
  Status Read(MsgpackReader& from);

  virtual Status AppendNull() = 0;
  const std::string& path() const { return path_; }

 protected:
  // `token` is not nil and not damaged.
  virtual Status ReadValue(const MsgpackReader::Token& token, MsgpackReader& from) = 0;

  Status Refuse(std::string_view what) const;

 private:
  std::string path_;
};

// `builder` is of `type`, which has no dictionary, run-end-encoded or extension type in it: of what
// MakeBuilder makes for it.
std::unique_ptr<ValueReader> MakeValueReader(const arrow::DataType& type,
                                             arrow::ArrayBuilder& builder, std::string path);
// The families behind it.
std::unique_ptr<ValueReader> MakeScalarReader(const arrow::DataType& type,
                                              arrow::ArrayBuilder& builder, std::string path);
std::unique_ptr<ValueReader> MakeDecimalReader(const arrow::DataType& type,
                                               arrow::ArrayBuilder& builder, std::string path);
std::unique_ptr<ValueReader> MakeTemporalReader(const arrow::DataType& type,
                                                arrow::ArrayBuilder& builder, std::string path);
std::unique_ptr<ValueReader> MakeSpanReader(const arrow::DataType& type,
                                            arrow::ArrayBuilder& builder, std::string path);
std::unique_ptr<ValueReader> MakeBytesReader(const arrow::DataType& type,
                                             arrow::ArrayBuilder& builder, std::string path);
std::unique_ptr<ValueReader> MakeNestedReader(const arrow::DataType& type,
                                              arrow::ArrayBuilder& builder,
                                              const std::string& path);

// The columns of a row or the fields of a struct: a map from name to value. A name that is missing
// is null, an unknown one is passed over, one that is there twice is refused.
class NamedReaders {
 public:
  void Add(std::string_view name, std::unique_ptr<ValueReader> reader);
  // The pairs of a map whose head has been read. On failure `at` is the reader that failed, or
  // null.
  Status Read(uint64_t pairs, MsgpackReader& from, const ValueReader** at);

 private:
  ValueReader* Find(std::string_view name, size_t* place);

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<ValueReader>> readers_;
  std::unordered_map<std::string, size_t> by_name_;
  std::vector<uint64_t> seen_;  // in which map each was last read
  uint64_t map_ = 0;
};

}  // namespace ampload::encode
