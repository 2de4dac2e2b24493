"""The PostgreSQL tests' own reader: what the server was given in SQL is what it says."""

import unittest

import pyarrow as pa

import postgres


class Reader(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri, end = postgres.server_for_tests()
        cls.addClassCleanup(end)

    def values(self, kind, *literals):
        connection = postgres.connect(self.uri)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT " + ", ".join(f"'{text}'::{kind}" for text in literals))
                return list(cursor.fetchone())
        finally:
            connection.close()

    def test_times(self):
        self.assertEqual(self.values("date", "1970-01-01", "1969-12-31", "0001-12-31 BC", "9999-12-31"),
                         [0, -1, -719163, 2932896])
        self.assertEqual(self.values("time", "00:00:01.5", "23:59:59.999999"), [1_500_000, 86_399_999_999])
        self.assertEqual(self.values("timestamptz", "1970-01-01 01:00+01", "1969-12-31 23:59:59.999999+00"), [0, -1])
        self.assertEqual(self.values("timestamp", "0001-01-01 00:00:00.000001 BC"), [-719528 * 86_400_000_000 + 1])
        self.assertEqual(self.values("interval", "14 months -2 days -3.5 s", "-1 us", "25:00:00"),
                         [(14, -2, -3_500_000), (0, 0, -1), (0, 0, 90_000_000_000)])

    def test_values_and_arrays(self):
        self.assertEqual(self.values("numeric(5,2)", "1.5", "-0"), ["1.50", "0.00"])
        self.assertEqual(self.values("bytea", r"\x00ff"), [b"\0\xff"])
        self.assertEqual(self.values("bytea[]", r'{"\\x00",NULL}'), [[b"\0", None]])
        self.assertEqual(self.values("uuid", "30313233-3435-3637-3839-616263646566"), [b"0123456789abcdef"])
        self.assertEqual(self.values("interval[]", "{1 day,-1 us}"), [[(0, 1, 0), (0, 0, -1)]])

    def test_a_difference_is_seen(self):
        table = pa.table({"a": pa.array([1, None], pa.int64()), "f": pa.array([0.1, -0.0], pa.float32()),
                          "j": pa.array([{"x": 1}, {"x": 2}])})
        rows = postgres.Rows(["a", "f", "j"], ["bigint", "real", "jsonb"], [(1, None), (0.1, -0.0), ('{"x":1}', '{"x":2}')])
        self.assertEqual(postgres.differences(rows, table), [])
        for column, row, value in ((0, 0, 2), (0, 1, 0), (1, 0, 0.1000001), (1, 1, 0.0), (2, 1, '{"x":3}')):
            wrong = [list(one) for one in rows.columns]
            wrong[column][row] = value
            self.assertNotEqual(postgres.differences(postgres.Rows(rows.names, rows.types, wrong), table), [])
        self.assertNotEqual(postgres.differences(postgres.Rows(rows.names, ["bigint", "text", "jsonb"], rows.columns),
                                                 table), [])


if __name__ == "__main__":
    unittest.main()
