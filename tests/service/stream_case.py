"""A test case with test Amp servers, streams from them, and the rows that the servers say are right."""

import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from command import AMPLOAD, environment_of
from load_case import LoadCase

TESTSERVER = str(pathlib.Path(AMPLOAD).parent / "ampload-testserver")
QUERY = 'SELECT * FROM "_/eth_rpc".logs'
GENEROUS = 60  # seconds that a condition may take to come true; nothing waits that long when all is well


class Server:
    """A running test server. Its rows are read from the file that it writes at each change."""

    def __init__(self, case, number, arguments):
        self.canonical = case.work / f"canonical{number}.parquet"
        port = case.work / f"port{number}"
        with open(case.work / f"server{number}.err", "wb") as said:
            self.process = subprocess.Popen(
                [TESTSERVER, "serve", "--port-file", port, "--canonical-out", self.canonical, *map(str, arguments)],
                stdout=subprocess.DEVNULL, stderr=said)
        case.addCleanup(self.end)
        case.wait_for(lambda: port.exists() and port.read_text().strip() or self.process.poll() is not None,
                      "the server listens")
        case.assertIsNone(self.process.poll(), (case.work / f"server{number}.err").read_text())
        self.port = int(port.read_text())
        self.address = f"amp://127.0.0.1:{self.port}"

    def end(self):
        self.process.kill()
        self.process.wait()

    def rows(self):
        try:
            return pq.read_table(self.canonical).to_pylist()
        except (OSError, pa.ArrowException):  # it is being written
            return None


def by_block(rows):
    return sorted(rows, key=lambda row: (row["network"], row["block_num"], row["log_index"]))


class StreamCase(LoadCase):
    def setUp(self):
        super().setUp()
        self.servers = 0

    def serve(self, *arguments):
        self.servers += 1
        return Server(self, self.servers, arguments)

    def wait_for(self, condition, what, every=0.02):
        """What the condition says, once that is something; fails after a time that nothing should take."""
        end = time.monotonic() + GENEROUS
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(every)
        self.fail(f"never: {what}")

    def words(self, server, *more, query=QUERY, to=None):
        address = getattr(server, "address", server)
        return ["stream", query, "--from", address, "--to", to or f"lmdb:{self.target}", *map(str, more)]

    def stream(self, server, *more, query=QUERY, to=None, **how):
        """The finished process."""
        return self.command(*self.words(server, *more, query=query, to=to), **how)

    def streamed(self, server, *more, **how):
        """The same; it must have ended well."""
        done = self.stream(server, *more, **how)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def start(self, server, *more, query=QUERY, fault=None, to=None, environment=None):
        """A running stream; what it says goes to files, `said(process)` reads stderr."""
        number = len(list(self.work.glob("stream*.err"))) + 1
        err, out = self.work / f"stream{number}.err", self.work / f"stream{number}.out"
        with open(err, "wb") as err_file, open(out, "wb") as out_file:
            process = subprocess.Popen([AMPLOAD, *self.words(server, *more, query=query, to=to)], cwd=self.work,
                                       stdin=subprocess.DEVNULL, stdout=out_file, stderr=err_file,
                                       env=dict(environment_of(fault), **(environment or {})))
        process.err, process.out = err, out
        self.addCleanup(self.kill, process)
        return process

    def begun(self, *words, **how):
        """The same, once it minds signals."""
        process = self.start(*words, "-v", **how)
        self.wait_for(lambda: self.said(process) or process.poll() is not None, "it has begun")
        return process

    @staticmethod
    def kill(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()

    @staticmethod
    def said(process):
        return process.err.read_text()

    def ended(self, process, number=None):
        """The exit status, after the signal where there is one."""
        if number is not None:
            process.send_signal(number)
        return process.wait(timeout=GENEROUS)

    def assert_stops(self, process, number=signal.SIGTERM):
        """A clean end after the signal."""
        self.assertEqual(self.ended(process, number), 0, self.said(process))

    def finished(self, process):
        """As `command` gives it."""
        self.ended(process)
        return subprocess.CompletedProcess(process.args, process.returncode, process.out.read_text(),
                                           process.err.read_text())

    def stored(self, table="logs"):
        """The rows without the columns that ampload adds, by block."""
        return by_block([{name: value for name, value in row.items() if not name.startswith("_amp_")}
                         for row in self.rows(table) or []])

    def assert_canonical(self, server, table="logs"):
        """Nothing missing, nothing twice, nothing of another chain. The server may be writing its file still."""
        mine = self.stored(table)
        self.assertGreater(len(mine), 0)
        end = time.monotonic() + 5
        while by_block(server.rows() or []) != mine and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(by_block(server.rows()), mine)
        self.assertTrue(all(isinstance(row["_amp_batch_id"], int) for row in self.rows(table)))

    def checkpoint(self, table="logs"):
        """What inspect says of the one pipeline."""
        checkpoints = self.inspected(table)["checkpoints"]
        self.assertEqual(len(checkpoints), 1, checkpoints)
        return checkpoints[0]

    def everything(self):
        """The whole environment, as bytes by table: equal means that nothing was changed."""
        import lmdb
        if not (self.target / "data.mdb").exists():
            return None
        found = {}
        with lmdb.open(str(self.target), readonly=True, max_dbs=64) as environment:
            with environment.begin() as transaction:
                names = [bytes(name) for name in transaction.cursor().iternext(values=False)]
            for name in names:
                database = environment.open_db(name, create=False)
                with environment.begin(db=database) as transaction:
                    found[name] = [(bytes(key), bytes(value)) for key, value in transaction.cursor()]
        return found
