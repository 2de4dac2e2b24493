"""Columns on their way: cast, renamed, left out, a loss allowed by its name; and tables whose columns change."""

import datetime
import decimal
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from load_case import LoadCase

NANOSECONDS = 1_000_000_000_123_456_789  # 2001-09-09T01:46:40.123456789


class ColumnCase(LoadCase):
    def parquet(self, name="rows.parquet", **columns):
        pq.write_table(pa.table(columns), self.work / name)
        return self.work / name


class Shaped(ColumnCase):
    def test_casts_keep_every_value(self):
        rows = self.parquet(
            whole=pa.array([1, -128, None], pa.int64()), text=["7", "-9", None], number=[2.0, -0.5, None],
            money=pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.00")], pa.decimal128(10, 2)),
            day=[datetime.date(2024, 2, 29), None, datetime.date(1960, 1, 1)],
            moment=pa.array([1_500_000, None, -1_000_000], pa.timestamp("us")))
        loaded = self.loaded(rows, "--cast", "whole:int8,text:int16,number:float,money:decimal128(4,1)", "--cast",
                             "day:string,moment:timestamp[ms]")
        self.assertEqual(self.columns(), [
            ("whole", "int8"), ("text", "int16"), ("number", "float"), ("money", "decimal128(4, 1)"),
            ("day", "string"), ("moment", "timestamp[ms]")])
        self.assertEqual([list(row.values())[:5] for row in loaded],
                         [[1, 7, 2.0, "1.5", "2024-02-29"], [-128, -9, -0.5, None, None],
                          [None, None, None, "-2.0", "1960-01-01"]])
        self.assertEqual([row["moment"] and row["moment"][:21] for row in loaded],
                         ["1970-01-01T00:00:01.5", None, "1969-12-31T23:59:59.0"])

    def test_a_cast_that_would_change_a_value(self):
        for values, kind, row, value in (
                (pa.array([1, 128]), "int8", 1, "128"), (pa.array([-1, 1]), "uint8", 0, "-1"),
                (pa.array(["1", "x"]), "int64", 1, "x"), (pa.array([0.5, 1.0]), "int64", 0, "0.5"),
                (pa.array([0.1]), "float", 0, "0.1"), (pa.array([2**53 + 1]), "double", 0, str(2**53 + 1)),
                (pa.array(["a", ""]), "date32", 0, "a"),
                (pa.array([1, 1500], pa.timestamp("ms")), "timestamp[s]", 0, "1970-01-01 00:00:00.001"),
                (pa.array([decimal.Decimal("1.25")]), "decimal128(10,1)", 0, "1.25")):
            with self.subTest(kind=kind, values=str(values)):
                done = self.load(self.parquet(c=values), "--cast", f"c:{kind}")
                self.refused(done, 1, "rows.parquet", "column=c", f"row={row}", f"value={value}")

    def test_a_message_has_no_raw_bytes(self):
        rows = self.parquet(**{"c\x1b[31m": ["1\n2\x1b[0m"]})
        done = self.load(rows, "--cast", "c\x1b[31m:int8")
        self.refused(done, 1, r"column=c\x1b[31m", r"\x1b[0m")
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_nothing_that_is_printed_has_raw_bytes(self):
        rows = self.parquet(**{"c\x1b[31m": ["1\n2\x1b[0m"]})
        for verb in (("load",), ("plan", "load")):
            done = self.command(*verb, rows, "--to", f"lmdb:{self.target}", "--table", "t\x1b[31m")
            self.assertEqual(done.returncode, 0)
            self.assertTrue(done.stdout.replace("\n", "").isprintable(), repr(done.stdout))

    def test_a_time_zone_is_never_added_or_taken_away(self):
        for kind, other in ((pa.timestamp("us"), "timestamp[us, UTC]"), (pa.timestamp("us", "UTC"), "timestamp[us]")):
            done = self.load(self.parquet(c=pa.array([0], kind)), "--cast", f"c:{other}")
            self.refused(done, 2, "c", "timestamp[us")

    def test_a_loss_must_be_allowed_by_its_name(self):
        rows = self.parquet(n=[1, 2, 3], ts=pa.array([NANOSECONDS, 1_000, None], pa.timestamp("ns")))
        cast = "--cast", "ts:timestamp[us]"
        self.refused(self.load(rows, *cast), 1, "column=ts", "row=0", "--allow timestamp_ns_to_us", "123456789")
        loaded = self.loaded(rows, *cast, "--allow", "timestamp_ns_to_us")
        self.assertEqual([row["ts"] for row in loaded],
                         ["2001-09-09T01:46:40.123456", "1970-01-01T00:00:00.000001", None])

    def test_an_allowed_loss_takes_no_other(self):
        rows = self.parquet(a=pa.array([NANOSECONDS], pa.timestamp("ns")), b=[300])
        allow = "--allow", "timestamp_ns_to_us"
        self.refused(self.load(rows, "--cast", "a:timestamp[us],b:int8", *allow), 1, "column=b")
        self.refused(self.load(rows, "--cast", "a:timestamp[ms]", "--allow", "time_ns_to_us"), 1, "column=a")

    def test_without_a_cast_nanoseconds_stay(self):
        rows = self.parquet(ts=pa.array([NANOSECONDS], pa.timestamp("ns")))
        for allow in ((), ("--allow", "timestamp_ns_to_us")):
            self.assertEqual(self.fresh(rows, *allow), [{"ts": "2001-09-09T01:46:40.123456789"}])

    def test_renamed_and_left_out(self):
        rows = self.parquet(a=[1, 2], b=["x", "y"], c=[0.5, None])
        self.assertEqual(self.fresh(rows, "--rename", "a:id,c:b", "--exclude", "b"),
                         [{"id": 1, "b": 0.5}, {"id": 2, "b": None}])
        self.assertEqual(self.fresh(rows, "--rename", "a:b,b:a"),
                         [{"b": 1, "a": "x", "c": 0.5}, {"b": 2, "a": "y", "c": None}])
        self.assertEqual(self.fresh(rows, "--rename", "a:id", "--key", "id", "--cast", "a:string", "--columns", "a"),
                         [{"id": "1"}, {"id": "2"}])

    def test_names_that_two_columns_would_have(self):
        rows = self.parquet(a=[1], b=[2])
        self.refused(self.load(rows, "--rename", "a:b"), 2, "b")
        self.refused(self.load(rows, "--rename", "a:c,b:c"), 2, "c")
        self.refused(self.load(rows, "--exclude", "a", "--key", "a"), 2, "a")
        self.refused(self.load(rows, "--rename", "a:id", "--key", "a"), 2, "a")


class Evolving(ColumnCase):
    EVOLVE = "--on-schema-change", "evolve"

    def setUp(self):
        super().setUp()
        old = self.parquet("old.parquet", id=pa.array([1, 2], pa.uint32()), n=pa.array([-1, 2**31 - 1], pa.int32()),
                           f=pa.array([0.5, None], pa.float32()),
                           d=pa.array([decimal.Decimal("1.25"), None], pa.decimal128(10, 2)), s=["x", None])
        self.assertEqual(self.load(old, "--key", "id").returncode, 0)
        self.old_rows = [{"id": 1, "n": -1, "f": 0.5, "d": "1.25", "s": "x"},
                         {"id": 2, "n": 2**31 - 1, "f": None, "d": None, "s": None}]
        self.old_columns = [("id", "uint32"), ("n", "int32"), ("f", "float"), ("d", "decimal128(10, 2)"),
                            ("s", "string")]
        self.assertEqual((self.rows(), self.columns()), (self.old_rows, self.old_columns))

    def new(self, **columns):
        return self.parquet("new.parquet", **{"id": pa.array([3], pa.uint32()), **columns})

    def unchanged(self, done, *texts):
        self.assert_said(done, 1, "table=t", *texts)
        self.assertEqual((self.rows(), self.columns()), (self.old_rows, self.old_columns))

    def test_frozen_a_new_column_is_explained(self):
        new = self.new(more=["z"])
        for option in ((), ("--on-schema-change", "freeze")):
            self.unchanged(self.load(new, *option), "more", "string", "--on-schema-change evolve", "--exclude")
        self.assertEqual(len(self.loaded(new, "--exclude", "more")), 3)

    def test_frozen_a_wider_type_is_explained(self):
        self.unchanged(self.load(self.new(n=pa.array([2**31], pa.int64()))), "int32", "int64",
                       "--on-schema-change evolve")

    def test_columns_are_added_and_types_widened(self):
        new = self.new(n=pa.array([2**40], pa.int64()), f=[0.1], s=["z"], more=[[1, None]],
                       d=pa.array([decimal.Decimal("123456789012345678.25")], pa.decimal128(20, 2)))
        done = self.load(new, *self.EVOLVE, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ("int32", "int64", "more"):
            self.assertIn(text, done.stdout)
        wanted = self.old_rows + [{"id": 3, "n": 2**40, "f": 0.1, "d": "123456789012345678.25", "s": "z",
                                   "more": [1, None]}]
        self.assertEqual(self.columns(), [("id", "uint32"), ("n", "int64"), ("f", "double"), ("d", "decimal128(20, 2)"),
                                          ("s", "string"), ("more", "list<element: int64>")])
        self.assertEqual([{key: value for key, value in row.items() if key != "more" or value} for row in self.rows()],
                         wanted)
        self.assertEqual(self.inspected()["rows"], [{"more": None, **row} for row in wanted])

    def test_narrower_rows_go_into_a_wider_column(self):
        self.assertEqual(self.load(self.new(n=pa.array([2**40], pa.int64())), *self.EVOLVE).returncode, 0)
        narrow = self.parquet("narrow.parquet", id=pa.array([4], pa.uint32()), n=pa.array([7], pa.int8()))
        rows = self.loaded(narrow, *self.EVOLVE)
        self.assertEqual([row["n"] for row in rows], [-1, 2**31 - 1, 2**40, 7])
        self.assertEqual(dict(self.columns())["n"], "int64")

    def test_a_narrower_type_never_narrows_the_table(self):
        rows = self.loaded(self.new(n=pa.array([7], pa.int16())), *self.EVOLVE)
        self.assertEqual((dict(self.columns())["n"], rows[2]["n"]), ("int32", 7))

    def test_what_would_change_values_is_refused(self):
        for values in (["7"], [0.5], [True], pa.array([7], pa.uint32()), pa.array([7], pa.uint64()),
                       pa.array([decimal.Decimal(7)], pa.decimal128(5, 0)), pa.array([7], pa.timestamp("us"))):
            with self.subTest(type=str(pa.array(values).type)):
                self.unchanged(self.load(self.new(n=values), *self.EVOLVE), "column n is int32 in the table",
                               f"{pa.array(values).type} in the rows")

    def test_a_decimal_that_loses_places_is_refused(self):
        narrow = self.new(d=pa.array([decimal.Decimal("1.255")], pa.decimal128(10, 3)))
        self.unchanged(self.load(narrow, *self.EVOLVE), "decimal128(10, 2)", "decimal128(10, 3)")

    def test_a_key_column_never_changes(self):
        for kind in (pa.uint64(), pa.uint16(), pa.int64()):
            new = self.parquet("new.parquet", id=pa.array([3], kind))
            self.unchanged(self.load(new, *self.EVOLVE), "column id is uint32 in the table", f"{kind} in the rows")

    def test_columns_may_be_left_out(self):
        rows = self.loaded(self.new(s=["z"]))
        self.assertEqual((rows[2]["id"], rows[2]["s"], rows[2].get("n")), (3, "z", None))

    def test_a_load_that_fails_leaves_the_columns(self):
        new = self.parquet("new.parquet", id=pa.array([3, 2], pa.uint32()), n=pa.array([2**40, 1], pa.int64()),
                           m=[1, 2])
        self.unchanged(self.load(new, *self.EVOLVE), "id=2")

    def test_a_load_that_is_killed_leaves_the_columns(self):
        new = self.new(n=pa.array([2**40], pa.int64()), m=[1])
        self.assertEqual(self.load(new, *self.EVOLVE, fault="lmdb.commit.before_commit").returncode, -9)
        self.assertEqual((self.rows(), self.columns()), (self.old_rows, self.old_columns))
        self.assertEqual(len(self.loaded(new, *self.EVOLVE)), 3)

    def test_an_overwrite_takes_any_columns(self):
        other = self.parquet("other.parquet", id=["a"], n=["b"])
        self.assertEqual(self.loaded(other, "--mode", "overwrite"), [{"id": "a", "n": "b"}])
        self.assertEqual(self.columns(), [("id", "string"), ("n", "string")])


if __name__ == "__main__":
    unittest.main()
