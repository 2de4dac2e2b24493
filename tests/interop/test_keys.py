"""Keys of every type that a key may have: their bytes, and that they sort as their columns do."""

import random
import unittest

import pyarrow as pa
import pyarrow.parquet

import keys
import store
from random_tables import integer
from test_load import LoadCase

ROWS = 200
INTEGERS = [getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)]
TEXTS = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]


def texts(kind, dice):
    """Short, so that many share a beginning; with the bytes that the escape is about."""
    alphabet = [b"\0", b"\1", b"a", b"\x7f"] if "string" in str(kind) else [b"\0", b"\1", b"\xfe", b"\xff"]
    items = [b"".join(dice.choice(alphabet) for _ in range(dice.randrange(5))) for _ in range(ROWS)]
    return [item.decode() for item in items] if "string" in str(kind) else items


def column(kind, dice):
    if kind in INTEGERS:
        low, high = (-(1 << kind.bit_width - 1), (1 << kind.bit_width - 1) - 1) \
            if pa.types.is_signed_integer(kind) else (0, (1 << kind.bit_width) - 1)
        return pa.array([integer(low, high, dice) for _ in range(ROWS)], kind)
    if pa.types.is_fixed_size_binary(kind):
        return pa.array([dice.choice([b"\0", b"\xff"]) * 2 + dice.randbytes(1) for _ in range(ROWS)], kind)
    return pa.array(texts(kind, dice), kind)


class Keys(LoadCase):
    def check_column(self, kind, names):
        """`k` is of type `kind`; `n` makes every key its own."""
        dice = random.Random(str(kind))
        table = pa.table({"k": column(kind, dice), "n": pa.array(range(ROWS), pa.uint32()),
                          "t": pa.array([f"{n:03}\0" for n in range(ROWS)])})
        file = self.folder / "keys.parquet"
        pyarrow.parquet.write_table(table, file)
        self.check_load(file, "t", lambda read: keys.column_keys(read, names), "--key", ",".join(names))
        # Python's own order of the values is the judge of the store's.
        rows = table.to_pylist()
        self.assertEqual(sorted(range(ROWS), key=lambda row: keys.column_keys(table, names)[row]),
                         sorted(range(ROWS), key=lambda row: tuple(rows[row][name] for name in names)))

    def test_first_of_two(self):
        for kind in [*INTEGERS, *TEXTS, pa.binary(3)]:
            with self.subTest(kind=str(kind)):
                self.check_column(kind, ["k", "n"])

    def test_in_the_middle(self):
        for kind in [pa.int16(), pa.string(), pa.binary()]:
            with self.subTest(kind=str(kind)):
                self.check_column(kind, ["n", "k", "t"])

    def test_last(self):
        for kind in [pa.int64(), pa.string(), pa.binary(), pa.binary(3)]:
            with self.subTest(kind=str(kind)):
                self.check_column(kind, ["t", "k"])

    def test_rows_loaded_later_are_numbered_on(self):
        file = self.folder / "rows.parquet"
        pyarrow.parquet.write_table(pa.table({"a": [1, 2, 3]}), file)
        environment = self.folder / "env.lmdb"
        for _ in range(2):
            store.load([file], f"lmdb:{environment}", "t")
        self.check_keys([key for key, _ in store.pairs(environment, "t")], keys.row_number_keys(6))


if __name__ == "__main__":
    unittest.main()
