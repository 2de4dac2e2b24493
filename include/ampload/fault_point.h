// A named place before or after an external effect (a send, a put, a commit, a rename, an fsync) at
// which the crash tests end the process. Compiled out of release builds.
//
//   AMPLOAD_FAULT=lmdb.commit.before:3         SIGKILL at the third passing of that point
//   AMPLOAD_FAULT=lmdb.commit.before:1:stop    SIGSTOP instead (a stuck predecessor)
//   AMPLOAD_FAULT_COUNTS=FILE                  at exit, one line "name passings" a point
#pragma once

namespace ampload {

// Use the macro. Safe from any thread.
void PassFaultPoint(const char* name);

// True when this build carries its fault points.
bool FaultPointsCompiledIn();

}  // namespace ampload

#ifdef AMPLOAD_FAULT_POINTS
#define AMPLOAD_FAULT_POINT(name) ::ampload::PassFaultPoint(name)
#else
#define AMPLOAD_FAULT_POINT(name) static_cast<void>(0)
#endif
