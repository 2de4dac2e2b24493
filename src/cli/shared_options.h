// Options that several verbs have, declared in one place.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "ampload/options.h"

namespace ampload::cli {

struct SharedOptions {
  std::string config;                // --config; empty: the usual places
  std::vector<std::string> options;  // --option NAME=VALUE
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  std::string log_level;  // empty: from quiet and verbose
  std::string log_format = "text";
};

void DeclareConnectionOptions(CLI::App& verb, SharedOptions& shared);
void DeclareOutputOptions(CLI::App& verb, SharedOptions& shared);

// Sets the process's log level and format.
void ApplyLogOptions(const SharedOptions& shared);

// An option whose value is one of `choices`; another is refused with the nearest right one.
CLI::Option* AddChoice(CLI::App& verb, const std::string& name, std::string& value,
                       std::vector<std::string> choices, const std::string& meaning);

// An option that takes A,B,C and may be given again.
CLI::Option* AddList(CLI::App& verb, const std::string& name, std::vector<std::string>& value,
                     const std::string& type_name, const std::string& meaning);

// The value of an option of type kInteger, kBytes or kDuration, not negative.
Result<int64_t> ParseAmount(const std::string& name, const std::string& text, OptionType type);

}  // namespace ampload::cli
