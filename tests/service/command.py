"""Runs `ampload` and looks at an environment with Python's lmdb. For the service tests."""

import json
import os
import subprocess

import lmdb

AMPLOAD = os.environ["AMPLOAD_BINARY"]


def environment_of(fault=None):
    environment = dict(os.environ, NO_COLOR="1")
    environment.pop("AMPLOAD_FAULT", None)
    if fault:
        environment["AMPLOAD_FAULT"] = fault
    return environment


def run(*arguments, cwd=None, prefix=()):
    """The finished process, with text output. `prefix` is a command that runs the command."""
    return subprocess.run([*prefix, AMPLOAD, *map(str, arguments)], capture_output=True, text=True, cwd=cwd,
                          env=environment_of(), timeout=120)


def start(*arguments, fault=None):
    return subprocess.Popen([AMPLOAD, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env=environment_of(fault))


def result_of(done):
    """The one JSON object on stdout."""
    return json.loads(done.stdout)


def pairs(folder, table):
    """Every pair of a table; None where the environment or the table is missing."""
    if not os.path.exists(os.path.join(folder, "data.mdb")):
        return None
    with lmdb.open(str(folder), readonly=True, max_dbs=64) as environment:
        try:
            database = environment.open_db(table.encode(), create=False)
        except lmdb.NotFoundError:
            return None
        with environment.begin(db=database) as transaction:
            return [(bytes(key), bytes(value)) for key, value in transaction.cursor()]


def wait_until_stopped(process):
    """Until the process has stopped itself (a fault point with `:stop`); fails if it ended."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"the process ended instead of stopping: {status}"
