"""Random tables of every type that Parquet can carry, loaded by the command and judged as in test_load."""

import os
import unittest

import pyarrow as pa
import pyarrow.parquet

import keys
import random_tables
from test_load import LoadCase

SEEDS = range(1, 41 if os.environ.get("LONG") else 4)


def writable(kind):
    """Whether Parquet takes a column of that type."""
    try:
        pyarrow.parquet.write_table(random_tables.table([kind], 1, 3), pa.BufferOutputStream())
        return True
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False


class EveryType(LoadCase):
    @classmethod
    def setUpClass(cls):
        cls.kinds = [kind for kind in random_tables.all_types() if writable(kind)]
        left_out = [str(kind) for kind in random_tables.all_types() if kind not in cls.kinds]
        print("not in Parquet, so not here:", ", ".join(left_out))

    def check(self, table, wanted_keys, *options):
        file = self.folder / "table.parquet"
        pyarrow.parquet.write_table(table, file, row_group_size=64)
        self.check_load(file, "t", wanted_keys, *options)

    def test_all_together(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.check(random_tables.table(self.kinds, seed),
                           lambda table: keys.column_keys(table, ["id"]), "--key", "id")

    def test_no_rows(self):
        self.check(random_tables.table(self.kinds, 1, 0), lambda table: [])


if __name__ == "__main__":
    unittest.main()
