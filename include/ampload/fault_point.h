// A named place before or after an external effect (a send, a put, a commit, a rename, an fsync) at
// which the crash tests end the process. Compiled out of release builds.
//
//   AMPLOAD_FAULT=lmdb.commit.before:3         SIGKILL at the third passing of that point
//   AMPLOAD_FAULT=lmdb.commit.before:1:stop    SIGSTOP instead (a stuck predecessor)
//   AMPLOAD_FAULT=lmdb.commit.reply:2:lose     the second reply that is asked for is lost
//   AMPLOAD_FAULT=*:40                         SIGKILL at the fortieth passing of any point
//   AMPLOAD_FAULT=*:2:lose                     the second of all replies is lost
//   AMPLOAD_FAULT_COUNTS=FILE                  at exit, one line "name passings" a point
//   AMPLOAD_DISABLE=fence,undo_log             safeguards that are off, to see that a test fails
#pragma once

namespace ampload {

// Use the macro. Safe from any thread.
void PassFaultPoint(const char* name);

// Use the macro AMPLOAD_REPLY_LOST. A point too; true where AMPLOAD_FAULT has it lost: the caller
// goes on as if the store's answer had not come.
bool ReplyIsLost(const char* name);

// Use the macro AMPLOAD_SAFEGUARD. False where AMPLOAD_DISABLE names it. The names, for every
// loader:
//   fence             owner and epoch are compared before a commit
//   sequence_check    the sequence is compared, in a commit and in Recover(kSettle)
//   open_load_record  what a load writes before its commit is on record
//   undo_log          what would take a batch back is on record
bool SafeguardIsOn(const char* name);

// True when this build carries its fault points.
bool FaultPointsCompiledIn();

}  // namespace ampload

#ifdef AMPLOAD_FAULT_POINTS
#define AMPLOAD_FAULT_POINT(name) ::ampload::PassFaultPoint(name)
#define AMPLOAD_REPLY_LOST(name) ::ampload::ReplyIsLost(name)
#define AMPLOAD_SAFEGUARD(name) ::ampload::SafeguardIsOn(name)
#else
#define AMPLOAD_FAULT_POINT(name) static_cast<void>(0)
#define AMPLOAD_REPLY_LOST(name) false
#define AMPLOAD_SAFEGUARD(name) true
#endif
