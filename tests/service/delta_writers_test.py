"""Two writers of one Delta table that commit as fast as they can and are killed: every commit lands, and once; on a local disk and on
S3. LONG=1: 200 commits of each everywhere."""

import os
import random
import signal
import subprocess
import threading
import unittest

from delta_case import DeltaCase, S3Case, by_block
from stream_case import SEED

LONG = bool(os.environ.get("LONG"))


class WriterVerbs:
    def two_writers(self, commits, kills, **options):
        """Each a stream of `commits` microbatches, a commit each, killed `kills` times."""
        servers = [self.serve("--blocks", commits, "--max-blocks", 1, "--rows-per-block", 3, "--exactly", "--network", name, "--seed", seed)
                   for seed, name in enumerate(("one", "two"))]
        failed, killed = [], [0, 0]
        # How far a writer comes before it is killed: fault points, seconds.
        points, seconds = (50, 0.2) if kills >= 40 else (200, 1.0)

        def write(number):
            dice = random.Random(SEED + number)
            while True:
                many = killed[number] >= kills
                fault = None if many or dice.random() < 0.3 else f"*:{dice.randint(1, points)}"
                process = self.start(servers[number], "--until", commits - 1, "--commit-rows", 1, "--pipeline", f"p{number}",
                                     "--add-pipeline", fault=fault, to=self.to(**options))
                if fault is None and not many:
                    try:
                        process.wait(dice.uniform(0.05, seconds))
                    except subprocess.TimeoutExpired:
                        process.kill()
                status = process.wait()
                if status == 0:
                    return
                if status != -signal.SIGKILL:
                    failed.append(f"seed {SEED}, writer {number}, status {status}: {self.said(process)}")
                    return
                killed[number] += 1

        threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(self.stored(), by_block(row for server in servers for row in server.rows()), f"seed {SEED}")
        batches = {}
        for row in self.rows("logs"):
            batches.setdefault(row["network"], {}).setdefault(row["block_num"], set()).add(row["_amp_batch_id"])
        for network, blocks in batches.items():
            self.assertTrue(all(len(of) == 1 for of in blocks.values()), network)
        commits_with_rows = sum(adds > 0 for adds in self.adds("logs").values())
        self.assertEqual(commits_with_rows, 2 * commits)
        self.assertEqual(len({b for blocks in batches.values() for of in blocks.values() for b in of}), commits_with_rows)
        self.assert_live_files_are_there("logs")
        print(f"{type(self).__name__}: {commits_with_rows} commits with rows, {sum(killed)} kills")

    def one_off_loads(self, writers, loads):
        """Appends of plain files by several processes at once: each whole, each once."""
        for number in range(writers * loads):
            self.numbers(10, f"{number}.parquet", first=number * 10)
        failed = []

        def write(writer):
            for number in range(writer * loads, (writer + 1) * loads):
                done = self.load(f"{number}.parquet")
                if done.returncode != 0:
                    failed.append(done.stderr)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(self.column(), list(range(writers * loads * 10)))
        self.assertEqual(sum(adds > 0 for adds in self.adds().values()), writers * loads)


class Local(WriterVerbs, DeltaCase):
    def test_two_writers(self):
        self.two_writers(200, kills=40 if LONG else 10)

    def test_two_writers_and_many_checkpoints(self):
        self.two_writers(40, kills=8, checkpoint_interval=1)

    def test_one_off_loads(self):
        self.one_off_loads(4, 8)


class OnS3(WriterVerbs, S3Case):
    def test_two_writers(self):
        self.two_writers(200 if LONG else 50, kills=40 if LONG else 5)

    def test_one_off_loads(self):
        self.one_off_loads(3, 3)


if __name__ == "__main__":
    unittest.main()
