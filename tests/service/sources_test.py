"""Files that are damaged, differ, end early or nest deeply; standard input; folders with columns in their names. Each
bad one gives a clear error and no row of it stays; each good one loads whole."""

import gzip
import json
import subprocess
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from command import AMPLOAD, environment_of
from load_case import LoadCase

ROWS = [{"n": i, "text": f"{i * 2654435761 % 2**32:x}"} for i in range(50_000)]
CSV = "n,text\n" + "".join(f"{row['n']},x{row['text']}\n" for row in ROWS)
NDJSON = "".join(json.dumps(row) + "\n" for row in ROWS)


def zstd(content):
    return subprocess.run(["zstd", "-c", "-q"], input=content.encode(), capture_output=True, check=True).stdout


def ipc(table, make=pa.ipc.new_stream):
    sink = pa.BufferOutputStream()
    with make(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


class Compressed(LoadCase):
    def test_a_gzip_file_that_ends_too_early(self):
        whole = gzip.compress(CSV.encode())
        for length in (2, 5, 10, 11, 100, len(whole) // 2, len(whole) - 9, len(whole) - 8, len(whole) - 4,
                       len(whole) - 1):
            with self.subTest(length=length):
                cut = self.write("cut.csv.gz", whole[:length])
                self.refused(self.load(cut), 1, "cut.csv.gz", "truncated gzip")

    def test_a_second_gzip_member_that_ends_too_early(self):
        first, second = gzip.compress(CSV.encode()), gzip.compress(b"50000,x\n" * 1000)
        for length in (1, 9, len(second) // 2, len(second) - 1):
            with self.subTest(length=length):
                cut = self.write("cut.csv.gz", first + second[:length])
                self.refused(self.load(cut), 1, "cut.csv.gz", "gzip")

    def test_damaged_bytes(self):
        for name, whole in (("damaged.csv.gz", gzip.compress(CSV.encode())), ("damaged.csv.zst", zstd(CSV))):
            for at in (20, len(whole) // 2, len(whole) - 6):
                with self.subTest(name=name, at=at):
                    bad = bytearray(whole)
                    bad[at:at + 4] = bytes(byte ^ 0x5A for byte in bad[at:at + 4])
                    done = self.load(self.write(name, bytes(bad)))
                    self.refused(done, done.returncode, name)
                    self.assertIn(done.returncode, (1, 2))

    def test_a_zstd_file_that_ends_too_early(self):
        whole = zstd(CSV)
        for length in (4, 6, 100, len(whole) // 2, len(whole) - 4, len(whole) - 1):
            with self.subTest(length=length):
                cut = self.write("cut.csv.zst", whole[:length])
                self.refused(self.load(cut), 1, "cut.csv.zst", "zstd")

    def test_several_members_and_frames_are_one_file(self):
        cuts = [CSV[:7], CSV[7:100_001], CSV[100_001:100_002], CSV[100_002:], ""]
        wanted = [{"n": row["n"], "text": "x" + row["text"]} for row in ROWS]
        members = b"".join(gzip.compress(cut.encode()) for cut in cuts)
        self.assertEqual(self.fresh(self.write("members.csv.gz", members)), wanted)
        frames = b"".join(zstd(cut) for cut in cuts)
        self.assertEqual(self.fresh(self.write("frames.csv.zst", frames)), wanted)

    def test_the_bytes_tell_the_compression_not_the_suffix(self):
        wanted = [{"n": row["n"], "text": "x" + row["text"]} for row in ROWS]
        self.assertEqual(self.fresh(self.write("plain.csv", gzip.compress(CSV.encode()))), wanted)
        self.assertEqual(self.fresh(self.write("plain.csv.gz", CSV)), wanted)

    def test_parquet_inside_of_gzip(self):
        pq.write_table(pa.table({"a": [1]}), self.work / "a.parquet")
        inside = self.write("a.parquet.gz", gzip.compress((self.work / "a.parquet").read_bytes()))
        self.refused(self.load(inside), 2, "a.parquet.gz", "gzip", "decompress")


class Differing(LoadCase):
    def test_csv_files(self):
        first = self.write("1.csv", "a,b\n1,x\n")
        for content, texts in (("a,c\n1,x\n", ("column b: only in", "column c: only in")),
                               ("a\n1\n", ("column b: only in",)),
                               ("a,b,c\n1,x,2\n", ("column c: only in",)),
                               ("b,a\nx,1\n", ("column a: number 1 in", "number 2 in"))):
            with self.subTest(content=content):
                second = self.write("2.csv", content)
                self.refused(self.load(first, second), 1, "1.csv", "2.csv", *texts)

    def test_a_csv_file_that_changes_half_way(self):
        self.refused(self.load(self.write("1.csv", CSV + "n,text,more\n1,2,3\n")), 1, "1.csv line 50002")

    def test_parquet_files(self):
        first = self.work / "1.parquet"
        second = self.work / "2.parquet"
        pq.write_table(pa.table({"a": pa.array([1], pa.int64()), "b": ["x"]}), first)
        for table, texts in ((pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), ("column a", "int64", "int32")),
                             (pa.table({"a": pa.array([1], pa.int64())}), ("column b: only in",)),
                             (pa.table({"b": ["x"], "a": pa.array([1], pa.int64())}), ("number 1 in", "number 2 in"))):
            with self.subTest(schema=str(table.schema)):
                pq.write_table(table, second)
                self.refused(self.load(first, second), 1, "1.parquet", "2.parquet", *texts)

    def test_ndjson_files_have_the_columns_of_all(self):
        files = self.write("1.ndjson", '{"a":1}\n'), self.write("2.ndjson", '{"b":"x","a":2}\n')
        self.assertEqual(self.loaded(*files), [{"a": 1, "b": None}, {"a": 2, "b": "x"}])

    def test_files_of_several_formats(self):
        table = pa.table({"a": [1], "b": ["x"]})
        pq.write_table(table, self.work / "1.parquet")
        names = {"csv": self.write("1.csv", "a,b\n1,x\n"), "ndjson": self.write("1.ndjson", '{"a":1,"b":"x"}\n'),
                 "parquet": self.work / "1.parquet", "arrow": self.write("1.arrow", ipc(table))}
        for first, second in (("csv", "parquet"), ("csv", "ndjson"), ("arrow", "parquet"), ("ndjson", "arrow")):
            with self.subTest(first=first, second=second):
                done = self.load(names[first], names[second])
                self.refused(done, 2, "one format", f"1.{first}", f"1.{second}", "--format")
        self.refused(self.load(self.work), 2, "one format")

    def test_a_format_that_is_not_the_files_own(self):
        pq.write_table(pa.table({"a": [1]}), self.work / "a.parquet")
        self.refused(self.load("a.parquet", "--format", "csv"), 2, "a.parquet", "looks like a Parquet file")
        csv = self.write("a.csv", "a\n1\n")
        for name in ("parquet", "arrow"):
            self.refused(self.load(csv, "--format", name), 2, "a.csv", "looks like text")
        self.refused(self.load(self.write("a.bin", "a\n1\n")), 2, "a.bin", "--format csv")
        done = self.load(csv, "--format", "ndjson")
        self.refused(done, done.returncode, "a.csv", "JSON object")


class Values(LoadCase):
    def test_invalid_utf8_in_a_parquet_string(self):
        pq.write_table(invalid_texts(), self.work / "bad.parquet")
        self.refused(self.load("bad.parquet"), 1, "bad.parquet", "not UTF-8", "column=s", "row=1")

    def test_invalid_utf8_in_an_arrow_string(self):
        bad = self.write("bad.arrow", ipc(invalid_texts(), pa.ipc.new_file))
        self.refused(self.load(bad), 1, "bad.arrow", "UTF")

    def test_invalid_utf8_in_an_arrow_string_names_its_place(self):
        for make in (pa.ipc.new_file, pa.ipc.new_stream):
            bad = self.write("bad.arrow", ipc(invalid_texts(), make))
            self.refused(self.load(bad), 1, "bad.arrow", "not UTF-8", "column=s", "row=1")

    def test_a_decimal_beyond_its_precision(self):
        csv = self.write("d.csv", "a,d\n1,1.5\n2,12345.5\n")
        self.refused(self.load(csv, "--types", "d:decimal128(5,1)"), 1, "d.csv line 3 column d: ",
                     "decimal128(5, 1)", "value=12345.5")
        pq.write_table(pa.table({"a": [1, 2], "d": ["1.5", "12345.5"]}), self.work / "d.parquet")
        self.refused(self.load("d.parquet", "--cast", "d:decimal128(5,1)"), 1, "d.parquet", "column=d", "row=1",
                     "value=12345.5")
        self.refused(self.load("d.parquet", "--cast", "d:decimal128(7,0)"), 1, "column=d", "row=0", "value=1.5")
        self.assertEqual(self.loaded("d.parquet", "--cast", "d:decimal128(6,1)"),
                         [{"a": 1, "d": "1.5"}, {"a": 2, "d": "12345.5"}])

    def test_a_cast_that_fails_names_the_types_and_the_value_of_the_user(self):
        for value in ("123.55", "12345"):
            with self.subTest(value=value):
                pq.write_table(pa.table({"d": ["1.5", value]}), self.work / "d.parquet")
                self.refused(self.load("d.parquet", "--cast", "d:decimal128(5,1)"), 1, "decimal128(5, 1)",
                             "type=string", f"value={value}")

    def test_a_union_is_refused_by_its_name(self):
        self.refused(self.load(self.write("u.arrow", ipc(with_union()))), 1, "column=u", "union")

    def test_a_union_that_is_refused_says_what_to_do(self):
        self.refused(self.load(self.write("u.arrow", ipc(with_union()))), 1, "--exclude u")

    def test_a_union_can_be_left_out(self):
        union = self.write("u.arrow", ipc(with_union()))
        self.assertEqual(self.loaded(union, "--exclude", "u"), [{"a": 1}, {"a": 2}])

    def test_an_arrow_stream_that_ends_too_early(self):
        whole = ipc(pa.table({"a": list(range(1000))}))
        for length in (8, 100, len(whole) // 2, len(whole) - 100):
            with self.subTest(length=length):
                self.refused(self.load(self.write("cut.arrows", whole[:length])), 1, "cut.arrows")

    def test_an_arrow_stream_without_its_end_mark_is_told(self):
        done = self.load(self.write("cut.arrows", ipc(pa.table({"a": [1, 2]}))[:-8]))
        self.assertEqual((done.returncode, self.rows()), (0, [{"a": 1}, {"a": 2}]))
        self.assertIn("without its end mark", done.stderr)


class Nested(LoadCase):
    def test_fifty_levels(self):
        for kinds in ("l", "s", "ls"):
            kind, value = nested(50, kinds)
            with self.subTest(kinds=kinds):
                lines = json.dumps({"a": value}) + '\n{"a":null}\n'
                self.assertEqual(self.fresh(self.write("deep.ndjson", lines)), [{"a": value}, {"a": None}])
                self.assertEqual(self.inspected()["rows"], [{"a": value}, {"a": None}])
                table = pa.table({"a": pa.array([value, None, value], kind)})
                for make in (pa.ipc.new_file, pa.ipc.new_stream):
                    self.assertEqual(self.fresh(self.write("deep.arrow", ipc(table, make))),
                                     [{"a": value}, {"a": None}, {"a": value}])

    def test_fifty_levels_in_parquet(self):
        for kinds in ("l", "s", "ls"):
            kind, value = nested(50, kinds)
            with self.subTest(kinds=kinds):
                pq.write_table(pa.table({"a": pa.array([value, None, value], kind)}), self.work / "deep.parquet")
                self.assertEqual(self.fresh("deep.parquet"), [{"a": value}, {"a": None}, {"a": value}])

    def test_seventy_levels_of_arrow(self):
        for kinds in ("l", "s", "ls"):
            kind, _ = nested(70, kinds)
            with self.subTest(kinds=kinds):
                table = pa.schema([("a", kind)]).empty_table()  # pyarrow writes no rows that deep
                self.refused(self.load(self.write("deep.arrows", ipc(table))), 1, "nested too deeply", "column=a")

    def test_seventy_levels_of_ndjson(self):
        for kinds in ("l", "s", "ls"):
            with self.subTest(kinds=kinds):
                deep = json.dumps({"a": nested(70, kinds)[1]})
                self.refused(self.load(self.write("deep.ndjson", deep + "\n")), 1, "deep.ndjson")
                late = self.write("deep.ndjson", '{"a":null,"b":1}\n' + deep + "\n")
                self.refused(self.load(late), 1, "deep.ndjson")

    def test_seventy_levels_of_ndjson_are_called_too_deep(self):
        deep = json.dumps({"a": nested(70, "l")[1]})
        self.refused(self.load(self.write("deep.ndjson", deep + "\n")), 1, "deep.ndjson", "line 1", "deep", "64")

    def test_thousands_of_brackets_are_an_error_too(self):
        for text in ('{"a":' + "[" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000):
            self.refused(self.load(self.write("deep.ndjson", text)), 1, "deep.ndjson")


class StandardInput(LoadCase):
    def test_good_input_of_every_streamed_format(self):
        wanted = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
        csv, ndjson = b"a,b\n1,x\n2,\n", b'{"a":1,"b":"x"}\n{"a":2}\n'
        for arguments, text in ((("--format", "csv"), csv), (("--format", "ndjson"), ndjson),
                                (("--format", "csv"), gzip.compress(csv)),
                                (("--format", "ndjson"), zstd(ndjson.decode())),
                                (("--format", "arrow"), ipc(pa.Table.from_pylist(wanted))),
                                ((), ipc(pa.Table.from_pylist(wanted)))):
            with self.subTest(arguments=arguments, begins=text[:4]):
                self.assertEqual(self.fresh("-", *arguments, stdin=text), wanted)

    def test_more_than_a_pipe_holds(self):
        self.assertEqual(len(self.loaded("-", "--format", "csv", stdin=CSV.encode())), len(ROWS))

    def test_closed_or_empty(self):
        for arguments in ((), ("--format", "csv"), ("--format", "ndjson"), ("--format", "arrow")):
            with self.subTest(arguments=arguments):
                self.refused(self.load("-", *arguments), 1, "standard input is empty")
                done = self.command_with_closed_input("-", *arguments)
                self.refused(done, 1, "standard input")

    def command_with_closed_input(self, *arguments):
        words = [AMPLOAD, "load", *arguments, "--to", f"lmdb:{self.target}", "--table", "t"]
        return subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *words], capture_output=True, text=True,
                              cwd=self.work, env=environment_of(), timeout=120)

    def test_closed_in_the_middle_of_a_record(self):
        for arguments, text, said in (
                (("--format", "csv"), CSV + "7", "line 50002"), (("--format", "csv"), CSV + '7,"x', "line 50002"),
                (("--format", "ndjson"), NDJSON[:-4], "line 50000"),
                (("--format", "ndjson"), '{"a":1}\n{"a":', "line 2")):
            with self.subTest(ends=text[-10:]):
                self.refused(self.load("-", *arguments, stdin=text.encode()), 1, f"- {said}")

    def test_closed_in_the_middle_of_a_gzip_member(self):
        whole = gzip.compress(CSV.encode())
        for text in (whole[:len(whole) // 2], whole[:-1], whole + whole[:20]):
            self.refused(self.load("-", "--format", "csv", stdin=text), 1, "gzip", "path=-")

    def test_closed_in_the_middle_of_an_arrow_stream(self):
        whole = ipc(pa.table({"a": list(range(1000))}))
        self.refused(self.load("-", stdin=whole[:len(whole) // 2]), 1, "path=-")

    def test_what_is_read_from_its_end(self):
        pq.write_table(pa.table({"a": [1]}), self.work / "a.parquet")
        parquet = (self.work / "a.parquet").read_bytes()
        for arguments in ((), ("--format", "parquet")):
            self.refused(self.load("-", *arguments, stdin=parquet), 2, "Parquet", "standard input", "path")
        self.refused(self.load("-", stdin=ipc(pa.table({"a": [1]}), pa.ipc.new_file)), 2, "Arrow IPC", "standard input")

    def test_text_of_no_format(self):
        self.refused(self.load("-", stdin=b"a,b\n1,x\n"), 2, "--format csv")

    def test_a_table_must_be_named(self):
        done = self.command("load", "-", "--format", "csv", "--to", f"lmdb:{self.target}", stdin=b"a\n1\n")
        self.assert_said(done, 2, "--table")


class Folders(LoadCase):
    def make(self, *folders):
        for folder in folders:
            path = self.work / "chain" / folder / "rows.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table({"n": [1, 2]}), path)
        return self.work / "chain"

    def test_names_become_columns(self):
        chain = self.make("year=2023/c=eth", "year=2024/c=a%3Ab", "year=2025/c=__HIVE_DEFAULT_PARTITION__")
        wanted = [{"n": n, "year": year, "c": c} for year, c in ((2023, "eth"), (2024, "a:b"), (2025, None))
                  for n in (1, 2)]
        self.assertEqual(self.loaded(chain), wanted)
        self.assertEqual(self.columns(), [("n", "int64"), ("year", "int64"), ("c", "string")])
        self.assertEqual(self.fresh(chain, "--where", "year >= 2024"), wanted[2:])
        self.assertEqual(self.fresh(chain, "--where", "c = 'eth' and n = 2"), wanted[1:2])
        self.assertEqual(self.fresh(chain, "--where", "c is null"), wanted[4:])
        self.assertEqual(self.fresh(chain, "--no-hive"), [{"n": n} for n in (1, 2)] * 3)
        self.assertEqual(self.fresh(chain, "--types", "year:string")[0], {"n": 1, "year": "2023", "c": "eth"})

    def test_a_leading_zero_makes_a_string(self):
        chain = self.make("month=01", "month=12")
        self.assertEqual([row["month"] for row in self.loaded(chain)], ["01", "01", "12", "12"])

    def test_a_value_that_a_declared_type_cannot_hold(self):
        done = self.load(self.make("year=2023", "year=old"), "--types", "year:int64")
        self.refused(done, done.returncode, "year", "old", "int64")

    def test_csv_and_ndjson_below_folders(self):
        self.write("a/year=1/x.csv", "n\n1\n")
        self.write("a/year=2/x.csv", "n\n2\n")
        self.assertEqual(self.loaded(self.work / "a"), [{"n": 1, "year": 1}, {"n": 2, "year": 2}])
        self.write("b/year=1/x.ndjson", '{"n":1}\n')
        self.write("b/year=x/x.ndjson", '{"n":2}\n')
        self.assertEqual(self.fresh(self.work / "b"), [{"n": 1, "year": "1"}, {"n": 2, "year": "x"}])

    def test_a_column_that_the_files_have_too(self):
        self.refused(self.load(self.make("n=5")), 2, "column=n", "--no-hive")

    def test_keys_that_differ(self):
        for folders in (("year=2023", "yaer=2024"), ("year=2023/c=eth", "year=2024"), ("a=1/b=2", "b=2/a=1")):
            with self.subTest(folders=folders):
                self.refused(self.load(self.make(*folders)), 2, "--no-hive", "path=", "other_path=")


def invalid_texts():
    texts = pa.StringArray.from_buffers(3, pa.array([0, 1, 3, 4], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfeb"))
    return pa.table({"n": [1, 2, 3], "s": texts})


def with_union():
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["x", "y"])])
    return pa.table({"a": [1, 2], "u": union})


def nested(levels, kinds):
    """A type of so many levels, lists (l) and structs (s) in turn, and a value of it."""
    kind, value = pa.int64(), 7
    for level in range(levels):
        if kinds[level % len(kinds)] == "l":
            kind, value = pa.list_(kind), [value]
        else:
            kind, value = pa.struct([("f", kind)]), {"f": value}
    return kind, value


if __name__ == "__main__":
    unittest.main()
