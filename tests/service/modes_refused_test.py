"""What an upsert or merge refuses: with which status, in which words; and not a byte of the table is another one."""

import unittest

import pyarrow as pa

from modes_case import ModesCase


def table(ids, **columns):
    return pa.table({"id": pa.array(ids, pa.uint32()), **columns})


class Refused(ModesCase):
    def setUp(self):
        super().setUp()
        self.well("append", *self.source(table([1, 2], n=[1, 2], name=["a", "b"])))
        self.new = self.source(table([2, 3], n=[20, 30], name=["B", "C"]), name="new")

    def both(self, status, *arguments, texts, **how):
        for mode in ("upsert", "merge"):
            with self.subTest(mode=mode):
                self.refuses(status, mode, *arguments, texts=texts, **how)

    def test_no_key(self):
        self.both(2, *self.new, key=None, texts=("key columns", "table t"))

    def test_no_key_names_the_option(self):
        self.both(2, *self.new, key=None, texts=("--key",))

    def test_no_key_of_a_new_table_makes_none(self):
        for mode in ("upsert", "merge"):
            self.assert_said(self.by_key(mode, *self.new, key=None, table="other"), 2, "key columns", "table other")
            self.assertIsNone(self.rows("other"))

    def test_a_key_that_is_no_column(self):
        self.both(2, *self.new, key="nope", texts=("no column", "column=nope"))
        self.both(2, *self.new, key="nam", texts=("name",))
        self.both(2, *self.new, key="id,nope", texts=("no column", "column=nope"))
        self.both(2, *self.new, key="id,id", texts=("id",))

    def test_another_key_than_the_tables(self):
        for key in ("name", "id,n", "n,id"):
            self.both(2, *self.new, key=key, texts=("table=t", "key=[id]", "another key"))

    def test_a_table_without_a_key(self):
        self.well("overwrite", *self.new, key=None)
        self.both(2, *self.new, texts=("table=t", "another key"))

    def test_a_null_in_a_key(self):
        rows = self.source(table([3, None, 2], n=[1, 2, 3], name=["x", "y", "z"]))
        self.both(1, *rows, texts=("null", "column=id", "row=1", "table=t", "--on-bad-row quarantine"))
        self.both(1, *self.source(table([3, None], n=[1, 2], name=["x", "y"]), "csv"), texts=("column=id", "row=1"))

    def test_a_null_in_a_key_names_the_file(self):
        rows = self.source(table([3, None], n=[1, 2], name=["x", "y"]))
        self.refuses(1, "upsert", *rows, texts=("null", "rows.parquet"))

    def test_on_duplicate(self):
        self.both(2, *self.new, "--on-duplicate", "replace", texts=("--on-duplicate", "append", "table=t"))

    def test_order_by_with_append_and_overwrite(self):
        for mode in ("append", "overwrite"):
            self.refuses(2, mode, *self.new, "--order-by", "n", texts=("order", "upsert and merge only"))

    def test_order_by_a_column_that_is_not_there(self):
        self.both(2, *self.new, "--order-by", "nope", texts=("order_by", "no column", "column=nope", "table t"))
        self.both(2, *self.source(table([1], n=[1])), "--order-by", "name", texts=("order", "name"))

    def test_order_by_a_column_that_is_not_there_does_not_speak_of_a_key(self):
        done = self.refuses(2, "upsert", *self.new, "--order-by", "nope")
        self.assertNotIn("key", done.stderr.replace(str(self.work), ""))

    def test_a_column_that_is_never_null_is_missing(self):
        schema = pa.schema([pa.field("id", pa.uint32(), nullable=False), pa.field("n", pa.int64(), nullable=False),
                            pa.field("name", pa.string())])
        self.well("overwrite", *self.source(pa.table({"id": [1, 2], "n": [1, 2], "name": ["a", "b"]}, schema)))

        def names(*ids):
            return self.source(pa.table({"id": ids, "name": ["B"] * len(ids)}, schema.remove(1)))
        self.refuses(1, "upsert", *names(2), texts=("table=t", "column n (int64) is missing"))
        self.refuses(1, "merge", *names(2, 3), texts=("table=t", "column n, which is never null", "id=3", "row=1"))
        self.well("merge", *names(2))
        self.assertEqual(self.rows(), [{"id": 1, "n": 1, "name": "a"}, {"id": 2, "n": 2, "name": "B"}])
        nulls = pa.schema([schema.field("id"), pa.field("n", pa.int64())])
        self.refuses(1, "merge", *self.source(pa.table({"id": [2], "n": [None]}, nulls)),
                     texts=("table=t", "column n is never null"))

    def test_columns_of_another_type(self):
        self.both(1, *self.source(table([2], n=["20"])), texts=("column n is int64 in the table", "string in the rows"))
        other = pa.table({"id": pa.array([2], pa.uint64()), "n": [1]})
        self.both(1, *self.source(other), texts=("column id is uint32 in the table", "uint64 in the rows"))

    def test_a_row_that_cannot_be_kept(self):
        texts = pa.StringArray.from_buffers(2, pa.array([0, 1, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfe"))
        self.both(1, *self.source(table([1, 3], n=[5, 6], name=texts)), texts=("column=name", "row=1", "UTF-8"))

    def test_a_value_format_that_is_not_the_tables(self):
        self.both(2, *self.new, option="value_format=json", texts=("value_format", "json", "msgpack", "table=t"))

    def test_no_table_and_none_may_be_made(self):
        for mode in ("upsert", "merge"):
            done = self.by_key(mode, *self.new, "--no-create-table", table="other")
            self.assert_said(done, 2, "does not exist", "other")
            self.assertIsNone(self.rows("other"))

    def test_a_mode_that_is_none(self):
        self.refuses(2, "upsrt", *self.new, texts=("upsrt", "upsert"))

    def test_a_bad_file_behind_good_ones(self):
        bad = self.work / "bad.parquet"
        bad.write_bytes(self.new[0].read_bytes()[:-9])
        self.both(1, *self.new, bad, texts=("bad.parquet",))
        csv = self.write("bad.csv", "id,n,name\n2,5,x\n3,y,z\n")
        self.both(1, csv, "--types", "id:uint32,n:int64,name:string", texts=("bad.csv line 3", "column n"))

    def test_a_failure_after_many_steps(self):
        ids = [i * 7919 % 20_000 for i in range(20_000)]
        rows = table(ids, n=list(range(20_000)), name=["x" * 60] * 20_000)
        words = pa.array(["upsert"] * 19_999 + ["no word"])
        for more in (("--order-by", "n"), ()):
            with self.subTest(more=more):
                with self.unchanged():
                    done = self.by_key("merge", *self.source(rows.append_column("_op", words)), *more,
                                       option="step_bytes=16KiB&sync=none")
                    self.assert_said(done, 1, "column=_op", "row=19999")
                self.assertEqual(self.leftovers(), [])
                killed = self.by_key("merge", *self.source(rows), *more, option="step_bytes=16KiB&sync=none",
                                     fault="lmdb.step.after_commit:2")
                self.assertEqual(killed.returncode, -9)  # there are that many steps
                self.assertEqual(self.well("merge", *self.source(rows), "--limit", 0)["rows_loaded"], 0)


if __name__ == "__main__":
    unittest.main()
