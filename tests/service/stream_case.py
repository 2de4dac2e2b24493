"""A test case with test Amp servers, streams from them, and the rows that the servers say are right."""

import os
import pathlib
import random
import signal
import subprocess
import time
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from command import AMPLOAD, environment_of, wait_until_stopped
from load_case import LoadCase

TESTSERVER = str(pathlib.Path(AMPLOAD).parent / "ampload-testserver")
QUERY = 'SELECT * FROM "_/eth_rpc".logs'
SEED = random.SystemRandom().randrange(1 << 30)
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


def head_after(script, blocks, network=None):
    """The number of the newest block of that network once the script is done; the chain begins at 0."""
    head = blocks - 1
    for step in script.split(";"):
        words = step.split()
        if words[0] not in ("mine", "reorg"):
            continue
        numbers = [int(word) for word in words[1:] if word.isdigit()]
        if network is None or network == words[1]:
            head += numbers[0] if words[0] == "mine" else numbers[1] - numbers[0]
    return head


def restless(times):
    """A script of reorganisations, one soon after the other."""
    return ";".join("mine 4; sleep 40; reorg 2 3; sleep 60; reorg 9 11; sleep 50; mine 7; reorg 16 12; sleep 30"
                    for _ in range(times)) + "; reorg 5 6; mine 40"


def by_block(rows):
    return sorted(rows, key=lambda row: (row["network"], row["block_num"], row["log_index"]))


def newest(rows):
    """What an upsert by log_index leaves of one network's rows."""
    return by_block({row["log_index"]: row for row in by_block(rows)}.values())


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

    def kill_until_the_end(self, *words, kills, script, blocks=60, network=None, serving=("--row-messages", 2,
                           "--max-blocks", 7), expected=lambda rows: rows, points=40, within=0.25, to=None):
        """A stream of these words to the script's end, which is killed that often at most, each time at one of the
        first so many fault points or within so many seconds, and started again. In the end its rows are what is
        expected of the server's."""
        dice = random.Random(SEED)
        server = self.serve("--blocks", blocks, "--script", script, *serving)
        until = ("--until", head_after(script, blocks, network), *words)
        killed = 0
        while True:
            many = killed >= kills
            fault = None if many or dice.random() < 0.4 else f"*:{dice.randint(1, points)}"
            process = self.start(server, *until, "--commit-interval", "5ms", fault=fault, to=to)
            if fault is None and not many:
                try:
                    process.wait(dice.uniform(0, within))
                except subprocess.TimeoutExpired:
                    process.kill()
            status = self.ended(process)
            if status == 0:
                break
            self.assertEqual(status, -signal.SIGKILL, f"seed {SEED} " + self.said(process))
            killed += 1
        self.assertGreater(killed, 0)
        self.wait_for(lambda: server.rows() is not None, "the server's rows")
        self.assertEqual(self.stored(), expected(by_block(server.rows())), f"seed {SEED}, {killed} kills")
        self.assertGreater(len({row["_amp_batch_id"] for row in self.rows("logs")}), 1)

    def stopped_at(self, process):
        """Waits until the process has stopped itself at its fault point."""
        wait_until_stopped(process)
        return process

    def has_stopped(self, process):
        """Whether it has stopped itself at its fault point; False: it has ended."""
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return True
        process.returncode = os.waitstatus_to_exitcode(status)
        return False

    def goes_on(self, process):
        process.send_signal(signal.SIGCONT)

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

    def assert_newest(self, server, table="logs"):
        """What an upsert by log_index must hold."""
        self.assertEqual(self.stored(table), newest(server.rows()))

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
