#include "cli/source_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/query_table.h"
#include "cli/shared_options.h"
#include "source/text/type_names.h"

namespace ampload::cli {
namespace {

// One byte, or the name that stands for one.
Result<char> OneByte(const std::string& option, const std::string& text, char otherwise) {
  if (text.empty()) return otherwise;
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() == 1) return text[0];
  return ConfigurationError(
      fmt::format("{} takes one character, or \\t: {}={}", option, option, text));
}

}  // namespace

void SourceOptions::Declare(CLI::App& verb) {
  const std::string group = "Source";
  verb.add_option(
          "SOURCE", sources_,
          "Parquet, Arrow IPC, CSV and NDJSON files, also gzip or zstd: paths, globs (also ** "
          "and {a,b}), folders, s3://BUCKET/KEY, - for standard input; all of one schema. With "
          "--from one SQL query")
      ->type_name("FILE")
      ->required()
      ->group(group);
  AddChoice(verb, "--format", format_, {"parquet", "arrow", "csv", "ndjson"},
            "what the sources are; default: told by their first bytes, text by its suffix")
      ->group(group);
  AddList(verb, "--types", types_, "COL:TYPE",
          "CSV, NDJSON: types of columns, in Arrow's names: zip:string,amount:decimal128(38,0); "
          "the others are inferred, and what would lose a digit stays a string")
      ->group(group);
  verb.add_option("--delimiter", delimiter_, "CSV: what is between two cells; default a comma")
      ->type_name("CHAR")
      ->group(group);
  verb.add_option("--quote", quote_, "CSV: what cells are quoted with; default \"")
      ->type_name("CHAR")
      ->group(group);
  verb.add_option("--null", null_, "CSV: the unquoted cell that is a null; default the empty one")
      ->type_name("TEXT")
      ->group(group);
  AddChoice(verb, "--header", header_, {"true", "false"},
            "CSV: the first record has the columns' names (default), or they are f0, f1 ...")
      ->group(group);
  verb.add_flag("--no-hive", no_hive_, "folders like year=2024 are no columns")->group(group);
  AddList(verb, "--columns", columns_, "A,B", "load only these columns, in this order")
      ->group(group);
  verb.add_option("--where", where_,
                  "load only rows where EXPR holds: column op literal, joined by and, or, not; "
                  "op is = != < <= > >= in, is null; 0x hex for binary")
      ->type_name("EXPR")
      ->group(group);
  verb.add_option("--limit", limit_, "load at most N rows")->type_name("N")->group(group);
  amp_.Declare(verb);
}

void SourceOptions::DeclareReplay(CLI::App& verb) {
  const std::string group = "Source";
  verb.add_option("FILE", sources_, "a quarantine that a load has written, perhaps mended since")
      ->type_name("FILE")
      ->required()
      ->expected(1)
      ->group(group);
  AddList(verb, "--types", types_, "COL:TYPE",
          "read these columns as other types than the load did")
      ->group(group);
}

Result<source::TextOptions> SourceOptions::MakeText() const {
  source::TextOptions text;
  auto types = source::ParseTypeList(fmt::format("{}", fmt::join(types_, ",")));
  ARROW_RETURN_NOT_OK(WithContext(types.status(), "--types"));
  text.types = std::move(*types);
  ARROW_ASSIGN_OR_RAISE(text.delimiter, OneByte("--delimiter", delimiter_, ','));
  ARROW_ASSIGN_OR_RAISE(text.quote, OneByte("--quote", quote_, '"'));
  text.null_text = null_;
  text.header = header_ == "true";
  return text;
}

Result<source::AmpOptions> SourceOptions::MakeQuery() const {
  ARROW_ASSIGN_OR_RAISE(auto options, amp_.Make());
  struct FileOption {
    const char* name;
    bool given;
    const char* instead;
  };
  const FileOption file_options[] = {
      {"--where", !where_.empty(), "write WHERE into the query"},
      {"--columns", !columns_.empty(), "name the columns in the query"},
      {"--limit", !limit_.empty(), "write LIMIT into the query"},
      {"--types", !types_.empty(), "cast in the query, or with --cast"},
      {"--format", !format_.empty(), "a query has none"},
      {"--delimiter", !delimiter_.empty(), "a query has none"},
      {"--quote", !quote_.empty(), "a query has none"},
      {"--null", !null_.empty(), "a query has none"},
      {"--header", header_ != "true", "a query has none"},
      {"--no-hive", no_hive_, "a query has no folders"},
  };
  for (const auto& option : file_options) {
    if (!option.given) continue;
    return ConfigurationError(fmt::format("{} is for files, not for a query with --from: {}",
                                          option.name, option.instead));
  }
  if (sources_.size() != 1) {
    return ConfigurationError(
        fmt::format("with --from the source is one query, in quotes: \"SELECT ...\": sources={}",
                    sources_.size()));
  }
  options.query = sources_.front();
  return options;
}

Result<source::FileSourceOptions> SourceOptions::Make() const {
  ARROW_RETURN_NOT_OK(amp_.CheckNotGiven());
  if (sources_.size() == 1 && LooksLikeQuery(sources_.front())) {
    return ConfigurationError(
        "the source is a query: say which Amp server to ask, as in --from amp://HOST:1602");
  }
  source::FileSourceOptions options;
  options.paths = sources_;
  options.columns = columns_;
  options.where = where_;
  if (!limit_.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.limit, ParseAmount("--limit", limit_, OptionType::kInteger));
  }
  if (!format_.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.format, source::ParseFormat(format_));
  }
  ARROW_ASSIGN_OR_RAISE(options.text, MakeText());
  options.delimiter_given = !delimiter_.empty();
  options.hive = !no_hive_;
  return options;
}

}  // namespace ampload::cli
