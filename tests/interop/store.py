"""Runs `ampload load` and reads the LMDB environment with Python's lmdb."""

import json
import os
import subprocess

import lmdb

BUILD = os.environ.get("AMPLOAD_BUILD_DIR", "build/dev")
AMPLOAD = os.environ.get("AMPLOAD_BINARY", f"{BUILD}/bin/ampload")
TESTSERVER = f"{BUILD}/bin/ampload-testserver"

# So that AddressSanitizer sees Arrow's buffers.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def load(files, uri, table, *options):
    """The LoadResult of one load; an AssertionError with what was printed where it fails."""
    command = [AMPLOAD, "load", *map(str, files), "--to", uri, "--table", table, "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    lines = done.stdout.splitlines()
    assert len(lines) == 1, f"{command}: not one line on stdout: {done.stdout!r}"
    return json.loads(lines[0])


def pairs(folder, table):
    """All (key, value) of the database of that name, in the store's order."""
    with lmdb.open(str(folder), readonly=True, max_dbs=64) as environment:
        with environment.begin() as transaction:
            database = environment.open_db(table.encode(), transaction, create=False)
            return list(transaction.cursor(database))


def make_chain(folder, *options):
    subprocess.run([TESTSERVER, "chain", "--out", str(folder), *options], check=True,
                   stdout=subprocess.DEVNULL)
