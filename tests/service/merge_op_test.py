"""The `_op` column of a merge: what becomes of each row, of several of one key, and of words that are none."""

import unittest

import pyarrow as pa

from command import result_of
from modes_case import FILE_KINDS, ModesCase
from quarantine_case import QuarantineCase

WORDS = "insert", "update", "upsert", "delete"


def changes(*rows):
    """Rows of (id, n, _op)."""
    ids, numbers, words = zip(*rows)
    return pa.table({"id": pa.array(ids, pa.uint32()), "n": pa.array(numbers, pa.int64()),
                     "_op": pa.array(words, pa.string())})


class OpCase(ModesCase):
    def setUp(self):
        super().setUp()
        self.start()

    def start(self):
        table = pa.table({"id": pa.array([1, 2, 3], pa.uint32()), "n": [1, 2, 3], "name": ["a", "b", "c"]})
        self.well("overwrite", *self.source(table, name="start"))

    def found(self):
        return {key[0]: (row["n"], row.get("name")) for key, row in self.decoded("id").items()}


class Op(OpCase):
    START = {1: (1, "a"), 2: (2, "b"), 3: (3, "c")}

    def test_each_word_in_every_kind_of_file(self):
        for kind in FILE_KINDS:
            with self.subTest(kind=kind):
                self.start()
                rows = changes((4, 40, "insert"), (1, 10, "update"), (2, 20, "upsert"), (5, 50, "upsert"),
                               (3, None, "delete"), (9, None, "delete"))
                self.assertEqual(self.well("merge", *self.source(rows, kind))["rows_loaded"], 6)
                self.assertEqual(self.found(), {1: (10, "a"), 2: (20, "b"), 4: (40, None), 5: (50, None)})
                self.assertNotIn("_op", dict(self.columns()))
                self.assertFalse(any("_op" in row for row in self.rows()))

    def test_several_rows_of_one_key(self):
        for rows, wanted in (
                ([(7, 1, "insert"), (7, 2, "update")], {7: (2, None)}),
                ([(1, None, "delete"), (1, 9, "insert")], {1: (9, None)}),
                ([(7, 1, "insert"), (7, None, "delete")], {7: None}),
                ([(1, 5, "update"), (1, None, "delete")], {1: None}),
                ([(1, 5, "update"), (1, 6, "update"), (1, 7, "upsert")], {1: (7, "a")}),
                ([(7, None, "delete"), (7, 1, "upsert"), (7, None, "delete"), (7, 2, "insert")], {7: (2, None)}),
                ([(1, None, "delete"), (1, None, "delete"), (1, 3, "upsert")], {1: (3, None)}),
                ([(7, 1, "upsert"), (1, 4, "update"), (7, 2, "update")], {7: (2, None), 1: (4, "a")})):
            with self.subTest(rows=rows):
                self.start()
                self.well("merge", *self.source(changes(*rows), "csv"))
                found = {**self.START, **wanted}
                self.assertEqual(self.found(), {key: row for key, row in found.items() if row})

    def test_they_are_taken_in_the_order_of_order_by(self):
        for order, wanted in (([1, 2, 3], (3, "a")), ([3, 2, 1], (1, "a")), ([2, None, 1], (1, "a"))):
            with self.subTest(order=order):
                self.start()
                rows = changes((1, 1, "update"), (1, 2, "upsert"), (1, 3, "update"))
                self.well("merge", *self.source(rows.append_column("o", pa.array(order, pa.int16()))),
                          "--order-by", "o", "--on-schema-change", "evolve")
                self.assertEqual(self.found()[1], wanted)

    def test_order_decides_between_delete_and_insert(self):
        rows = changes((1, 9, "insert"), (1, None, "delete"), (2, 5, "update"), (2, None, "delete"))
        rows = rows.append_column("o", pa.array([2, 1, 1, 2]))
        self.well("merge", *self.source(rows), "--order-by", "o", "--on-schema-change", "evolve")
        self.assertEqual(self.found(), {1: (9, None), 3: (3, "c")})

    def test_across_many_steps(self):
        numbers = list(range(100, 10_100))
        waves = [(number, number, "insert") for number in numbers]
        waves += [(number, -number, "update") for number in numbers if number % 3]
        waves += [(number, None, "delete") for number in numbers if number % 2]
        waves += [(number, 7, "insert") for number in numbers if number % 10 == 5]
        rows = self.source(changes(*waves))
        option = "step_bytes=16KiB&sync=none"
        with self.unchanged():
            killed = self.by_key("merge", *rows, option=option, fault="lmdb.commit.before_commit:1")
            self.assertEqual(killed.returncode, -9, killed.stderr)
            self.well("append", *self.source(changes((0, 0, None)), name="none"), "--limit", 0, "--exclude", "_op")
        killed = self.by_key("merge", *rows, option=option, fault="lmdb.step.after_commit:4")
        self.assertEqual(killed.returncode, -9, killed.stderr)  # there are that many steps
        self.well("merge", *rows, option=option)
        wanted = dict(self.START)
        for number, n, word in waves:
            wanted[number] = (n, None)
            if word == "delete":
                del wanted[number]
        self.assertEqual(self.found(), wanted)

    def test_a_table_of_which_every_row_goes(self):
        self.well("merge", *self.source(changes(*((key, None, "delete") for key in (1, 2, 3)))))
        self.assertEqual(self.rows(), [])
        self.assertEqual([name for name, _ in self.columns()], ["id", "n", "name"])
        self.well("merge", *self.source(changes((1, 5, "insert"))))
        self.assertEqual(self.found(), {1: (5, None)})

    def test_a_delete_needs_no_values_where_a_column_is_never_null(self):
        schema = pa.schema([pa.field("id", pa.uint32(), nullable=False), pa.field("n", pa.int64(), nullable=False)])
        self.well("overwrite", *self.source(pa.table({"id": [1, 2], "n": [1, 2]}, schema)))
        self.well("merge", *self.source(changes((1, None, "delete"), (2, 5, "update"))))
        self.assertEqual(self.rows(), [{"id": 2, "n": 5}])
        self.refuses(1, "merge", *self.source(changes((2, None, "update"))), texts=("column=n", "row=0"))
        self.well("merge", *self.source(pa.table({"id": pa.array([2], pa.uint32()), "_op": ["delete"]})))
        self.assertEqual(self.rows(), [])

    def test_a_dictionary_of_words(self):
        rows = changes((1, 5, "update"), (2, None, "delete"))
        at = rows.schema.get_field_index("_op")
        for words in (rows["_op"].combine_chunks().dictionary_encode(), rows["_op"].cast(pa.large_string())):
            self.start()
            self.well("merge", *self.source(rows.set_column(at, "_op", words)))
            self.assertEqual(self.found(), {1: (5, "a"), 3: (3, "c")})

    def test_in_the_other_modes_it_is_a_column_like_any_other(self):
        rows = self.source(changes((1, 5, "delete"), (2, 6, "no word")))
        for mode in ("append", "overwrite", "upsert"):
            self.well(mode, *rows, table=mode)
            self.assertEqual([row["_op"] for row in self.rows(mode)], ["delete", "no word"])

    def test_a_new_table_has_no_such_column(self):
        self.well("merge", *self.source(changes((1, 5, "insert"), (2, None, "delete"), (1, 6, "update"))), table="new")
        self.assertEqual(self.rows("new"), [{"id": 1, "n": 6}])
        self.assertEqual([name for name, _ in self.columns("new")], ["id", "n"])

    def test_renamed_to_it_and_limited(self):
        rows = changes((1, 5, "update"), (2, None, "delete"), (3, None, "delete")).rename_columns(["id", "n", "what"])
        self.well("merge", *self.source(rows), "--rename", "what:_op", "--limit", 2)
        self.assertEqual(self.found(), {1: (5, "a"), 3: (3, "c")})


class RefusedOp(OpCase):
    def test_an_insert_of_a_key_that_is_there(self):
        for rows in ([(4, 4, "insert"), (2, 9, "insert")], [(8, 1, "insert"), (2, 2, "upsert"), (2, 3, "insert")]):
            done = self.refuses(1, "merge", *self.source(changes(*rows)), texts=("id=2", "table=t"))
            self.assertIn("insert", done.stderr)

    def test_an_update_of_a_key_that_is_not(self):
        for rows in ([(1, 4, "update"), (9, 9, "update")], [(9, 1, "insert"), (9, None, "delete"), (9, 3, "update")]):
            done = self.refuses(1, "merge", *self.source(changes(*rows)), texts=("id=9", "table=t"))
            self.assertIn("update", done.stderr)

    def test_words_that_are_none(self):
        for word, value in (("remove", '"remove"'), ("INSERT", '"INSERT"'), ("", '""'), (None, "null"),
                            ("delete ", '"delete "')):
            rows = self.source(changes((1, 9, "update"), (2, 5, word)))
            self.refuses(1, "merge", *rows, texts=(*WORDS, "rows.parquet", "column=_op", "row=1", f"value={value}",
                                                   "--on-bad-row quarantine"))

    def test_a_column_that_is_no_text(self):
        rows = pa.table({"id": pa.array([1], pa.uint32()), "_op": [1]})
        self.refuses(2, "merge", *self.source(rows), texts=("_op", "int64"))

    def test_it_is_neither_key_nor_order(self):
        rows = self.source(changes((1, 1, "update")))
        self.refuses(2, "merge", *rows, key="_op", texts=("_op",))
        self.refuses(2, "merge", *rows, "--order-by", "_op", texts=("_op",))

    # A row of an early step can no longer come behind one of a later step.
    def test_an_order_that_is_broken_further_apart_than_a_step(self):
        rows = [(1, 5, "upsert")] + [(i, i, "insert") for i in range(100, 10_000)] + [(1, None, "delete")]
        table = changes(*rows).append_column("o", pa.array([10] + [1] * (len(rows) - 2) + [9]))
        how = "--order-by", "o", "--on-schema-change", "evolve"
        self.refuses(1, "merge", *self.source(table), *how, option="step_bytes=16KiB",
                     texts=("step_bytes", "table=t", "id=1"))
        self.well("merge", *self.source(table), *how)
        self.assertEqual(self.found()[1], (5, None))


class Quarantined(OpCase, QuarantineCase):
    def quarantine(self, table, kind):
        return self.quarantining(*self.source(table, kind), "--mode", "merge", "--key", "id")

    def test_bad_words_are_set_aside_mended_and_replayed(self):
        for kind in FILE_KINDS:
            with self.subTest(kind=kind):
                self.start()
                rows = changes((1, 10, "update"), (2, 5, "remove"), (4, 40, "insert"), (3, None, None),
                               (1, 7, "Delete"))
                done = self.quarantine(rows, kind)
                self.assertEqual((done.returncode, result_of(done)["rows_loaded"]), (3, 2), done.stderr)
                self.assertEqual(self.found(), {1: (10, "a"), 2: (2, "b"), 3: (3, "c"), 4: (40, None)})
                aside = self.aside()
                self.assertEqual([(one["_ampload_row"], one["id"], one["n"], one["_op"]) for one in aside],
                                 [(1, 2, 5, "remove"), (3, 3, None, None), (4, 1, 7, "Delete")])
                for one in aside:
                    self.assertIn("_op", one["_ampload_reason"])
                    self.assertIn(f"rows.{kind}", one["_ampload_origin"])
                with self.unchanged():
                    self.assert_said(self.replay("--mode", "merge", "--key", "id"), 1, "_op", *WORDS)
                words = {"remove": "update", None: "delete", "Delete": "upsert"}
                self.mend(_op=[words[one] for one in self.aside_table()["_op"].to_pylist()])
                done = self.replay("--mode", "merge", "--key", "id")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.found(), {1: (7, "a"), 2: (5, "b"), 4: (40, None)})
                self.assertEqual(self.files_aside(), ["bad.arrow.replayed"])
                (self.file.parent / "bad.arrow.replayed").unlink()


if __name__ == "__main__":
    unittest.main()
