// One column, or field, of JSON values.
#pragma once

#include <arrow/array/builder_base.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ampload/status.h"
#include "source/text/cell_column.h"
#include "source/text/json_tape.h"

namespace ampload::source {

// The first thing that was wrong in a record.
struct JsonFault {
  Fault why = nullptr;  // null: nothing
  std::string column;   // or the member that is none
  std::string where;    // ".column.b[]"
  std::string value;    // as JSON or as a string's letters

  bool found() const { return why != nullptr; }
  void Set(Fault fault, std::string_view text) {
    if (found()) return;
    why = fault;
    value = text;
  }
};

// A value that is at fault is appended as some other, so that a record always adds one value. A
// failed Status is one of memory.
class JsonColumn {
 public:
  virtual ~JsonColumn() = default;
  const std::shared_ptr<arrow::ArrayBuilder>& builder() const { return builder_; }

  // No null.
  virtual Status Append(const JsonTape& tape, uint32_t value, JsonFault* fault) = 0;

 protected:
  std::shared_ptr<arrow::ArrayBuilder> builder_;
};

// A named column, and whether it may be null.
struct JsonField {
  std::string name;
  bool nullable = true;
  std::unique_ptr<JsonColumn> column;

  // A null that may not be is a fault.
  Status Append(const JsonTape& tape, uint32_t value, JsonFault* fault) const;
  Status AppendMissing(JsonFault* fault) const;
};

// The fields of an object: a record's columns, or those of a struct.
class JsonFields {
 public:
  explicit JsonFields(std::vector<JsonField> fields);
  // Not copied or moved: the index refers to the names.
  JsonFields(const JsonFields&) = delete;
  JsonFields& operator=(const JsonFields&) = delete;

  const std::vector<JsonField>& fields() const { return fields_; }

  // Every field gets one value; one that the object lacks, a null. At fault is a member that is no
  // field, or comes twice.
  Status Append(const JsonTape& tape, uint32_t object, JsonFault* fault);

 private:
  size_t Find(std::string_view name, size_t expected) const;

  const std::vector<JsonField> fields_;
  std::unordered_map<std::string_view, size_t> index_;
  std::vector<uint64_t> seen_;  // the record that a field was last seen in
  uint64_t record_ = 0;
};

inline constexpr char kUnknownField[] = "a field that is in none of the columns";
inline constexpr char kFieldTwice[] = "a field that comes twice in one object";

// A configuration error where JSON has no form for that type. `where` names the column.
Result<std::unique_ptr<JsonColumn>> MakeJsonColumn(const std::shared_ptr<arrow::DataType>& type,
                                                   Reading reading, const std::string& where,
                                                   arrow::MemoryPool* pool);

}  // namespace ampload::source
