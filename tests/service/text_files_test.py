"""CSV and NDJSON: bad records name file, line, column, value and what to do; values are the file's own."""

import json
import unittest

from load_case import LoadCase

# More than the 8 MiB that types are inferred from.
LONG_TEXT = "x" * 1000
LONG_ROWS = 9500


class BadText(LoadCase):
    def late_csv(self, last, columns="n,fill"):
        rows = "".join(f"{i},{LONG_TEXT}\n" for i in range(LONG_ROWS))
        return self.write("late.csv", f"{columns}\n{rows}{last}\n")

    def test_a_csv_cell_behind_the_first_rows(self):
        for cell in ("00017", "1.0", "seventeen", "99999999999999999999", "+1", "-0"):
            with self.subTest(cell=cell):
                done = self.load(self.late_csv(f"{cell},y"))
                self.refused(done, 1, f"late.csv line {LONG_ROWS + 2} column n: ", "int64", "--types n:string",
                             f"value={cell}")

    def test_the_same_file_loads_as_that_message_says(self):
        rows = self.loaded(self.late_csv("00017,y"), "--types", "n:string")
        self.assertEqual([rows[7], rows[-1]], [{"n": "7", "fill": LONG_TEXT}, {"n": "00017", "fill": "y"}])

    def test_a_missing_value_behind_the_first_rows_is_a_null(self):
        self.assertEqual(self.loaded(self.late_csv(",y"))[-1], {"n": None, "fill": "y"})

    def test_an_ndjson_value_behind_the_first_rows(self):
        rows = "".join(json.dumps({"n": i, "fill": LONG_TEXT}) + "\n" for i in range(LONG_ROWS))
        for value, text in (("1.5", "1.5"), ('"7"', "7"), ("[7]", "[7]"), ("true", "true")):
            with self.subTest(value=value):
                late = self.write("late.ndjson", f'{rows}{{"n":{value},"fill":"y"}}\n')
                self.refused(self.load(late), 1, f"late.ndjson line {LONG_ROWS + 1} column n: ", "--types n:string",
                             f"value={text}")
        late = self.write("late.ndjson", f'{rows}{{"n":7,"more":1}}\n')
        self.refused(self.load(late), 1, f"late.ndjson line {LONG_ROWS + 1}", "more", "--types more:TYPE")

    def test_a_cell_that_is_not_of_its_declared_type(self):
        for declared, cell in (("int64", "abc"), ("int64", "7.5"), ("uint8", "256"), ("int8", "-129"), ("bool", "yes"),
                               ("date32", "2024-02-30"), ("float", "1e60"), ("double", "1.5x"),
                               ("fixed_size_binary[2]", "0xabcdef"), ("binary", "0xabc"),
                               ("timestamp[us]", "2024-01-31T23:59:59Z"), ("timestamp[us, UTC]", "2024-01-31T23:59:59"),
                               ("timestamp[s]", "2024-01-31T23:59:59.5"), ("duration[us]", "P1D"),
                               ("decimal128(5,1)", "12345.6"), ("decimal128(5,1)", "1.55"),
                               ("decimal256(50,0)", "1" * 51)):
            with self.subTest(declared=declared, cell=cell):
                types = ("--types", f"value:{declared}")
                csv = self.write("bad.csv", f"n,value\n1,\n2,{cell}\n")
                self.refused(self.load(csv, *types), 1, "bad.csv line 3 column value: ", f"value={cell}", "type=")
                ndjson = self.write("bad.ndjson", f'{{"n":1}}\n{{"n":2,"value":"{cell}"}}\n')
                self.refused(self.load(ndjson, *types), 1, "bad.ndjson line 2 column value: ", f"value={cell}")

    def test_a_record_with_too_many_or_too_few_cells(self):
        for record, cells in (("3,4,5", 3), ("3", 1), ("3,4,", 3), ('"3,4"', 1)):
            with self.subTest(record=record):
                done = self.load(self.write("cells.csv", f"a,b\n1,2\n{record}\n5,6\n"))
                self.refused(done, 1, f"cells.csv line 3: a record of {cells} cell", "2 columns", f"record={record}")

    def test_lines_are_counted_through_quoted_line_breaks(self):
        self.refused(self.load(self.write("lines.csv", 'a,b\n1,"x\n\ny"\n2,z\n3\n')), 1, "lines.csv line 6: ")

    def test_a_quote_that_is_never_closed(self):
        self.refused(self.load(self.write("quote.csv", 'a,b\n1,x\n2,"y\n3,z\n')), 1, "quote.csv line 3", "quote")

    def test_invalid_utf8(self):
        csv = self.write("letters.csv", b"a,b\n1,x\n2,\xff\xfe\n")
        self.refused(self.load(csv), 1, "letters.csv line 3 column b: not valid UTF-8", "--types b:binary",
                     r"value=\xff\xfe")
        self.assertEqual(self.loaded(csv, "--types", "b:binary"), [{"a": 1, "b": b"x"}, {"a": 2, "b": b"\xff\xfe"}])

    def test_invalid_utf8_in_ndjson(self):
        ndjson = self.write("letters.ndjson", b'{"a":1,"b":"x"}\n{"a":2,"b":"\xff\xfe"}\n')
        self.refused(self.load(ndjson), 1, "letters.ndjson line 2", "not valid UTF-8", r"\xff\xfe")

    def test_utf16_and_a_header_that_is_no_text(self):
        self.refused(self.load(self.write("wide.csv", "a,b\n1,x\n".encode("utf-16"))), 1, "wide.csv", "UTF-16")
        self.refused(self.load(self.write("head.csv", b"a,\xff\n1,x\n")), 1, "head.csv", "UTF-8")

    def test_lines_that_are_no_json_objects(self):
        for line in ('{"a":', '{"a":2', '{"a":2}}', "[1]", "7", "{'a':2}", '{"a":2,}', '{"a":02}', '{"a":2,"a":3}',
                     '{"a":1e400}', '{"a":NaN}'):
            with self.subTest(line=line):
                done = self.load(self.write("bad.ndjson", f'{{"a":1}}\n{line}\n{{"a":3}}\n'))
                self.refused(done, 1, "bad.ndjson", "line 2")

    def test_two_kinds_in_one_ndjson_field(self):
        one = self.write("kinds.ndjson", '{"a":1}\n{"a":"1"}\n')
        self.refused(self.load(one), 1, "kinds.ndjson", "column a", "line 1", "line 2", "--types a:string")

    def test_two_kinds_in_one_ndjson_field_of_two_files(self):
        files = self.write("one.ndjson", '{"a":1}\n'), self.write("two.ndjson", '{"a":"1"}\n')
        self.refused(self.load(*files), 1, "column a", "one.ndjson", "two.ndjson", "--types a:string")

    def test_wrong_words_about_text(self):
        csv = self.write("good.csv", "a,b\n1,x\n")
        for arguments, texts in ((("--types", "a:itn64"), ("itn64", "int64")),
                                 (("--types", "c:int64"), ("column", "c", "a")),
                                 (("--types", "a"), ("--types", "a")),
                                 (("--delimiter", "::"), ("--delimiter", "::")),
                                 (("--header", "maybe"), ("--header", "maybe")),
                                 (("--cast", "a:list<int64>"), ("a", "list")),
                                 (("--cast", "x:int8"), ("x", "a")),
                                 (("--rename", "a:b"), ("b",)),
                                 (("--rename", "x:y"), ("x", "a")),
                                 (("--exclude", "x"), ("x", "a")),
                                 (("--exclude", "a,b"), ("--exclude",)),
                                 (("--allow", "everything"), ("everything", "timestamp_ns_to_us"))):
            with self.subTest(arguments=arguments):
                self.refused(self.load(csv, *arguments), 2, *texts)


class Values(LoadCase):
    def test_what_would_lose_a_digit_is_a_string(self):
        cells = {
            "leading_zeros": ["007", "12", "0"], "long_integers": ["12345678901234567890", "1", "2"],
            "trailing_zeros": ["1.10", "2", "3.5"], "many_digits": ["3.141592653589793238", "0.1", "0.2"],
            "plus": ["+1", "2", "3"], "exponent": ["1e5", "2", "3"],
            "no_digit_before": [".5", "1.5", "2.5"], "spaces": [" 1", "2 ", "3"], "words": ["nan", "1.5", "inf"],
            "capitals": ["True", "False", "true"], "offsets": ["2024-01-31T00:00:00+02:00"] * 3,
            "hex": ["0xab", "0x01", "0x"], "grouped": ["1_000", "1000", "10"],
        }
        text = ",".join(cells) + "\n" + "".join(",".join(row) + "\n" for row in zip(*cells.values()))
        rows = self.loaded(self.write("digits.csv", text))
        self.assertEqual(rows, [dict(zip(cells, row)) for row in zip(*cells.values())])
        self.assertEqual({kind for _, kind in self.columns()}, {"string"})

    def test_minus_zero_keeps_its_sign(self):
        rows = self.loaded(self.write("zero.csv", "a,b\n-0,-0.0\n1,0.5\n"))
        self.assertIn(str(rows[0]["a"]), ("-0", "-0.0"))
        self.assertEqual(str(rows[0]["b"]), "-0.0")

    def test_what_loses_nothing_has_its_type(self):
        text = ("whole,least,float,truth,day,moment,zoned,fine\n"
                "12,-9223372036854775808,0.5,true,2024-01-31,2024-01-31T23:59:59,2024-01-31 00:00:00Z,"
                "2024-01-31T00:00:00.123456789\n"
                "-3,9223372036854775807,1e-07,false,1969-12-31,2024-02-29 00:00:00.25,1960-01-01T00:00:00.5Z,"
                "1960-01-01T00:00:00.000000001\n")
        rows = self.loaded(self.write("types.csv", text))
        self.assertEqual(self.columns(), [
            ("whole", "int64"), ("least", "int64"), ("float", "double"), ("truth", "bool"), ("day", "date32[day]"),
            ("moment", "timestamp[us]"), ("zoned", "timestamp[us, tz=UTC]"), ("fine", "timestamp[ns]")])
        self.assertEqual([(row["whole"], row["least"], row["float"], row["truth"], row["day"]) for row in rows],
                         [(12, -2**63, 0.5, True, "2024-01-31"), (-3, 2**63 - 1, 1e-07, False, "1969-12-31")])
        self.assertEqual([row["moment"].rstrip("0").rstrip(".") for row in rows],
                         ["2024-01-31T23:59:59", "2024-02-29T00:00:00.25"])
        self.assertEqual([row["fine"] for row in rows],
                         ["2024-01-31T00:00:00.123456789", "1960-01-01T00:00:00.000000001"])
        self.assertTrue(all(row["zoned"].endswith("Z") for row in rows))

    def test_ndjson_numbers_keep_their_digits(self):
        text = ('{"whole":1,"large":18446744073709551615,"longer":12345678901234567890123,"digits":1.10,"float":0.5}\n'
                '{"whole":-2,"large":0,"longer":7,"digits":2,"float":1e-7}\n')
        self.assertEqual(self.loaded(self.write("numbers.ndjson", text)), [
            {"whole": 1, "large": 2**64 - 1, "longer": "12345678901234567890123", "digits": "1.10", "float": 0.5},
            {"whole": -2, "large": 0, "longer": "7", "digits": "2", "float": 1e-7}])

    def test_ndjson_strings_stay_strings_and_nested_values_nest(self):
        lines = [{"s": "007", "day": "2024-01-31", "list": [1, None, 3], "deep": {"a": [{"b": "ä\u0000\U0001f600"}]}},
                 {"s": "", "day": None, "list": [], "deep": {"a": []}},
                 {"s": "1", "day": "x", "list": None, "deep": None}]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self.assertEqual(self.loaded(self.write("nested.ndjson", text)), lines)

    def test_several_csv_files_agree_on_what_all_can_hold(self):
        files = [self.write(f"{i}.csv", f"a,b\n{cells}\n") for i, cells in enumerate(("1,1", "007,0.5", ",2"))]
        self.assertEqual(self.loaded(*files), [{"a": "1", "b": 1.0}, {"a": "007", "b": 0.5}, {"a": None, "b": 2.0}])

    def test_declared_types_take_exactly_their_value(self):
        text = ("i,d,wide,f,t,b,fixed,z,span\n"
                "7e2,1.50,-99999999999999999999999999999999999999999999999999,0.1,T,0xABcd,0x0102,"
                "2024-01-31T01:00:00+02:00,PT1.5S\n"
                " 007 ,-0.5,1,nan,0,text,0xffff,1970-01-01T00:00:00Z,-PT2S\n")
        done = self.load(self.write("declared.csv", text), "--types",
                         "i:int16,d:decimal128(5,1),wide:decimal256(50,0),f:double,t:bool,b:binary,"
                         "fixed:fixed_size_binary[2],z:timestamp[us, UTC],span:duration[us]")
        self.assertEqual(done.returncode, 0, done.stderr)
        first, second = self.rows()
        self.assertEqual((first["i"], first["d"], first["wide"], first["f"], first["t"], first["b"], first["fixed"]),
                         (700, "1.5", "-" + "9" * 50, 0.1, True, b"\xab\xcd", b"\x01\x02"))
        self.assertTrue(first["z"].startswith("2024-01-30T23:00:00"), first["z"])
        self.assertEqual((second["i"], second["d"], second["wide"], second["t"], second["b"], second["fixed"]),
                         (7, "-0.5", "1", False, b"text", b"\xff\xff"))
        self.assertNotEqual(second["f"], second["f"])

    def test_nulls_quotes_and_line_breaks(self):
        text = 'n,a,b\r\n1,,""\r\n2,"x,""y""\r\nz",NULL\r\n3,in"side,"NULL"\r\n4, spaced ,ä\r\n'
        wanted = [{"n": 1, "a": None, "b": ""}, {"n": 2, "a": 'x,"y"\r\nz', "b": "NULL"},
                  {"n": 3, "a": 'in"side', "b": "NULL"}, {"n": 4, "a": " spaced ", "b": "ä"}]
        self.assertEqual(self.loaded(self.write("crlf.csv", text)), wanted)
        wanted[0]["a"], wanted[1]["b"] = "", None
        self.assertEqual(self.fresh(self.write("crlf.csv", text), "--null", "NULL"), wanted)
        marked = self.write("marked.csv", b"\xef\xbb\xbf" + text.encode())
        self.assertEqual(self.fresh(marked, "--null", "NULL"), wanted)

    def test_a_last_line_without_an_end(self):
        self.assertEqual(self.loaded(self.write("end.csv", "a,b\n1,x\n2,y")), [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])
        self.assertEqual(self.fresh(self.write("end.ndjson", '{"a":1}\n{"a":2}')), [{"a": 1}, {"a": 2}])

    def test_tabs_other_delimiters_other_quotes_no_header(self):
        wanted = [{"f0": 1, "f1": "x,y"}, {"f0": 2, "f1": None}]
        no_header = "--header", "false"
        self.assertEqual(self.fresh(self.write("a.tsv", "1\tx,y\n2\t\n"), *no_header), wanted)
        self.assertEqual(self.fresh(self.write("a.txt", "1\tx,y\n2\t\\N\n"), "--format", "csv", "--delimiter", "\\t",
                                    "--null", "\\N", *no_header), wanted)
        self.assertEqual(self.fresh(self.write("a.csv", "1;'x,y'\n2;\n"), "--delimiter", ";", "--quote", "'",
                                    *no_header), wanted)
        self.assertEqual(self.fresh(self.write("b.csv", "1|x,y\n2|\n"), "--delimiter", "|", *no_header), wanted)
        self.assertEqual(self.fresh(self.write("b.csv", "07,1\n"), *no_header, "--types", "f0:int64,f1:text"),
                         [{"f0": 7, "f1": "1"}])

    def test_a_file_of_a_header_alone_has_no_rows(self):
        self.assertEqual(self.loaded(self.write("empty.csv", "a,b\n"), "--types", "a:int64"), [])
        self.assertEqual(self.columns(), [("a", "int64"), ("b", "string")])

    def test_limit_columns_and_where(self):
        csv = self.write("many.csv", "a,b,c\n" + "".join(f"{i},{i % 3},x{i}\n" for i in range(100)))
        self.assertEqual(self.fresh(csv, "--limit", 2, "--columns", "c,a"), [{"c": "x0", "a": 0}, {"c": "x1", "a": 1}])
        self.assertEqual(self.fresh(csv, "--where", "b = 2 and a > 90"),
                         [{"a": i, "b": 2, "c": f"x{i}"} for i in (92, 95, 98)])


if __name__ == "__main__":
    unittest.main()
