// Keeps passwords on the command line out of process titles and messages.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "ampload/registry.h"

namespace ampload::cli {

// Names of options whose values are secret: those that a loader of the registry declares so, and
// the usual ones of URIs (password, token, ...).
std::set<std::string> SecretNames(const LoaderRegistry& registry);

// The argument with the password of `scheme://user:password@host` and the value of each
// `name=value` of a secret name overwritten by *, the same length. Everything else stays.
std::string MaskSecrets(std::string_view argument, const std::set<std::string>& names);

// Masks argv itself, which is what `ps` and /proc/PID/cmdline show; also the argument behind an
// option of a secret name (--token VALUE).
void OverwriteSecrets(int argc, char** argv, const std::set<std::string>& names);

}  // namespace ampload::cli
