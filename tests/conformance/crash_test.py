"""The crash suite on every built-in loader: killed at every fault point of every scenario. LONG=1 plays the whole
matrix of streams on PostgreSQL, too."""

import os
import re
import sys
import unittest

from conformance import run

LONG = os.environ.get("LONG", "") not in ("", "0")


class Crash(unittest.TestCase):
    def test_lmdb(self):
        self.check("lmdb", points_at_least=11, scenarios_at_least=13)

    def test_postgresql(self):
        # scenarios_test plays random streams; the matrix of streams is 800 processes, each with a server to wait for.
        short = () if LONG else ("--filter", r"^crash\.([^RS]|S[^t]|Stream[^s])")
        self.check("postgresql", *short, points_at_least=13, scenarios_at_least=15)

    def check(self, loader, *more, points_at_least, scenarios_at_least):
        outcome = run("--loader", loader, "--suite", "crash", *more)
        sys.stdout.write(outcome.text)
        self.assertEqual(outcome.failed, {}, outcome.text)
        self.assertEqual(outcome.skipped, {}, outcome.text)
        self.assertEqual(outcome.status, 0, outcome.text)
        matrix = re.search(r"F x S = N: (\d+) fault points x (\d+) scenarios = (\d+), of which (\d+) are passed; "
                           r"(\d+) processes were killed there", outcome.text)
        self.assertIsNotNone(matrix, outcome.text)
        points, scenarios, pairs, passed, killed = map(int, matrix.groups())
        self.assertEqual(points * scenarios, pairs)
        self.assertLessEqual(passed, killed)
        self.assertGreaterEqual(points, points_at_least)
        self.assertGreaterEqual(scenarios, scenarios_at_least)


if __name__ == "__main__":
    unittest.main()
