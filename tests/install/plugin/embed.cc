// A program around the library: lists the loaders that it has, and the plugins of a folder.
#include <ampload/registry.h>

#include <iostream>

int main(int argc, char** argv) {
  ampload::LoaderRegistry registry = ampload::LoaderRegistry::BuiltIn();
  if (argc > 1) registry.LoadPlugins(argv[1]);
  for (const auto& loader : registry.loaders()) std::cout << "loader " << loader.name << "\n";
  for (const auto& missing : registry.missing()) {
    std::cout << "missing " << missing.name << ": " << missing.reason << "\n";
  }
  return 0;
}
