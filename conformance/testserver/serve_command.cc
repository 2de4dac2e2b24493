#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/amp/chain_script.h"
#include "conformance/amp/fault.h"
#include "conformance/amp/real_rows.h"
#include "conformance/amp/server/amp_server.h"
#include "conformance/chain/parquet_file.h"
#include "conformance/testserver/commands.h"

namespace ampload::conformance {
namespace {

struct Arguments {
  AmpServerOptions server;
  std::string port_file;
  std::vector<std::string> networks;
  std::optional<uint64_t> blocks;
  uint64_t first_block = 0;
  uint64_t seed = 1;
  MadeUpRowsOptions rows;
  std::string script;
  std::vector<std::string> faults;
  uint64_t keep_alive_ms = 0;
  bool strict = false;
  std::string tls_cert;
  std::string tls_key;
  std::string real_folder;
  std::string real_prefix = "base4";
  std::string real_table = "logs";
  std::string canonical_out;
  bool verbose = false;
};

constexpr uint64_t kDefaultBlocks = 100;

// What the help says after the options.
std::string Footer() {
  std::string text =
      "SCRIPT is a list of steps, parted by ';' or lines; NETWORK may be left out and is then the\n"
      "first:\n"
      "  mine [NETWORK] COUNT          the chain grows\n"
      "  reorg [NETWORK] DEPTH COUNT   its newest DEPTH blocks are replaced by COUNT others\n"
      "  wait-sent [NETWORK] BLOCK     until the chain up to BLOCK was sent completely\n"
      "  sleep MS\n"
      "  disconnect                    breaks every stream that is open\n"
      "  end                           ends every stream that is open, properly\n"
      "  down MS                       goes away, and comes back on the same port\n"
      "e.g. --script 'wait-sent 99; reorg 5 7; sleep 200; mine 3'\n\n"
      "A fault is KIND@N: it happens once, to the first stream that gets to its message N, from "
      "1;\n"
      "KIND@N* happens to every stream. KIND:\n";
  for (const FaultName& fault : FaultNames()) {
    std::string name = fault.name;
    name.resize(20, ' ');
    text += "  " + name + fault.meaning + "\n";
  }
  return text;
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return ConfigurationError("testserver: cannot read the file: path=" + path);
  return text.str();
}

// Creates or replaces the file in one step, so that a reader never sees half of it.
Status WriteCanonicalRows(std::span<const ModelChain* const> chains, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto table, CanonicalRows(chains));
  ARROW_ASSIGN_OR_RAISE(const auto rows, table->CombineChunksToBatch());
  const std::string hidden = path + ".part";
  ARROW_ASSIGN_OR_RAISE(auto file, ParquetFile::Create(hidden, rows->schema()));
  ARROW_RETURN_NOT_OK(file->Write(*rows));
  ARROW_RETURN_NOT_OK(file->Close());
  std::error_code error;
  std::filesystem::rename(hidden, path, error);
  if (error) return PermanentError("testserver: " + error.message() + ": path=" + path);
  return Status::OK();
}

// The letters that a prefix begins with: "base4" is of network base.
std::string NetworkOf(const std::string& prefix) {
  return prefix.substr(0, prefix.find_first_of("0123456789"));
}

Result<std::vector<ModelChain>> RealChains(const Arguments& arguments) {
  const std::string network =
      arguments.networks.empty() ? NetworkOf(arguments.real_prefix) : arguments.networks.front();
  if (arguments.networks.size() > 1) {
    return ConfigurationError("testserver: --real serves one network");
  }
  ARROW_ASSIGN_OR_RAISE(auto real, ReadRealBlocks(arguments.real_folder, arguments.real_prefix,
                                                  arguments.real_table, network));
  std::vector<ModelChain> chains;
  chains.emplace_back(network, real.blocks.front().number, arguments.seed, real.rows);
  const uint64_t count = arguments.blocks.value_or(real.blocks.size());
  const uint64_t recorded = std::min<uint64_t>(count, real.blocks.size());
  ARROW_RETURN_NOT_OK(chains.front().Append(std::span(real.blocks).first(recorded)));
  chains.front().Mine(count - recorded);
  return chains;
}

Result<std::vector<ModelChain>> Chains(const Arguments& arguments) {
  if (!arguments.real_folder.empty()) return RealChains(arguments);
  auto networks = arguments.networks;
  if (networks.empty()) networks = {"mainnet"};
  MadeUpRowsOptions options = arguments.rows;
  options.seed = arguments.seed;
  const auto rows = std::make_shared<MadeUpRows>(options);
  std::vector<ModelChain> chains;
  for (const std::string& network : networks) {
    chains.emplace_back(network, arguments.first_block, arguments.seed, rows);
    chains.back().Mine(arguments.blocks.value_or(kDefaultBlocks));
  }
  return chains;
}

Result<AmpServerOptions> ServerOptions(const Arguments& arguments) {
  AmpServerOptions options = arguments.server;
  for (const std::string& text : arguments.faults) {
    ARROW_ASSIGN_OR_RAISE(options.serving.faults.emplace_back(), ParseFault(text));
  }
  options.serving.keep_alive = std::chrono::milliseconds(arguments.keep_alive_ms);
  if (arguments.strict) options.serving.producer.unknown_hash = UnknownHash::kRefused;
  if (arguments.tls_cert.empty() != arguments.tls_key.empty()) {
    return ConfigurationError("testserver: --tls-cert and --tls-key go together");
  }
  if (!arguments.tls_cert.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.tls_cert, ReadFile(arguments.tls_cert));
    ARROW_ASSIGN_OR_RAISE(options.tls_key, ReadFile(arguments.tls_key));
  }
  if (!arguments.canonical_out.empty()) {
    options.serving.on_change = [path = arguments.canonical_out](auto chains) {
      return WriteCanonicalRows(chains, path);
    };
  }
  if (arguments.verbose) {
    options.serving.on_event = [mutex = std::make_shared<std::mutex>()](const std::string& event) {
      const std::lock_guard lock(*mutex);
      std::cerr << event << std::endl;
    };
  }
  return options;
}

Result<std::vector<ChainStep>> Script(const std::string& text) {
  if (!text.starts_with('@')) return ParseChainScript(text);
  ARROW_ASSIGN_OR_RAISE(const std::string file, ReadFile(text.substr(1)));
  return ParseChainScript(file);
}

// SIGTERM and SIGINT, from now on kept for Wait in all threads that this one starts.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void Wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) continue;
  }

 private:
  sigset_t set_;
};

Status Serve(const Arguments& arguments) {
  const StopSignals signals;
  ARROW_ASSIGN_OR_RAISE(auto options, ServerOptions(arguments));
  ARROW_ASSIGN_OR_RAISE(const auto script, Script(arguments.script));
  ARROW_ASSIGN_OR_RAISE(auto chains, Chains(arguments));
  if (options.serving.on_change) {
    std::vector<const ModelChain*> view;
    for (const ModelChain& chain : chains) view.push_back(&chain);
    ARROW_RETURN_NOT_OK(options.serving.on_change(view));
  }
  ARROW_ASSIGN_OR_RAISE(auto server, AmpServer::Start(std::move(chains), std::move(options)));
  if (!arguments.port_file.empty()) {
    // Written beside and renamed: who sees the file sees the whole number.
    std::ofstream(arguments.port_file + ".part") << server->port() << '\n';
    std::filesystem::rename(arguments.port_file + ".part", arguments.port_file);
  }
  std::cout << "listening on " << server->address() << std::endl;
  Status played;
  {
    std::jthread player([&](const std::stop_token& stop) {
      played = server->Play(script, {.stop = stop});
      if (!played.ok() && !played.IsCancelled()) {
        std::cerr << "ampload-testserver: " << MessageOf(played) << std::endl;
      }
    });
    signals.Wait();
  }
  ARROW_RETURN_NOT_OK(server->Close());
  return played.IsCancelled() ? Status::OK() : played;
}

void AddChainOptions(CLI::App& command, Arguments& arguments) {
  command.add_option("--network", arguments.networks, "a chain of that name; may be repeated");
  command.add_option("--blocks", arguments.blocks,
                     "how many blocks there are at first (100; with --real: the real ones)");
  command.add_option("--first-block", arguments.first_block, "number of the first block")
      ->capture_default_str();
  command.add_option("--seed", arguments.seed, "another seed is another chain")
      ->capture_default_str();
  command.add_option("--rows-per-block", arguments.rows.most_rows, "at most so many")
      ->capture_default_str();
  command.add_flag("--exactly", arguments.rows.exactly, "every block has --rows-per-block rows");
  command.add_option("--text-bytes", arguments.rows.text_bytes,
                     "length of column text, for large messages");
  command.add_option("--extra-column", arguments.rows.extra_column,
                     "one more column of that name, of int64");
  command.add_option("--real", arguments.real_folder,
                     "folder of real rows: their blocks, with their true hashes; blocks that come "
                     "later have the same rows with other hashes");
  command.add_option("--prefix", arguments.real_prefix, "of the files in --real")
      ->capture_default_str();
  command.add_option("--table", arguments.real_table, "PREFIX_TABLE.parquet")
      ->capture_default_str();
  command.add_option("--script", arguments.script, "what happens to the chains; @FILE reads it");
  command.add_option("--canonical-out", arguments.canonical_out,
                     "Parquet file of the rows that the chain has, written again at each change");
}

void AddServerOptions(CLI::App& command, Arguments& arguments) {
  ProducerOptions& producer = arguments.server.serving.producer;
  command.add_option("--port", arguments.server.port, "0: a free one")->capture_default_str();
  command.add_option("--port-file", arguments.port_file, "file to write the port into");
  command.add_option("--max-blocks", producer.max_blocks, "blocks of one microbatch")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--row-messages", producer.row_messages, "that a microbatch's rows come in")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_flag("--leading-empty", producer.leading_empty, "a microbatch begins with no rows");
  command.add_flag("--rows-on-completion", producer.rows_on_completion,
                   "the completing message carries the last rows");
  command.add_flag("--break-off", producer.break_off,
                   "a microbatch that is taken back while it is sent is never completed");
  command.add_flag("--shuffle", arguments.server.serving.shuffle_rows,
                   "every connection gives the rows of a block in another order");
  command.add_flag("--strict", arguments.strict, "a cursor with an unknown hash is refused");
  command.add_option("--keep-alive", arguments.keep_alive_ms,
                     "an empty message after so many milliseconds of silence");
  command.add_option("--fault", arguments.faults, "KIND@N, see below; may be repeated");
  command.add_option("--token", arguments.server.service.token, "that clients must bring");
  command.add_option("--tls-cert", arguments.tls_cert, "PEM file")->check(CLI::ExistingFile);
  command.add_option("--tls-key", arguments.tls_key, "PEM file")->check(CLI::ExistingFile);
  command.add_option("--expect-query", arguments.server.service.expect_query,
                     "refuse every other query");
  command.add_flag("-v,--verbose", arguments.verbose, "say on stderr what happens");
}

}  // namespace

void AddServeCommand(CLI::App& app, Status& status) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = app.add_subcommand(
      "serve",
      "Serve a made-up chain, or real rows, as an Amp server does, until SIGTERM. Prints "
      "'listening on ADDRESS'.");
  AddChainOptions(*command, *arguments);
  AddServerOptions(*command, *arguments);
  command->footer(Footer);
  command->callback([arguments, &status] { status = Serve(*arguments); });
}

}  // namespace ampload::conformance
