// A schema's columns against one column of the type matrix.
#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <utility>

#include "encode/type_matrix.h"

namespace ampload {

std::string_view ToString(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::kExact:
      return "exact";
    case Fidelity::kDeclared:
      return "declared";
    case Fidelity::kLossy:
      return "lossy";
    case Fidelity::kRefused:
      return "refused";
  }
  return "unknown";
}

namespace encode {
namespace {

void Replace(std::string* text, std::string_view placeholder, const std::string& value) {
  for (size_t at = text->find(placeholder); at != std::string::npos;
       at = text->find(placeholder, at + value.size())) {
    text->replace(at, placeholder.size(), value);
  }
}

// The worse of the two decides for the whole column; of two losses the first is named.
void TakeWorst(const ColumnPlan& part, const std::string& path, ColumnPlan* whole) {
  if (part.fidelity <= whole->fidelity) return;
  whole->fidelity = part.fidelity;
  whole->loss = part.loss;
  whole->note = part.note.empty() ? part.note : path + ": " + part.note;
  whole->by_value = part.by_value;
}

class Planner {
 public:
  explicit Planner(StoreFormat format) : format_(format) {}

  ColumnPlan Plan(const arrow::Field& field, TypeFamily family) const {
    const auto& cell = CellOf(family, format_);
    ColumnPlan plan{.column = field.name(),
                    .type = field.type(),
                    .stored_as = std::string(cell.stored_as),
                    .fidelity = cell.fidelity,
                    .loss = std::string(cell.loss),
                    .note = std::string(cell.note),
                    .by_value = cell.by_value};
    const auto& type = Unwrapped(*field.type());
    Fill(type, &plan.stored_as);
    Parts(type, family, &plan);
    if (plan.fidelity == Fidelity::kRefused) plan.stored_as.clear();
    return plan;
  }

 private:
  static void Fill(const arrow::DataType& type, std::string* text) {
    if (arrow::is_decimal(type.id())) {
      const auto shape = SqlShape(static_cast<const arrow::DecimalType&>(type));
      Replace(text, "{p}", std::to_string(shape.precision));
      Replace(text, "{s}", std::to_string(shape.scale));
    }
    if (type.id() == arrow::Type::FIXED_SIZE_BINARY) {
      const auto& fixed = static_cast<const arrow::FixedSizeBinaryType&>(type);
      Replace(text, "{n}", std::to_string(fixed.byte_width()));
    }
    Replace(text, "{arrow}", type.ToString());
  }

  // A part is planned by its type alone: only a whole column is a block number.
  ColumnPlan Part(const arrow::Field& field) const { return Plan(field, FamilyOf(*field.type())); }

  void Parts(const arrow::DataType& type, TypeFamily family, ColumnPlan* plan) const {
    if (family == TypeFamily::kScalarList || family == TypeFamily::kNestedList) {
      const auto element = Part(*type.field(0));
      Replace(&plan->stored_as, "{e}", element.stored_as);
      TakeWorst(element, plan->column + "[]", plan);
    } else if (family == TypeFamily::kMap) {
      const auto& map = static_cast<const arrow::MapType&>(type);
      const auto key = Part(*map.key_field());
      const auto value = Part(*map.item_field());
      Replace(&plan->stored_as, "{k}", key.stored_as);
      Replace(&plan->stored_as, "{v}", value.stored_as);
      TakeWorst(key, plan->column + ".key", plan);
      TakeWorst(value, plan->column + ".value", plan);
    } else if (family == TypeFamily::kStruct) {
      std::string fields;
      for (const auto& field : type.fields()) {
        const auto part = Part(*field);
        fields += (fields.empty() ? "" : ", ") + field->name() + ": " + part.stored_as;
        TakeWorst(part, plan->column + "." + field->name(), plan);
      }
      Replace(&plan->stored_as, "{fields}", fields);
    }
  }

  StoreFormat format_;
};

}  // namespace

std::vector<ColumnPlan> PlanColumns(const arrow::Schema& schema, StoreFormat format) {
  const Planner planner(format);
  std::vector<ColumnPlan> plans;
  for (const auto& field : schema.fields()) plans.push_back(planner.Plan(*field, FamilyOf(*field)));
  return plans;
}

Status CheckPlan(const std::vector<ColumnPlan>& columns, const std::vector<std::string>& allow) {
  std::string problems;
  for (const auto& plan : columns) {
    const bool allowed = std::find(allow.begin(), allow.end(), plan.loss) != allow.end();
    const bool refused = plan.fidelity == Fidelity::kRefused;
    const bool lossy = plan.fidelity == Fidelity::kLossy && !plan.by_value && !allowed;
    if (!refused && !lossy) continue;
    problems += (problems.empty() ? "" : "; ") +
                (refused ? plan.note + ", leave it out with --exclude " + plan.column
                         : "values would change, accept that with --allow " + plan.loss) +
                ": column=" + plan.column + " type=" + plan.type->ToString();
  }
  return problems.empty() ? Status::OK() : DataError("columns that cannot be stored: " + problems);
}

}  // namespace encode
}  // namespace ampload
