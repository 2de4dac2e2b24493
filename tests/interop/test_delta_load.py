"""Every real file and the generated chain, loaded into Delta tables by the command, read by deltalake and Delta Kernel and judged by
what pyarrow reads; tables that deltalake and Java work on between our loads, and theirs that we load into.

Not run: DuckDB's delta extension comes from no package registry."""

import datetime
import decimal
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest
import urllib.parse

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

import delta_tables
import random_tables
import store
from amp_files import CHAIN_FILES, REAL_FILES, real_data
from delta_tables import differences, lake_column, log_entries, plain_rows, rust_rows, wanted

SEEDS = range(1, 41 if os.environ.get("LONG") else 4)
UTC = datetime.timezone.utc


class DeltaLoads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kernel = delta_tables.Kernel()
        cls.addClassCleanup(cls.kernel.end)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ampload-interop-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.lake = self.folder / "lake"

    def uri(self, **options):
        options = {"durability": "process", **options}
        return f"delta:{self.lake}?" + urllib.parse.urlencode(options, quote_via=urllib.parse.quote)

    def load(self, source, name="t", *words, **options):
        """`source`: a file or an Arrow table. The result of a load that must end well."""
        if isinstance(source, pa.Table):
            file = self.folder / "source.parquet"
            pq.write_table(source, file)
            source = file
        result = store.load([source], self.uri(**options), name, *words)
        self.assertIs(result["success"], True)
        self.assertEqual((result["table_name"], result["loader_type"], result["error"]), (name, "deltalake", None))
        return result

    def check(self, rows, name="t"):
        """These rows and no others, whoever reads."""
        self.assertEqual(differences(rows, self.kernel.rows(self.lake / name)), [], "Java")
        self.assertEqual(differences(rows, rust_rows(self.lake / name)), [], "Rust")

    def check_load(self, file, name, *words, **options):
        table = pq.read_table(file)
        result = self.load(file, name, *words, **options)
        self.assertEqual(result["rows_loaded"], table.num_rows)
        self.check(wanted(table), name)
        return table


class RealFiles(DeltaLoads):
    def setUp(self):
        self.data = real_data(self)
        super().setUp()

    def test_every_file(self):
        for name in REAL_FILES:
            with self.subTest(name):
                self.check_load(self.data / f"{name}.parquet", name)

    def test_many_small_files(self):
        for name in ("ethereum_logs", "ethereum_transactions"):
            self.check_load(self.data / f"{name}.parquet", name, target_file_size="10KiB", row_group_rows=20)
            self.assertGreater(len(delta_tables.live_files(self.lake / name)), 2)


class GeneratedChain(DeltaLoads):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="ampload-chain-")
        cls.addClassCleanup(folder.cleanup)
        cls.chain = pathlib.Path(folder.name)
        store.make_chain(cls.chain, "--blocks", "60", "--seed", "3")

    def test_the_chain(self):
        for name in CHAIN_FILES:
            with self.subTest(name):
                self.check_load(self.chain / f"{name}.parquet", name)

    def test_compressions(self):
        for compression in ("zstd", "snappy", "gzip", "none"):
            with self.subTest(compression):
                self.check_load(self.chain / "logs.parquet", compression, compression=compression)

    def test_overwritten_twice(self):
        for _ in range(2):
            self.check_load(self.chain / "logs.parquet", "logs", "--mode", "overwrite")

    def test_partitioned(self):
        table = self.check_load(self.chain / "logs.parquet", "logs", partition_by="block_num")
        self.assertEqual(DeltaTable(str(self.lake / "logs")).metadata().partition_columns, ["block_num"])
        self.assertEqual(len(delta_tables.live_files(self.lake / "logs")), pc.count_distinct(table["block_num"]).as_py())

    def test_what_readers_skip_by_statistics(self):
        """Statistics must never hide a row: every value of a column is found by asking for it."""
        table = self.check_load(self.chain / "logs.parquet", "logs", target_file_size="4KiB", row_group_rows=20)
        mine = DeltaTable(str(self.lake / "logs"))
        for column in ("block_num", "log_index", "timestamp"):
            found = mine.to_pyarrow_dataset()
            stored = found.schema.field(column).type
            for value in pc.unique(table[column]).to_pylist()[:40]:
                count = found.filter(pc.field(column) == pa.scalar(value, stored)).count_rows()
                self.assertEqual(count, pc.sum(pc.equal(table[column], pa.scalar(value, table[column].type))).as_py(),
                                 (column, value))


class Statistics(DeltaLoads):
    def test_of_every_file(self):
        """Bounds that hold, counts that are right, for every file; worked out from the file itself."""
        table = random_tables.table([pa.int64(), pa.float64(), pa.string(), pa.date32(), pa.timestamp("us", "UTC"),
                                     pa.timestamp("us"), pa.decimal128(20, 3), pa.binary(), pa.bool_(),
                                     pa.struct([("a", pa.int32()), ("s", pa.string())])], 5, 700)
        self.load(table, row_group_rows=50, target_file_size="8KiB")
        adds = [action["add"] for actions in log_entries(self.lake / "t").values() for action in actions if "add" in action]
        self.assertGreater(len(adds), 2)
        for add in adds:
            stats = json.loads(add["stats"])
            file = pq.read_table(self.lake / "t" / urllib.parse.unquote(add["path"]))
            self.assertEqual(stats["numRecords"], file.num_rows)
            for name, column in [(f.name, file[f.name]) for f in file.schema] + \
                    [("struct.a", pc.struct_field(file.column(file.num_columns - 1), 0))]:
                self.check_bounds(stats, name, column)

    def check_bounds(self, stats, name, column):
        parent = None
        if name == "struct.a":
            parent, name = [n for n in stats["nullCount"] if isinstance(stats["nullCount"][n], dict)][0], "a"
        at = lambda part: stats[part].get(parent, {}) if parent else stats[part]
        nulls = at("nullCount").get(name)
        if isinstance(nulls, int):
            self.assertEqual(nulls, column.null_count, name)
        low, high = at("minValues").get(name), at("maxValues").get(name)
        kind = column.type
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):  # years that Python has not
            column = column.filter(pc.and_(pc.greater_equal(pc.year(column), 1), pc.less_equal(pc.year(column), 9999)))
        values = [v for v in column.to_pylist() if v is not None]
        if pa.types.is_floating(kind):
            values = [v for v in values if v == v]
        if not values or isinstance(low, dict):
            return
        if pa.types.is_timestamp(kind):
            parse = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        elif pa.types.is_date(kind):
            parse = datetime.date.fromisoformat
        elif pa.types.is_decimal(kind):
            parse = lambda number: decimal.Decimal(str(number))
        else:
            parse = lambda value: value
        if pa.types.is_decimal(kind):  # as JSON's number a decimal loses digits in Python's hands
            low, high = (None if v is None else v for v in (low, high))
            if low is not None:
                self.assertLessEqual(float(low), float(min(values)) + abs(float(min(values))) * 1e-12, name)
            return
        if low is not None and not str(low).startswith(("-", "0000", "+")):
            self.assertLessEqual(parse(low), min(values), name)
        if high is not None and not str(high).startswith(("-", "0000", "+")):
            self.assertGreaterEqual(parse(high), max(values), name)


class EveryType(DeltaLoads):
    def test_all_together(self):
        kinds = [kind for kind in random_tables.all_types() if self.can_be_held(kind)]
        self.assertGreater(len(kinds), 50)
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.check_load(self.file(random_tables.table(kinds, seed)), f"t{seed}")

    def test_no_rows(self):
        table = random_tables.table([pa.int64(), pa.string()], 1, 0)
        self.check_load(self.file(table), "t")

    def file(self, table):
        path = self.folder / "table.parquet"
        pq.write_table(table, path, row_group_size=64)
        return path

    @staticmethod
    def can_be_held(kind):
        """By Parquet, and by Delta: random ticks are no whole microseconds."""
        if "ns" in str(kind) and "timestamp" in str(kind):
            return False
        try:
            pq.write_table(random_tables.table([kind], 1, 3), pa.BufferOutputStream())
            return True
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return False


class PartitionValues(DeltaLoads):
    TEXTS = ["plain", "a/b", "c d", "e=f", "100%", "%41", "ü漢🦀", "a:b\\c\"d'e", "..", ".", "_x", "new\nline", "\x01\x7f", "{}#?&+"]

    def rows(self, column):
        return pa.table({"id": pa.array(range(len(column)), pa.int64()), "p": column})

    def test_every_type(self):
        columns = [
            pa.array([None, *self.TEXTS]), pa.array([None, -(2**63), 0, 2**63 - 1]), pa.array([None, -128, 127], pa.int8()),
            pa.array([None, True, False]), pa.array([None, decimal.Decimal("-12345678901234567890.123"), decimal.Decimal("0.000")],
                                                    pa.decimal128(30, 3)),
            pa.array([None, datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(1969, 12, 31)]),
            pa.array([None, datetime.datetime(2024, 2, 29, 23, 59, 59, 1000, UTC), datetime.datetime(1500, 1, 1, tzinfo=UTC),
                      datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, UTC)], pa.timestamp("us", "UTC")),
            pa.array([None, datetime.datetime(2024, 2, 29, 23, 59, 59, 1), datetime.datetime(2024, 1, 1)], pa.timestamp("us")),
            pa.array([None, 1.5, -2.25, 1e300, 5e-324]), pa.array([None, 0.1, 3.4e38], pa.float32()),
            pa.array([None, 2**64 - 1, 0], pa.uint64())]
        for number, column in enumerate(columns):
            with self.subTest(str(column.type)):
                name = f"t{number}"
                self.load(self.rows(column), name, partition_by="p")
                self.check(wanted(self.rows(column)), name)
                # Once more, beside what is there.
                self.load(self.rows(column), name)
                self.check(wanted(self.rows(column)) * 2, name)

    def test_microseconds_with_a_zone(self):
        """Delta Kernel 4.0 reads no more than milliseconds of such a partition value, Spark's own included."""
        column = pa.array([1, -1, 1_709_251_199_000_001], pa.timestamp("us", "UTC"))
        self.load(self.rows(column), partition_by="p")
        self.assertEqual(differences(wanted(self.rows(column)), rust_rows(self.lake / "t")), [])

    def test_two_columns(self):
        table = pa.table({"id": range(8), "a": ["x", "y", None, "x"] * 2, "b": pa.array([1, None] * 4, pa.int32())})
        self.load(table, partition_by="b,a")
        self.check(wanted(table))
        self.assertEqual(DeltaTable(str(self.lake / "t")).metadata().partition_columns, ["b", "a"])


class OthersAtOurTables(DeltaLoads):
    """deltalake and Java work on our table; then we go on."""

    def numbers(self, first, count=100):
        return pa.table({"id": pa.array(range(first, first + count), pa.int64()),
                         "name": [f"row {i}" for i in range(first, first + count)],
                         "at": pa.array(range(first, first + count), pa.timestamp("us", "UTC"))})

    def rows(self, *ranges):
        return [row for first, count in ranges for row in wanted(self.numbers(first, count))]

    def mine(self):
        return DeltaTable(str(self.lake / "t"))

    def test_appends(self):
        self.load(self.numbers(0))
        write_deltalake(str(self.lake / "t"), self.numbers(100), mode="append")
        self.load(self.numbers(200))
        file = self.folder / "java.parquet"
        pq.write_table(self.numbers(300), file)
        self.kernel.append(self.lake / "t", file)
        self.load(self.numbers(400))
        self.check(self.rows((0, 500)))

    def test_compacts(self):
        for first in range(0, 500, 100):
            self.load(self.numbers(first))
        self.mine().optimize.compact()
        self.check(self.rows((0, 500)))
        self.load(self.numbers(500))
        self.mine().optimize.z_order(["name"])
        self.load(self.numbers(600))
        self.check(self.rows((0, 700)))

    def test_restores_and_vacuums(self):
        for first in range(0, 300, 100):
            self.load(self.numbers(first))
        version = self.mine().version()
        self.mine().restore(version - 1)
        self.check(self.rows((0, 200)))
        self.load(self.numbers(900))
        self.check(self.rows((0, 200), (900, 100)))
        self.mine().vacuum(0, dry_run=False, enforce_retention_duration=False)
        self.check(self.rows((0, 200), (900, 100)))
        self.load(self.numbers(1000))
        self.check(self.rows((0, 200), (900, 200)))

    def test_deletes_and_updates(self):
        self.load(self.numbers(0))
        self.mine().delete("id < 10")
        self.mine().update(new_values={"name": "new"}, predicate="id = 50")
        self.load(self.numbers(100))
        rows = self.rows((10, 190))
        rows[40][1] = "snew"
        self.check(rows)

    def test_removes_files_of_any_partition(self):
        """A path may be spelled in several ways: whoever removes a file must hit the one that was added."""
        values = [*(f"a{chr(c)}b" for c in range(32, 127)), "%2C", "ü漢🦀", ".", None]
        for kind, values in ("text", values), ("double", [1e20, -1e-7, 0.5, None]):
            with self.subTest(kind):
                shutil.rmtree(self.lake, ignore_errors=True)
                first, second, third = (pa.table({"id": pa.array(range(start, start + len(values)), pa.int64()), "p": values})
                                        for start in (0, 1000, 2000))
                for rows in (first, second):
                    self.load(rows, partition_by="p")
                self.mine().delete("id >= 1000 and id < 1002")
                self.mine().delete("p = 'a,b' or p = 'a+b'" if kind == "text" else "p = 1e20")
                left = pa.concat_tables([first, second.slice(2)])
                left = left.filter(pc.invert(pc.is_in(left["p"], pa.array(["a,b", "a+b"] if kind == "text" else [1e20]))))
                self.check(wanted(left))
                self.mine().optimize.compact()
                self.check(wanted(left))
                self.load(third)
                self.mine().vacuum(0, dry_run=False, enforce_retention_duration=False)
                self.check(wanted(pa.concat_tables([left, third])))
                write_deltalake(str(self.lake / "t"), third, mode="overwrite")
                self.check(wanted(third))
                self.load(first)
                self.load(second, "t", "--mode", "overwrite")
                self.check(wanted(second))

    def test_checkpoints_and_cleans_up(self):
        for first in range(0, 300, 100):
            self.load(self.numbers(first))
        self.mine().create_checkpoint()
        self.load(self.numbers(300))
        self.kernel.checkpoint(self.lake / "t")
        self.load(self.numbers(400))
        self.check(self.rows((0, 500)))
        # Entries that the checkpoint stands for may go.
        checkpoint = json.loads((self.lake / "t/_delta_log/_last_checkpoint").read_text())["version"]
        for version in log_entries(self.lake / "t"):
            if version < checkpoint:
                (self.lake / "t/_delta_log" / f"{version:020}.json").unlink()
        self.load(self.numbers(500))
        self.check(self.rows((0, 600)))

    def test_adds_constraints(self):
        self.load(self.numbers(1))
        # Those, as they were written or as deltalake writes them down.
        for number, condition in enumerate(
                ["id > 0 AND (name IS NOT NULL)", "`id` between 0 and 100000", "not (name = 'a' or name in ('b', 'c', 'd', 'e'))",
                 "at > '1960-01-01T00:00:00Z'"]):
            self.mine().alter.add_constraint({f"c{number}": condition})
        self.load(self.numbers(101))
        self.check(self.rows((1, 200)))
        version = self.mine().version()
        bad = {"c0": self.numbers(0), "c1": self.numbers(99_990), "c2": self.numbers(500).set_column(1, "name", pa.array(["e"] * 100))}
        # Rows that lack a column have null there.
        bad["c0 "] = self.numbers(500).drop_columns(["name"])
        file = self.folder / "bad.parquet"
        for name, rows in bad.items():
            with self.subTest(name):
                pq.write_table(rows, file)
                for mode in ("append", "overwrite"):
                    done = store.subprocess.run([store.AMPLOAD, "load", file, "--to", self.uri(), "--table", "t", "--mode", mode],
                                                capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn(f"the row breaks the CHECK constraint {name.strip()}", done.stderr)
                with self.assertRaises(Exception):  # as deltalake judges
                    write_deltalake(str(self.lake / "t"), rows, mode="append")
        self.assertEqual(self.mine().version(), version)
        self.check(self.rows((1, 200)))
        # Set aside, the others are loaded.
        pq.write_table(self.numbers(99_990), file)
        done = store.subprocess.run([store.AMPLOAD, "load", file, "--to", self.uri(), "--table", "t", "--on-bad-row", "quarantine",
                                     "--quarantine", self.folder / "aside.arrow"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.check(self.rows((1, 200), (99_990, 11)))
        write_deltalake(str(self.lake / "t"), self.numbers(300), mode="append")
        self.check(self.rows((1, 200), (99_990, 11), (300, 100)))

    def test_our_checkpoints_are_theirs(self):
        count = 25
        for first in range(0, count * 10, 10):
            self.load(self.numbers(first, 10), checkpoint_interval=4)
        log = self.lake / "t/_delta_log"
        checkpoints = sorted(log.glob("*.checkpoint*.parquet"))
        self.assertGreater(len(checkpoints), 3)
        last = json.loads((log / "_last_checkpoint").read_text())["version"]
        for version in log_entries(self.lake / "t"):
            if version < last:
                (log / f"{version:020}.json").unlink()
        self.check(self.rows((0, count * 10)))
        self.mine().optimize.compact()
        self.mine().create_checkpoint()
        self.load(self.numbers(5000))
        self.check(self.rows((0, count * 10), (5000, 100)))

    def test_adds_a_column(self):
        self.load(self.numbers(0, 10))
        more = self.numbers(10, 10).append_column("extra", pa.array(range(10), pa.int32()))
        write_deltalake(str(self.lake / "t"), more, mode="append", schema_mode="merge")
        self.load(self.numbers(20, 10))
        rows = [[*row, None] for row in self.rows((0, 10))] + wanted(more) + [[*row, None] for row in self.rows((20, 10))]
        self.check(rows)
        evolved = self.numbers(30, 10).append_column("third", pa.array(["x"] * 10))
        self.load(evolved, "t", "--on-schema-change", "evolve")
        self.check([[*row, None] for row in rows] + [[*row[:3], None, row[3]] for row in wanted(evolved)])


class OurselvesAtOthersTables(DeltaLoads):
    """We add to tables that deltalake and Java made."""

    def rows(self, first=0, count=40):
        return pa.table({"id": pa.array(range(first, first + count), pa.int64()),
                         "name": [None if i % 5 == 0 else f"row {i}" for i in range(first, first + count)],
                         "day": pa.array([i % 3 for i in range(first, first + count)], pa.date32()),
                         "amount": pa.array([decimal.Decimal(i) / 100 for i in range(first, first + count)],
                                            pa.decimal128(38, 2)),
                         "list": [[i, None] for i in range(first, first + count)]})

    def theirs(self, table=None, **how):
        write_deltalake(str(self.lake / "t"), self.rows() if table is None else table, **how)

    def go_on(self, *batches):
        """Ours and theirs by turns, to the end."""
        rows = wanted(self.rows())
        for first in range(1000, 1300, 100):
            self.load(self.rows(first))
            rows += wanted(self.rows(first))
            write_deltalake(str(self.lake / "t"), self.rows(first + 50), mode="append")
            rows += wanted(self.rows(first + 50))
        self.check(rows)

    def test_plain(self):
        self.theirs()
        self.go_on()

    def test_partitioned(self):
        for columns in (["day"], ["name"], ["name", "day"]):
            with self.subTest(columns):
                shutil.rmtree(self.lake, ignore_errors=True)
                self.theirs(partition_by=columns)
                self.go_on()

    def test_with_checkpoints(self):
        self.theirs(configuration={"delta.checkpointInterval": "3"})
        DeltaTable(str(self.lake / "t")).create_checkpoint()
        self.go_on()

    def test_with_application_transactions(self):
        self.theirs(commit_properties=CommitProperties(app_transactions=[Transaction("theirs", 7)]))
        self.load(self.rows(100), checkpoint_interval=1)
        self.load(self.rows(200), checkpoint_interval=1)
        self.assertEqual(DeltaTable(str(self.lake / "t")).transaction_version("theirs"), 7)

    def test_that_java_made(self):
        names = self.rows().schema.names
        for partitions in ([], ["day"], ["name", "day"]):
            with self.subTest(partitions):
                shutil.rmtree(self.lake, ignore_errors=True)
                self.java_table(partitions)
                rows = []
                for first in (0, 100):
                    self.load(self.rows(first))
                    rows += wanted(self.rows(first))
                    rows += self.java_append(partitions, first + 50)
                self.kernel.checkpoint(self.lake / "t")
                self.load(self.rows(200))
                self.check(rows + wanted(self.rows(200)))
                self.assertEqual([field["name"] for field in self.kernel.schema(self.lake / "t")[1]["fields"]], names)

    def java_table(self, partitions, **properties):
        self.lake.mkdir(exist_ok=True)
        schema = pa.schema([f if not pa.types.is_list(f.type) else pa.field(f.name, pa.list_(f.type.value_type))
                            for f in self.rows().schema])
        self.kernel.create(self.lake / "t", schema, partitions, **properties)

    def java_append(self, partitions, first):
        values = {"name": pa.scalar("x y/z"), "day": pa.scalar(datetime.date(2024, 2, 29))}
        table = self.rows(first)
        for name in partitions:
            index = table.schema.get_field_index(name)
            table = table.set_column(index, name, pa.array([values[name].as_py()] * table.num_rows, table[name].type))
        file = self.folder / "java.parquet"
        pq.write_table(table, file)
        self.kernel.append(self.lake / "t", file, **{name: str(values[name].as_py()) for name in partitions})
        return wanted(table)

    def test_column_mapping(self):
        for mode in ("name", "id"):
            for partitions in ([], ["day"]):
                with self.subTest(mode=mode, partitions=partitions):
                    shutil.rmtree(self.lake, ignore_errors=True)
                    self.java_table(partitions, **{"delta.columnMapping.mode": mode})
                    rows = []  # Delta Kernel 4.0 makes such a table, and does not write into it
                    for first in (0, 100):
                        self.load(self.rows(first))
                        rows += wanted(self.rows(first))
                    self.check(rows)
                    physical = {name for file in delta_tables.live_files(self.lake / "t")
                                for name in pq.read_schema(file).names}
                    self.assertTrue(all(name.startswith("col-") for name in physical), physical)

    def test_in_commit_timestamps(self):
        self.java_table([], **{"delta.enableInCommitTimestamps": "true"})
        rows = self.java_append([], 0)
        for first in (100, 200):
            self.load(self.rows(first))
            rows += wanted(self.rows(first))
        self.kernel.checkpoint(self.lake / "t")
        rows += self.java_append([], 300)
        self.check(rows)
        stamps = [actions[0]["commitInfo"]["inCommitTimestamp"] for _, actions in sorted(log_entries(self.lake / "t").items())]
        self.assertEqual(sorted(set(stamps)), stamps)

    def test_what_a_column_may_not_be(self):
        schema = pa.schema([pa.field("id", pa.int64(), False), pa.field("name", pa.string())])
        self.lake.mkdir()
        self.kernel.create(self.lake / "t", schema)
        good = pa.table({"id": [1], "name": ["x"]})
        self.load(good)
        with self.assertRaisesRegex(AssertionError, "column=id|id"):
            self.load(pa.table({"id": pa.array([2, None], pa.int64()), "name": ["x", "y"]}))
        self.check(wanted(good))


class Times(DeltaLoads):
    def test_whole_microseconds_as_nanoseconds(self):
        table = pa.table({"z": pa.array([0, 1000, -1000, None, 1_700_000_000_000_001_000], pa.timestamp("ns", "UTC")),
                          "n": pa.array([0, 1000, -1000, None, 1_700_000_000_000_001_000], pa.timestamp("ns"))})
        self.load(table)
        self.check(wanted(table))

    def test_others_with_leave(self):
        table = pa.table({"z": pa.array([1, -1, 1999], pa.timestamp("ns", "UTC"))})
        with self.assertRaisesRegex(AssertionError, "timestamp_ns_to_us"):
            self.load(table)
        self.load(table, "t", "--allow", "timestamp_ns_to_us")
        found = sorted(row[0] for row in self.kernel.rows(self.lake / "t"))
        self.assertIn(found, ([0, 0, 1], [-1, 0, 1]))
        self.assertEqual(found, sorted(row[0] for row in rust_rows(self.lake / "t")))

    def test_far_away(self):
        edge = [-(2**63), 2**63 - 1, -62_135_596_800_000_000, 253_402_300_799_999_999]
        for zone in (None, "UTC"):
            table = pa.table({"t": pa.array(edge[2:], pa.timestamp("us", zone))})
            name = f"t{zone}"
            self.load(table, name)
            self.assertEqual(differences(wanted(table), self.kernel.rows(self.lake / name)), [])
            table = pa.table({"t": pa.array(edge, pa.timestamp("us", zone))})
            self.load(table, name)
            found = sorted(row[0] for row in self.kernel.rows(self.lake / name))
            self.assertEqual(found, sorted(edge + edge[2:]))


if __name__ == "__main__":
    unittest.main()
