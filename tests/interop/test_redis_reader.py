"""The oracle of the Redis tests itself: it reads what redis-py wrote by hand, and sees each wrong value."""

import datetime
import decimal
import unittest

import pyarrow as pa

import redis_tables

TABLE = pa.table({
    "n": pa.array([1, 2**64 - 1], pa.uint64()),
    "half": pa.array([0.1, None], pa.float32()),
    "amount": pa.array([decimal.Decimal("-0.05"), decimal.Decimal("7.00")], pa.decimal128(38, 2)),
    "hash": pa.array([b"\0\xff", b"ab"], pa.binary(2)),
    "at": pa.array([datetime.datetime(2026, 1, 31), None], pa.timestamp("us", "UTC")),
    "list": pa.array([[1.5, None], []], pa.list_(pa.float64())),
})
ROWS = [{"n": b"1", "half": b"0.1", "amount": b"-0.05", "hash": b"\0\xff", "at": b"2026-01-31T00:00:00.000000Z",
         "list": b"[1.5,null]"},
        {"n": b"18446744073709551615", "amount": b"7.00", "hash": b"ab", "list": b"[]"}]
WRONG = [("n", b"01"), ("n", b"-1"), ("half", b"0.10000000149"), ("half", b"0.2"), ("amount", b"-.05"),
         ("amount", b"-0.050"), ("hash", b"0x00ff"), ("at", b"2026-01-31T00:00:00Z"), ("list", b"[1.5]"),
         ("list", b"[1.5,0]"), ("list", None), ("more", b"1")]


class Reader(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri, end = redis_tables.server_for_tests()
        cls.addClassCleanup(end)
        cls.tables = redis_tables.Tables(cls.uri)

    def setUp(self):
        self.client = self.tables.client
        self.client.flushdb()
        for number, row in enumerate(ROWS):
            self.client.hset(f"t:{number}", mapping=row)
            self.client.hset(f"t/{row['hash'].hex()}", mapping=row)
            self.client.xadd("s", row)

    def test_right_rows(self):
        self.assertEqual(self.tables.differences("t", TABLE, "hash"), [])
        self.assertEqual(self.tables.differences("s", TABLE, "stream"), [])
        self.client.hset("t:0", "hash", b"0x00ff"), self.client.hset("t:1", "hash", b"0x6162")
        self.assertEqual(self.tables.differences("t", TABLE, "hash", binary="hex"), [])

    def test_each_wrong_value(self):
        for name, value in WRONG:
            with self.subTest(name=name, value=value):
                self.setUp()
                if value is None:
                    self.client.hdel("t:0", name)
                else:
                    self.client.hset("t:0", name, value)
                found = self.tables.differences("t", TABLE, "hash")
                self.assertEqual(len(found), 1, found)
                self.assertIn("t:0", found[0])

    def test_rows_too_many_and_too_few(self):
        self.client.hset("t:2", "n", 3)
        self.assertIn("1 keys too many", self.tables.differences("t", TABLE, "hash")[0])
        self.client.delete("t:2", "t:1")
        self.assertIn("1 are missing", self.tables.differences("t", TABLE, "hash")[0])
        self.client.xadd("s", {"n": 1})
        self.assertEqual(self.tables.differences("s", TABLE, "stream"), ["3 entries instead of 2"])

    def test_floats(self):
        for bits, value, right, wrong in (
                (64, 0.1, ["0.1", "1e-1"], ["0.10000000000000001", "0.1000001", "nan"]),
                (64, 1e22, ["1e+22", "1e22", "10000000000000000000000"], ["1.0e21"]),
                (64, -0.0, ["-0", "-0.0"], ["0"]), (64, float("-inf"), ["-inf"], ["-Infinity"]),
                (64, float("nan"), ["NaN"], ["nan"]), (16, 0.0999755859375, ["0.1"], ["0.2"])):
            for text in right:
                self.assertEqual(redis_tables.FloatText(value, bits).differences(text.encode(), ""), [], text)
            for text in wrong:
                self.assertNotEqual(redis_tables.FloatText(value, bits).differences(text.encode(), ""), [], text)

    def test_keys_by_pattern(self):
        self.assertEqual(redis_tables.pattern_keys(TABLE, "t", "{table}/{hash}:{n}", "hex"),
                         [b"t/0x00ff:1", b"t/0x6162:18446744073709551615"])


if __name__ == "__main__":
    unittest.main()
