"""Two loads of one table, and signals in the middle of one. A load is held still by a fault point that stops the
process (SIGSTOP), so nothing here depends on time."""

import os
import pathlib
import shutil
import signal
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from command import pairs, run, start, wait_until_stopped


class TwoLoads(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="ampload-two-loads-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.target = self.work / "env"
        self.first = self.rows("first", range(0, 50_000))
        self.second = self.rows("second", range(50_000, 50_100))

    def rows(self, name, numbers):
        path = self.work / f"{name}.parquet"
        pq.write_table(pa.table({"n": pa.array(numbers, pa.uint32()),
                                 "text": pa.array([f"{name} {n}" for n in numbers])}), path)
        return path

    def arguments(self, source, *more):
        return ("load", source, "--to", f"lmdb:{self.target}?step_bytes=64KiB", "--table", "t", "--key", "n", *more)

    def stopped(self, source, point, *more):
        process = start(*self.arguments(source, *more), fault=f"{point}:stop")
        self.addCleanup(self.end, process)
        wait_until_stopped(process)
        return process

    def end(self, process):
        process.kill()
        process.communicate()

    def let_go(self, process):
        os.kill(process.pid, signal.SIGCONT)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def test_the_second_of_two_live_loads_says_who_holds_the_table(self):
        # Between steps, and inside a write transaction, where LMDB lets nobody else write.
        for point in ("lmdb.step.after_commit:2", "lmdb.step.before_commit:2"):
            with self.subTest(point=point):
                shutil.rmtree(self.target, ignore_errors=True)
                first = self.stopped(self.first, point)
                done = run(*self.arguments(self.second))
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"process {first.pid}", done.stderr)
                self.assertIn("table=t", done.stderr)
                status, _, err = self.let_go(first)
                self.assertEqual(status, 0, err)
                self.assertEqual(len(pairs(self.target, "t")), 50_000)

    def test_a_dead_load_is_taken_back_by_the_next(self):
        first = self.stopped(self.first, "lmdb.step.after_commit:3")
        self.assertGreater(len(pairs(self.target, "t")), 0)
        first.kill()
        first.wait()
        done = run(*self.arguments(self.second))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(pairs(self.target, "t")), 100)

    def test_loads_of_two_tables_go_side_by_side(self):
        first = self.stopped(self.first, "lmdb.step.after_commit:2")
        done = run("load", self.second, "--to", f"lmdb:{self.target}", "--table", "other", "--key", "n")
        self.assertEqual(done.returncode, 0, done.stderr)
        status, _, err = self.let_go(first)
        self.assertEqual(status, 0, err)
        self.assertEqual(len(pairs(self.target, "other")), 100)
        self.assertEqual(len(pairs(self.target, "t")), 50_000)

    def test_a_signal_in_the_middle_leaves_the_table_as_it_was(self):
        self.assertEqual(run(*self.arguments(self.second)).returncode, 0)
        before = pairs(self.target, "t")
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            for more in ((), ("--mode", "overwrite")):
                with self.subTest(signal=signal_number, more=more):
                    process = self.stopped(self.first, "lmdb.step.after_commit:2", *more)
                    os.kill(process.pid, signal_number)
                    status, _, err = self.let_go(process)
                    self.assertEqual(status, 1, err)
                    self.assertIn("interrupted", err)
                    self.assertEqual(pairs(self.target, "t"), before)
                    self.assertEqual(run(*self.arguments(self.second, "--limit", "0")).returncode, 0)
                    self.assertEqual(pairs(self.target, "t"), before)

    def test_an_overwrites_readers_see_the_old_table_until_the_end(self):
        self.assertEqual(run(*self.arguments(self.second)).returncode, 0)
        before = pairs(self.target, "t")
        for point in ("lmdb.step.after_commit:3", "lmdb.commit.begin:1", "lmdb.exchange.after:1",
                      "lmdb.commit.before_commit:1"):
            process = self.stopped(self.first, point, "--mode", "overwrite")
            self.assertEqual(pairs(self.target, "t"), before, point)
            process.kill()
            process.wait()
        process = self.stopped(self.first, "lmdb.commit.after_commit:1", "--mode", "overwrite")
        self.assertEqual(len(pairs(self.target, "t")), 50_000)
        status, _, err = self.let_go(process)
        self.assertEqual(status, 0, err)


if __name__ == "__main__":
    unittest.main()
