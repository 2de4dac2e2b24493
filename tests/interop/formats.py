"""The value formats of the LMDB loader: what a stored row holds, and what it must hold.

    FORMATS[name].unpack(value)   one stored row as Pairs from column name to value
    FORMATS[name].rows(table)     every row of an Arrow table, as `unpack` must return it

The expectations come from pyarrow's columns alone, as in expected.py; expected.differences compares.
"""

import fractions
import json
import math
import struct
import typing

import pyarrow as pa
import pyarrow.compute as pc

import expected
from expected import Pairs

FLOATS = {16: ("<e", "<H"), 32: ("<f", "<I"), 64: ("<d", "<Q")}


class Format(typing.NamedTuple):
    unpack: typing.Callable
    rows: typing.Callable


class Number(str):
    """A JSON number, with all its digits."""


class NearestTo:
    """Equal to every JSON number to which no float of `bits` is nearer than `value`."""

    def __init__(self, value, bits):
        self.value, self.bits = value, bits

    def __repr__(self):
        return f"float{self.bits} {self.value!r}"

    def differences(self, found, where):
        if isinstance(found, Number) and found.startswith("-") == (math.copysign(1, self.value) < 0) and \
                self.low() <= fractions.Fraction(found) <= self.high():
            return []
        return [f"{where}: {found!r} instead of {self!r}"]

    def low(self):
        return (fractions.Fraction(self.value) + self.neighbour(-math.inf)) / 2

    def high(self):
        return (fractions.Fraction(self.value) + self.neighbour(math.inf)) / 2

    def neighbour(self, towards):
        """The next float of the width; beyond the largest, what would be the next."""
        as_float, as_int = FLOATS[self.bits]
        value = abs(self.value)
        up = (towards > 0) == (self.value >= 0) if value else True
        bits = struct.unpack(as_int, struct.pack(as_float, value))[0] + (1 if up else -1)
        beside = struct.unpack(as_float, struct.pack(as_int, bits))[0]
        if math.isinf(beside):
            beside = 2 * fractions.Fraction(value) - fractions.Fraction(
                struct.unpack(as_float, struct.pack(as_int, bits - 2))[0])
        sign = math.copysign(1, towards if value == 0 else self.value)
        return fractions.Fraction(beside) * int(sign)


def unpack_json(value):
    def refuse(text):
        raise ValueError(f"{text} is no JSON")

    return json.loads(value.decode(), object_pairs_hook=Pairs, parse_int=Number, parse_float=Number,
                      parse_constant=refuse)


def json_rows(table):
    columns = [[value for chunk in table[i].chunks for value in json_values(chunk)]
               for i in range(table.num_columns)]
    return [Pairs(zip(table.schema.names, row)) for row in zip(*columns)]


def json_values(array):
    """The items of one Arrow array, as a JSON row has them."""
    kind = array.type
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return json_values(array.storage)
    if types.is_dictionary(kind):
        return json_values(array.dictionary_decode())
    if types.is_run_end_encoded(kind):
        return json_values(pc.run_end_decode(array))
    if types.is_floating(kind):
        return [None if v is None else json_float(v, kind.bit_width) for v in array.to_pylist()]
    if types.is_integer(kind):
        return [None if v is None else Number(v) for v in array.to_pylist()]
    if types.is_struct(kind):
        return expected.struct_values(array, json_values)
    if types.is_map(kind):
        return [None if not item.is_valid else json_map(item.values) for item in array]
    if expected.is_list_kind(kind):
        return [None if not item.is_valid else json_values(item.values) for item in array]
    return [f"0x{v.hex()}" if isinstance(v, bytes) else v for v in expected.values(array)]


def json_float(value, bits):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return NearestTo(value, bits)


def json_map(entries):
    keys, items = json_values(entries.field(0)), json_values(entries.field(1))
    kind = plain_type(entries.field(0).type)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return Pairs(zip(keys, items)) if is_text else [list(pair) for pair in zip(keys, items)]


def read_ipc(value):
    with pa.ipc.open_stream(value) as stream:
        table = stream.read_all()
    table.validate(full=True)
    assert table.num_rows == 1, f"{table.num_rows} rows in one value"
    return table


def plain_schema(schema):
    """The columns of a row's own schema: no dictionaries, no runs, no extensions, no metadata."""
    return pa.schema([plain_field(field) for field in schema])


def plain_field(field):
    return pa.field(field.name, plain_type(field.type), field.nullable)


def plain_type(kind):
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if types.is_struct(kind):
        return pa.struct([plain_field(field) for field in kind])
    if types.is_map(kind):
        return pa.map_(plain_field(kind.key_field), plain_field(kind.item_field), kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return pa.list_(plain_field(kind.value_field), kind.list_size)
    for is_kind, make in [(types.is_list, pa.list_), (types.is_large_list, pa.large_list),
                          (types.is_list_view, pa.list_view), (types.is_large_list_view, pa.large_list_view)]:
        if is_kind(kind):
            return make(plain_field(kind.value_field))
    return kind


FORMATS = {
    "msgpack": Format(expected.unpack, expected.rows),
    "json": Format(unpack_json, json_rows),
    "arrow_ipc": Format(lambda value: expected.rows(read_ipc(value))[0], expected.rows),
}
