"""Bad input: each gives a clear error that says where and what to do, a right exit status, and nothing half loaded."""

import os
import pathlib
import shutil
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from command import pairs, result_of, run


class BadInput(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="ampload-bad-input-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.good = self.work / "good.parquet"
        pq.write_table(self.table(), self.good)
        self.target = self.work / "env"

    @staticmethod
    def table(numbers=(1, 2, 3), texts=("a", "b", None)):
        return pa.table({"block_num": pa.array(numbers, pa.uint64()), "text": pa.array(texts, pa.string())})

    def load(self, *arguments):
        return run("load", *arguments, "--to", f"lmdb:{self.target}", "--table", "t", cwd=self.work)

    def refused(self, done, status, *texts):
        """Failed with that status, said so as a person would, and made no table."""
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn("ampload: error: ", done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)
        self.assertNotIn("terminate called", done.stderr)
        self.assertIsNone(pairs(self.target, "t"))

    def test_a_good_file_loads(self):
        self.assertEqual(self.load(self.good, "--key", "block_num").returncode, 0)
        self.assertEqual(len(pairs(self.target, "t")), 3)

    def test_a_missing_file(self):
        self.refused(self.load("nowhere.parquet"), 2, "nowhere.parquet")

    def test_a_glob_that_matches_nothing(self):
        self.refused(self.load("none-*.parquet"), 2, "none-*.parquet")

    def test_truncated_files_of_every_kind(self):
        whole = self.good.read_bytes()
        for length in (0, 3, 4, 8, len(whole) // 2, len(whole) - 1):
            with self.subTest(length=length):
                bad = self.work / "bad.parquet"
                bad.write_bytes(whole[:length])
                done = self.load(bad)
                self.assertIn(done.returncode, (1, 2))
                self.refused(done, done.returncode, "bad.parquet")

    def test_a_file_that_is_no_parquet(self):
        bad = self.work / "bad.parquet"
        bad.write_text("block_num,text\n1,a\n" * 100)
        done = self.load(bad)
        self.refused(done, done.returncode, "bad.parquet", "not a Parquet file")

    def test_damage_in_the_middle_of_the_second_file_leaves_nothing(self):
        rows = 200_000
        texts = [f"{i * 2654435761 % 2**32:x}" for i in range(rows)]
        second = self.work / "second.parquet"
        pq.write_table(self.table(range(10, 10 + rows), texts), second, row_group_size=50_000, compression="none")
        content = bytearray(second.read_bytes())
        middle = len(content) * 3 // 4
        content[middle - 40_000:middle] = b"\xff" * 40_000
        second.write_bytes(content)
        done = self.load(self.good, second, "--key", "block_num")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("second.parquet", done.stderr)
        self.assertIsNone(pairs(self.target, "t"))

    def test_files_whose_schemas_differ(self):
        other = self.work / "other.parquet"
        pq.write_table(pa.table({"block_num": pa.array([1], pa.int32()), "more": pa.array([1])}), other)
        done = self.load(self.good, other)
        self.refused(done, done.returncode, "other.parquet", "block_num", "uint64", "int32", "more", "text")

    def test_a_key_column_that_does_not_exist(self):
        self.refused(self.load(self.good, "--key", "blocknum"), 2, "blocknum", "block_num")

    def test_a_key_that_is_null_names_the_row(self):
        self.refused(self.load(self.good, "--key", "text"), 1, "column=text", "row=2")

    def test_a_key_over_511_bytes(self):
        bad = self.work / "bad.parquet"
        pq.write_table(self.table((1, 2), ("x", "y" * 600)), bad)
        self.refused(self.load(bad, "--key", "text"), 1, "511", "row=1")

    def test_an_existing_key_changes_nothing(self):
        self.assertEqual(self.load(self.good, "--key", "block_num").returncode, 0)
        before = pairs(self.target, "t")
        more = self.work / "more.parquet"
        pq.write_table(self.table((7, 8, 2), ("x", "y", "z")), more)
        done = self.load(more, "--key", "block_num")
        self.assertEqual(done.returncode, 1)
        self.assertIn("block_num=2", done.stderr)
        self.assertIn("--on-duplicate replace", done.stderr)
        self.assertEqual(pairs(self.target, "t"), before)
        done = self.load(more, "--key", "block_num", "--on-duplicate", "replace", "--json")
        self.assertEqual(result_of(done)["rows_loaded"], 3)
        self.assertEqual(len(pairs(self.target, "t")), 5)

    def test_duplicate_column_names(self):
        bad = self.work / "bad.parquet"
        pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["x", "x"]), bad)
        done = self.load(bad)
        self.refused(done, done.returncode, "x")

    def test_a_folder_of_another_format(self):
        self.target.mkdir()
        (self.target / "part-0.parquet").write_bytes(self.good.read_bytes())
        self.refused(self.load(self.good), 2, "part-0.parquet")
        self.assertEqual(os.listdir(self.target), ["part-0.parquet"])

    def test_a_data_file_of_another_format(self):
        self.target.mkdir()
        (self.target / "data.mdb").write_bytes(b"SQLite format 3\0" * 1000)
        done = run("load", self.good, "--to", f"lmdb:{self.target}", "--table", "t")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("no LMDB file", done.stderr)

    def test_a_file_as_target(self):
        self.target.write_text("notes")
        done = self.load(self.good)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("not a folder", done.stderr)
        self.assertEqual(self.target.read_text(), "notes")

    def test_words_that_are_wrong_name_the_nearest_right_one(self):
        for arguments, wrong, nearest in (
                (("load", self.good, "--tabel", "t"), "--tabel", "--table"),
                (("laod", self.good), "laod", "load"),
                (("load", self.good, "--mode", "overwrit"), "overwrit", "overwrite"),
                (("load", self.good, "--to", "lmbd:x"), "lmbd", "lmdb"),
                (("load", self.good, "--to", "lmdb:x?map_sise=1GiB"), "map_sise", "map_size"),
                (("load", self.good, "--columns", "block_nun"), "block_nun", "block_num"),
                (("load", self.good, "--where", "blok_num = 1"), "blok_num", "block_num")):
            with self.subTest(wrong=wrong):
                done = run(*arguments, cwd=self.work)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(wrong, done.stderr)
                self.assertIn(nearest, done.stderr)
                self.assertFalse((self.work / "x").exists())

    def test_a_mode_without_the_keys_that_it_needs(self):
        done = self.load(self.good, "--mode", "merge")
        self.refused(done, 2, "merge", "--key")

    def test_a_look_into_an_environment_that_is_not_there(self):
        for more in ((), ("--table", "t")):
            done = run("inspect", f"lmdb:{self.target}", *more)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(str(self.target), done.stderr)
            self.assertFalse(self.target.exists())

    def test_json_is_one_object_on_stdout_after_a_failure_too(self):
        done = self.load(self.good, "--key", "text", "--json")
        result = result_of(done)
        self.assertEqual(done.returncode, 1)
        self.assertFalse(result["success"])
        self.assertEqual(result["rows_loaded"], 0)
        self.assertIn("column=text", result["error"])
        self.assertEqual(result["loader_type"], "lmdb")

    def test_rows_that_do_not_fit_the_table(self):
        self.assertEqual(self.load(self.good, "--key", "block_num").returncode, 0)
        before = pairs(self.target, "t")
        other = self.work / "other.parquet"
        pq.write_table(pa.table({"block_num": pa.array([9], pa.uint64()), "text": pa.array([1.5])}), other)
        done = self.load(other)
        self.assertEqual(done.returncode, 1)
        self.assertIn("column text is string in the table, double in the rows", done.stderr)
        self.assertEqual(pairs(self.target, "t"), before)


if __name__ == "__main__":
    unittest.main()
