"""Tables that only C++ can build, loaded into Delta tables: what deltalake and Delta Kernel read is what pyarrow reads. A table is
refused where it holds what Delta cannot hold, and only there."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import pyarrow as pa

import delta_tables

LOAD_RANDOM = os.path.join(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev"), "tests/interop/load_random_delta")
SEEDS = 2000 if os.environ.get("LONG") else 200
AT_A_TIME = 50


def read(path):
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        return stream.read_all()


def cannot_be_held(kind, array):
    """What keeps an array out of Delta: nanoseconds that are no whole microseconds, microseconds beyond 64 bits."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return cannot_be_held(kind.storage_type, array.storage)
    if types.is_dictionary(kind):
        return cannot_be_held(kind.value_type, array.dictionary_decode())
    if types.is_run_end_encoded(kind):
        return cannot_be_held(kind.value_type, pa.compute.run_end_decode(array))
    if types.is_timestamp(kind):
        ticks = [tick for tick in array.cast(pa.int64()).to_pylist() if tick is not None]
        scale = {"s": 1_000_000, "ms": 1000, "us": 1}.get(kind.unit)
        return any(tick % 1000 for tick in ticks) if scale is None else \
            any(not -(2**63) <= tick * scale < 2**63 for tick in ticks)
    if types.is_struct(kind):
        # A struct's null hides what its fields have.
        return kind.num_fields == 0 or any(cannot_be_held(kind.field(i).type, column)
                                           for i, column in enumerate(array.flatten()))
    if types.is_map(kind):
        return any(item.is_valid and (cannot_be_held(kind.key_type, item.values.field(0)) or
                                      cannot_be_held(kind.item_type, item.values.field(1))) for item in array) or \
            cannot_be_held(kind.item_type, pa.nulls(0, kind.item_type))
    if types.is_nested(kind):
        return any(item.is_valid and cannot_be_held(kind.value_type, item.values) for item in array) or \
            cannot_be_held(kind.value_type, pa.nulls(0, kind.value_type))
    return False


class RandomTables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kernel = delta_tables.Kernel()
        cls.addClassCleanup(cls.kernel.end)

    def test_random_tables(self):
        loaded = rows = 0
        for first in range(1, SEEDS + 1, AT_A_TIME):
            last = min(first + AT_A_TIME - 1, SEEDS)
            with tempfile.TemporaryDirectory(prefix="ampload-interop-") as folder:
                done = subprocess.run([LOAD_RANDOM, str(first), str(last), folder], capture_output=True, text=True,
                                      timeout=600)
                self.assertEqual(done.returncode, 0, done.stderr)
                for seed in range(first, last + 1):
                    with self.subTest(seed=seed):
                        table = read(pathlib.Path(folder) / f"{seed}.arrow")
                        if self.check(pathlib.Path(folder), seed, table):
                            loaded, rows = loaded + 1, rows + table.num_rows
        print(f"{SEEDS} random tables, {loaded} loaded with {rows} rows, the others refused for what Delta does not hold")
        self.assertGreater(loaded, SEEDS // 2)

    def check(self, folder, seed, table):
        refused = folder / f"{seed}.refused"
        why = refused.read_text() if refused.exists() else None
        self.assertEqual(why is not None, any(cannot_be_held(column.type, chunk) for column in table.columns
                                              for chunk in column.chunks), why)
        if why:
            return False
        lake = folder / "lake" / str(seed)
        wanted = delta_tables.wanted(table)
        self.assertEqual(delta_tables.differences(wanted, self.kernel.rows(lake)), [], "Java")
        self.assertEqual(delta_tables.differences(wanted, delta_tables.rust_rows(lake)), [], "Rust")
        return True


if __name__ == "__main__":
    unittest.main()
