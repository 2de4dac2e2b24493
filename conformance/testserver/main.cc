// ampload-testserver: what tests, benchmarks and the demo load where no real server or rows are at
// hand.
#include <CLI/CLI.hpp>

#include <iostream>

#include "ampload/status.h"
#include "conformance/testserver/commands.h"

int main(int argc, char** argv) {
  using namespace ampload;
  CLI::App app(
      "Made-up Ethereum rows in the shape that an Amp server gives them, and such a server.",
      "ampload-testserver");
  app.require_subcommand(1);
  Status status;
  conformance::AddChainCommand(app, status);
  conformance::AddScaleCommand(app, status);
  conformance::AddServeCommand(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (status.ok()) return 0;
  std::cerr << "ampload-testserver: " << MessageOf(status) << '\n';
  return 1;
}
