"""Random streams on every built-in loader: chains that take blocks back, killed processes, lost replies, writers that
take over. SEEDS=N plays so many of each, else 2,000 on LMDB and fewer on a store that takes longer."""

import concurrent.futures
import os
import re
import sys
import unittest

from conformance import run

DEFAULT_SEEDS = {"lmdb": 2000, "postgresql": 200, "redis": 300, "deltalake": 150}


class Scenarios(unittest.TestCase):
    def play(self, loader, *options):
        seeds, processes = int(os.environ.get("SEEDS") or DEFAULT_SEEDS[loader]), os.cpu_count() or 1
        share = -(-seeds // processes)

        def part(index):
            first = index * share + 1
            return run("--loader", loader, "--scenarios", str(min(share, seeds - first + 1)), "--first-seed", str(first),
                       *options)

        with concurrent.futures.ThreadPoolExecutor(processes) as pool:
            outcomes = list(pool.map(part, range(processes)))
        played = 0
        for outcome in outcomes:
            sys.stdout.write(outcome.text)
            self.assertEqual(outcome.status, 0, outcome.text)
            counts = re.search(r"random scenarios: (\d+) from seed \d+, 0 failed; (\d+) processes, (\d+) killed, "
                               r"(\d+) fenced, (\d+) commits compared", outcome.text)
            self.assertIsNotNone(counts, outcome.text)
            count, _, killed, fenced, compared = map(int, counts.groups())
            played += count
            # The comparisons are what judges: a run without kills or commits would prove nothing.
            self.assertGreater(killed, count // 4)
            self.assertGreater(fenced, count // 20)
            self.assertGreater(compared, 2 * count)
        self.assertEqual(played, seeds)

    def test_lmdb(self):
        self.play("lmdb")

    def test_postgresql(self):
        self.play("postgresql")

    def test_redis(self):
        self.play("redis")

    def test_deltalake(self):
        self.play("deltalake")

    def test_redis_streams(self):
        self.play("redis", "--option", "structure=stream")


if __name__ == "__main__":
    unittest.main()
