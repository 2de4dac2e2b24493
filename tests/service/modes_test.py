"""Upsert and merge as a user runs them: which row stays, which columns, under which key, in every value format and from
every kind of file. The judge is a dict of rows."""

import datetime
import decimal
import json
import unittest

import lmdb
import msgpack
import pyarrow as pa

from command import pairs, result_of
from modes_case import FILE_KINDS, ModesCase

FORMATS = "msgpack", "json", "arrow_ipc"


def people(ids, **columns):
    return pa.table({"id": pa.array(ids, pa.uint32()), **columns})


class Upsert(ModesCase):
    def test_rows_are_replaced_whole_or_added(self):
        for value_format in FORMATS:
            for kind in FILE_KINDS:
                with self.subTest(value_format=value_format, kind=kind):
                    table = f"{value_format} {kind}"
                    how = {"table": table, "option": f"value_format={value_format}&sync=none"}
                    old = people([1, 2, 3], name=["a", "b", None], n=pa.array([-1, None, 2**62], pa.int64()))
                    new = people([3, 9, 1], name=["c", None, "A"], n=pa.array([None, 5, -2**62], pa.int64()))
                    self.well("append", *self.source(old, kind), **how)
                    result = self.well("upsert", *self.source(new, kind), **how)
                    self.assertEqual((result["rows_loaded"], result["table_name"]), (3, table))
                    self.assertEqual(self.decoded("id", value_format=value_format, table=table), {
                        (1,): {"id": 1, "name": "A", "n": -2**62}, (2,): {"id": 2, "name": "b", "n": None},
                        (3,): {"id": 3, "name": "c", "n": None}, (9,): {"id": 9, "name": None, "n": 5}})

    def test_a_new_table(self):
        for mode in ("upsert", "merge"):
            with self.subTest(mode=mode):
                rows = people([2, 1, 2], name=["first", "x", "last"])
                result = self.well(mode, *self.source(rows), table=mode)
                self.assertEqual(result["rows_loaded"], 3)
                self.assertEqual(self.decoded("id", table=mode),
                                 {(1,): {"id": 1, "name": "x"}, (2,): {"id": 2, "name": "last"}})
                self.keys(">I", "id", table=mode)

    def test_two_keys(self):
        types = {"block": pa.uint64(), "at": pa.uint32()}

        def rows(*keys, name):
            return pa.table({"block": pa.array([one for one, _ in keys], types["block"]),
                             "at": pa.array([one for _, one in keys], types["at"]), "name": [name] * len(keys)})
        self.well("append", *self.source(rows((1, 2), (2, 1), (2**64 - 1, 0), name="old")), key="block,at")
        self.well("upsert", *self.source(rows((2, 1), (1, 1), (2**64 - 1, 0), name="new")), key="block,at")
        self.assertEqual({key: row["name"] for key, row in self.decoded("block", "at").items()},
                         {(1, 1): "new", (1, 2): "old", (2, 1): "new", (2**64 - 1, 0): "new"})
        self.keys(">QI", "block", "at")

    def test_texts_as_keys_that_begin_alike(self):
        def rows(*keys, n):
            return pa.table({"a": [one for one, _ in keys], "b": [one for _, one in keys], "n": [n] * len(keys)})
        old = [("x", "yz"), ("xy", "z"), ("x\0", "y"), ("x", "\0y"), ("", "xyz")]
        self.well("append", *self.source(rows(*old, n=1)), key="a,b")
        self.well("upsert", *self.source(rows(old[1], old[3], ("xyz", ""), n=2)), key="a,b")
        self.assertEqual({key: row["n"] for key, row in self.decoded("a", "b").items()},
                         {**dict.fromkeys(old, 1), old[1]: 2, old[3]: 2, ("xyz", ""): 2})

    def test_a_key_pattern(self):
        option = "key_pattern={table}:{id}:{name}"
        self.well("append", *self.source(people([1, 2], name=["a", "b"], n=[1, 2])), key=None, option=option)
        for mode, n in (("upsert", 7), ("merge", 8)):
            rows = people([2, 12], name=["b", "b"], n=[n, n])
            self.well(mode, *self.source(rows), key="name,id", option=option)
            found = {bytes(key): row["n"] for (key, _), row in zip(pairs(self.target, "t"), self.rows())}
            self.assertEqual(found, {b"t:1:a": 1, b"t:2:b": n, b"t:12:b": n})

    def test_a_key_pattern_of_which_two_keys_could_make_one_text(self):
        rows = self.source(people([1, 11], at=pa.array([11, 1], pa.uint32())))
        done = self.by_key("upsert", *rows, key="id,at", option="key_pattern={id}{at}")
        self.refused(done, 2, "{id}{at}")
        self.refused(self.by_key("upsert", *rows, key="id", option="key_pattern={id}:{at}"), 2, "key_pattern")

    def test_a_column_that_is_left_out_is_null_afterwards(self):
        old = self.source(people([1], name=["a"], n=[5]), name="old")
        for columns in ({}, {"name": pa.array([None], pa.string())}):
            self.well("overwrite", *old)
            self.well("upsert", *self.source(people([1], n=[6], **columns)))
            row = self.inspected()["rows"][0]
            self.assertEqual(row, {"id": 1, "name": None, "n": 6})

    def test_the_last_of_many_by_arrival_across_files_and_steps(self):
        numbers = [(i * 7919) % 500 for i in range(20_000)]
        for part in range(4):
            half = slice(part * 5_000, part * 5_000 + 5_000)
            self.source(people(numbers[half], n=list(range(half.start, half.stop)), pad=["x" * 100] * 5_000),
                      name=f"rows{part}")
        option = "step_bytes=16KiB&sync=none"
        files = [self.work / f"rows{part}.parquet" for part in range(4)]
        killed = self.by_key("upsert", *files, option=option, fault="lmdb.step.after_commit:5")
        self.assertEqual(killed.returncode, -9, killed.stderr)  # there are that many steps
        self.assertEqual(self.well("upsert", *files, option=option)["rows_loaded"], 20_000)
        self.assertEqual({key[0]: row["n"] for key, row in self.decoded("id").items()},
                         {number: n for n, number in enumerate(numbers)})


class Merge(ModesCase):
    def setUp(self):
        super().setUp()
        self.old = people([1, 2], name=["a", None], n=pa.array([2**63, 7], pa.uint64()), f=[0.1, None],
                          d=pa.array([decimal.Decimal("1.50"), None], pa.decimal128(20, 2)),
                          b=[b"\x00\xff", b""], list=[[1, None], []])

    def test_untouched_columns_keep_their_bytes(self):
        for value_format in FORMATS:
            with self.subTest(value_format=value_format):
                how = {"table": value_format, "option": f"value_format={value_format}"}
                self.well("append", *self.source(self.old), **how)
                before = self.decoded("id", **self.format(value_format))
                raw = dict(pairs(self.target, value_format))
                self.well("merge", *self.source(people([2, 3], name=["B", "C"], f=[None, 2.5])), **how)
                after = self.decoded("id", **self.format(value_format))
                self.assertEqual(after[1,], before[1,])
                self.assertEqual(after[2,], {**before[2,], "name": "B", "f": None})
                self.assertEqual({name: value for name, value in after[3,].items() if value is not None},
                                 {"id": 3, "name": "C", "f": 2.5})
                now = dict(pairs(self.target, value_format))
                self.assertEqual(now[b"\0\0\0\1"], raw[b"\0\0\0\1"])
                if value_format == "msgpack":
                    wanted = raw[b"\0\0\0\2"].replace(b"\xa4name\xc0", b"\xa4name\xa1B")
                    self.assertEqual(now[b"\0\0\0\2"], wanted)
                elif value_format == "json":
                    self.assertEqual(now[b"\0\0\0\2"], raw[b"\0\0\0\2"].replace(b'"name":null', b'"name":"B"'))

    def format(self, value_format):
        return {"value_format": value_format, "table": value_format}

    def test_every_kind_of_file(self):
        for kind in FILE_KINDS:
            with self.subTest(kind=kind):
                self.well("overwrite", *self.source(people([1, 2], name=["a", "b"], n=[1, 2])))
                self.well("merge", *self.source(people([2, 3], n=[None, 3]), kind))
                found = self.decoded("id")
                self.assertEqual((found[1,], found[2,]), ({"id": 1, "name": "a", "n": 1},
                                                          {"id": 2, "name": "b", "n": None}))
                self.assertEqual((found[3,]["n"], found[3,].get("name")), (3, None))

    def test_two_rows_of_one_key_both_take_effect(self):
        self.well("append", *self.source(people([1], name=["a"], n=[1], m=[1])))
        self.well("merge", *self.source(people([1, 5, 1, 5], n=[2, 3, 4, None])))
        found = self.decoded("id")
        self.assertEqual(found[1,], {"id": 1, "name": "a", "n": 4, "m": 1})
        self.assertIsNone(found[5,]["n"])

    def test_only_the_key(self):
        self.well("append", *self.source(people([1], name=["a"])))
        with self.unchanged():
            self.well("merge", *self.source(people([1])))
        self.well("merge", *self.source(people([4])))
        self.assertEqual(self.inspected()["rows"], [{"id": 1, "name": "a"}, {"id": 4, "name": None}])

    def test_columns_in_another_order(self):
        self.well("append", *self.source(people([1], name=["a"], n=[1])))
        self.well("merge", *self.source(pa.table({"n": [2], "id": pa.array([1], pa.uint32())})))
        self.well("upsert", *self.source(pa.table({"n": [3], "name": ["c"], "id": pa.array([2], pa.uint32())})))
        self.assertEqual(self.decoded("id"), {(1,): {"id": 1, "name": "a", "n": 2},
                                              (2,): {"id": 2, "name": "c", "n": 3}})

    def test_columns_that_ampload_never_wrote_are_kept(self):
        self.well("append", *self.source(people([1], name=["a"], n=[1])))
        with lmdb.open(str(self.target), max_dbs=64) as environment:
            with environment.begin(write=True, db=environment.open_db(b"t", create=False)) as transaction:
                transaction.put(b"\0\0\0\1", msgpack.packb({"id": 1, "mine": {"x": [1.5, None]}, "name": "a"}))
        self.well("merge", *self.source(people([1], name=["b"])))
        self.assertEqual(self.rows(), [{"id": 1, "mine": {"x": [1.5, None]}, "name": "b"}])
        self.well("merge", *self.source(people([1], n=[2])))
        self.assertEqual(self.rows(), [{"id": 1, "mine": {"x": [1.5, None]}, "name": "b", "n": 2}])


class Evolving(ModesCase):
    EVOLVE = "--on-schema-change", "evolve"

    def setUp(self):
        super().setUp()
        self.well("append", *self.source(people([1, 2], n=pa.array([1, 2], pa.int32()), name=["a", "b"])))

    def test_columns_come_and_types_widen(self):
        for mode, name in (("upsert", None), ("merge", "b")):
            with self.subTest(mode=mode):
                table = people([2], n=pa.array([2**40], pa.int64()), **{f"more_{mode}": ["z"]})
                result = self.well(mode, *self.source(table), *self.EVOLVE)
                self.assertIn(f"more_{mode}", result["metadata"]["schema_change"])
                row = self.decoded("id")[2,]
                self.assertEqual((row["n"], row[f"more_{mode}"], row.get("name")), (2**40, "z", name))
                self.assertEqual(dict(self.columns())["n"], "int64")
                self.assertEqual(self.decoded("id")[1,]["n"], 1)
                self.well("overwrite", *self.source(people([1, 2], n=pa.array([1, 2], pa.int32()), name=["a", "b"])))

    def test_frozen_it_is_refused(self):
        rows = self.source(people([2], more=["z"]))
        for mode in ("upsert", "merge"):
            self.refuses(1, mode, *rows, texts=("more", "string", "--on-schema-change evolve", "table=t"))

    def test_what_would_change_values_is_refused(self):
        for mode in ("upsert", "merge"):
            self.refuses(1, mode, *self.source(people([2], n=["x"])), *self.EVOLVE, texts=("int32", "string"))

    def test_a_load_that_fails_or_dies_leaves_the_columns(self):
        table = people([2, 3], more=["z", "z"], _op=["update", "update"])
        self.refuses(1, "merge", *self.source(table), *self.EVOLVE, texts=("id=3",))
        with self.unchanged():
            done = self.by_key("upsert", *self.source(people([2], more=["z"])), *self.EVOLVE,
                               fault="lmdb.commit.before_commit")
            self.assertEqual(done.returncode, -9)


class Told(ModesCase):
    def test_the_plan_of_a_merge(self):
        self.well("append", *self.source(people([1], name=["a"], n=[1])))
        rows = self.source(people([1, 2], n=[2, 3], _op=["update", "insert"]))
        listing = {path: path.stat().st_mtime_ns for path in self.work.rglob("*") if path.name == "data.mdb"}
        with self.unchanged():
            done = self.command("plan", "load", *rows, "--to", f"lmdb:{self.target}", "--table", "t", "--mode", "merge",
                                "--key", "id", "--json")
        self.assertEqual(listing, {path: path.stat().st_mtime_ns for path in listing})
        self.assertEqual(done.returncode, 0, done.stderr)
        plan = json.loads(done.stdout)
        self.assertEqual((plan["mode"], plan["rows"], plan["table_exists"]), ("merge", 2, True))
        self.assertEqual([column["name"] for column in plan["columns"]], ["id", "n"])
        text = self.command("plan", "load", *rows, "--to", f"lmdb:{self.target}", "--table", "t", "--mode", "merge",
                            "--key", "id").stdout
        self.assertNotIn("_op", [line.split()[0] for line in text.splitlines() if line])
        self.assertEqual(self.well("merge", *rows)["rows_loaded"], 2)
        self.assertEqual([name for name, _ in self.columns()], ["id", "name", "n"])

    def test_the_plan_is_refused_as_the_load_is(self):
        for mode, more in (("upsert", ()), ("append", ("--order-by", "n"))):
            arguments = (*self.source(people([1], n=[1])), "--to", f"lmdb:{self.target}", "--table", "t", "--mode",
                         mode, *more)
            plan, load = self.command("plan", "load", *arguments), self.command("load", *arguments)
            self.assertEqual((plan.returncode, plan.stderr), (2, load.stderr))

    def test_the_json_result(self):
        for mode in ("upsert", "merge"):
            result = self.well(mode, *self.source(people([1, 1, 2], n=[1, 2, 3])), table=mode)
            self.assertEqual({name: result[name] for name in ("success", "rows_loaded", "table_name", "loader_type",
                                                              "error")},
                             {"success": True, "rows_loaded": 3, "table_name": mode, "loader_type": "lmdb",
                              "error": None})
            metadata = result["metadata"]
            self.assertEqual((metadata["operation"], metadata["total_rows"], metadata["schema_fields"]),
                             ("load_table", 3, 2))
            done = self.by_key(mode, *self.source(people([3], n=["x"])), "--json", table=mode)
            failed = result_of(done)
            self.assertEqual((done.returncode, failed["success"], failed["rows_loaded"]), (1, False, 0))

    def test_the_loaders_modes(self):
        text = self.command("loaders", "lmdb").stdout
        line = next(line for line in text.splitlines() if line.split()[:1] == ["modes"])
        self.assertEqual(line.split(maxsplit=1)[1], "append, overwrite, upsert, merge")

    def test_several_tables_in_one_environment(self):
        for name in ("t", "other", "third"):
            self.well("append", *self.source(people([1, 2], n=[1, 2])), table=name)
        third = self.stored("third")
        self.well("upsert", *self.source(people([2, 3], n=[20, 30])), table="t")
        self.well("merge", *self.source(people([1], _op=["delete"])), table="other")
        self.assertEqual({key[0]: row["n"] for key, row in self.decoded("id").items()}, {1: 1, 2: 20, 3: 30})
        self.assertEqual(list(self.decoded("id", table="other")), [(2,)])
        self.assertEqual(self.stored("third"), third)

    def test_every_sync(self):
        for sync in ("full", "meta_last", "none"):
            for mode in ("upsert", "merge"):
                rows = people(list(range(3_000)), note=[f"{sync} {mode} {i}" for i in range(3_000)])
                self.well(mode, *self.source(rows), option=f"sync={sync}&step_bytes=16KiB")
                self.assertEqual([row["note"] for row in self.rows()], rows["note"].to_pylist())


class Ordered(ModesCase):
    """Of two rows of one key the one with the greater value of --order-by stays, in a load of one step and of many."""

    DAY = datetime.datetime(2024, 2, 29)
    ORDERS = {
        "int8": pa.array([-1, 3, None, 2, 3, -128, None], pa.int8()),
        "uint64": pa.array([1, 2**64 - 1, 0, 2**63, None, 7, 2], pa.uint64()),
        "timestamp": pa.array([DAY, None, DAY.replace(year=1960), DAY.replace(hour=1), DAY, None, DAY],
                              pa.timestamp("us")),
        "decimal": pa.array([decimal.Decimal(one) if one else None for one in
                             ("-1.50", "-10", None, "9.99", "10", "9.9", "-0.01")], pa.decimal128(20, 2)),
        "double": pa.array([-0.0, 0.0, float("inf"), 1e300, None, float("-inf"), -5e-324]),
        "string": pa.array(["b", "", None, "ba", "a", "B", "\u00e9"]),
        "date": pa.array([1, -1, None, 300, 299, 0, 5], pa.int32()).cast(pa.date32()),
        "bool": pa.array([True, None, False, False, None, True, False]),
    }

    def wanted(self, ids, order):
        best = {}
        for at, (number, value) in enumerate(zip(ids, order.to_pylist())):
            now = best.get(number)
            if now is None or now[0] is None or (value is not None and value >= now[0]):
                best[number] = (value, at)
        return {number: at for number, (_, at) in best.items()}

    def test_every_type(self):
        for name, some in self.ORDERS.items():
            for kind, rounds, option in (("parquet", 1, "sync=none"), ("csv", 1, "sync=none"),
                                         ("parquet", 2_000, "sync=none&step_bytes=16KiB")):
                if kind == "csv" and name in ("double", "string"):  # infinity and empty texts are no cells
                    continue
                with self.subTest(order=name, kind=kind, rounds=rounds):
                    order = pa.concat_arrays([some] * rounds)
                    ids = [(at * 31 + at // 7) % (3 if rounds == 1 else 400) for at in range(len(order))]
                    rows = people(ids, at=list(range(len(ids))), o=order, pad=["x" * 60] * len(ids))
                    for mode in ("upsert", "merge"):
                        self.well("overwrite", *self.source(people([0], at=[-1], o=order.slice(1, 1), pad=["y"])))
                        self.well(mode, *self.source(rows, kind), "--order-by", "o", option=option)
                        found = {key[0]: row["at"] for key, row in self.decoded("id").items()}
                        self.assertEqual(found, self.wanted(ids, order))

    def test_the_tables_own_rows_do_not_count(self):
        self.well("append", *self.source(people([1], n=[100])))
        self.well("upsert", *self.source(people([1, 1], n=[5, None])), "--order-by", "n")
        self.assertEqual(self.rows(), [{"id": 1, "n": 5}])

    def test_types_without_an_order(self):
        for values in ([[1]], [{"a": 1}], pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))):
            done = self.by_key("upsert", *self.source(people([1], o=values)), "--order-by", "o")
            self.refused(done, 2, "column=o", "table=t")


if __name__ == "__main__":
    unittest.main()
