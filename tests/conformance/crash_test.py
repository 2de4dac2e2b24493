"""The crash suite on every built-in loader: killed at every fault point of every scenario. LONG=1 plays the whole
matrix of streams on PostgreSQL and Redis, too."""

import os
import re
import sys
import unittest

from conformance import committed_skips, run

LONG = os.environ.get("LONG", "") not in ("", "0")
SHORT = r"^crash\.([^RS]|S[^t]|Stream[^s])"  # not the matrix of streams, nor random ones


class Crash(unittest.TestCase):
    def test_lmdb(self):
        self.check("lmdb", points_at_least=11, scenarios_at_least=13)

    def test_postgresql(self):
        # scenarios_test plays random streams; the matrix of streams is 800 processes, each with a server to wait for.
        self.check("postgresql", only=None if LONG else SHORT, points_at_least=13, scenarios_at_least=15)

    def test_redis(self):
        self.check("redis", only=None if LONG else SHORT, skips="redis", points_at_least=13, scenarios_at_least=10)

    def test_redis_in_other_structures(self):
        # What they do otherwise than a hash: entries and their ids, members, a list's length. A string is written and
        # taken back like a hash, a sorted set like a set.
        few = {"stream": r"^crash\.(Append|ALostR|StreamW)", "set": r"^crash\.(AppendB|O)", "list": r"^crash\.(AppendB|O)"}
        for structure in ("stream", "string", "set", "sorted_set", "list") if LONG else few:
            more = ["--option", f"structure={structure}"] + ["--option", "score=id"] * (structure == "sorted_set")
            self.check("redis", *more, only=SHORT if LONG else few[structure], skips=f"redis-{structure}",
                       points_at_least=8, scenarios_at_least=2)

    def test_deltalake(self):
        # Loads and streams go by the same commit: one of each in CI.
        few = r"^crash\.(AppendToA|Overwrite|ALostR|AStopped|StreamW|StreamThatE)"
        self.check("deltalake", only=None if LONG else few, skips="deltalake", points_at_least=15, scenarios_at_least=3)

    def check(self, loader, *more, points_at_least, scenarios_at_least, only=None, skips=None):
        outcome = run("--loader", loader, "--suite", "crash", *(("--filter", only) if only else ()), *more)
        sys.stdout.write(outcome.text)
        self.assertEqual(outcome.failed, {}, outcome.text)
        agreed = {} if skips is None else {name: why for name, why in committed_skips(skips).items()
                                           if re.search(only or "^crash", name)}
        self.assertEqual(outcome.skipped, agreed, outcome.text)
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
