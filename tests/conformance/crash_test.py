"""The crash suite on every built-in loader: killed at every fault point of every scenario."""

import re
import sys
import unittest

from conformance import run


class Crash(unittest.TestCase):
    def test_lmdb(self):
        outcome = run("--loader", "lmdb", "--suite", "crash")
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
        self.assertGreaterEqual(points, 11)
        self.assertGreaterEqual(scenarios, 13)


if __name__ == "__main__":
    unittest.main()
