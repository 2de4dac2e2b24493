// What a table asks of each of its rows: CHECK constraints (the Delta protocol, "CHECK
// Constraints") and invariants of columns ("Column Invariants"). A row keeps one where it is true:
// neither false nor null.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

class Constraint {
 public:
  // `words`: "the CHECK constraint positive". A configuration error, without these, for a condition
  // that sql_condition.h does not read.
  static Result<Constraint> Make(std::string words, std::string sql, const arrow::Schema& table);

  // A BadRowError for the first row that breaks it. `rows` have the table's types under its logical
  // names; a column that they lack will be null in the table.
  Status Check(const arrow::RecordBatch& rows) const;

  const std::string& words() const { return words_; }
  const std::string& sql() const { return sql_; }
  bool operator==(const Constraint& other) const {
    return words_ == other.words_ && sql_ == other.sql_ && columns_->Equals(*other.columns_);
  }

 private:
  Constraint(std::string words, std::string sql, std::shared_ptr<arrow::Schema> columns,
             arrow::compute::Expression condition)
      : words_(std::move(words)),
        sql_(std::move(sql)),
        columns_(std::move(columns)),
        condition_(std::move(condition)) {}

  std::string words_;
  std::string sql_;
  std::shared_ptr<arrow::Schema> columns_;  // those that it names
  arrow::compute::Expression condition_;    // bound to them
};

struct Constraints {
  std::vector<Constraint> known;
  // Those that cannot be checked, with the reason: "the CHECK constraint n (n LIKE 'x'): ..."
  std::vector<std::string> unknown;
};

// All that the table asks. An error for columns that SchemaFromJson does not read.
Result<Constraints> ConstraintsOf(const Metadata& metadata);

}  // namespace ampload::deltalake
