// What a load would do to one LMDB table, found out without writing.
#include "encode/type_matrix.h"
#include "loader/row_op.h"
#include "loaders/lmdb/session.h"

namespace ampload::lmdb {
namespace {

using encode::StoreFormat;
using encode::ValueFormat;

StoreFormat TypesOf(ValueFormat format) {
  switch (format) {
    case ValueFormat::kMsgpack:
      return StoreFormat::kMsgpack;
    case ValueFormat::kJson:
      return StoreFormat::kJson;
    case ValueFormat::kArrowIpc:
      break;
  }
  return StoreFormat::kArrowIpc;
}

std::string InWords(ValueFormat format) {
  switch (format) {
    case ValueFormat::kMsgpack:
      return "a msgpack map from column name to value";
    case ValueFormat::kJson:
      return "a JSON object from column name to value";
    case ValueFormat::kArrowIpc:
      break;
  }
  return "an Arrow IPC stream of the row";
}

}  // namespace

std::string LmdbSession::RuleInWords() const {
  if (!by_key()) return "";
  std::string text = spec_.mode == LoadMode::kUpsert
                         ? "rows: a key that is there is replaced whole, a new one added"
                         : "rows: a key that is there takes the columns that the rows have, a new "
                           "one is added";
  if (OpColumnOf(spec_).has_value()) text += "; _op says otherwise row by row, and is not stored";
  text += "; of two rows of one key the later by ";
  return text + (spec_.order_by.empty() ? "arrival" : spec_.order_by + ", then by arrival");
}

Result<TablePlan> LmdbSession::Plan(std::shared_ptr<Environment> environment,
                                    const arrow::RecordBatch* sample) {
  TablePlan plan;
  ARROW_RETURN_NOT_OK(CheckSpec());
  ARROW_ASSIGN_OR_RAISE(columns_, StoredSchema(spec_));
  replacing_ = spec_.mode == LoadMode::kOverwrite;
  if (environment != nullptr) {
    environment_ = std::move(environment);
    ARROW_ASSIGN_OR_RAISE(auto txn, environment_->BeginRead());
    ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
    ARROW_RETURN_NOT_OK(CheckTable(txn, catalog));
  } else {
    ARROW_RETURN_NOT_OK(ChooseKey());
    ARROW_RETURN_NOT_OK(ChooseFormat());
  }
  plan.table_exists = table_.has_value();
  plan.columns = encode::PlanColumns(*columns_, TypesOf(format_));
  plan.step_bytes = config_.step_bytes;
  plan.layout.push_back((plan.table_exists ? "named database " : "new named database ") +
                        spec_.name + " in " + config_.path);
  plan.layout.push_back("key: " + key_.ToString());
  plan.layout.push_back("value: " + InWords(format_));
  if (replacing_ && plan.table_exists) {
    plan.layout.push_back("the new rows take the place of the old ones in one transaction");
  }
  if (const auto rule = RuleInWords(); !rule.empty()) plan.layout.push_back(rule);
  if (!evolution_.empty()) plan.layout.push_back("columns: " + evolution_);

  const bool storable = encode::CheckPlan(plan.columns, spec_.allow).ok();
  if (sample == nullptr || sample->num_rows() == 0 || !storable) return plan;
  ARROW_RETURN_NOT_OK(MakeEncoder());
  StagedBatch rows;
  rows.batch = sample->Slice(0);
  const auto encoded = encoder_->Encode(rows);
  // A bad row in the sample is the load's matter, not the plan's.
  if (!encoded.ok() && BadRowOf(encoded.status()).has_value()) return plan;
  ARROW_RETURN_NOT_OK(encoded.status());
  plan.bytes_per_row =
      static_cast<double>((*encoded)->size_bytes()) / static_cast<double>(sample->num_rows());
  return plan;
}

}  // namespace ampload::lmdb
