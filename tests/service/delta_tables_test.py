"""What a person does with Delta tables beside loading: check, plan, inspect, list, history; overwrites; options of files and commits."""

import json
import os
import signal
import unittest
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from command import wait_until_stopped
from delta_case import DeltaCase, S3Case


class Tables(DeltaCase):
    def test_check(self):
        done = self.command("check", self.uri)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.everything(), {})

    def test_plan_writes_nothing(self):
        done = self.command("plan", "load", self.numbers(3), "--to", self.to(partition_by="text"), "--table", "t")
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("long", "string", "text"):
            self.assertIn(word, done.stdout)
        self.assertEqual(self.everything(), {})

    def test_list_and_inspect(self):
        for table in ("a", "b/c"):
            self.well(self.numbers(30), table=table)
        (self.lake / "other").mkdir()
        (self.lake / "other" / "x.txt").write_text("")
        done = self.command("inspect", self.uri, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("a", done.stdout)
        self.assertNotIn("other", done.stdout)
        table = self.inspected("a")
        self.assertEqual(table["row_count"], 30)
        self.assertEqual([column["name"] for column in table["columns"]], ["n", "text"])
        self.assertEqual(sorted(row["n"] for row in table["rows"]), list(range(30)))

    def test_absolute_paths_without_statistics(self):
        """As a writer may put them that takes over files where they lie."""
        self.well(self.numbers(30))
        actions = [json.loads(line) for line in self.entry(0).read_text().splitlines()]
        for action in actions:
            if "add" in action:
                del action["add"]["stats"]
                action["add"]["path"] = f"file://{self.lake}/t/" + action["add"]["path"]
        self.entry(0).write_text("".join(json.dumps(action) + "\n" for action in actions))
        self.assertEqual(self.inspected()["row_count"], 30)

    def test_history(self):
        self.well(self.numbers(3))
        self.well(self.numbers(3), "--mode", "overwrite")
        self.opened().optimize.compact()
        self.well(self.numbers(3))
        done = self.command("history", self.uri, "--table", "t", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        theirs = self.opened().history()
        mine = json.loads(done.stdout)
        entries = mine if isinstance(mine, list) else next(value for value in mine.values() if isinstance(value, list))
        self.assertEqual([entry["version"] for entry in entries], [entry["version"] for entry in theirs])
        self.assertEqual([entry["operation"] for entry in entries], [entry["operation"] for entry in theirs])
        done = self.command("history", self.uri, "--table", "nowhere")
        self.assert_said(done, 2, "nowhere")

    def test_other_columns(self):
        """What is said where the columns differ, and the exit status, are those of other stores; nothing is changed."""
        self.well(self.numbers(3))
        before = self.everything()
        more = self.parquet(pa.table({"n": [1], "text": ["x"], "extra": [1.5]}), "more.parquet")
        other = self.parquet(pa.table({"n": ["x"], "text": ["x"]}), "other.parquet")
        lmdb = f"lmdb:{self.work}/x.lmdb"
        self.well(self.numbers(3), to=lmdb)
        for rows, words in (more, ("evolve=[adds extra (double)]",)), (other, ("do not fit the table",
                                                                                "[column n is int64 in the table, string in the rows]")):
            for to in (self.uri, lmdb):
                done = self.load(rows, to=to)
                for word in words:
                    self.assert_said(done, 1, word)
        for rows, word in (more, "[adds extra (double)]"), (other, "[column n is int64 in the table, string in the rows]"):
            done = self.load(rows, "--mode", "overwrite")
            self.assert_said(done, 1, "an overwrite keeps the table's columns")
            self.assert_said(done, 1, "--on-schema-change evolve")
            self.assert_said(done, 1, word)
        self.assertEqual(self.everything(), before)
        self.well(other, "--mode", "overwrite", "--on-schema-change", "evolve")
        self.assertEqual([column["type"] for column in self.inspected()["columns"]], ["string", "string"])

    def test_overwrite(self):
        self.well(self.numbers(30))
        self.well(self.numbers(20, first=100), "--mode", "overwrite")
        self.assertEqual(self.column(), list(range(100, 120)))
        self.assertEqual(sorted(self.opened(version=0).to_pyarrow_table()["n"].to_pylist()), list(range(30)))
        other = self.parquet(pa.table({"x": ["now another"]}), "other.parquet")
        done = self.load(other, "--mode", "overwrite")
        if done.returncode == 0:
            self.assertEqual(self.rows(), [{"x": "now another"}])
        else:
            self.assertEqual(self.column(), list(range(100, 120)))

    def test_no_rows_make_a_table(self):
        self.well(self.numbers(0))
        self.assertEqual(self.column(), [])

    def test_files_and_row_groups(self):
        self.well(self.numbers(20_000), to=self.to(target_file_size="64KiB", row_group_rows=1000, compression="none",
                                                   dictionary="false"))
        files = [uri.removeprefix("file://") for uri in self.opened().file_uris()]
        self.assertGreater(len(files), 5)
        for file in files:
            metadata = pq.ParquetFile(file).metadata
            self.assertLess(os.path.getsize(file), 160 << 10)
            self.assertTrue(all(metadata.row_group(i).num_rows <= 1000 for i in range(metadata.num_row_groups)))
            self.assertEqual(metadata.row_group(0).column(0).compression, "UNCOMPRESSED")
        self.assertEqual(self.column(), list(range(20_000)))

    def test_properties_and_checkpoints(self):
        for first in range(0, 60, 10):
            self.well(self.numbers(10, first=first), to=self.to(properties="delta.checkpointInterval=2"))
        self.assertEqual(self.opened().metadata().configuration.get("delta.checkpointInterval"), "2")
        self.assertGreaterEqual(len(list((self.lake / "t/_delta_log").glob("*.checkpoint.parquet"))), 2)

    def test_the_log_is_cleaned_up(self):
        options = {"properties": "delta.logRetentionDuration=interval%201%20days", "checkpoint_interval": 3}
        for first in range(0, 60, 10):
            self.well(self.numbers(10, first=first), to=self.to(**options))
        old = os.stat(self.entry(5)).st_mtime - 10 * 86400
        for path in (self.lake / "t/_delta_log").iterdir():
            os.utime(path, (old, old))
        for first in range(60, 120, 10):
            self.well(self.numbers(10, first=first), to=self.to(**options))
        self.assertFalse(self.entry(0).exists())
        self.assertEqual(self.column(), list(range(120)))
        self.well(self.numbers(10, first=120), to=self.to(**options))
        self.assertEqual(self.column(), list(range(130)))

    def test_a_clean_up_that_is_off(self):
        for first in range(0, 60, 10):
            self.well(self.numbers(10, first=first), to=self.to(checkpoint_interval=2, clean_log="false"))
        old = os.stat(self.entry(5)).st_mtime - 100 * 86400
        for path in (self.lake / "t/_delta_log").iterdir():
            os.utime(path, (old, old))
        self.well(self.numbers(10, first=60), to=self.to(checkpoint_interval=1, clean_log="false"))
        self.assertTrue(self.entry(0).exists())

    def test_the_rows_of_a_batch_are_one_version(self):
        """Readers see whole commits: a load that is held still before its commit shows nothing."""
        self.well(self.numbers(10))
        process = self.start_load(self.numbers(20_000, "big.parquet", first=100, row_group_size=1000), fault="deltalake.commit.before:1:stop",
                                  to=self.to(target_file_size="16KiB"))
        wait_until_stopped(process)
        self.assertEqual(self.column(), list(range(10)))
        status, result, err = self.finish(process)
        self.assertEqual((status, result["rows_loaded"]), (0, 20_000), err)
        self.assertEqual(len(self.column()), 20_010)

    def test_a_signal_leaves_no_files(self):
        self.well(self.numbers(10))
        before = self.everything()
        process = self.start_load(self.numbers(20_000, "big.parquet", first=100), fault="deltalake.commit.before:1:stop")
        wait_until_stopped(process)
        process.send_signal(signal.SIGTERM)
        status, _, err = self.finish(process)
        if status != 0:
            self.assertEqual(status, 1, err)
            self.assertEqual(self.everything(), before)
        else:  # it was past the point of no return
            self.assertEqual(len(self.column()), 20_010)

    def test_quarantine(self):
        table = pa.table({"block_num": pa.array([1, 2**63, 3], pa.uint64()), "p": ["x", "y", "z"]})
        done = self.load(self.parquet(table), "--on-bad-row", "quarantine", "--quarantine", self.work / "bad")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(self.column("block_num"), [1, 3])

    def test_evolution(self):
        self.well(self.parquet(pa.table({"a": pa.array([1], pa.int32())})))
        more = self.parquet(pa.table({"a": pa.array([2], pa.int32()), "b": ["new"]}))
        before = self.everything()
        self.assert_said(self.load(more), 1, "b", "--on-schema-change evolve")
        self.assertEqual(self.everything(), before)
        self.well(more, "--on-schema-change", "evolve")
        self.assertEqual(sorted((row["a"], row["b"]) for row in self.rows() if row["b"]), [(2, "new")])
        self.assertEqual(self.column("a"), [1, 2])
        self.well(self.parquet(pa.table({"a": pa.array([3], pa.int32())})))
        self.assertEqual(self.column("a"), [1, 2, 3])

    def test_widening(self):
        """By the table feature where the table has it; else refused, never narrowed."""
        self.well(self.parquet(pa.table({"a": pa.array([1], pa.int32())})))
        wide = self.parquet(pa.table({"a": pa.array([2**40], pa.int64())}), "wide.parquet")
        done = self.load(wide, "--on-schema-change", "evolve")
        if done.returncode == 0:
            self.assertEqual(DeltaTable(self.folder()).schema().to_json().count('"long"'), 1)
        else:
            self.assertEqual(self.column("a"), [1])
        self.well(self.parquet(pa.table({"a": pa.array([1], pa.int32())})), table="w",
                  to=self.to(properties="delta.enableTypeWidening=true"))
        self.well(wide, "--on-schema-change", "evolve", table="w")
        self.assertEqual(sorted(row["a"] for row in self.inspected("w")["rows"]), [1, 2**40])

    def test_a_relative_folder_and_percent_signs(self):
        self.well(self.numbers(3), to="delta:here/and%20there?durability=process")
        self.assertTrue((self.work / "here/and there/t/_delta_log").is_dir())


class ManyFiles:
    """A table whose log checkpoint is large: an append reads little of it, an overwrite and who counts rows its list of files."""

    FILES = 40_000  # more than the 4 MiB that are read at once

    def test_a_checkpoint_of_many_files(self):
        self.well(self.numbers(10))
        add = next(action["add"] for action in self.log()[0] if "add" in action)
        texts = [str(uuid.uuid4()) for _ in range(3 * self.FILES)]
        self.put("t/_delta_log/00000000000000000001.json", "\n".join(
            json.dumps({"add": dict(add, path=f"part-{one}.parquet",
                                    stats=json.dumps({"numRecords": 10, "minValues": {"text": low}, "maxValues": {"text": high}}))})
            for one, low, high in zip(texts[::3], texts[1::3], texts[2::3])) + "\n")
        self.well(self.numbers(5), to=self.to(checkpoint_interval=2))
        checkpoint = self.everything()["t/_delta_log/00000000000000000002.checkpoint.parquet"]
        self.assertGreater(len(checkpoint), 4 << 20)
        self.well(self.numbers(5))
        self.assertEqual(len(self.opened().file_uris()), self.FILES + 3)
        self.assertEqual(self.inspected(limit=0)["row_count"], 10 * (self.FILES + 1) + 10)
        self.well(self.numbers(7), "--mode", "overwrite")
        self.assertEqual(self.column(), list(range(7)))
        self.assertEqual(self.inspected()["row_count"], 7)


class ManyFilesInAFolder(ManyFiles, DeltaCase):
    def put(self, path, text):
        (self.lake / path).write_text(text)


class ManyFilesOnS3(ManyFiles, S3Case):
    def put(self, path, text):
        with self.moto.files().open_output_stream(f"{self.prefix}/{path}") as stream:
            stream.write(text.encode())


if __name__ == "__main__":
    unittest.main()
