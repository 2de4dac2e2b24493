"""Bad rows set aside: the very rows and their reasons in a file that pyarrow reads, the others in the table; and loaded
once they are mended."""

import pathlib
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from command import result_of
from quarantine_case import QuarantineCase, invalid_texts

OWN = ["_ampload_batch_id", "_ampload_row", "_ampload_origin", "_ampload_reason", "_ampload_raw"]


class SetAside(QuarantineCase):
    def test_csv_records(self):
        csv = self.write("rows.csv", b'n,s\n1,a\nx,b\n3,c,d\n4\n5,"e"f\n6,\xff\xfe\n7,g\n8,"h\ni"\n')
        self.set_aside(self.quarantining(csv, "--types", "n:int64"), 8, 5)
        self.assertEqual(self.rows(), [{"n": 1, "s": "a"}, {"n": 7, "s": "g"}, {"n": 8, "s": "h\ni"}])
        rows = self.aside()
        self.assertEqual([one["_ampload_raw"].rstrip(b"\r\n") for one in rows],
                         [b"x,b", b"3,c,d", b"4", b'5,"e"f', b"6,\xff\xfe"])
        self.assertEqual(list(rows[0]), [*OWN, "n", "s"])
        for line, one in zip((3, 4, 5, 6, 7), rows):
            self.assertIn(f"line {line}", one["_ampload_reason"])
            self.assertIn("rows.csv", one["_ampload_origin"])
            self.assertEqual((one["_ampload_row"], one["n"], one["s"]), (None, None, None))
        self.assertIn("column n", rows[0]["_ampload_reason"])
        self.assertIn("not valid UTF-8", rows[4]["_ampload_reason"])

    def test_ndjson_lines(self):
        ndjson = self.write("rows.ndjson", b'{"n":1,"s":"a"}\n{"n":"x"}\n{"n":3\n[4]\n{"n":5,"n":6}\n'
                                           b'{"n":7,"s":"\xff"}\n{"n":8,"s":"b"}\n')
        self.set_aside(self.quarantining(ndjson, "--types", "n:int64,s:string"), 7, 5)
        self.assertEqual(self.rows(), [{"n": 1, "s": "a"}, {"n": 8, "s": "b"}])
        rows = self.aside()
        self.assertEqual([one["_ampload_raw"].rstrip(b"\n") for one in rows],
                         [b'{"n":"x"}', b'{"n":3', b"[4]", b'{"n":5,"n":6}', b'{"n":7,"s":"\xff"}'])
        for line, one in zip((2, 3, 4, 5, 6), rows):
            self.assertIn(f"rows.ndjson line {line}", one["_ampload_reason"])

    def test_inferred_types_behind_the_first_rows(self):
        good = "".join(f"{i},{'x' * 1000}\n" for i in range(9500))
        csv = self.write("late.csv", f"n,s\n{good}007,y\n9,z\n")
        self.set_aside(self.quarantining(csv), 9502, 1)
        self.assertEqual(self.rows()[-1], {"n": 9, "s": "z"})
        self.assertEqual([(one["_ampload_raw"].rstrip(b"\n")) for one in self.aside()], [b"007,y"])

    def test_casts(self):
        rows = self.work / "rows.parquet"
        pq.write_table(pa.table({"n": [1, 300, -5, None, 1000], "t": ["1", "2", "x", "4", ""]}), rows)
        self.set_aside(self.quarantining(rows, "--cast", "n:int8,t:int64"), 5, 3)
        self.assertEqual(self.rows(), [{"n": 1, "t": 1}, {"n": None, "t": 4}])
        aside = self.aside()
        self.assertEqual([(one["_ampload_row"], one["n"], one["t"], one["_ampload_raw"]) for one in aside],
                         [(1, 300, "2", None), (2, -5, "x", None), (4, 1000, "", None)])
        for one, column in zip(aside, ("column=n", "column=t", "column=n")):
            self.assertIn(column, one["_ampload_reason"])
            self.assertIn("rows.parquet", one["_ampload_origin"])

    def test_as_many_as_a_batch_may_have(self):
        rows, bad = 60_000, 30_000
        keys = pa.array([f"k{i}" if i % 2 else "x" * 600 for i in range(rows)])  # longer than LMDB's keys may be
        casts = pa.array([str(i) if i % 2 else "x" for i in range(rows)])
        pq.write_table(pa.table({"k": keys, "n": range(rows)}), self.work / "keys.parquet")
        pq.write_table(pa.table({"n": casts}), self.work / "casts.parquet")
        many = ("--max-bad-rows", rows, "--memory", "2GiB")
        self.set_aside(self.quarantining("keys.parquet", "--key", "k", *many), rows, bad)
        done = self.quarantining("casts.parquet", "--cast", "n:int64", *many, table="u", file=self.work / "more.arrow")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(result_of(done)["metadata"]["rows_quarantined"], bad)

    def test_what_the_store_cannot_keep(self):
        far = pa.array([0, 3_000_000, 7, -2_000_000], pa.int32()).cast(pa.date32())  # the years 10183 and -3506
        pq.write_table(pa.table({"k": ["a", "b", "c" * 512, "d"], "day": far}), self.work / "rows.parquet")
        self.set_aside(self.quarantining("rows.parquet", "--key", "k"), 4, 3)
        self.assertEqual([row["k"] for row in self.rows()], ["a"])
        # Python has no such dates: as days.
        table = self.aside_table()
        table = table.set_column(table.schema.get_field_index("day"), "day", table["day"].cast(pa.int32()))
        aside = {one["_ampload_row"]: one for one in table.to_pylist()}
        self.assertEqual({row: (one["k"], one["day"]) for row, one in aside.items()},
                         {1: ("b", 3_000_000), 2: ("c" * 512, 7), 3: ("d", -2_000_000)})
        self.assertIn("511", aside[2]["_ampload_reason"])
        for row in (1, 3):
            self.assertIn("column=day", aside[row]["_ampload_reason"])

    def test_invalid_utf8_in_parquet(self):
        pq.write_table(invalid_texts(), self.work / "rows.parquet")
        self.set_aside(self.quarantining("rows.parquet"), 3, 1)
        self.check_invalid_texts()

    def test_invalid_utf8_in_arrow(self):
        for make in (pa.ipc.new_stream, pa.ipc.new_file):
            with self.subTest(make=make.__name__):
                table = invalid_texts()
                with make(str(self.work / "rows.arrow"), table.schema) as writer:
                    writer.write_table(table)
                self.set_aside(self.quarantining("rows.arrow", "--mode", "overwrite"), 3, 1)
                self.check_invalid_texts()
                self.file.unlink()

    def check_invalid_texts(self):
        self.assertEqual(self.rows(), [{"n": 1, "s": "a"}, {"n": 3, "s": "b"}])
        table = self.aside_table()
        self.assertEqual(table["s"].cast(pa.binary()).to_pylist(), [b"\xff\xfe"])
        self.assertEqual((table["_ampload_row"].to_pylist(), table["n"].to_pylist()), ([1], [2]))
        self.assertIn("UTF-8", table["_ampload_reason"][0].as_py())

    def test_bad_rows_of_several_files_and_batches_keep_their_places(self):
        numbers = list(range(200_000))
        texts = [f"{n}" for n in numbers]
        bad = [0, 65_535, 65_536, 131_072, 199_999]
        for n in bad:
            texts[n] = f"bad {n}"
        for name, half in (("1", slice(0, 100_000)), ("2", slice(100_000, 200_000))):
            pq.write_table(pa.table({"n": numbers[half], "t": texts[half]}), self.work / f"{name}.parquet",
                           row_group_size=30_000)
        self.set_aside(self.quarantining("1.parquet", "2.parquet", "--cast", "t:int64", "--key", "n"), 200_000, 5)
        aside = sorted(self.aside(), key=lambda one: one["n"])
        self.assertEqual([(one["_ampload_row"], one["n"], one["t"]) for one in aside],
                         [(n, n, f"bad {n}") for n in bad])
        self.assertEqual([pathlib.Path(one["_ampload_origin"]).name for one in aside],
                         ["1.parquet"] * 3 + ["2.parquet"] * 2)
        loaded = self.rows()
        self.assertEqual([row["n"] for row in loaded], [n for n in numbers if n not in bad])
        self.assertTrue(all(row["n"] == row["t"] for row in loaded))

    def test_compressed_and_from_standard_input(self):
        done = self.quarantining("-", "--format", "csv", "--types", "n:int64", stdin=b"n\n1\nx\n3\n")
        self.set_aside(done, 3, 1)
        self.assertEqual([one["_ampload_raw"].strip() for one in self.aside()], [b"x"])

    def test_without_bad_rows_there_is_no_file(self):
        done = self.quarantining(self.write("good.csv", "n\n1\n"))
        self.assertEqual((done.returncode, self.files_aside()), (0, []), done.stderr)
        self.assertEqual(result_of(done)["metadata"]["rows_quarantined"], 0)
        self.assertNotIn("quarantine", result_of(done)["metadata"])

    def test_without_a_name_the_file_is_where_the_message_says(self):
        csv = self.write("rows.csv", "n\n1\nx\n")
        done = self.load(csv, "--types", "n:int64", "--on-bad-row", "quarantine", "--json")
        file = self.work / result_of(done)["metadata"]["quarantine"]
        self.assertEqual((done.returncode, file.parent.name, file.name[:2]), (3, "ampload-quarantine", "t-"))
        self.assertIn(result_of(done)["metadata"]["quarantine"], done.stderr)
        self.assertEqual(len(self.aside(file)), 1)


class Refused(QuarantineCase):
    def bad(self, count, good=1):
        return self.write("rows.csv", "n\n" + "1\n" * good + "x\n" * count + "2\n" * good)

    def failed(self, done, *texts):
        self.refused(done, 1, *texts)
        self.assertEqual(self.files_aside(), [])
        if done.stdout:
            result = result_of(done)
            self.assertEqual((result["success"], result["rows_loaded"]), (False, 0))

    def test_the_hundred_and_first(self):
        types = "--types", "n:int64"
        self.failed(self.quarantining(self.bad(101), *types), "too many bad rows", "--max-bad-rows 100")
        self.set_aside(self.quarantining(self.bad(100), *types), 102, 100)

    def test_max_bad_rows(self):
        types = "--types", "n:int64"
        self.failed(self.quarantining(self.bad(3), *types, "--max-bad-rows", 2), "--max-bad-rows 2", "value=x")
        self.failed(self.quarantining(self.bad(1), *types, "--max-bad-rows", 0), "--max-bad-rows 0")
        self.set_aside(self.quarantining(self.bad(300), *types, "--max-bad-rows", 300), 302, 300)

    def test_too_many_after_many_good_rows_leave_nothing(self):
        texts = [str(i) for i in range(200_000)] + ["x"] * 3
        pq.write_table(pa.table({"t": texts}), self.work / "rows.parquet")
        done = self.quarantining("rows.parquet", "--cast", "t:int64", "--max-bad-rows", 2, "--option",
                                 "step_bytes=64KiB")
        self.failed(done, "--max-bad-rows 2")

    def test_every_row_is_bad(self):
        self.failed(self.quarantining(self.bad(7, good=0), "--types", "n:int64"), "Failed to load any rows. Errors: ",
                    "line 2", "... and 2 more errors")

    def test_the_default_fails(self):
        self.failed(self.load(self.bad(1), "--types", "n:int64"), "rows.csv line 3 column n", "value=x")

    def test_a_file_that_is_there(self):
        self.file.parent.mkdir()
        self.file.write_text("notes")
        done = self.quarantining(self.bad(1), "--types", "n:int64")
        self.refused(done, 2, str(self.file), "replay-quarantine")
        self.assertEqual(self.file.read_text(), "notes")

    def test_a_folder_that_cannot_be(self):
        self.write("aside", "a file")
        self.refused(self.quarantining(self.bad(1), "--types", "n:int64"), 1, str(self.file))

    def test_wrong_words(self):
        csv = self.bad(1)
        self.refused(self.load(csv, "--quarantine", self.file), 2, "--on-bad-row quarantine")
        self.refused(self.load(csv, "--on-bad-row", "skip"), 2, "skip", "quarantine")
        self.refused(self.load(csv, "--max-bad-rows", "many"), 2, "many", "--max-bad-rows")
        self.refused(self.load(csv, "--max-bad-rows", "-1"), 2, "--max-bad-rows")

    def test_a_failure_later_leaves_no_file(self):
        csv = self.write("cut.csv", "n,s\n1,a\nx,b\n2,c\n")
        self.assertEqual(self.load(self.write("first.csv", "n,s\n2,z\n"), "--key", "n").returncode, 0)
        done = self.quarantining(csv, "--types", "n:int64", "--key", "n")
        self.assert_said(done, 1, "n=2")
        self.assertEqual((self.rows(), self.files_aside()), ([{"n": 2, "s": "z"}], []))


class Replayed(QuarantineCase):
    def test_records_that_were_mended(self):
        csv = self.write("rows.csv", 'n;s\n1;a\nx;b\n"3"4;c\n5;NULL\n')
        self.set_aside(self.quarantining(csv, "--types", "n:int64", "--delimiter", ";", "--null", "NULL"), 4, 2)
        self.assert_said(self.replay(), 1, "value=x", "column n")
        self.assertEqual(len(self.rows()), 2)
        self.mend(_ampload_raw=[b"2;b\n", b"3;NULL"])
        done = self.replay("--json")
        self.assertEqual((done.returncode, result_of(done)["rows_loaded"]), (0, 2), done.stderr)
        self.assertEqual(self.rows(), [{"n": 1, "s": "a"}, {"n": 5, "s": None}, {"n": 2, "s": "b"},
                                       {"n": 3, "s": None}])
        self.replayed_once()

    def test_rows_that_were_mended(self):
        pq.write_table(pa.table({"n": [1, 300], "s": ["a", "b"]}), self.work / "rows.parquet")
        cast = "--cast", "n:int8"
        self.set_aside(self.quarantining("rows.parquet", *cast), 2, 1)
        self.assert_said(self.replay(*cast), 1, "value=300")
        self.mend(n=[30])
        self.assertEqual(self.replay(*cast).returncode, 0)
        self.assertEqual(self.rows(), [{"n": 1, "s": "a"}, {"n": 30, "s": "b"}])
        self.replayed_once(*cast)

    def test_with_other_types(self):
        csv = self.write("rows.csv", "k,n\n1,1\n2,0x\n3,7\n")
        self.set_aside(self.quarantining(csv, "--types", "k:int64,n:int64"), 3, 1)
        done = self.replay("--types", "n:string")
        self.assert_said(done, 1, "column n is int64 in the table, string in the rows")
        self.assertEqual(self.replay("--types", "n:string", "--table", "strings").returncode, 0)
        self.assertEqual(self.rows("strings"), [{"k": 2, "n": "0x"}])
        self.assertEqual(self.rows(), [{"k": 1, "n": 1}, {"k": 3, "n": 7}])

    def test_ndjson_with_a_type_that_takes_it(self):
        ndjson = self.write("rows.ndjson", '{"n":1}\n{"n":2.5}\n')
        self.set_aside(self.quarantining(ndjson, "--types", "n:int64"), 2, 1)
        done = self.replay("--types", "n:float64", "--table", "floats")
        self.assertEqual((done.returncode, self.rows("floats")), (0, [{"n": 2.5}]), done.stderr)

    def test_texts_that_are_no_utf8_as_bytes(self):
        pq.write_table(invalid_texts(), self.work / "rows.parquet")
        self.set_aside(self.quarantining("rows.parquet", "--key", "n"), 3, 1)
        self.assert_said(self.replay("--key", "n"), 1, "UTF-8", "column=s")
        done = self.replay("--types", "s:binary", "--table", "bytes")
        self.assertEqual((done.returncode, self.rows("bytes")), (0, [{"n": 2, "s": b"\xff\xfe"}]), done.stderr)

    def test_what_is_still_bad_goes_to_another_file(self):
        csv = self.write("rows.csv", "n\n1\nx\ny\n")
        self.set_aside(self.quarantining(csv, "--types", "n:int64"), 3, 2)
        self.mend(_ampload_raw=[b"2", b"z"])
        second = self.file.with_name("second.arrow")
        done = self.replay("--on-bad-row", "quarantine", "--quarantine", second, "--json")
        self.assertEqual((done.returncode, result_of(done)["rows_loaded"]), (3, 1), done.stderr)
        self.assertEqual([one["_ampload_raw"].strip() for one in self.aside(second)], [b"z"])
        self.assertEqual(self.rows(), [{"n": 1}, {"n": 2}])
        self.mend(second, _ampload_raw=[b"3"])
        self.assertEqual(self.replay(file=second).returncode, 0)
        self.assertEqual(self.rows(), [{"n": 1}, {"n": 2}, {"n": 3}])
        self.assertEqual(self.files_aside(), ["bad.arrow.replayed", "second.arrow.replayed"])

    def test_every_kind_of_column_comes_back(self):
        table = pa.table({"n": ["1", "x"], "_ampload_row": [1, 300], "word": pa.array(["a", "b"]).dictionary_encode(),
                          "id": pa.array([b"0" * 16, b"1" * 16], pa.uuid()), "list": [[1], [2, None]],
                          "map": pa.array([[("a", 1)], [("b", 2)]], pa.map_(pa.string(), pa.int64())),
                          "nested": [{"a": [{"b": "x"}]}, {"a": [{"b": "y"}, None]}]})
        pq.write_table(table, self.work / "rows.parquet")
        done = self.quarantining("rows.parquet", "--cast", "n:int64")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(self.replay("--table", "again").returncode, 0)
        whole = self.work / "whole.parquet"
        pq.write_table(table.slice(1), whole)
        self.assertEqual(self.load(whole, table="wanted").returncode, 0)
        self.assertEqual((len(self.rows("again")), self.rows("again")), (1, self.rows("wanted")))
        self.assertEqual(self.columns("again"), self.columns("wanted"))

    def test_shaped_records_have_the_sources_columns(self):
        csv = self.write("rows.csv", "c,b,a\nq,x,1\nr,y,z\ns,z,5\n")
        types = "--types", "a:int64"
        self.set_aside(self.quarantining(csv, *types, "--rename", "a:number", "--exclude", "c"), 3, 1)
        self.mend(_ampload_raw=[b"r,y,3"])
        done = self.replay("--rename", "a:number", "--exclude", "c")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.rows(), [{"b": "x", "number": 1}, {"b": "z", "number": 5}, {"b": "y", "number": 3}])

    # Not yet: the row is the replay's, the file the load's.
    @unittest.expectedFailure
    def test_a_row_that_is_still_bad_is_named_by_its_place_in_the_load(self):
        pq.write_table(pa.table({"n": [1, 300], "s": ["a", "b"]}), self.work / "rows.parquet")
        self.set_aside(self.quarantining("rows.parquet", "--cast", "n:int8"), 2, 1)
        self.assert_said(self.replay("--cast", "n:int8"), 1, "value=300", "rows.parquet row=1")

    # Not yet: refused, for the record has no text for the column.
    @unittest.expectedFailure
    def test_records_below_folders_with_columns_in_their_names(self):
        self.write("h/y=1/r.csv", "a\n1\nx\n")
        self.write("h/y=2/r.csv", "a\n2\nz\n")
        self.set_aside(self.quarantining(self.work / "h", "--types", "a:int64"), 4, 2)
        self.mend(_ampload_raw=[b"7", b"8"])
        done = self.replay()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.rows(), [{"a": 1, "y": 1}, {"a": 2, "y": 2}, {"a": 7, "y": 1}, {"a": 8, "y": 2}])

    def test_what_is_no_quarantine(self):
        for name, content in (("text.arrow", b"notes"), ("empty.arrow", b"")):
            done = self.replay("--table", "t", file=self.write(name, content))
            self.assert_said(done, 1, name)
        with pa.ipc.new_file(str(self.work / "other.arrow"), pa.schema([("a", pa.int64())])):
            pass
        self.assert_said(self.replay("--table", "t", file=self.work / "other.arrow"), 1, "other.arrow",
                         "not a quarantine")
        self.assert_said(self.replay("--table", "t", file=self.work / "none.arrow"), 2, "none.arrow")

    def replayed_once(self, *more):
        self.assertEqual(self.files_aside(), ["bad.arrow.replayed"])
        before = self.rows()
        self.assert_said(self.replay(*more, "--table", "t"), 2, "loaded already", "bad.arrow.replayed")
        self.assertEqual(self.rows(), before)


if __name__ == "__main__":
    unittest.main()
