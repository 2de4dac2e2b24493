"""The key bytes of the LMDB loader, worked out from pyarrow's columns by the documented rules:

    unsigned integer   big-endian at the column's width
    signed integer     the same with the sign bit flipped
    fixed binary       as it is
    string, binary     as it is when last, else 00 -> 00 FF and ended by 00 00
    row number         8 bytes, big-endian, from 0
    pattern            its text: integers as digits, bytes as they are
"""

import re

import pyarrow as pa


def row_number_keys(count):
    return [n.to_bytes(8, "big") for n in range(count)]


def column_keys(table, names):
    """One key a row, from the columns `names` in that order."""
    last = len(names) - 1
    parts = [[part(value, table.schema.field(name).type, i == last) for value in table[name].to_pylist()]
             for i, name in enumerate(names)]
    return [b"".join(row) for row in zip(*parts)]


def part(value, kind, is_last):
    types = pa.types
    if types.is_integer(kind):
        width = kind.bit_width // 8
        if types.is_signed_integer(kind):
            value += 1 << (kind.bit_width - 1)
        return value.to_bytes(width, "big")
    if types.is_fixed_size_binary(kind):
        return value
    data = value.encode() if isinstance(value, str) else value
    return data if is_last else data.replace(b"\0", b"\0\xff") + b"\0\0"


def pattern_keys(table, name, pattern):
    """One key a row, from a pattern such as {table}:{block_num}; `name` is the table's."""
    pieces = re.split(r"\{(\w+)\}", pattern)  # literal, column, literal, column, ..., literal
    columns = {piece: table[piece].to_pylist() for piece in pieces[1::2] if piece != "table"}

    def text(piece, row):
        value = name if piece == "table" else columns[piece][row]
        return value if isinstance(value, bytes) else str(value).encode()

    return [b"".join(piece.encode() if i % 2 == 0 else text(piece, row) for i, piece in enumerate(pieces))
            for row in range(table.num_rows)]
