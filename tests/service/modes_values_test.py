"""Upsert and merge over keys of every type, large values, tables whose columns have changed, and bad rows set aside."""

import struct
import unittest

import pyarrow as pa

from command import pairs, result_of
from modes_case import DECODERS, ModesCase
from quarantine_case import QuarantineCase


def people(ids, **columns):
    return pa.table({"id": pa.array(ids, pa.uint32()), **columns})


class Keys(ModesCase):
    """In the order of their bytes, which each case gives, a row for each key; the odd ones are then replaced."""

    CASES = {
        "int8": (pa.int8(), [-128, -1, 0, 1, 127], lambda key: struct.pack(">B", key + 2**7)),
        "int16": (pa.int16(), [-2**15, -1, 0, 255, 256], lambda key: struct.pack(">H", key + 2**15)),
        "int32": (pa.int32(), [-2**31, -256, 0, 2**31 - 1], lambda key: struct.pack(">I", key + 2**31)),
        "int64": (pa.int64(), [-2**63, -1, 0, 2**63 - 1], lambda key: struct.pack(">Q", key + 2**63)),
        "uint8": (pa.uint8(), [0, 1, 128, 255], lambda key: struct.pack(">B", key)),
        "uint16": (pa.uint16(), [0, 255, 256, 65535], lambda key: struct.pack(">H", key)),
        "uint64": (pa.uint64(), [0, 2**63, 2**64 - 1], lambda key: struct.pack(">Q", key)),
        "fixed": (pa.binary(3), [b"\0\0\0", b"\0\0\1", b"a\0b", b"\xff\xff\xff"], bytes),
        "binary": (pa.binary(), [b"\0", b"\0\0", b"\0\1", b"a", b"a\0", b"\xff" * 511], bytes),
        "string": (pa.string(), ["A", "a", "a\0", "aa", "\u00e9", "\U0001f600", "\U0001f600" * 127], str.encode),
        "large string": (pa.large_string(), ["a", "b", "c"], str.encode),
    }

    def test_of_every_type(self):
        for name, (kind, keys, as_bytes) in self.CASES.items():
            for mode in ("upsert", "merge"):
                with self.subTest(type=name, mode=mode):
                    def rows(some, n):
                        return pa.table({"id": pa.array(some, kind), "n": [n] * len(some)})
                    option = "value_format=arrow_ipc&sync=none"  # which has bytes as they are
                    self.well("overwrite", *self.source(rows(keys[::-1], 1)), option=option)
                    self.well(mode, *self.source(rows(keys[1::2] * 2, 2)), option=option)
                    found = [(key, DECODERS["arrow_ipc"](value)) for key, value in pairs(self.target, "t")]
                    self.assertEqual(found, [(as_bytes(key), {"id": key, "n": 1 + at % 2})
                                             for at, key in enumerate(keys)])

    def test_of_types_that_are_none(self):
        for values in (pa.array([1.5]), pa.array([1], pa.timestamp("us")), pa.array([True]), pa.array([[1]])):
            for mode in ("upsert", "merge"):
                done = self.by_key(mode, *self.source(pa.table({"id": values, "n": [1]})))
                self.refused(done, 2, "column=id", "type=", "integers, strings and binary")

    def test_a_key_that_is_too_long(self):
        rows = self.source(pa.table({"id": ["x", "x" * 512], "n": [1, 2]}))
        self.refused(self.by_key("upsert", *rows), 1, "511 bytes", "row=1", "length=512")


class Large(ModesCase):
    """Values that take pages of their own."""

    def rows(self, letter, ids):
        return people(ids, big=[letter * (300_000 if one % 2 else 10) for one in ids], n=[ord(letter)] * len(ids))

    def test_they_are_replaced_merged_and_come_back(self):
        for value_format in DECODERS:
            with self.subTest(value_format=value_format):
                how = {"option": f"value_format={value_format}&step_bytes=64KiB&sync=none"}
                self.well("overwrite", *self.source(self.rows("a", range(40))), **how)
                shorter = self.source(people(range(10, 50), big=["b" * (one % 2) for one in range(10, 50)]), name="new")
                with self.unchanged():
                    for point in ("lmdb.commit.before_commit:1", "lmdb.undo.before_commit:1"):
                        done = self.by_key("merge", *shorter, fault=point, **how)
                        self.assertEqual(done.returncode, -9, done.stderr)
                    self.well("merge", *shorter, "--limit", 0)
                self.well("merge", *shorter, **how)
                wanted = {(row["id"],): row for row in self.rows("a", range(40)).to_pylist()}
                for one in range(10, 50):
                    wanted[one,] = {**wanted.get((one,), {"id": one, "n": None}), "big": "b" * (one % 2)}
                found = self.decoded("id", value_format=value_format)
                self.assertTrue({key: {"n": None, **row} for key, row in found.items()} == wanted)
                self.well("upsert", *self.source(self.rows("c", range(5, 60))), **how)
                wanted.update({(row["id"],): row for row in self.rows("c", range(5, 60)).to_pylist()})
                self.assertTrue(self.decoded("id", value_format=value_format) == wanted)


class Evolved(ModesCase):
    EVOLVE = "--on-schema-change", "evolve"

    def test_rows_of_every_age_are_merged(self):
        for value_format in DECODERS:
            with self.subTest(value_format=value_format):
                how = {"table": value_format, "option": f"value_format={value_format}"}
                first = people([1, 2, 3], n=pa.array([1, 2, 3], pa.int32()), s=["a", "b", "c"])
                self.well("append", *self.source(first), **how)
                wider = people([2], n=pa.array([2**40], pa.int64()), x=[0.5])
                self.well("merge", *self.source(wider), *self.EVOLVE, **how)
                raw = dict(pairs(self.target, value_format))
                self.well("merge", *self.source(people([1, 4], x=[1.5, 4.5])), **how)
                self.well("merge", *self.source(people([2, 4], s=["B", "D"])), **how)
                wanted = [{"id": 1, "n": 1, "s": "a", "x": 1.5}, {"id": 2, "n": 2**40, "s": "B", "x": 0.5},
                          {"id": 3, "n": 3, "s": "c", "x": None}, {"id": 4, "n": None, "s": "D", "x": 4.5}]
                self.assertEqual(self.inspected(value_format)["rows"], wanted)
                found = self.decoded("id", value_format=value_format, table=value_format)
                self.assertEqual([{"n": None, "x": None, **row} for row in found.values()], wanted)
                self.assertEqual(dict(pairs(self.target, value_format))[b"\0\0\0\3"], raw[b"\0\0\0\3"])


    def test_names_of_every_kind_and_many_columns(self):
        names = ['a"b', "a\\b", "\u00fc\u4e16\U0001f600", "n" * 31, "n" * 32, "n" * 256, "a.b", " ", "id2", "i", "\n",
                 "_op ", "null", "{}"]
        names += [f"c{i}" for i in range(14 - len(names))]
        for value_format in DECODERS:
            for more in (["last"], [f"m{i}" for i in range(1_000)]):
                with self.subTest(value_format=value_format, more=len(more)):
                    how = {"option": f"value_format={value_format}"}
                    old = people([1, 2], **{name: [f"old {name}", None] for name in names})  # 15 columns
                    self.well("overwrite", *self.source(old), **how)
                    wanted = {(row["id"],): row for row in old.to_pylist()}
                    change = {**{name: [f"new {name}"] for name in names[::2]}, **{name: [name] for name in more}}
                    self.well("merge", *self.source(people([1], **change)), *self.EVOLVE, **how)
                    wanted[1,].update({name: values[0] for name, values in change.items()})
                    self.assertEqual(self.decoded("id", value_format=value_format), wanted)
                    self.well("merge", *self.source(people([2], **{names[0]: ["x"]})), **how)
                    wanted[2,][names[0]] = "x"
                    self.assertEqual(self.decoded("id", value_format=value_format), wanted)


class NotANumber(ModesCase):
    def test_it_comes_last_in_an_order_in_one_step_and_in_many(self):
        nan, infinity = float("nan"), float("inf")
        for pad, option in ((10, "sync=none"), (5_000, "sync=none&step_bytes=16KiB")):
            for values, wanted in (([nan, 1.0], 0), ([infinity, nan, infinity], 1), ([-nan, infinity, None], 0),
                                   ([nan, -nan], 1), ([None, nan], 1)):
                with self.subTest(values=values, option=option):
                    ids, order, at = [], [], []
                    for place, value in enumerate(values):
                        ids += [0, *range(1, pad)]
                        order += [value] * pad
                        at += [place] * pad
                    self.well("overwrite", *self.source(people([0], o=[5.0], at=[9])))
                    self.well("upsert", *self.source(people(ids, o=order, at=at)), "--order-by", "o", option=option)
                    self.assertEqual({row["at"] for row in self.rows()}, {wanted})
                    self.assertEqual(len(self.rows()), pad)


class SetAside(QuarantineCase, ModesCase):
    def test_rows_without_a_key_and_others_that_cannot_be_kept(self):
        far = pa.array([1, 3_000_000, 2, 3, 4], pa.int32()).cast(pa.date32())  # the year 10183
        for mode in ("upsert", "merge"):
            with self.subTest(mode=mode):
                self.well("overwrite", *self.source(people([1, 2], day=far.slice(2, 2), n=[1, 2])))
                rows = people([1, 2, None, 1, 5], day=far, n=[10, 20, 30, 40, None])
                done = self.quarantining(*self.source(rows), "--mode", mode, "--key", "id")
                self.assertEqual((done.returncode, result_of(done)["rows_loaded"]), (3, 3), done.stderr)
                self.assertEqual({key[0]: row["n"] for key, row in self.decoded("id").items()}, {1: 40, 2: 2, 5: None})
                table = self.aside_table()
                aside = zip(table["_ampload_row"].to_pylist(), table["n"].to_pylist())
                self.assertEqual(sorted(aside), [(1, 20), (2, 30)])
                self.file.unlink()

    def test_a_row_that_the_table_refuses_is_no_bad_row(self):
        self.well("append", *self.source(people([1], n=[1])))
        for word, number in (("insert", 1), ("update", 9)):
            rows = people([number, 2], n=[5, 6], _op=[word, "upsert"])
            with self.unchanged():
                done = self.quarantining(*self.source(rows), "--mode", "merge", "--key", "id")
                self.assert_said(done, 1, word, f"id={number}", "row=0")
            self.assertEqual(self.files_aside(), [])

    def test_a_quarantine_of_a_load_that_dies(self):
        words = ["upsert"] * 19_999 + ["none"]
        rows = self.source(people([i * 7919 % 30_000 for i in range(20_000)], n=range(20_000), _op=words))
        self.well("append", *self.source(people(range(0, 30_000, 10), n=range(3_000)), name="old"))
        how = "--mode", "merge", "--key", "id", "--option", "step_bytes=16KiB"
        with self.unchanged():
            done = self.quarantining(*rows, *how, fault="lmdb.commit.before_commit:1")
            self.assertEqual(done.returncode, -9, done.stderr)
            self.well("append", *self.source(people([], n=pa.array([], pa.int64())), name="none"))
        self.assertEqual(self.quarantining(*rows, *how, file=self.file.with_name("other.arrow")).returncode, 3)
        self.assertEqual(self.files_aside(), ["other.arrow"])
        wanted = {10 * n: n for n in range(3_000)}
        wanted.update({i * 7919 % 30_000: i for i in range(19_999)})
        self.assertEqual({key[0]: row["n"] for key, row in self.decoded("id").items()}, wanted)


if __name__ == "__main__":
    unittest.main()
