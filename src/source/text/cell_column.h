// One column of values that are made from texts.
#pragma once

#include <arrow/array/builder_base.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>
#include <string_view>

#include "ampload/status.h"
#include "source/text/csv_tokenizer.h"
#include "source/text/inferred_text.h"
#include "source/text/row_faults.h"

namespace ampload::source {

// How strictly a text is read. A type that nobody declared takes the texts alone that lose nothing
// (inferred_text.h), a declared one every text that has exactly one value of it (declared_text.h).
enum class Reading { kInferredCsv, kInferredJson, kDeclared };

// The cells of one column in a chunk of rows.
struct CsvCells {
  const CsvCell* first;
  size_t step;  // from a row to the next
  uint32_t rows;
  std::string_view null_text;
  char quote;
  bool utf8;  // known of all of them

  bool IsNull(const CsvCell& cell) const { return !cell.quoted && cell.raw() == null_text; }
};

// A value that is at fault is appended as some other, so that a column has one for each row. A
// failed Status is one of memory.
class CellColumn {
 public:
  explicit CellColumn(std::shared_ptr<arrow::ArrayBuilder> builder)
      : builder_(std::move(builder)) {}
  virtual ~CellColumn() = default;

  const std::shared_ptr<arrow::ArrayBuilder>& builder() const { return builder_; }

  virtual Status Append(std::string_view text, Fault* fault) = 0;
  // All rows of the chunk; `column` is what a fault is said to be in.
  virtual Status AppendCells(const CsvCells& cells, int column, RowFaults* faults) = 0;

 protected:
  std::shared_ptr<arrow::ArrayBuilder> builder_;
};

// Nothing (null) where text cannot be read as that type: nested ones, dictionaries, intervals,
// unions.
Result<std::unique_ptr<CellColumn>> MakeCellColumn(const std::shared_ptr<arrow::DataType>& type,
                                                   Reading reading, arrow::MemoryPool* pool);
bool IsCellType(const arrow::DataType& type);

// The bytes that one value takes at least, those of a string left out.
int64_t LeastValueBytes(const arrow::DataType& type);

}  // namespace ampload::source
