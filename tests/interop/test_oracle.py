"""The oracle itself: literal expectations for expected.py, formats.py and keys.py."""

import datetime
import decimal
import unittest

import msgpack
import pyarrow as pa

import expected
import formats
import keys
from expected import Pairs


class Expected(unittest.TestCase):
    def check(self, array, wanted):
        self.assertEqual(expected.differences(expected.values(array), wanted), [])

    def test_decimals_are_plain_digits(self):
        self.check(pa.array([decimal.Decimal("-0.05"), None, decimal.Decimal("10")], pa.decimal128(38, 2)),
                   ["-0.05", None, "10.00"])
        self.check(pa.array([decimal.Decimal(10) ** 75], pa.decimal256(76, 0)), ["1" + "0" * 75])

    def test_timestamps_are_rfc_3339(self):
        self.check(pa.array([1655778500_000000001, None, -1], pa.timestamp("ns", "+00:00")),
                   ["2022-06-21T02:28:20.000000001Z", None, "1969-12-31T23:59:59.999999999Z"])
        self.check(pa.array([0], pa.timestamp("s")), ["1970-01-01T00:00:00.000000"])
        self.check(pa.array([1], pa.timestamp("ms", "Europe/Berlin")), ["1970-01-01T00:00:00.001000Z"])

    def test_dates_reach_from_year_0_to_9999(self):
        self.check(pa.array([-719_528, 2_932_896, None], pa.date32()), ["0000-01-01", "9999-12-31", None])
        self.check(pa.array([datetime.date(2024, 2, 29)], pa.date64()), ["2024-02-29"])

    def test_times_have_6_digits_or_9(self):
        self.check(pa.array([86_399], pa.time32("s")), ["23:59:59.000000"])
        self.check(pa.array([1], pa.time32("ms")), ["00:00:00.001000"])
        self.check(pa.array([3_600_000_000], pa.time64("us")), ["01:00:00.000000"])
        self.check(pa.array([1], pa.time64("ns")), ["00:00:00.000000001"])

    def test_durations_and_intervals_have_no_trailing_zeros(self):
        self.check(pa.array([86_400, None], pa.duration("s")), ["PT86400S", None])
        self.check(pa.array([-1500, 1000, 0], pa.duration("ms")), ["PT-1.5S", "PT1S", "PT0S"])
        self.check(pa.array([(1, -2, 3_500_000_000), (14, 0, 0), (0, 0, 0)], pa.month_day_nano_interval()),
                   ["P1M-2DT3.5S", "P14M", "PT0S"])

    def test_structs_and_maps_keep_their_order(self):
        kind = pa.struct([("b", pa.int8()), ("a", pa.list_(pa.binary()))])
        self.check(pa.array([{"b": 1, "a": [b"x", None]}, None, {"b": None, "a": []}], kind),
                   [Pairs([("b", 1), ("a", [b"x", None])]), None, Pairs([("b", None), ("a", [])])])
        self.check(pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int8())),
                   [Pairs([("k", 1), ("k", 2)])])

    def test_slices_stay_in_step(self):
        whole = pa.array([{"a": [1, 2]}, {"a": []}, {"a": [3]}], pa.struct([("a", pa.list_(pa.int8()))]))
        self.check(whole.slice(1), [Pairs([("a", [])]), Pairs([("a", [3])])])

    def test_encoded_columns_count_as_their_values(self):
        self.check(pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"])
        self.check(pa.RunEndEncodedArray.from_arrays([2, 3], ["x", None]), ["x", "x", None])

    def test_a_difference_is_seen(self):
        for found, wanted in [(1, True), (1, 1.0), (0.0, -0.0), ("a", b"a"), ([], Pairs()), (1, None),
                              ([1], [1, 2]), (Pairs([("a", 1)]), Pairs([("b", 1)])),
                              (Pairs([("a", 1), ("b", 2)]), Pairs([("b", 2), ("a", 1)]))]:
            self.assertNotEqual(expected.differences(found, wanted), [], (found, wanted))
        self.assertEqual(expected.differences(float("nan"), float("nan")), [])

    def test_a_packed_row_comes_back_as_pairs(self):
        packed = msgpack.packb({"n": 2**64 - 1, "inner": {"x": [b"\0", "\0"]}})
        self.assertEqual(expected.unpack(packed), [("n", 2**64 - 1), ("inner", [("x", [b"\0", "\0"])])])
        self.assertIsInstance(expected.unpack(packed)[1][1], Pairs)


class Json(unittest.TestCase):
    def check(self, array, text):
        """`text`: the column as the items of a JSON array."""
        found = formats.unpack_json(b'{"c":' + text.encode() + b"}")[0][1]
        self.assertEqual(expected.differences(found, formats.json_values(array)), [])

    def check_differs(self, array, text):
        found = formats.unpack_json(b'{"c":' + text.encode() + b"}")[0][1]
        self.assertNotEqual(expected.differences(found, formats.json_values(array)), [], text)

    def test_integers_keep_all_digits(self):
        self.check(pa.array([2**64 - 1, None], pa.uint64()), "[18446744073709551615, null]")
        self.check_differs(pa.array([2**64 - 1], pa.uint64()), "[18446744073709551616]")
        self.check_differs(pa.array([1]), "[1.0]")
        self.check_differs(pa.array([1]), '["1"]')

    def test_a_float_is_any_number_that_no_other_float_is_nearer_to(self):
        self.check(pa.array([0.1, 1.0, -0.0, 0.0, 1e300, 5e-324]), "[0.1, 1, -0.0, 0, 1e+300, 5e-324]")
        self.check(pa.array([0.1, 3.4028234663852886e38], pa.float32()), "[0.1, 3.4028235e+38]")
        self.check(pa.array([0.1], pa.float32()), "[0.10000000149011612]")
        for text in ["[0.10000000000000002]", "[0.1000001]", "[-0.1]", '["0.1"]', "[null]", "[0]"]:
            self.check_differs(pa.array([0.1]), text)
        self.check_differs(pa.array([0.1], pa.float32()), "[0.10000001]")
        self.check_differs(pa.array([-0.0]), "[0]")
        self.check_differs(pa.array([0.0]), "[-0.0]")
        self.check_differs(pa.array([1.7976931348623157e308]), "[1.7976931348623159e308]")

    def test_what_is_no_number_is_a_string(self):
        self.check(pa.array([float("nan"), float("inf"), -float("inf")]), '["NaN", "Infinity", "-Infinity"]')
        with self.assertRaises(ValueError):
            formats.unpack_json(b"[NaN]")

    def test_binaries_are_hex(self):
        self.check(pa.array([b"", b"\0\xff", None]), '["0x", "0x00ff", null]')
        self.check(pa.array([b"\1"], pa.binary(1)), '["0x01"]')

    def test_maps_are_objects_where_keys_are_strings(self):
        self.check(pa.array([[("k", 1), ("k", 2)], []], pa.map_(pa.string(), pa.int8())), '[{"k":1,"k":2}, {}]')
        self.check(pa.array([[(1, b"x")]], pa.map_(pa.int8(), pa.binary())), '[[[1,"0x78"]]]')
        self.check_differs(pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), '[[["k",1]]]')

    def test_structs_are_objects_in_order(self):
        kind = pa.struct([("b", pa.float32()), ("a", pa.list_(pa.binary()))])
        self.check(pa.array([{"b": 0.5, "a": [b"x", None]}, None], kind), '[{"b":0.5,"a":["0x78",null]}, null]')
        self.check_differs(pa.array([{"b": 0.5, "a": []}], kind), '[{"a":[],"b":0.5}]')


class ArrowIpc(unittest.TestCase):
    def test_plain_types(self):
        before = pa.schema([pa.field("d", pa.dictionary(pa.int8(), pa.string()), metadata={"k": "v"}),
                            pa.field("l", pa.list_(pa.field("x", pa.uuid(), False))),
                            pa.field("m", pa.map_(pa.string(), pa.run_end_encoded(pa.int32(), pa.int8())), False)],
                           metadata={"k": "v"})
        after = pa.schema([pa.field("d", pa.string()), pa.field("l", pa.list_(pa.field("x", pa.binary(16), False))),
                           pa.field("m", pa.map_(pa.string(), pa.int8()), False)])
        self.assertTrue(formats.plain_schema(before).equals(after, check_metadata=True))

    def test_a_value_has_one_row(self):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, pa.schema([("a", pa.int8())])) as stream:
            stream.write_table(pa.table({"a": pa.array([1, 2], pa.int8())}))
        with self.assertRaises(AssertionError):
            formats.read_ipc(sink.getvalue())


class Keys(unittest.TestCase):
    def test_integers_are_big_endian_and_sort_as_numbers(self):
        table = pa.table({"u": pa.array([7], pa.uint32()), "i": pa.array([-1], pa.int16())})
        self.assertEqual(keys.column_keys(table, ["u", "i"]), [bytes.fromhex("000000077fff")])

    def test_text_before_the_last_column_is_escaped_and_ended(self):
        table = pa.table({"t": pa.array(["a\0b"]), "b": pa.array([b"\0"]),
                          "f": pa.array([b"\0\1"], pa.binary(2))})
        self.assertEqual(keys.column_keys(table, ["t", "f"]), [b"a\0\xffb\0\0\0\1"])
        self.assertEqual(keys.column_keys(table, ["f", "t"]), [b"\0\1a\0b"])

    def test_a_pattern_is_its_text(self):
        table = pa.table({"n": pa.array([15], pa.uint64()), "h": pa.array([b"\xff"])})
        self.assertEqual(keys.pattern_keys(table, "logs", "{table}:{n}/{h}"), [b"logs:15/\xff"])

    def test_row_numbers_count_from_0(self):
        self.assertEqual(keys.row_number_keys(2), [bytes(8), bytes(7) + b"\1"])


if __name__ == "__main__":
    unittest.main()
