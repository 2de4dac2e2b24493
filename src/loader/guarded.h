// The border to code that others wrote: a loader's overrides, a plugin's descriptor.
#pragma once

#include <exception>
#include <string>
#include <system_error>

#include "ampload/status.h"

namespace ampload {

// call(), which returns a Status or Result; an exception becomes a permanent failure that `who`
// begins. Of a std::system_error (std::filesystem throws them, with the path) the text says all.
template <class Call>
auto Guarded(const std::string& who, const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::system_error& e) {
    return PermanentError(who + ": " + e.what());
  } catch (const std::exception& e) {
    return PermanentError(who + ": the loader failed: " + e.what());
  } catch (...) {
    return PermanentError(who + ": the loader failed");
  }
}

}  // namespace ampload
