#include "cli/completion.h"

#include <algorithm>
#include <sstream>

#include "cli/text.h"
#include "loader/config_file.h"

namespace ampload::cli {
namespace {

class Completer {
 public:
  Completer(const CLI::App& app, const LoaderRegistry& registry,
            const std::vector<std::string>& words)
      : app_(app), registry_(registry), words_(words), typed_(words.empty() ? "" : words.back()) {}

  Completion Answer() {
    if (words_.size() < 2) {
      OfferVerbs();
    } else if (const CLI::App* verb = VerbNamed(words_[0])) {
      OfferWithin(*verb);
    }
    return std::move(completion_);
  }

 private:
  void OfferVerbs() {
    for (const auto* verb : app_.get_subcommands({})) {
      Offer(verb->get_name(), verb->get_description());
    }
    if (!typed_.empty()) OfferOptions(app_);
  }

  const CLI::App* VerbNamed(const std::string& name) const {
    for (const auto* verb : app_.get_subcommands({})) {
      if (verb->get_name() == name) return verb;
    }
    return nullptr;
  }

  void OfferWithin(const CLI::App& verb) {
    const CLI::Option* before =
        words_.size() > 2 ? OptionNamed(verb, words_[words_.size() - 2]) : nullptr;
    const size_t equals = typed_.rfind("--", 0) == 0 ? typed_.find('=') : std::string::npos;
    if (before != nullptr && before->get_expected_max() != 0) {
      OfferValues(*before, "");
    } else if (equals != std::string::npos) {
      const auto* option = OptionNamed(verb, typed_.substr(0, equals));
      if (option != nullptr) OfferValues(*option, typed_.substr(0, equals + 1));
    } else if (!typed_.empty() && typed_[0] == '-') {
      OfferOptions(verb);
    } else if (const auto* positional = PositionalAtCursor(verb)) {
      OfferValues(*positional, "");
    }
  }

  static const CLI::Option* OptionNamed(const CLI::App& verb, const std::string& word) {
    return !word.empty() && word[0] == '-' ? verb.get_option_no_throw(word) : nullptr;
  }

  // The positional that the word at the cursor would become.
  const CLI::Option* PositionalAtCursor(const CLI::App& verb) const {
    int taken = 0;
    for (size_t i = 1; i + 1 < words_.size(); ++i) {
      if (const auto* option = OptionNamed(verb, words_[i])) {
        if (option->get_expected_max() != 0) ++i;  // its value
      } else if (words_[i].empty() || words_[i][0] != '-') {
        ++taken;
      }
    }
    for (const auto* option : verb.get_options()) {
      if (!option->get_positional()) continue;
      if (taken < option->get_expected_max()) return option;
      taken -= option->get_expected_max();
    }
    return nullptr;
  }

  void OfferOptions(const CLI::App& verb) {
    for (const auto* option : verb.get_options()) {
      for (const auto& name : option->get_lnames()) {
        Offer("--" + name, option->get_description());
      }
      if (option->get_lnames().empty()) {
        for (const auto& name : option->get_snames()) {
          Offer("-" + name, option->get_description());
        }
      }
    }
  }

  // By the type name. `prefix` is what stands before the value in the same word ("--mode=").
  void OfferValues(const CLI::Option& option, const std::string& prefix) {
    const std::string type = option.get_type_name();
    if (type == "FILE") {
      completion_.files = true;
    } else if (type == "TARGET") {
      OfferTargets(prefix);
    } else if (type == "LOADER") {
      for (const auto& loader : registry_.loaders()) Offer(prefix + loader.name, loader.summary);
    } else if (type.find('|') != std::string::npos) {
      std::istringstream choices(type);
      for (std::string choice; std::getline(choices, choice, '|');) Offer(prefix + choice, "");
    }
  }

  void OfferTargets(const std::string& prefix) {
    if (typed_.find(':', prefix.size()) != std::string::npos) {
      completion_.files = true;  // a scheme stands already
      return;
    }
    const auto config = ReadConfigFile(ConfigGiven());
    if (config.ok()) {
      for (const auto& [name, connection] : config->connections) {
        Offer(prefix + name, "connection");
      }
    }
    for (const auto& loader : registry_.loaders()) {
      for (const auto& scheme : loader.schemes) Offer(prefix + scheme + ":", loader.summary);
    }
  }

  std::optional<std::string> ConfigGiven() const {
    for (size_t i = 1; i < words_.size(); ++i) {
      if (words_[i] == "--config" && i + 1 < words_.size()) return words_[i + 1];
      if (words_[i].rfind("--config=", 0) == 0) return words_[i].substr(9);
    }
    return std::nullopt;
  }

  void Offer(const std::string& word, const std::string& meaning) {
    if (word.rfind(typed_, 0) == 0) completion_.candidates.push_back({word, meaning});
  }

  const CLI::App& app_;
  const LoaderRegistry& registry_;
  const std::vector<std::string>& words_;
  const std::string typed_;
  Completion completion_;
};

}  // namespace

Completion Complete(const CLI::App& app, const LoaderRegistry& registry,
                    const std::vector<std::string>& words) {
  return Completer(app, registry, words).Answer();
}

ExitStatus AnswerCompletion(const CLI::App& app, const LoaderRegistry& registry,
                            const std::vector<std::string>& words, Console& console) {
  const Completion completion = Complete(app, registry, {words.begin() + 1, words.end()});
  for (const auto& [word, meaning] : completion.candidates) {
    console.out << word;
    if (!meaning.empty()) console.out << "\t" << EscapeControls(meaning);
    console.out << "\n";
  }
  if (completion.files) console.out << ":files\n";
  console.out.flush();
  return ExitStatus::kDone;
}

}  // namespace ampload::cli
