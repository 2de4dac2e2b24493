#include "cli/load_options.h"

#include <arrow/memory_pool.h>

#include <algorithm>
#include <filesystem>

#include "cli/connection.h"
#include "cli/query_table.h"
#include "loader/identifier.h"
#include "pipeline/replay_source.h"

namespace ampload::cli {
namespace {

constexpr char kQuarantineFolder[] = "ampload-quarantine";

bool IsPlainIdentifier(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string_view::npos;
}

// The same for one store wherever the command runs: "lmdb:./eth.lmdb in /data", and a URI with a
// path from the root or a host as it is.
std::string StoreText(const std::string& display) {
  if (display.find(":/") != std::string::npos) return display;
  std::error_code ignored;
  return display + " in " + std::filesystem::current_path(ignored).string();
}

// More connections than that are a slip of the pen.
constexpr int64_t kMostConnections = 256;

// "logs" of "data/logs.csv.gz".
std::string StemOf(const std::filesystem::path& path) {
  auto name = path.filename();
  if (name.extension() == ".gz" || name.extension() == ".zst") name = name.stem();
  return name.stem().string();
}

// The stem of a single file; else an error that asks for --table.
Result<std::string> TableNameFrom(const std::vector<std::string>& sources) {
  std::error_code ignored;
  const std::filesystem::path path = sources.front();
  if (sources.size() == 1 && !std::filesystem::is_directory(path, ignored)) {
    const std::string stem = StemOf(path);
    if (IsPlainIdentifier(stem)) return stem;
  }
  return ConfigurationError(
      sources.size() == 1
          ? "load: no table name can be taken from the source; say --table NAME: source=" +
                sources.front()
          : "load: several sources go into one table; say --table NAME");
}

Result<std::string> TableNameOfQuery(const std::string& query) {
  auto name = OnlyTableOf(query);
  if (name.has_value()) return std::move(*name);
  return ConfigurationError("load: no table name can be taken from the query; say --table NAME");
}

// For how long jemalloc may keep what is free, in ms: speed with the usual --memory, where that is
// small nothing that is not counted.
int DecayOf(const pipeline::MemoryBudget& budget) {
  constexpr int64_t kSmall = int64_t{32} << 20;
  const int64_t more = std::clamp(budget.total, kSmall, pipeline::MemoryBudget::kDefault) - kSmall;
  return static_cast<int>(1000 * more / (pipeline::MemoryBudget::kDefault - kSmall));
}

// A store's client may keep a batch for longer than anybody here knows, so its pool never ends.
pipeline::BudgetPool* ProcessPool(const pipeline::MemoryBudget& budget) {
  static_cast<void>(arrow::jemalloc_set_decay_ms(DecayOf(budget)));
  static auto* pools = new std::vector<std::unique_ptr<pipeline::BudgetPool>>;
  pools->push_back(std::make_unique<pipeline::BudgetPool>(budget, arrow::default_memory_pool()));
  return pools->back().get();
}

}  // namespace

void LoadOptions::Declare(CLI::App& verb, SharedOptions& shared) {
  if (from_ == From::kFiles) {
    source_.Declare(verb);
  } else {
    source_.DeclareReplay(verb);
  }
  table_.DeclareTarget(verb,
                       "the name of the one source file, or of the one table that the query reads");
  AddChoice(verb, "--on-duplicate", on_duplicate_, {"fail", "replace"},
            "append: what to do with a row whose key the table has; default fail")
      ->group("Target");
  table_.DeclareRules(verb);
  verb.add_option(
          "--parallel", parallel_,
          "fill a new or overwritten table over N connections at once, where the store can; "
          "the order of rows is not kept; default 1")
      ->type_name("N")
      ->group("Target");
  table_.DeclareColumns(verb);
  DeclareBadRows(verb);
  DeclareConnectionOptions(verb, shared);
  DeclareOutputOptions(verb, shared);
}

void LoadOptions::DeclareBadRows(CLI::App& verb) {
  const std::string group = "Bad rows";
  AddChoice(verb, "--on-bad-row", on_bad_row_, {"fail", "quarantine"},
            "a row that cannot be read or stored fails the load (default), or is written to a file "
            "and the others are loaded: exit status 3")
      ->group(group);
  verb.add_option("--max-bad-rows", max_bad_rows_,
                  "more than N bad rows fail the load; default 100")
      ->type_name("N")
      ->group(group);
  verb.add_option("--quarantine", quarantine_,
                  "the file for bad rows, Arrow IPC; default "
                  "./ampload-quarantine/TABLE-TIME.arrow; see ampload replay-quarantine")
      ->type_name("FILE")
      ->group(group);
}

Status LoadOptions::OpenSource(const CallContext& context, LoadSetup* setup) const {
  if (source_.asks_server()) return OpenQuery(context, setup);
  ARROW_ASSIGN_OR_RAISE(auto options, source_.Make());
  setup->pool = ProcessPool(setup->memory);
  options.context = context;
  options.pool = setup->pool;
  options.batch_bytes = setup->memory.batch_bytes;
  options.keep_bad_records = on_bad_row_ == "quarantine";
  ARROW_ASSIGN_OR_RAISE(setup->source, source::OpenFileSource(options));
  return Status::OK();
}

Status LoadOptions::OpenQuery(const CallContext& context, LoadSetup* setup) const {
  ARROW_ASSIGN_OR_RAISE(auto options, source_.MakeQuery());
  setup->pool = ProcessPool(setup->memory);
  options.pool = setup->pool;
  // gRPC holds several of them, beside the pool, while one comes.
  options.max_message_bytes = setup->memory.total / 8;
  ARROW_ASSIGN_OR_RAISE(setup->source, source::OpenAmpQuery(std::move(options), context));
  return Status::OK();
}

Result<std::string> LoadOptions::DefaultTable() const {
  if (source_.asks_server()) {
    ARROW_ASSIGN_OR_RAISE(const auto query, source_.MakeQuery());
    return TableNameOfQuery(query.query);
  }
  if (from_ == From::kFiles) {
    ARROW_RETURN_NOT_OK(source_.Make().status());
    return TableNameFrom(source_.sources());
  }
  ARROW_ASSIGN_OR_RAISE(const auto path, pipeline::ReplayMark::Find(source_.sources().front()));
  ARROW_ASSIGN_OR_RAISE(const auto contents, pipeline::ReadQuarantine(path));
  return contents.header.table;
}

Status LoadOptions::OpenReplay(LoadSetup* setup) const {
  ARROW_ASSIGN_OR_RAISE(const auto text, source_.MakeText());
  const std::string& path = source_.sources().front();
  ARROW_ASSIGN_OR_RAISE(
      auto mark, pipeline::ReplayMark::Make(
                     path, {.target = StoreText(setup->target.display), .table = table_.table()}));
  ARROW_ASSIGN_OR_RAISE(
      auto replay,
      pipeline::OpenReplay(
          {.path = path, .types = text.types, .keep_bad = on_bad_row_ == "quarantine"}));
  setup->source = std::move(replay);
  setup->companions.push_back(std::move(mark));
  setup->request.companions.push_back(setup->companions.back().get());
  return Status::OK();
}

Status LoadOptions::MakeQuarantine(LoadSetup* setup) const {
  ARROW_ASSIGN_OR_RAISE(const int64_t most,
                        ParseAmount("--max-bad-rows", max_bad_rows_, OptionType::kInteger));
  if (on_bad_row_ != "quarantine") {
    if (quarantine_.empty()) return Status::OK();
    return ConfigurationError("--quarantine means something with --on-bad-row quarantine only");
  }
  pipeline::QuarantineOptions options;
  options.path = quarantine_.empty()
                     ? pipeline::Quarantine::NewPath(kQuarantineFolder, table_.table())
                     : quarantine_;
  options.target = StoreText(setup->target.display);
  options.table = table_.table();
  options.max_rows = most;
  options.text = setup->source->record_format();
  ARROW_ASSIGN_OR_RAISE(setup->quarantine,
                        pipeline::Quarantine::Make(std::move(options), setup->source->schema()));
  setup->request.bad_rows = setup->quarantine.get();
  setup->request.companions.push_back(setup->quarantine.get());
  return Status::OK();
}

Result<LoadSetup> LoadOptions::Make(const Setting& setting, const SharedOptions& shared,
                                    const CallContext& context, std::string* loader_type) {
  LoadSetup setup;
  if (table_.table().empty()) {
    ARROW_ASSIGN_OR_RAISE(table_.table(), DefaultTable());
  }
  ARROW_RETURN_NOT_OK(CheckTableName(table_.table()));
  TableSpec& table = setup.request.table;
  ARROW_RETURN_NOT_OK(table_.Fill(&table));
  ARROW_ASSIGN_OR_RAISE(table.on_duplicate, ParseDuplicatePolicy(on_duplicate_));
  ARROW_ASSIGN_OR_RAISE(const int64_t parallel,
                        ParseAmount("--parallel", parallel_, OptionType::kInteger));
  if (parallel < 1 || parallel > kMostConnections) {
    return ConfigurationError("--parallel is a number of connections from 1 to " +
                              std::to_string(kMostConnections) + ": parallel=" + parallel_);
  }
  table.parallel = static_cast<int>(parallel);
  ARROW_ASSIGN_OR_RAISE(const int64_t memory,
                        ParseAmount("--memory", table_.memory(), OptionType::kBytes));
  ARROW_ASSIGN_OR_RAISE(setup.memory, pipeline::MemoryBudget::Make(memory));
  setup.request.queue_bytes = setup.memory.queue_bytes;
  table.staging_bytes = setup.memory.staging_bytes;
  ARROW_ASSIGN_OR_RAISE(const auto shape, table_.MakeShape());

  ARROW_ASSIGN_OR_RAISE(setup.target, FindTarget(setting.registry, shared, table_.target()));
  *loader_type = setup.target.descriptor->name;
  ARROW_RETURN_NOT_OK(TableOptions::CheckMode(setup.target, table));
  ARROW_RETURN_NOT_OK(from_ == From::kFiles ? OpenSource(context, &setup) : OpenReplay(&setup));
  setup.request.source_pool = setup.pool;
  ARROW_ASSIGN_OR_RAISE(setup.request.shape,
                        pipeline::RowShape::Make(setup.source->schema(), shape));
  setup.schema =
      setup.request.shape.is_identity() ? setup.source->schema() : setup.request.shape.schema();
  ARROW_RETURN_NOT_OK(WithContext(CheckKeys(*setup.schema, table_.keys()), "--key"));
  ARROW_RETURN_NOT_OK(MakeQuarantine(&setup));
  if (table_.to().empty()) {
    setting.report.Notice(std::string("no --to: the target is ") + TableOptions::DefaultTarget());
  }
  return setup;
}

}  // namespace ampload::cli
