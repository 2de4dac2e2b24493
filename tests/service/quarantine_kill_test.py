"""Loads and replays with a quarantine, killed: each row is in the table once, and the file is there exactly where its
load was committed."""

import os
import shutil
import signal
import unittest

import pyarrow.parquet as pq

from command import start, wait_until_stopped
from quarantine_case import QuarantineCase, invalid_texts


class Killed(QuarantineCase):
    """A load of four rows of which two are bad, or the replay of these two, killed at every point of interest."""

    POINTS = ("quarantine.write.before", "quarantine.write.after", "quarantine.rename.before",
              "quarantine.rename.after", "quarantine.rename.before:2", "quarantine.rename.after:2",
              "lmdb.commit.before_commit", "lmdb.commit.after_commit")
    REPLAY_POINTS = POINTS[2:]  # a replay only renames
    GOOD = [{"n": 1}, {"n": 4}]
    OPTIONS = "--types", "n:int64", "--key", "n"

    def first_load(self, **how):
        return self.quarantining(self.write("rows.csv", "n\n1\nx\ny\n4\n"), *self.OPTIONS, **how)

    def other_load(self, number, *options, **how):
        return self.load(self.write("other.csv", f"n\n{number}\n"), *self.OPTIONS, *options, **how)

    def killed(self, done):
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stdout + done.stderr)

    def start_again(self):
        self.setUp()

    def test_loads(self):
        for point in self.POINTS:
            with self.subTest(point=point):
                self.start_again()
                self.killed(self.first_load(fault=point))
                committed = self.rows() == self.GOOD
                self.assertTrue(committed or not self.rows())
                done = self.quarantining(self.write("other.csv", "n\n9\nz\n"), *self.OPTIONS,
                                         file=self.file.with_name("other.arrow"))
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertEqual(self.rows(), [*self.GOOD, {"n": 9}] if committed else [{"n": 9}])
                self.assertEqual(self.files_aside(), ["bad.arrow", "other.arrow"] if committed else ["other.arrow"])
                if committed:
                    self.assertEqual([one["_ampload_raw"].strip() for one in self.aside()], [b"x", b"y"])

    # Not yet: FILE.open.partial stays.
    @unittest.expectedFailure
    def test_a_file_that_was_not_whole_is_removed(self):
        self.killed(self.first_load(fault="quarantine.rename.before"))
        self.assertEqual(self.quarantining(self.write("o.csv", "n\nx\n1\n"), *self.OPTIONS,
                                           file=self.file.with_name("other.arrow")).returncode, 3)
        self.assertEqual([path.name for path in self.file.parent.iterdir()], ["other.arrow"])

    def test_the_commit_decides(self):
        self.killed(self.first_load(fault="lmdb.commit.before_commit"))
        self.assertFalse(self.rows())
        self.assertEqual(self.files_aside(), ["bad.arrow.open"])
        self.killed(self.first_load(fault="lmdb.commit.after_commit"))
        self.assertEqual(self.rows(), self.GOOD)
        self.assertEqual(self.files_aside(), ["bad.arrow.open"])

    def test_the_killed_load_once_more(self):
        for point in self.POINTS:
            with self.subTest(point=point):
                self.start_again()
                self.killed(self.first_load(fault=point))
                committed = self.rows() == self.GOOD
                done = self.first_load()
                if committed:  # the keys are there: the rows are not loaded twice
                    self.assertIn(done.returncode, (1, 2), done.stderr)
                else:
                    self.assertEqual(done.returncode, 3, done.stderr)
                self.assertEqual(self.rows(), self.GOOD)
                self.assertEqual(self.files_aside(), ["bad.arrow"])
                self.assertEqual([one["_ampload_raw"].strip() for one in self.aside()], [b"x", b"y"])

    def test_another_load_into_the_same_file(self):
        for point in self.POINTS:
            with self.subTest(point=point):
                self.start_again()
                self.killed(self.first_load(fault=point))
                committed = self.rows() == self.GOOD
                done = self.quarantining(self.write("other.csv", "n\n9\nz\n"), *self.OPTIONS)
                if committed:
                    self.assert_said(done, 2, "the file is there already", str(self.file))
                else:
                    self.assertEqual(done.returncode, 3, done.stderr)
                self.assertEqual(self.rows(), self.GOOD if committed else [{"n": 9}])
                self.assertEqual(self.files_aside(), ["bad.arrow"])
                self.assertEqual([one["_ampload_raw"].strip() for one in self.aside()],
                                 [b"x", b"y"] if committed else [b"z"])

    def test_a_load_of_another_environment_into_the_same_file(self):
        for csv in ("n\n9\nz\n", "n\n9\n", "n\nz\n"):
            with self.subTest(csv=csv):
                self.start_again()
                self.killed(self.first_load(fault="lmdb.commit.after_commit"))
                first, self.target = self.target, self.work / "other"
                done = self.quarantining(self.write("other.csv", csv), *self.OPTIONS)
                self.refused(done, 2, "bad.arrow.open")
                self.target = first
                done = self.other_load(9, "--on-bad-row", "quarantine", "--quarantine", self.file.with_name("o.arrow"))
                self.assertEqual((done.returncode, self.files_aside()), (0, ["bad.arrow"]), done.stderr)
                self.assertEqual([one["_ampload_raw"].strip() for one in self.aside()], [b"x", b"y"])

    def test_a_load_of_texts_that_are_no_utf8(self):
        pq.write_table(invalid_texts(), self.work / "rows.parquet")
        for point, left in (("lmdb.commit.before_commit", []), ("lmdb.commit.after_commit", ["bad.arrow"])):
            with self.subTest(point=point):
                self.killed(self.quarantining("rows.parquet", fault=point))
                self.assertEqual(self.files_aside(), ["bad.arrow.open"])
                other = self.quarantining(self.write("o.csv", "n,s\n9,z\n"), file=self.file.with_name("other.arrow"))
                self.assertEqual((other.returncode, self.files_aside()), (0, left), other.stderr)

    def test_tables_of_one_name_in_two_environments(self):
        for stop in ("lmdb.commit.after_commit", "quarantine.rename.before:2"):
            with self.subTest(stop=stop):
                self.start_again()
                self.killed(self.first_load(fault=stop))
                first, self.target = self.target, self.work / "other"
                done = self.quarantining(self.write("o.csv", "n\n9\nx\n"), *self.OPTIONS,
                                         file=self.file.with_name("other.arrow"))
                self.assertEqual(done.returncode, 3, done.stderr)
                self.target = first
                self.assertEqual(self.other_load(9, "--on-bad-row", "quarantine", "--quarantine",
                                                 self.file.with_name("third.arrow")).returncode, 0)
                self.assertEqual(self.files_aside(), ["bad.arrow", "other.arrow"])

    def test_a_live_load_of_a_table_of_that_name_keeps_its_file(self):
        csv = self.write("rows.csv", "n\n1\nx\n")
        live = start("load", csv, "--to", f"lmdb:{self.work}/live", "--table", "t", *self.OPTIONS, "--on-bad-row",
                     "quarantine", "--quarantine", self.file, fault="lmdb.commit.before_commit:1:stop")
        try:
            wait_until_stopped(live)
            self.assertEqual(self.files_aside(), ["bad.arrow.open"])
            self.other_load(9, "--on-bad-row", "quarantine", "--quarantine", self.file.with_name("other.arrow"))
            os.kill(live.pid, signal.SIGCONT)
            live.communicate(timeout=60)
        finally:
            live.kill()
            live.communicate()
        self.assertEqual((live.returncode, self.files_aside()), (3, ["bad.arrow"]))

    def test_a_load_without_a_quarantine_comes_first(self):
        for point in self.POINTS:
            with self.subTest(point=point):
                self.start_again()
                self.killed(self.first_load(fault=point))
                committed = self.rows() == self.GOOD
                self.assertEqual(self.other_load(9).returncode, 0)
                done = self.quarantining(self.write("other.csv", "n\n10\n"), *self.OPTIONS,
                                         file=self.file.with_name("other.arrow"))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.files_aside(), ["bad.arrow"] if committed else [])

    def test_a_signal_takes_the_file_with_the_load(self):
        csv = self.write("rows.csv", "n\n1\nx\n")
        arguments = ("load", csv, "--to", f"lmdb:{self.target}", "--table", "t", *self.OPTIONS, "--on-bad-row",
                     "quarantine", "--quarantine", self.file)
        for point in ("quarantine.write.before", "quarantine.write.after", "lmdb.commit.after_commit"):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(point=point, signal=number):
                    self.file.unlink(missing_ok=True)
                    shutil.rmtree(self.target, ignore_errors=True)
                    live = start(*arguments, fault=f"{point}:1:stop")
                    try:
                        wait_until_stopped(live)
                        os.kill(live.pid, number)
                        os.kill(live.pid, signal.SIGCONT)
                        live.communicate(timeout=60)
                    finally:
                        live.kill()
                        live.communicate()
                    self.assertIn(live.returncode, (1, 3))
                    committed = live.returncode == 3
                    self.assertEqual(self.files_aside(), ["bad.arrow"] if committed else [])
                    self.assertEqual(len(self.rows() or ()), 1 if committed else 0)

    def mended(self):
        self.start_again()
        self.set_aside(self.first_load(), 4, 2)
        self.mend(_ampload_raw=[b"2", b"3"])

    def replay_once_more(self, point):
        """After a killed replay: whatever it left, each row is there once, and the file is marked."""
        done = self.replay("--key", "n")
        self.assertIn(done.returncode, (0, 2), done.stderr)
        if done.returncode == 2:
            self.assertIn("loaded already", done.stderr)
        self.assertEqual(self.rows(), [{"n": n} for n in self.wanted])
        self.assertEqual(self.files_aside(), ["bad.arrow.replayed"])
        self.assert_said(self.replay("--key", "n"), 2, "loaded already")

    def test_replays(self):
        for point in self.REPLAY_POINTS:
            with self.subTest(point=point):
                self.mended()
                self.wanted = [1, 2, 3, 4]
                self.killed(self.replay("--key", "n", fault=point))
                self.assertIn(len(self.rows()), (2, 4))
                self.replay_once_more(point)

    def test_replays_without_a_key(self):
        for point in self.REPLAY_POINTS:
            with self.subTest(point=point):
                self.start_again()
                csv = self.write("rows.csv", "n\n1\nx\n")
                self.set_aside(self.quarantining(csv, "--types", "n:int64"), 2, 1)
                self.mend(_ampload_raw=[b"2"])
                self.killed(self.replay(fault=point))
                self.assertIn(self.replay().returncode, (0, 2))
                self.assertEqual(self.rows(), [{"n": 1}, {"n": 2}])
                self.assertEqual(self.files_aside(), ["bad.arrow.replayed"])

    def test_replays_into_another_place_after_a_kill(self):
        for point in ("lmdb.commit.before_commit", "lmdb.commit.after_commit"):
            with self.subTest(point=point):
                self.mended()
                self.wanted = [1, 2, 3, 4]
                self.killed(self.replay("--key", "n", fault=point))
                first, self.target = self.target, self.work / "other"
                self.refused(self.replay("--key", "n"), 2, f"place=lmdb:{first}@t ")
                self.target = first
                self.assert_said(self.replay("--key", "n", "--table", "u"), 2, f"place=lmdb:{first}@t ")
                self.assertIsNone(self.rows("u"))
                self.replay_once_more(point)

    def test_replays_into_one_target_from_two_folders(self):
        self.mended()
        self.target = "./lake"
        self.killed(self.replay(fault="lmdb.commit.after_commit"))
        place = self.work
        self.work = self.work / "elsewhere"
        self.work.mkdir()
        self.assert_said(self.replay(), 2, f"place=lmdb:./lake in {place}@t ")
        self.work = place
        self.assert_said(self.replay(), 2, "loaded already")

    def test_replays_with_another_load_in_between(self):
        for point in self.REPLAY_POINTS:
            with self.subTest(point=point):
                self.mended()
                self.wanted = [1, 2, 3, 4, 9]
                self.killed(self.replay("--key", "n", fault=point))
                self.assertEqual(self.other_load(9).returncode, 0)
                self.replay_once_more(point)

    def test_a_replay_that_sets_aside_too(self):
        points = ("quarantine.rename.before", "quarantine.rename.after", "quarantine.write.before",
                  "quarantine.rename.before:2", "quarantine.rename.after:2", "quarantine.write.after",
                  "lmdb.commit.before_commit", "lmdb.commit.after_commit", "quarantine.rename.before:3",
                  "quarantine.rename.after:3", "quarantine.rename.before:4", "quarantine.rename.after:4")
        for point in points:
            with self.subTest(point=point):
                self.mended()
                self.mend(_ampload_raw=[b"2", b"z"])
                files = [self.file.with_name(f"{name}.arrow") for name in ("second", "third", "fourth")]
                aside = "--key", "n", "--on-bad-row", "quarantine", "--quarantine"
                self.killed(self.replay(*aside, files[0], fault=point))
                done = self.replay(*aside, files[1])
                self.assertIn(done.returncode, (2, 3), done.stderr)
                self.assertEqual(self.other_load(9, *aside[2:], files[2]).returncode, 0)
                self.assertEqual(self.rows(), [{"n": n} for n in (1, 2, 4, 9)])
                second = files[0] if done.returncode == 2 else files[1]
                self.assertEqual(self.files_aside(), ["bad.arrow.replayed", second.name])
                self.assertEqual([one["_ampload_raw"].strip() for one in self.aside(second)], [b"z"])

    # Not yet: a store that remembers 256 loads cannot tell any more that one was not committed.
    @unittest.expectedFailure
    def test_after_hundreds_of_quarantines(self):
        csv = self.write("rows.csv", "n\nx\n1\n")
        options = "--types", "n:int64", "--mode", "overwrite"
        for _ in range(260):
            self.assertEqual(self.quarantining(csv, *options).returncode, 3)
            self.file.unlink()
        self.killed(self.quarantining(csv, *options, fault="lmdb.commit.before_commit"))
        self.assertEqual(self.quarantining(csv, *options, file=self.file.with_name("other.arrow")).returncode, 3)
        self.assertEqual(self.files_aside(), ["other.arrow"])


if __name__ == "__main__":
    unittest.main()
