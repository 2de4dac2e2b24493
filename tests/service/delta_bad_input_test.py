"""Delta tables that are damaged, or of a kind that we do not write, and rows that Delta cannot hold: an error that says where and what,
and nothing is changed."""

import datetime
import json
import os
import shutil
import unittest

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

from delta_case import DeltaCase


class BadInput(DeltaCase):
    def made(self, loads=3, **options):
        """A table of so many versions."""
        for number in range(loads):
            self.well(self.numbers(10, first=number * 10), to=self.to(**options))
        return self.lake / "t"

    def untouched(self, status, *texts, words=(), table="t", file=None):
        """Nobody gets anything done at this table, and it stays as it is."""
        before = self.everything()
        file = file or self.numbers(3, "more.parquet", first=1000)
        for more in ((), ("--mode", "overwrite")):
            self.assert_said(self.load(file, *words, *more, table=table), status, *texts)
            self.assertEqual(self.everything(), before)

    def unreadable(self, status, *texts, **how):
        self.untouched(status, *texts, **how)
        self.assert_said(self.command("inspect", self.uri, "--table", "t"), status, *texts)

    def test_not_a_table(self):
        (self.lake / "t").mkdir(parents=True)
        (self.lake / "t" / "notes.txt").write_text("mine")
        self.untouched(self.load(self.numbers(1)).returncode, "not a Delta table", "lake/t")

    def test_a_file_in_place_of_a_folder(self):
        self.lake.mkdir()
        (self.lake / "t").write_text("mine")
        done = self.load(self.numbers(3))
        self.assertIn(done.returncode, (1, 2))
        self.assert_said(done, done.returncode, "lake/t")
        self.assertEqual((self.lake / "t").read_text(), "mine")

    def test_an_entry_is_missing(self):
        for version in (0, 1):
            with self.subTest(version):
                shutil.rmtree(self.lake, ignore_errors=True)
                self.made()
                self.entry(version).unlink()
                self.unreadable(1, f"{version}", "missing")

    def test_an_entry_is_damaged(self):
        self.made()
        good = self.entry(1).read_text()
        for name, bad in (("cut", good[:len(good) // 2]), ("no json", "hello\n"), ("bytes", "\0" * 100),
                          ("wrong type", good.replace('"size":', '"size":"x","was":')),
                          ("a list", "[1]\n"), ("no path", good.replace('"path":', '"paht":'))):
            with self.subTest(name):
                self.entry(1).write_text(bad)
                self.unreadable(1, "damaged", "00000000000000000001.json")

    def test_an_empty_entry(self):
        self.made()
        self.entry(1).write_text("")
        done = self.load(self.numbers(3, "more.parquet"))
        self.assertIn(done.returncode, (0, 1))  # an entry of no actions is a legal one

    def checkpointed(self):
        self.made(6, checkpoint_interval=5)
        log = self.lake / "t" / "_delta_log"
        (checkpoint,) = log.glob("*.checkpoint.parquet")
        return log, checkpoint, int(checkpoint.name.split(".")[0])

    def test_what_the_last_checkpoint_says_is_a_hint(self):
        log, checkpoint, version = self.checkpointed()
        for hint in (None, "", "{", "[]", '{"version": 3, "size": 1}', '{"version": 99999, "size": 1}', '{"version": -1}'):
            with self.subTest(hint):
                if hint is None:
                    (log / "_last_checkpoint").unlink()
                else:
                    (log / "_last_checkpoint").write_text(hint)
                self.assertEqual(self.inspected()["row_count"], 60)

    def test_a_checkpoint_that_cannot_be_read(self):
        """Where the log still has all entries it may be passed over; never are rows missing."""
        log, checkpoint, version = self.checkpointed()
        whole = checkpoint.read_bytes()
        empty = self.work / "empty.parquet"
        pq.write_table(pa.table({"x": [1]}), empty)
        for name, bad in (("cut", whole[:len(whole) // 2]), ("no Parquet", b"hello"), ("nothing", b""), ("gone", None),
                          ("another file", empty.read_bytes())):
            with self.subTest(name):
                if bad is None:
                    checkpoint.unlink()
                else:
                    checkpoint.write_bytes(bad)
                done = self.command("inspect", self.uri, "--table", "t", "--json")
                if done.returncode == 0:
                    self.assertEqual(json.loads(done.stdout)["table"]["row_count"], 60)
                else:
                    self.assert_said(done, 1, "checkpoint")
        for old in range(version):
            self.entry(old).unlink()
        for name, bad in (("cut", whole[:len(whole) // 2]), ("no Parquet", b"hello"), ("nothing", b""),
                          ("another file", empty.read_bytes())):
            with self.subTest(name, entries="gone"):
                checkpoint.write_bytes(bad)
                self.unreadable(1, "checkpoint")
        checkpoint.unlink()
        self.unreadable(1, "missing")
        checkpoint.write_bytes(whole)
        self.assertEqual(self.inspected()["row_count"], 60)

    def test_a_checkpoint_that_disagrees(self):
        """It says fewer files than the entries; a part of several is missing."""
        log, checkpoint, version = self.checkpointed()
        for old in range(version):
            self.entry(old).unlink()
        table = pq.read_table(checkpoint)
        keep = [not (row["metaData"] or row["protocol"]) for row in table.select(["metaData", "protocol"]).to_pylist()]
        pq.write_table(table.filter(pa.array(keep)), checkpoint)
        self.unreadable(1, "checkpoint")

    def test_a_part_of_a_checkpoint_is_missing(self):
        golden = os.path.join(os.environ["AMPLOAD_SOURCE_DIR"], "tests/golden/delta/multi_part_checkpoint/table")
        self.lake.mkdir()
        shutil.copytree(golden, self.lake / "t")
        parts = sorted((self.lake / "t" / "_delta_log").glob("*.checkpoint.*.parquet"))
        self.assertGreater(len(parts), 1)
        parts[1].unlink()
        self.untouched(1, "missing", file=self.parquet(pa.table({"id": [1]}), "more.parquet"))

    def test_a_data_file_is_missing(self):
        folder = self.made()
        gone = sorted(folder.glob("*.parquet"))[0]
        gone.unlink()
        done = self.command("inspect", self.uri, "--table", "t", "--limit", 1000)
        self.assert_said(done, 1, gone.name)
        # What needs no old rows goes on.
        self.well(self.numbers(5, "more.parquet", first=100))
        self.well(self.numbers(5, "more.parquet", first=100), "--mode", "overwrite")
        self.assertEqual(self.column(), list(range(100, 105)))

    def test_a_data_file_is_missing_that_an_undo_must_rewrite(self):
        server = self.serve("--blocks", 60, "--max-blocks", 7)
        self.streamed(server, "--until", 59, "--commit-rows", 1)
        self.opened("logs").optimize.compact()
        live = [uri.removeprefix("file://") for uri in self.opened("logs").file_uris()]
        for path in live:
            os.unlink(path)
        before = self.changes()
        done = self.command("undo", self.uri, "--table", "logs", "--from-block", 30)
        self.assert_said(done, 1, os.path.basename(live[0]))
        self.assertEqual(self.changes(), before)

    def changes(self):
        """What the log adds and removes."""
        return [action for actions in self.log("logs").values() for action in actions if {"add", "remove"} & set(action)]

    def test_features_and_versions_that_we_do_not_know(self):
        base = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": [], "writerFeatures": ["appendOnly", "invariants"]}
        cases = [({**base, "readerFeatures": ["madeUp"], "writerFeatures": ["madeUp"]}, "madeUp"),
                 ({"minReaderVersion": 4, "minWriterVersion": 7, "readerFeatures": [], "writerFeatures": []}, "4"),
                 ({"minReaderVersion": 1, "minWriterVersion": 8}, "8"),
                 ({**base, "writerFeatures": ["onlyWriters"]}, "onlyWriters")]
        self.made()
        entry = self.entry(0)
        lines = entry.read_text().splitlines()
        for protocol, word in cases:
            with self.subTest(word):
                entry.write_text("".join((json.dumps({"protocol": protocol}) if '"protocol"' in line[:12] else line) + "\n"
                                         for line in lines))
                self.untouched(2, word)

    def test_types_that_we_do_not_know(self):
        self.made()
        text = self.entry(0).read_text()
        self.entry(0).write_text(text.replace('\\"long\\"', '\\"interval second\\"'))
        self.unreadable(2, "interval second")

    def test_null_and_empty_partition_values(self):
        table = pa.table({"id": [1, 2, 3], "p": ["x", None, "y"]})
        self.well(self.parquet(table), to=self.to(partition_by="p"))
        self.assertEqual(sorted((row["p"] or "", row["id"]) for row in self.rows()), [("", 2), ("x", 1), ("y", 3)])
        before = self.everything()
        done = self.load(self.parquet(pa.table({"id": [4, 5], "p": ["x", ""]})))
        self.assert_said(done, 1, "column=p", "row=1")
        self.assertEqual(self.everything(), before)

    def test_partition_columns_that_cannot_be(self):
        for columns, text in (("nope", "nope"), ("l", "l"), ("id,id", "id"), ("id,text,l", "l")):
            with self.subTest(columns):
                table = pa.table({"id": [1], "text": ["x"], "l": [[1]]})
                self.refused(self.load(self.parquet(table), to=self.to(partition_by=columns)), 2, text)
        self.refused(self.load(self.parquet(pa.table({"id": [1]})), to=self.to(partition_by="id")), 2)

    def test_floats_that_are_no_partition(self):
        for value in (float("nan"), float("inf")):
            done = self.load(self.parquet(pa.table({"id": [1], "f": [value]})), to=self.to(partition_by="f"))
            self.assert_said(done, 1, "column=f", "row=0")

    def test_times_out_of_range(self):
        for values, kind, row in (([0, 2**62], pa.timestamp("s"), 1), ([-(2**62)], pa.timestamp("ms", "UTC"), 0),
                                  ([1000, 1001], pa.timestamp("ns"), 1)):
            with self.subTest(str(kind)):
                done = self.load(self.parquet_of_ticks(values, kind))
                self.assertEqual(done.returncode, 1 if "ns" not in str(kind) else done.returncode, done.stderr)
                self.assert_said(done, done.returncode, "column=t")
                self.assertIn(f"row={row}" if done.returncode == 1 else "timestamp_ns_to_us", done.stderr)
                self.assertFalse(self.exists())

    def parquet_of_ticks(self, values, kind):
        """Parquet has no seconds, so as an Arrow file."""
        path = self.work / "rows.arrow"
        table = pa.table({"t": pa.array(values, pa.int64()).cast(kind)})
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
        return path

    def test_numbers_out_of_range(self):
        table = pa.table({"block_num": pa.array([1, 2**63], pa.uint64())})
        self.assert_said(self.load(self.parquet(table)), 1, "column=block_num", "row=1", "value=9223372036854775808")
        self.assertFalse(self.exists())

    def test_modes_and_keys(self):
        file = self.numbers(3)
        for mode in ("upsert", "merge"):
            self.refused(self.load(file, "--mode", mode, "--key", "n"), 2, mode)
        self.refused(self.load(file, "--on-duplicate", "replace"), 2, "--on-duplicate")

    def refused(self, done, status, *texts):
        self.assert_said(done, status, *texts)
        self.assertFalse(self.exists())

    def test_names_of_tables(self):
        for table in ("_hidden", ".x", "a/../b", "a//b", "/etc/x", "..", "a/_b"):
            with self.subTest(table):
                done = self.load(self.numbers(3), table=table)
                self.assert_said(done, 2, "table")
                self.assertEqual(self.everything(), {})
        for table in ("a/b", "ü", "with space", "p%20q", "x=y"):
            with self.subTest(table):
                self.well(self.numbers(3), table=table)
                if "%" not in table:  # deltalake does not find such a folder
                    self.assertEqual(self.column(table=table), [0, 1, 2])
                self.assertEqual(self.inspected(table)["row_count"], 3)

    def test_columns_whose_names_differ_by_case(self):
        done = self.load(self.parquet(pa.table({"a": [1], "A": [2]})))
        self.assertIn(done.returncode, (1, 2))
        self.refused(done, done.returncode, "A")

    def test_rows_that_do_not_fit_the_table(self):
        write_deltalake(self.folder(), pa.table({"n": pa.array([1], pa.int32()), "day": [datetime.date(2024, 1, 1)]}))
        for table, text in ((pa.table({"n": ["x"]}), "n"), (pa.table({"n": pa.array([1], pa.int32()), "other": [1]}), "other"),
                            (pa.table({"n": pa.array([2**40], pa.int64())}), "n")):
            before = self.everything()
            done = self.load(self.parquet(table))
            self.assertIn(done.returncode, (1, 2))
            self.assert_said(done, done.returncode, text)
            self.assertEqual(self.everything(), before)

    def test_secrets_in_a_uri(self):
        done = self.load(self.numbers(3), to="delta:s3://bucket/x?access_key=me&secret_key=hidden123")
        self.assert_said(done, 2)
        self.assertNotIn("hidden123", done.stderr)

    def test_a_folder_that_cannot_be_written(self):
        (self.work / "file").write_text("")
        done = self.load(self.numbers(3), to=f"delta:{self.work}/file/lake")
        self.assertIn(done.returncode, (1, 2))
        self.assert_said(done, done.returncode, "file")

    def test_an_own_folder_that_is_damaged(self):
        server = self.serve("--blocks", 40)
        self.streamed(server, "--until", 20)
        for path in (self.lake / "logs" / "_ampload").rglob("*.json"):
            path.write_text("{")
        before = self.everything()
        self.assert_said(self.stream(server, "--until", 39), 1, "_ampload")
        self.assertEqual(self.everything(), before)


if __name__ == "__main__":
    unittest.main()
