"""Random Arrow tables of every type, the same for the same seed: extremes, nulls, empties, nesting."""

import decimal
import math
import random
import struct

import pyarrow as pa

ROWS = 150
YEAR_0 = -719_528  # days since 1970
YEAR_9999 = 2_932_896
DAY = 86_400
UNITS = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}


def all_types():
    """One of each, and what nests."""
    kinds = [pa.null(), pa.bool_(), pa.float16(), pa.float32(), pa.float64(), pa.date32(), pa.date64(),
             pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"), pa.string(), pa.large_string(),
             pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(1), pa.binary(20),
             pa.binary(32), pa.month_day_nano_interval(), pa.uuid(), pa.json_()]
    kinds += [getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)]
    kinds += [pa.timestamp(unit, zone) for unit in UNITS for zone in (None, "UTC", "+05:30")]
    kinds += [pa.duration(unit) for unit in UNITS]
    kinds += [pa.decimal32(9, 4), pa.decimal64(18, 0), pa.decimal128(38, 0), pa.decimal128(38, 38),
              pa.decimal128(5, 2), pa.decimal256(76, 0), pa.decimal256(76, 20)]
    kinds += [pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.uint32(), pa.binary(4)),
              pa.run_end_encoded(pa.int32(), pa.int64()), pa.run_end_encoded(pa.int16(), pa.string())]
    entry = pa.struct([pa.field("address", pa.binary(20), False),
                       pa.field("storage_keys", pa.list_(pa.field("element", pa.binary(32), False)), False)])
    kinds += [pa.list_(pa.int16()), pa.large_list(pa.string()), pa.list_(pa.uint64(), 3),
              pa.list_view(pa.decimal128(38, 0)), pa.large_list_view(pa.binary()), pa.list_(entry),
              pa.list_(pa.list_(pa.timestamp("ns", "UTC"))), pa.struct([("a", pa.uint64()), ("b", pa.string())]),
              pa.struct([("inner", pa.struct([("x", pa.bool_())])), ("list", pa.list_(pa.float64()))]),
              pa.map_(pa.string(), pa.decimal256(76, 0)), pa.map_(pa.int32(), pa.list_(pa.binary())),
              pa.list_(pa.map_(pa.string(), pa.int8()))]
    return kinds


def table(kinds, seed, rows=ROWS):
    """A table with a unique int64 column `id` and one column of each type."""
    dice = random.Random(seed)
    ids = [dice.randint(-(2**63), 2**63 - 1) for _ in range(rows)]
    fields, columns = [pa.field("id", pa.int64(), False)], [pa.array(ids, pa.int64())]
    for i, kind in enumerate(kinds):
        nulls = dice.choice([0.0, 0.2, 0.9]) if kind != pa.null() else 1.0
        fields.append(pa.field(f"c{i} {kind}", kind, nulls > 0))
        columns.append(array(kind, rows, nulls, dice))
    return pa.table(columns, schema=pa.schema(fields))


def array(kind, rows, nulls, dice):
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, array(kind.storage_type, rows, nulls, dice))
    if types.is_dictionary(kind):
        indices = pa.array([None if dice.random() < nulls else dice.randrange(5) for _ in range(rows)],
                           kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, array(kind.value_type, 5, 0, dice))
    if types.is_run_end_encoded(kind):
        ends = sorted(dice.sample(range(1, rows), min(rows - 1, 20)) + [rows]) if rows else []
        return pa.RunEndEncodedArray.from_arrays(pa.array(ends, kind.run_end_type),
                                                 array(kind.value_type, len(ends), nulls, dice))
    return pa.array([None if dice.random() < nulls else value(kind, dice) for _ in range(rows)], kind)


def value(kind, dice):
    types = pa.types
    if types.is_null(kind):
        return None
    if types.is_boolean(kind):
        return dice.random() < 0.5
    if types.is_integer(kind):
        low, high = (-(1 << kind.bit_width - 1), (1 << kind.bit_width - 1) - 1) \
            if types.is_signed_integer(kind) else (0, (1 << kind.bit_width) - 1)
        return integer(low, high, dice)
    if types.is_floating(kind):
        return floating(kind, dice)
    if types.is_decimal(kind):
        digits = integer(-(10**kind.precision) + 1, 10**kind.precision - 1, dice)
        return decimal.Decimal(digits).scaleb(-kind.scale, decimal.Context(prec=100))
    if types.is_temporal(kind):
        return temporal(kind, dice)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return text(dice)
    if types.is_fixed_size_binary(kind):
        return dice.choice([dice.randbytes(kind.byte_width), bytes(kind.byte_width)])
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind):
        return dice.randbytes(length(dice))
    if types.is_struct(kind):
        return {field.name: child(field, dice) for field in kind}
    if types.is_map(kind):
        return [(value(kind.key_type, dice), child(kind.item_field, dice)) for _ in range(dice.choice([0, 1, 3, 17]))]
    if types.is_fixed_size_list(kind):
        return [child(kind.value_field, dice) for _ in range(kind.list_size)]
    return [child(kind.value_field, dice) for _ in range(dice.choice([0, 1, 2, 15, 16, 40]))]


def child(field, dice):
    return None if field.nullable and dice.random() < 0.2 else value(field.type, dice)


def integer(low, high, dice):
    """Also around the places where msgpack changes its form."""
    if dice.random() < 0.4:
        edge = dice.choice([low, high, 0, -32, 127, 128, 255, 256, -128, -129, 2**15, 2**16, -(2**15), 2**31, 2**32,
                            -(2**31), 2**63, -(2**63)]) + dice.choice([-1, 0, 1])
        return min(max(edge, low), high)
    return dice.randint(low, high) >> dice.randrange(high.bit_length())


def floating(kind, dice):
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.5, -2.0]
    if dice.random() < 0.4:
        return dice.choice(special)
    form = {16: "<e", 32: "<f", 64: "<d"}[kind.bit_width]
    return struct.unpack(form, dice.randbytes(kind.bit_width // 8))[0]


def temporal(kind, dice):
    """The tick; Arrow takes it as it is."""
    types = pa.types
    if types.is_interval(kind):
        return pa.MonthDayNano([integer(-(2**31), 2**31 - 1, dice), integer(-(2**31), 2**31 - 1, dice),
                                integer(-(2**63), 2**63 - 1, dice)])
    if types.is_date(kind):
        day = integer(YEAR_0, YEAR_9999, dice)
        return day * DAY * 1000 if types.is_date64(kind) else day
    unit = UNITS[kind.unit]
    if types.is_time(kind):
        return integer(0, DAY * unit - 1, dice)
    if types.is_duration(kind):
        return integer(-(2**63) + 1, 2**63 - 1, dice)
    return integer(max(YEAR_0 * DAY * unit, -(2**63)), min((YEAR_9999 + 1) * DAY * unit, 2**63) - 1, dice)


def length(dice):
    return dice.choice([0, 1, 15, 31, 32, 33, 255, 256, 300, dice.randrange(2000)] + [70_000] * (dice.random() < 0.02))


def text(dice):
    alphabet = dice.choice(["abc xyz", "\0a", "äöü ßñ", "漢字かな", "🦀🐘\U0010ffff", "\"\\/\n\t\x7f"])
    return "".join(dice.choice(alphabet) for _ in range(length(dice)))
