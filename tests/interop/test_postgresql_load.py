"""Every real file and the generated chain, loaded into PostgreSQL by the command and judged by psycopg2."""

import os
import pathlib
import tempfile
import unittest

import pyarrow.parquet

import postgres
import store

REAL_FILES = ("ethereum_blocks", "ethereum_transactions", "ethereum_logs", "base_calls", "base_logs",
              "base_transactions", "base4_blocks", "base4_transactions", "base4_logs")
CHAIN_FILES = ("blocks", "transactions", "logs")


class PostgreSQLLoads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri, end = postgres.server_for_tests()
        cls.addClassCleanup(end)

    def check_load(self, file, name, *options, order_by=None):
        table = pyarrow.parquet.read_table(file)
        result = store.load([file], self.uri, name, *options)
        self.assertIs(result["success"], True)
        self.assertEqual((result["rows_loaded"], result["table_name"], result["loader_type"], result["error"]),
                         (table.num_rows, name, "postgresql", None))
        if order_by:
            table = table.sort_by([(column, "ascending") for column in order_by])
        self.assertEqual(postgres.differences(postgres.read(self.uri, name, order_by=order_by or ("ctid",)), table), [])


class RealFiles(PostgreSQLLoads):
    """Needs AMPLOAD_REAL_DATA. Without it the cases are skipped, or fail where CI=true."""

    def setUp(self):
        data = os.environ.get("AMPLOAD_REAL_DATA")
        if not data:
            if os.environ.get("CI") == "true":
                self.fail("AMPLOAD_REAL_DATA is not set: it must name the folder of the real files")
            self.skipTest("AMPLOAD_REAL_DATA is not set")
        self.data = pathlib.Path(data)

    def test_upsert_of_real_logs(self):
        file = self.data / "ethereum_logs.parquet"
        for _ in range(2):  # the second replaces every row by itself
            self.check_load(file, "upserted", "--mode", "upsert", "--key", "block_num,log_index",
                            order_by=("block_num", "log_index"))


for file_name in REAL_FILES:
    setattr(RealFiles, f"test_{file_name}",
            lambda self, name=file_name: self.check_load(self.data / f"{name}.parquet", name))


class GeneratedChain(PostgreSQLLoads):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="ampload-chain-")
        cls.addClassCleanup(folder.cleanup)
        cls.chain = pathlib.Path(folder.name)
        store.make_chain(cls.chain, "--blocks", "120", "--seed", "3")

    def test_the_chain(self):
        for name in CHAIN_FILES:
            with self.subTest(name):
                self.check_load(self.chain / f"{name}.parquet", name)

    def test_in_overwrite_mode(self):
        file = self.chain / "logs.parquet"
        for _ in range(2):
            self.check_load(file, "overwritten", "--mode", "overwrite", order_by=("block_num", "log_index"))


if __name__ == "__main__":
    unittest.main()
