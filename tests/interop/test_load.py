"""Every real file and the generated chain, loaded by the command and judged by Python's lmdb and msgpack."""

import pathlib
import tempfile
import unittest

import pyarrow.parquet

import expected
import formats
import keys
import store
from amp_files import CHAIN_FILES, REAL_FILES, real_data

# Reading a stream a row takes Python long: all but the largest.
IN_ARROW_IPC = [name for name in REAL_FILES if name != "base_calls"]
TABLE_METADATA = {"operation", "batch_count", "batches_processed", "total_rows", "schema_fields",
                  "avg_batch_size", "table_size_mb", "throughput_rows_per_sec"}


class LoadCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ampload-interop-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check_result(self, result, table, name):
        self.assertEqual(list(result), ["success", "rows_loaded", "duration_seconds", "ops_per_second",
                                        "table_name", "loader_type", "error", "metadata"])
        self.assertIs(result["success"], True)
        self.assertIsNone(result["error"])
        self.assertEqual(result["rows_loaded"], table.num_rows)
        self.assertEqual(result["table_name"], name)
        self.assertEqual(result["loader_type"], "lmdb")
        metadata = result["metadata"]
        self.assertLessEqual(TABLE_METADATA, set(metadata))
        self.assertEqual(metadata["operation"], "load_table")
        self.assertEqual(metadata["total_rows"], table.num_rows)
        self.assertEqual(metadata["schema_fields"], table.num_columns)
        self.assertEqual(metadata["batches_processed"], metadata["batch_count"])
        average = table.num_rows / metadata["batch_count"] if metadata["batch_count"] else 0
        self.assertAlmostEqual(metadata["avg_batch_size"], average, delta=0.005)

    def check_keys(self, found, wanted):
        # Not assertEqual: its account of how two long lists differ takes for ever.
        self.assertEqual(len(found), len(wanted), "keys in the store")
        for place, (key, want) in enumerate(zip(found, wanted)):
            if key != want:
                self.fail(f"key {place} in the store's order is {key.hex()} instead of {want.hex()}")

    def check_load(self, file, name, wanted_keys, *options, uri_options="", value_format="msgpack"):
        """Loads `file` into a new environment and compares every key and value."""
        form = formats.FORMATS[value_format]
        table = pyarrow.parquet.read_table(file)
        environment = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "env.lmdb"
        result = store.load([file], f"lmdb:{environment}{uri_options}", name, *options)
        self.check_result(result, table, name)
        found = store.pairs(environment, name)
        wanted = dict(zip(wanted_keys(table), form.rows(table)))
        self.assertEqual(len(wanted), table.num_rows, "the test's keys are not unique")
        self.check_keys([key for key, _ in found], sorted(wanted))
        wrong = [d for key, value in found
                 for d in expected.differences(form.unpack(value), wanted[key], key.hex())]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} differences")


class RealFiles(LoadCase):
    def setUp(self):
        self.data = real_data(self)
        super().setUp()

    def check_columns(self, name, value_format="msgpack"):
        columns = REAL_FILES[name]
        # No option is given for the default.
        uri_options = "" if value_format == "msgpack" else f"?value_format={value_format}"
        self.check_load(self.data / f"{name}.parquet", name,
                        lambda table: keys.column_keys(table, columns), "--key", ",".join(columns),
                        uri_options=uri_options, value_format=value_format)

    def test_the_generated_chain_has_their_schemas(self):
        store.make_chain(self.folder / "chain", "--blocks", "1")
        for name in CHAIN_FILES:
            made = pyarrow.parquet.read_schema(self.folder / "chain" / f"{name}.parquet")
            real = pyarrow.parquet.read_schema(self.data / f"ethereum_{name}.parquet")
            self.assertTrue(made.equals(real, check_metadata=True), f"{name}\n{made}\n{real}")

    def test_row_numbers(self):
        self.check_load(self.data / "ethereum_transactions.parquet", "tx",
                        lambda table: keys.row_number_keys(table.num_rows))

    def test_a_pattern(self):
        self.check_load(self.data / "ethereum_logs.parquet", "logs",
                        lambda table: keys.pattern_keys(table, "logs", "{table}:{block_num}:{log_index}"),
                        uri_options="?key_pattern={table}:{block_num}:{log_index}")

    def test_keys_that_do_not_ascend(self):
        self.check_load(self.data / "base_logs.parquet", "logs",
                        lambda table: keys.column_keys(table, ["tx_hash", "log_index"]),
                        "--key", "tx_hash,log_index")


for file_name in REAL_FILES:
    setattr(RealFiles, f"test_{file_name}", lambda self, name=file_name: self.check_columns(name))
    setattr(RealFiles, f"test_{file_name}_json", lambda self, name=file_name: self.check_columns(name, "json"))
for file_name in IN_ARROW_IPC:
    setattr(RealFiles, f"test_{file_name}_arrow_ipc",
            lambda self, name=file_name: self.check_columns(name, "arrow_ipc"))


class GeneratedChain(LoadCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="ampload-chain-")
        cls.addClassCleanup(folder.cleanup)
        cls.chain = pathlib.Path(folder.name)
        store.make_chain(cls.chain, "--blocks", "120", "--seed", "3")

    def check_columns(self, name, columns):
        self.check_load(self.chain / f"{name}.parquet", name,
                        lambda table: keys.column_keys(table, columns), "--key", ",".join(columns))

    def test_blocks(self):
        self.check_columns("blocks", CHAIN_FILES["blocks"])

    def test_transactions(self):
        self.check_columns("transactions", CHAIN_FILES["transactions"])

    def test_logs(self):
        self.check_columns("logs", CHAIN_FILES["logs"])

    def test_by_hash(self):
        self.check_columns("blocks", ["hash"])

    def test_text_within_a_key(self):
        self.check_columns("transactions", ["value", "type", "tx_hash"])

    def test_row_numbers(self):
        self.check_load(self.chain / "logs.parquet", "logs",
                        lambda table: keys.row_number_keys(table.num_rows))

    def test_a_pattern(self):
        self.check_load(self.chain / "transactions.parquet", "tx",
                        lambda table: keys.pattern_keys(table, "tx", "{table}/{block_num}/{tx_hash}"),
                        uri_options="?key_pattern={table}/{block_num}/{tx_hash}")


if __name__ == "__main__":
    unittest.main()
