#include "cli/table_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/shared_options.h"
#include "source/text/type_names.h"

namespace ampload::cli {

const char* TableOptions::DefaultTarget() { return "lmdb:./ampload.lmdb"; }

void TableOptions::DeclareTarget(CLI::App& verb, const std::string& default_table) {
  const std::string group = "Target";
  verb.add_option("--to", to_,
                  "a URI (lmdb:DIR, ...) or the name of a connection in the config file; default "
                  "lmdb:./ampload.lmdb")
      ->type_name("TARGET")
      ->group(group);
  verb.add_option("--table", table_, "the table; default: " + default_table)
      ->type_name("TABLE")
      ->group(group);
  AddChoice(verb, "--mode", mode_, {"append", "overwrite", "upsert", "merge"},
            "add rows (default), replace the table's rows, or let the key columns decide")
      ->group(group);
  AddList(verb, "--key", keys_, "A,B", "the columns that identify a row")->group(group);
}

void TableOptions::DeclareRules(CLI::App& verb) {
  const std::string group = "Target";
  verb.add_option("--order-by", order_by_,
                  "upsert, merge: of two rows of one key the one with the greater COLUMN stays")
      ->type_name("COLUMN")
      ->group(group);
  AddChoice(
      verb, "--on-schema-change", on_schema_change_, {"freeze", "evolve"},
      "where the rows' columns differ from the table's: refuse (default), or add new nullable "
      "columns and widen types; what would change a value is refused always")
      ->group(group);
  verb.add_flag("--no-create-table", no_create_table_, "refuse a table that is not there yet")
      ->group(group);
  verb.add_flag("--force", force_, "overwrite although pipelines keep their position in the table")
      ->group(group);
  verb.add_option("--memory", memory_,
                  "bound on all rows and buffers held in memory, from the reader to the store's "
                  "staging; default 256MiB")
      ->type_name("SIZE")
      ->group(group);
}

void TableOptions::DeclareColumns(CLI::App& verb) {
  const std::string group = "Columns";
  AddList(verb, "--exclude", exclude_, "A,B", "leave these columns out")->group(group);
  AddList(verb, "--cast", casts_, "COL:TYPE",
          "load a column as another Arrow type; a value that would change is a bad row")
      ->group(group);
  AddList(verb, "--rename", renames_, "COL:NAME", "load a column under another name")->group(group);
  AddList(verb, "--allow", allow_, "LOSS",
          "accept a loss by its name, as ampload plan shows it: timestamp_ns_to_us, ...")
      ->group(group);
}

Status TableOptions::Fill(TableSpec* table) const {
  table->name = table_;
  ARROW_ASSIGN_OR_RAISE(table->mode, ParseLoadMode(mode_));
  ARROW_ASSIGN_OR_RAISE(table->on_schema_change, ParseSchemaPolicy(on_schema_change_));
  table->keys = keys_;
  table->order_by = order_by_;
  table->allow = allow_;
  table->create_table = !no_create_table_;
  table->force = force_;
  return Status::OK();
}

Result<pipeline::ShapeOptions> TableOptions::MakeShape() const {
  pipeline::ShapeOptions shape;
  shape.exclude = exclude_;
  shape.allow = allow_;
  auto casts = source::ParseTypeList(fmt::format("{}", fmt::join(casts_, ",")));
  ARROW_RETURN_NOT_OK(WithContext(casts.status(), "--cast"));
  shape.casts = std::move(*casts);
  for (const auto& rename : renames_) {
    const auto colon = rename.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == rename.size()) {
      return ConfigurationError("--rename takes COL:NAME: rename=" + rename);
    }
    const auto [at, added] =
        shape.renames.emplace(rename.substr(0, colon), rename.substr(colon + 1));
    if (!added) return ConfigurationError("--rename names a column twice: column=" + at->first);
  }
  return shape;
}

Status TableOptions::CheckMode(const Target& target, const TableSpec& table) {
  const auto& modes = target.descriptor->traits.supported_modes;
  if (modes.contains(table.mode)) return Status::OK();
  return ConfigurationError(fmt::format("{}: mode {} is not supported; it can do {}: table={}",
                                        target.descriptor->name, ToString(table.mode),
                                        modes.ToString(), table.name));
}

}  // namespace ampload::cli
