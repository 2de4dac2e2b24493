"""Upserts and merges that are killed, and two at once: the next load finds the old values again, or all of the new
ones. Loads are held still by fault points that stop the process, so nothing here depends on time."""

import os
import signal
import shutil
import unittest

import pyarrow as pa

from command import result_of, start, wait_until_stopped
from modes_case import ModesCase

STEPS = "step_bytes=16KiB&sync=none"
ROWS = 20_000


def rows(ids, value, **columns):
    return pa.table({"id": pa.array(ids, pa.uint32()), "value": [f"{value} {one}" for one in ids],
                     "o": [one % 97 for one in range(len(ids))], **columns})


class KillCase(ModesCase):
    """A table of 3,000 rows with gaps; a load that replaces some, adds between, below and behind them."""

    def setUp(self):
        super().setUp()
        self.old = {one: f"old {one}" for one in range(10_000, 40_000, 10)}
        self.scattered = [i * 7919 % 50_000 for i in range(ROWS)]
        self.start()

    def start(self):
        shutil.rmtree(self.target, ignore_errors=True)
        self.well("append", *self.source(rows(list(self.old), "old"), name="old"), option="sync=none")
        self.before = self.stored()

    def found(self):
        return {key[0]: row["value"] for key, row in self.decoded("id").items()}

    def arguments(self, mode, source, *more):
        return ("load", *source, "--to", f"lmdb:{self.target}?{STEPS}", "--table", "t", "--mode", mode, "--key", "id",
                *more)

    def killed(self, mode, source, *more, fault):
        done = self.by_key(mode, *source, *more, option=STEPS, fault=fault)
        self.assertEqual(done.returncode, -signal.SIGKILL, f"{fault}: {done.stderr}")


class Killed(KillCase):
    POINTS = ("lmdb.open_load.before_commit:1", "lmdb.open_load.after_commit:1", "lmdb.step.before_commit:2",
              "lmdb.step.after_commit:2", "lmdb.commit.begin:1", "lmdb.commit.before_commit:1",
              "lmdb.commit.after_commit:1")

    def loads(self):
        """Mode, file, more arguments, and the values that it leaves."""
        new = rows(self.scattered, "new")
        replaced = {**self.old, **{one: f"new {one}" for one in self.scattered}}
        yield "upsert", self.source(new, name="upsert"), (), replaced
        yield "upsert", self.source(new, name="upsert"), ("--order-by", "o"), replaced
        yield "merge", self.source(new.drop_columns("o"), name="merge"), (), replaced
        words = ["delete" if one in self.old else "insert" for one in self.scattered]
        kept = {one: value for one, value in replaced.items() if not (one in self.old and value.startswith("new"))}
        yield "merge", self.source(new.append_column("_op", pa.array(words)), name="op"), (), kept

    def test_the_next_load_finds_the_old_rows_or_all_new_ones(self):
        for mode, source, more, wanted in self.loads():
            for point in self.POINTS:
                with self.subTest(mode=mode, file=source[0].name, more=more, point=point):
                    self.start()
                    self.killed(mode, source, *more, fault=point)
                    committed = point == self.POINTS[-1]
                    if committed:
                        self.assertEqual((self.found(), self.leftovers()), (wanted, []))
                    self.well("append", *self.source(rows([7], "next"), name="next"))
                    self.assertEqual(self.found(), {**(wanted if committed else self.old), 7: "next 7"})

    def test_every_byte_is_back(self):
        for mode, source, more, _ in self.loads():
            with self.subTest(mode=mode, file=source[0].name, more=more):
                self.start()
                self.killed(mode, source, *more, fault="lmdb.commit.before_commit:1")
                self.assertNotEqual(self.stored(), self.before)  # early rows: there was something to take back
                self.well("upsert", *self.source(rows([7], "next"), name="next"), "--limit", 0)
                self.assertEqual(self.stored(), self.before)

    def test_taking_back_is_killed_too(self):
        mode, source, more, _ = next(self.loads())
        nothing = self.source(rows([7], "next"), name="next")
        self.killed(mode, source, *more, fault="lmdb.commit.before_commit:1")
        for point in ("lmdb.undo.begin:1", "lmdb.undo.before_commit:1", "lmdb.undo.after_commit:1"):
            self.killed("merge", nothing, "--limit", 0, fault=point)
        self.well("merge", *nothing, "--limit", 0)
        self.assertEqual(self.stored(), self.before)

    def test_a_load_that_dies_behind_one_that_died(self):
        for mode, source, more, wanted in self.loads():
            with self.subTest(mode=mode, file=source[0].name, more=more):
                self.start()
                self.killed("upsert", self.source(rows(self.scattered[::-1], "first"), name="first"),
                            fault="lmdb.commit.before_commit:1")
                self.killed(mode, source, *more, fault="lmdb.step.after_commit:2")
                self.well(mode, *source, *more, option=STEPS)
                self.assertEqual(self.found(), wanted)

    def test_the_next_load_fails(self):
        mode, source, more, _ = next(self.loads())
        self.killed(mode, source, *more, fault="lmdb.commit.before_commit:1")
        done = self.by_key("append", *self.source(rows([10_000], "twice"), name="next"))
        self.assert_said(done, 1, "id=10000")
        self.assertEqual(self.stored(), self.before)

    def test_the_next_load_is_an_overwrite(self):
        mode, source, more, _ = next(self.loads())
        self.killed(mode, source, *more, fault="lmdb.commit.before_commit:1")
        self.well("overwrite", *self.source(rows([7], "next"), name="next"))
        self.assertEqual(self.found(), {7: "next 7"})

    def test_columns_that_were_to_come_are_not_there(self):
        wide = self.source(rows(self.scattered, "new", more=["x"] * ROWS), name="wide")
        self.killed("upsert", wide, "--on-schema-change", "evolve", fault="lmdb.commit.before_commit:1")
        self.well("merge", *self.source(rows([7], "next"), name="next"), "--limit", 0)
        self.assertEqual(self.stored(), self.before)


class TwoAtOnce(KillCase):
    def stopped(self, mode, source, point):
        process = start(*self.arguments(mode, source), fault=f"{point}:stop")
        self.addCleanup(self.end, process)
        wait_until_stopped(process)
        return process

    def first(self):
        return self.source(rows(self.scattered, "first"), name="first")

    def end(self, process):
        process.kill()
        process.communicate()

    def test_the_second_says_who_holds_the_table(self):
        first = self.first()
        second = self.source(rows([10_000, 7], "second"), name="second")
        wanted = {**self.old, **{one: f"first {one}" for one in self.scattered}}
        for point in ("lmdb.step.after_commit:2", "lmdb.step.before_commit:2", "lmdb.commit.begin:1"):
            for mode, other in (("upsert", "upsert"), ("merge", "upsert"), ("upsert", "merge"), ("upsert", "append"),
                                ("append", "upsert")):
                if mode == "append":  # of keys that are not there
                    first_file = self.source(rows(range(50_000, 70_000), "first"), name="append")
                else:
                    first_file = first
                with self.subTest(point=point, mode=mode, other=other):
                    self.start()
                    live = self.stopped(mode, first_file, point)
                    done = self.by_key(other, *second)
                    self.assert_said(done, 1, f"process {live.pid}", "table=t")
                    os.kill(live.pid, signal.SIGCONT)
                    _, err = live.communicate(timeout=120)
                    self.assertEqual(live.returncode, 0, err)
                    if mode != "append":
                        self.assertEqual(self.found(), wanted)
                    else:
                        self.assertEqual(len(self.rows()), 23_000)
                    self.assertEqual(self.leftovers(), [])

    def test_the_second_goes_on_behind_a_dead_one(self):
        live = self.stopped("upsert", self.first(), "lmdb.step.after_commit:2")
        self.end(live)
        self.well("upsert", *self.source(rows([10_000, 7], "second"), name="second"))
        self.assertEqual(self.found(), {**self.old, 10_000: "second 10000", 7: "second 7"})

    def test_a_signal_takes_everything_back(self):
        source = self.first()
        for number in (signal.SIGINT, signal.SIGTERM):
            for mode in ("upsert", "merge"):
                with self.subTest(signal=number, mode=mode):
                    live = self.stopped(mode, source, "lmdb.step.after_commit:2")
                    os.kill(live.pid, number)
                    os.kill(live.pid, signal.SIGCONT)
                    _, err = live.communicate(timeout=120)
                    self.assertEqual(live.returncode, 1, err)
                    self.assertIn("interrupted", err)
                    self.assertEqual((self.stored(), self.leftovers()), (self.before, []))

    def test_upserts_of_two_tables_go_side_by_side(self):
        live = self.stopped("upsert", self.first(), "lmdb.step.after_commit:2")
        done = self.by_key("upsert", *self.source(rows([1, 1], "other"), name="other"), "--json", table="other")
        self.assertEqual((done.returncode, result_of(done)["rows_loaded"]), (0, 2), done.stderr)
        os.kill(live.pid, signal.SIGCONT)
        self.assertEqual((live.communicate(timeout=120)[1], live.returncode), ("", 0))
        self.assertEqual([row["value"] for row in self.rows("other")], ["other 1"])
        self.assertEqual(self.found(), {**self.old, **{one: f"first {one}" for one in self.scattered}})

    def test_many_at_once_each_wholly_or_not(self):
        sources = [self.source(rows([1, *range(100_000 * n, 100_000 * n + 4_000)], f"w{n}"), name=f"w{n}")
                   for n in range(1, 6)]
        loads = [start(*self.arguments("upsert", source)) for source in sources]
        wanted, first = dict(self.old), set()
        for n, load in enumerate(loads, 1):
            _, err = load.communicate(timeout=120)
            self.assertIn(load.returncode, (0, 1), err)
            if load.returncode == 0:
                wanted.update({one: f"w{n} {one}" for one in range(100_000 * n, 100_000 * n + 4_000)})
                first.add(f"w{n} 1")
            else:
                self.assertIn("process ", err)
        found = self.found()
        self.assertIn(found.pop(1), first)  # so that one of them was loaded
        self.assertEqual((found, self.leftovers()), (wanted, []))


if __name__ == "__main__":
    unittest.main()
