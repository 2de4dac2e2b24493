"""`ampload load "SELECT ..." --from amp://...` as a process, against a Flight server of another make: what arrives,
what stays where the server breaks off, what others can see of the token."""

import json
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest

from command import AMPLOAD, environment_of
from flight_server import BATCH_ROWS
from load_case import LoadCase

SERVER = pathlib.Path(__file__).with_name("flight_server.py")
TOKEN = "s3cret-t0ken-of-a-user"


class Query(LoadCase):
    def serve(self, how="", batches=3):
        self.log = self.work / "log"
        server = subprocess.Popen([sys.executable, SERVER, how, str(batches), self.log], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        self.address = f"amp://127.0.0.1:{int(server.stdout.readline())}"
        return server

    def query(self, *arguments, **how):
        return self.load("SELECT * FROM d.blocks", "--from", self.address, *arguments, **how)

    def heard(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def start(self, *arguments):
        process = subprocess.Popen([AMPLOAD, "load", "SELECT * FROM d.blocks", "--from", self.address, "--to",
                                    f"lmdb:{self.target}", "--table", "t", *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment_of())
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_until_heard(self, method):
        deadline = time.monotonic() + 60
        while not self.log.exists() or all(call["method"] != method for call in self.heard()):
            self.assertLess(time.monotonic(), deadline, f"no {method} came")
            time.sleep(0.01)


class Loads(Query):
    def test_every_value_of_every_message(self):
        self.serve(batches=20)
        done = self.query("--token", TOKEN, "--key", "block_num")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = sorted(self.rows(), key=lambda row: row["block_num"])
        self.assertEqual(rows, [{"block_num": n, "value": str(10**70 + n), "hash": n.to_bytes(32, "big")}
                                for n in range(20 * BATCH_ROWS)])
        calls = self.heard()
        self.assertEqual([call["method"] for call in calls], ["GET_FLIGHT_INFO", "DO_GET"])
        for call in calls:
            self.assertEqual(call["authorization"], [f"Bearer {TOKEN}"])
            self.assertIsNone(call["amp-stream"])

    def test_no_rows_at_all(self):
        self.serve(batches=0)
        self.assertEqual(self.loaded("SELECT * FROM d.t", "--from", self.address), [])

    def test_as_much_as_memory_would_not_hold(self):
        self.serve(batches=300)
        done = self.query("--memory", "16MiB", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["rows_loaded"], 300 * BATCH_ROWS)


class LeavesNothing(Query):
    def test_where_the_server_is_killed(self):
        self.serve("die")
        self.refused(self.query(), 1, "the server cannot be reached", f"server={self.address}")

    def test_where_the_server_fails(self):
        self.serve("fail")
        self.refused(self.query(), 1, "the server failed", "the disk is gone")

    def test_where_the_query_is_refused(self):
        self.serve("no-query")
        self.refused(self.query(), 2, "the server refused the query", "no such column: nope?[2J")

    def test_where_the_load_is_interrupted(self):
        self.serve("stall")
        process = self.start()
        self.wait_until_heard("DO_GET")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("interrupted", said)
        self.assertFalse(self.rows())

    def test_where_nobody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.address = f"amp://127.0.0.1:{silent.getsockname()[1]}"
            process = self.start()
            peer, _ = silent.accept()
            peer.recv(1)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
            peer.close()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("interrupted", said)
        self.assertIsNone(self.rows())


class Token(Query):
    def test_is_not_in_the_processs_title(self):
        self.serve("stall")
        process = self.start("--token", TOKEN)
        self.wait_until_heard("DO_GET")
        title = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        self.assertIn(b"--token\0" + b"*" * len(TOKEN), title)
        self.assertNotIn(b"s3cret", title)

    def test_comes_from_a_file(self):
        self.serve()
        self.write("token", TOKEN + "\n")
        done = self.query("--token", "${file:token}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.heard()[0]["authorization"], [f"Bearer {TOKEN}"])


if __name__ == "__main__":
    unittest.main()
