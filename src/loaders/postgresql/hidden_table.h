// A table that is filled aside and takes the place of another in one transaction: for loads over
// several connections. Until then its name begins with `ampload_new_`, and its comment says who
// makes it, so that what a dead load left is told from what a living one does.
#pragma once

#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/postgresql/backends.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/pg_table.h"

namespace ampload::postgresql {

inline constexpr char kHiddenPrefix[] = "ampload_new_";

// A name for this load's hidden table, beside `table`.
TableName HiddenNameFor(const TableName& table, const std::string& nonce);

// Drops what dead loads into `table` left. What it dropped, for a person; empty: nothing.
Result<std::string> DropDeadTables(Connection& connection, const TableName& table,
                                   const CallContext& context);

// OK where the table may be replaced by another of its columns: a plain table on which nothing
// hangs that a copy would lose (views, foreign keys, triggers, policies, children, publications).
// Else a configuration error that names it: load without --parallel.
Status CheckReplaceable(Connection& connection, const PgTable& table, const CallContext& context);

// In the transaction at hand: an empty table with the columns, constraints, defaults, indexes and
// storage of `table`.
Status MakeLike(Connection& connection, const TableName& hidden, const PgTable& table,
                const CallContext& context);
// The comment that says whose it is.
Status MarkHidden(Connection& connection, const TableName& hidden, const TableName& table,
                  const BackendHandle& owner, const CallContext& context);

// In the transaction at hand: `hidden` becomes `table`; an old one goes, and leaves its owner,
// rights, comment and the names of its indexes. `comment` is the new table's, where there was none.
Status PutInPlace(Connection& connection, const TableName& hidden, const TableName& table,
                  const PgTable* old, const std::string& comment, const CallContext& context);

}  // namespace ampload::postgresql
