"""`ampload plan load`: writes nothing, and says what the load then does."""

import decimal
import json
import shutil
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from load_case import LoadCase


def logs(rows):
    return pa.table({
        "block_num": pa.array(range(rows), pa.uint64()),
        "data": pa.array([(i * 2654435761 % 2**64).to_bytes(8, "big") * (i % 7) for i in range(rows)]),
        "value": pa.array([decimal.Decimal(i * 10**18) for i in range(rows)], pa.decimal128(38, 0)),
        "topics": pa.array([[f"{i:x}", None][:i % 3] for i in range(rows)]),
        "removed": pa.array([i % 5 == 0 for i in range(rows)]),
    })


class Plan(LoadCase):
    def setUp(self):
        super().setUp()
        self.logs = self.work / "logs.parquet"
        pq.write_table(logs(50_000), self.logs, row_group_size=10_000)

    def plan(self, *arguments, **how):
        """The finished process; nothing in the folder may have changed by it."""
        before = self.listing()
        done = self.command("plan", "load", *arguments, "--to", f"lmdb:{self.target}", "--table", "t", **how)
        self.assertEqual(self.listing(), before)
        return done

    def listing(self):
        """Every file and folder with its size and time of change. LMDB's lock file is its own business."""
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in self.work.rglob("*")
                if path.name not in ("lock.mdb", "env")}

    def planned(self, *arguments, status=0, **how):
        done = self.plan(*arguments, "--json", **how)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def outcome(self, *arguments, **how):
        done = self.load(*arguments, "--json", **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def agrees(self, *arguments):
        """The plan of a load that then succeeds says what it did."""
        plan = self.planned(*arguments)
        existed = self.rows() is not None
        result = self.outcome(*arguments)
        self.assertEqual((plan["success"], plan["error"], plan["table_exists"]), (True, None, existed))
        self.assertEqual((plan["table_name"], plan["loader_type"], plan["commits"]), ("t", "lmdb", 1))
        self.assertEqual([(one["name"], one["arrow_type"]) for one in plan["columns"]], self.columns())
        if plan["rows"] is not None:
            self.assertEqual(plan["rows"], result["rows_loaded"])
        if plan["bytes"] is not None:
            encoded = result["metadata"]["bytes_encoded"]
            self.assertLess(abs(plan["bytes"] - encoded), 0.1 * encoded)
        return plan

    def test_it_makes_no_environment(self):
        self.assertEqual(self.plan(self.logs).returncode, 0)
        self.assertFalse(self.target.exists())

    def test_parquet(self):
        plan = self.agrees(self.logs, "--key", "block_num")
        self.assertEqual((plan["rows"], plan["mode"], plan["steps"]), (50_000, "append", 1))
        self.assertEqual(plan["source_bytes"], self.logs.stat().st_size)
        self.assertIsNotNone(plan["bytes"])
        self.assertEqual({one["name"]: (one["stored_as"], one["fidelity"]) for one in plan["columns"]},
                         {"block_num": ("uint", "exact"), "data": ("bin", "exact"),
                          "value": ("str, plain digits", "exact"), "topics": ("array of str", "exact"),
                          "removed": ("bool", "exact")})

    def test_every_value_format(self):
        for value_format in ("msgpack", "json", "arrow_ipc"):
            with self.subTest(value_format=value_format):
                shutil.rmtree(self.target, ignore_errors=True)
                plan = self.agrees(self.logs, "--option", f"value_format={value_format}")
                self.assertIsNotNone(plan["bytes"])
                data = [one for one in plan["columns"] if one["name"] == "data"][0]
                self.assertEqual(data["fidelity"], "declared" if value_format == "json" else "exact")

    def test_the_other_formats(self):
        table = logs(1000).select(["block_num", "removed"])
        sources = {"a.csv": "n,s\n" + "".join(f"{i},0{i}\n" for i in range(1000)),
                   "a.ndjson": "".join(json.dumps({"n": i, "s": [f"{i}"]}) + "\n" for i in range(1000))}
        for name, content in sources.items():
            self.write(name, content)
        with pa.ipc.new_file(str(self.work / "a.arrow"), table.schema) as writer:
            writer.write_table(table)
        with pa.ipc.new_stream(str(self.work / "a.arrows"), table.schema) as writer:
            writer.write_table(table)
        for name in (*sources, "a.arrow", "a.arrows"):
            with self.subTest(name=name):
                shutil.rmtree(self.target, ignore_errors=True)
                self.agrees(name)
                self.assertEqual(len(self.rows()), 1000)

    def test_standard_input(self):
        plan = self.planned("-", "--format", "csv", stdin=b"a,b\n1,007\n")
        self.assertEqual([(one["name"], one["arrow_type"]) for one in plan["columns"]],
                         [("a", "int64"), ("b", "string")])
        self.assertEqual((plan["rows"], plan["bytes"]), (None, None))

    def test_shaped_columns(self):
        plan = self.agrees(self.logs, "--exclude", "topics,data", "--rename", "value:wei", "--cast",
                           "value:string,block_num:int64")
        self.assertEqual([(one["name"], one["arrow_type"]) for one in plan["columns"]],
                         [("block_num", "int64"), ("wei", "string"), ("removed", "bool")])
        self.agrees(self.logs, "--columns", "block_num,removed", "--mode", "overwrite")

    def test_rows_that_are_known_only_once_all_is_read(self):
        self.assertIsNone(self.agrees(self.logs, "--where", "block_num < 10")["rows"])

    def test_a_limit(self):
        self.agrees(self.logs, "--limit", 7)
        self.assertEqual(len(self.rows()), 7)

    def test_steps(self):
        plan = self.planned(self.logs, "--option", "step_bytes=256KiB")
        self.assertGreater(plan["steps"], 5)
        text = self.plan(self.logs, "--option", "step_bytes=256KiB").stdout
        self.assertIn(f"about {plan['steps']} steps of 256 KiB", text)

    def test_the_text(self):
        text = self.plan(self.logs, "--key", "block_num").stdout
        for part in ("table t, append, a new table", "50,000 rows", "key: block_num", "COLUMN", "HOW"):
            self.assertIn(part, text)
        lines = [line.split() for line in text.splitlines()]
        self.assertIn(["removed", "bool", "bool", "exact"], lines)
        self.assertIn(["data", "binary", "bin", "exact"], lines)

    def test_an_existing_table(self):
        self.outcome(self.logs, "--key", "block_num")
        before = self.rows()
        more = self.work / "more.parquet"
        pq.write_table(logs(60_000).slice(50_000), more)
        plan = self.planned(more)
        self.assertEqual((plan["table_exists"], plan["rows"]), (True, 10_000))
        self.assertIn("key: block_num", plan["layout"])
        self.assertNotIn("a new table", self.plan(more).stdout)
        self.assertEqual(self.rows(), before)
        self.agrees(more)
        self.agrees(more, "--mode", "overwrite")

    def refused_plan(self, status, *arguments, text, **how):
        """The plan and the load end with the same status for the same reason."""
        before = self.rows()
        done = self.plan(*arguments, **how)
        self.assert_said(done, status, text)
        as_json = self.planned(*arguments, status=status, **how)
        self.assertFalse(as_json["success"])
        self.assertIn(text, as_json["error"])
        loaded = self.load(*arguments, **how)
        self.assertEqual(loaded.returncode, status, loaded.stderr)
        self.assertEqual(self.rows(), before)
        return as_json

    def test_refused_columns(self):
        union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["x", "y"])])
        table = pa.table({"a": [1, 2], "u": union})
        with pa.ipc.new_stream(str(self.work / "u.arrows"), table.schema) as writer:
            writer.write_table(table)
        plan = self.refused_plan(1, "u.arrows", text="--exclude u")
        self.assertEqual([(one["name"], one["fidelity"]) for one in plan["columns"]],
                         [("a", "exact"), ("u", "refused")])
        self.assertEqual(self.agrees("u.arrows", "--exclude", "u")["success"], True)

    def test_refused_rows_for_an_existing_table(self):
        self.outcome(self.logs, "--key", "block_num")
        other = self.work / "other.parquet"
        pq.write_table(pa.table({"block_num": pa.array([60_000], pa.uint64()), "more": ["x"]}), other)
        self.refused_plan(1, other, text="--on-schema-change evolve")
        pq.write_table(pa.table({"block_num": pa.array([60_000], pa.uint64()), "data": ["x"]}), other)
        self.refused_plan(1, other, "--on-schema-change", "evolve", text="column data is binary in the table")
        self.refused_plan(2, self.logs, "--key", "data", text="another key")

    def test_a_plan_of_an_evolution_is_what_happens(self):
        self.outcome(self.logs, "--key", "block_num")
        other = self.work / "other.parquet"
        pq.write_table(pa.table({"block_num": pa.array([60_000], pa.uint64()), "more": ["x"]}), other)
        plan = self.planned(other, "--on-schema-change", "evolve")
        self.assertTrue(plan["success"])
        self.assertIn("more", json.dumps(plan["layout"]))
        self.outcome(other, "--on-schema-change", "evolve")
        self.assertIn(("more", "string"), self.columns())

    def test_wrong_commands(self):
        self.refused_plan(2, self.logs, "--key", "blok_num", text="block_num")
        self.refused_plan(2, "none.parquet", text="none.parquet")
        self.refused_plan(2, self.logs, "--no-create-table", text="does not exist")
        self.refused_plan(2, self.logs, "--cast", "data:itn64", text="int64")
        self.assert_said(self.command("plan", "chekc", self.logs), 2, "load")

    def test_bad_files(self):
        self.refused_plan(1, self.write("bad.parquet", self.logs.read_bytes()[:-9]), text="bad.parquet")
        self.refused_plan(1, self.write("bad.csv", "a,b\n1,2,3\n"), text="bad.csv line 2")


if __name__ == "__main__":
    unittest.main()
