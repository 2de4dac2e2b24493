"""Every real file and the generated chain, loaded into PostgreSQL by the command and judged by psycopg2."""

import pathlib
import tempfile
import unittest

import pyarrow.parquet

import postgres
import store
from amp_files import CHAIN_FILES, REAL_FILES, real_data


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
    def setUp(self):
        self.data = real_data(self)

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
