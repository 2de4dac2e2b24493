// The type matrix: what becomes of every Arrow type in every store and value format. One table,
// read by plans, refusals, `ampload loaders NAME`, the docs and the tests. Pure.
#pragma once

#include <arrow/type.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "ampload/type_plan.h"
#include "encode/type_family.h"

namespace ampload::encode {

enum class StoreFormat {
  kPostgreSQL,
  kSnowflake,
  kDelta,
  kIceberg,
  kMsgpack,
  kJson,
  kText,
  kArrowIpc,
};
inline constexpr int kStoreFormats = 8;

std::string_view NameOf(StoreFormat format);  // "postgresql", "msgpack" ...

// In `stored_as`: {p} {s} precision and scale, {n} bytes, {e} an element's type, {k} {v} a map's,
// {fields} a struct's, {arrow} the Arrow type.
struct MatrixCell {
  Fidelity fidelity = Fidelity::kExact;
  std::string_view stored_as;
  std::string_view loss = {};  // kLossy: the name of the loss, in kLosses
  std::string_view note = {};
  bool by_value = false;  // kLossy: only some values change; the others are stored exactly
};

struct MatrixRow {
  TypeFamily family;
  std::string_view arrow;  // for people
  std::array<MatrixCell, kStoreFormats> cells;
};

std::span<const MatrixRow> TypeMatrix();
const MatrixCell& CellOf(TypeFamily family, StoreFormat format);

// The losses that a user may allow by name, with what they mean.
struct NamedLoss {
  std::string_view name;
  std::string_view meaning;
};
std::span<const NamedLoss> NamedLosses();

// OK where all names are losses; else a configuration error with the nearest right name.
Status CheckLossNames(const std::vector<std::string>& allow);

// The plan of every column. A nested column takes the worst of its parts.
std::vector<ColumnPlan> PlanColumns(const arrow::Schema& schema, StoreFormat format);

// OK where nothing is refused and every loss is allowed, or is a matter of single values, which the
// encoder then refuses one by one; else a data error that names each column, why, and what to do.
Status CheckPlan(const std::vector<ColumnPlan>& columns, const std::vector<std::string>& allow);

// The format's column of the matrix, for people.
TypeTable TableOf(StoreFormat format);

}  // namespace ampload::encode
