"""Reads Redis tables with redis-py and says what they must hold, worked out from pyarrow's columns alone by the rules of
docs/loaders/redis.md.

    server = Tables(uri)
    server.differences("logs", arrow_table, "hash", "{table}:{block_num}:{log_index}")   as text; nothing: all is right
"""

import os
import pathlib
import re
import struct
import sys

import pyarrow as pa
import pyarrow.compute as pc
import redis

import expected
import formats

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "services"))

from redis_server import Redis

AT_A_TIME = 2000


class FloatText:
    """Equal to the shortest text that gives this float of `bits` again: fewest digits, or a whole number as it is."""

    def __init__(self, value, bits):
        self.value, self.bits = value, bits

    def __repr__(self):
        return f"the digits of float{self.bits} {self.value!r}"

    def differences(self, found, where):
        text, special = found.decode(), {"nan": "NaN", "inf": "inf", "-inf": "-inf"}.get(repr(self.value))
        if special:
            same = text == special
        else:
            same = re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", text) and self.gives_it(text) and \
                (digits(text) <= self.fewest() or re.fullmatch(r"-?\d+", text) and int(text) == self.value)
        return [] if same else [f"{where}: {found!r} instead of {self!r}"]

    def fewest(self):
        """Digits that tell it from its neighbours; a float16 is written as the float32 of its value."""
        wide = FloatText(self.value, 32) if self.bits == 16 else self
        return next(n for n in range(18) if wide.gives_it(f"{self.value:.{n}e}")) + 1

    def gives_it(self, text):
        form = {16: "<e", 32: "<f", 64: "<d"}[self.bits]
        try:
            return struct.pack(form, float(text)) == struct.pack(form, self.value)
        except OverflowError:
            return False


def digits(text):
    return len(text.split("e")[0].replace(".", "").lstrip("-0").rstrip("0"))


class JsonText:
    """Equal to every JSON text of this value."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"JSON of {self.value!r}"

    def differences(self, found, where):
        value = formats.unpack_json(b'{"v":' + found + b"}")[0][1]
        return expected.differences(value, self.value, where)


def texts(array, binary="bytes"):
    """The items of one Arrow array as fields have them: bytes, or something with `differences`; None: no field."""
    kind, types = array.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return texts(array.storage, binary)
    if types.is_dictionary(kind):
        return texts(array.dictionary_decode(), binary)
    if types.is_run_end_encoded(kind):
        return texts(pc.run_end_decode(array), binary)
    if types.is_boolean(kind):
        return [None if v is None else b"true" if v else b"false" for v in array.to_pylist()]
    if types.is_floating(kind):
        return [None if v is None else FloatText(v, kind.bit_width) for v in array.to_pylist()]
    if types.is_nested(kind):
        return [None if v is None else JsonText(v) for v in formats.json_values(array)]
    return [None if v is None else bytes_text(v, binary) if isinstance(v, bytes) else str(v).encode()
            for v in expected.values(array)]


def bytes_text(value, binary):
    return value if binary == "bytes" else b"0x" + value.hex().encode()


def field_rows(table, binary="bytes"):
    """Of each row the fields that it has: name -> text, as bytes."""
    columns = [[text for chunk in column.chunks for text in texts(chunk, binary)] for column in table.columns]
    names = [name.encode() for name in table.schema.names]
    return [{name: text for name, text in zip(names, row) if text is not None} for row in zip(*columns)]


def pattern_keys(table, name, pattern, binary="bytes"):
    """One key a row; `name` is the table's."""
    pieces = re.split(r"\{(\w+)\}", pattern)  # literal, column, literal, column, ..., literal
    columns = {piece: [text for chunk in table[piece].chunks for text in texts(chunk, binary)]
               for piece in pieces[1::2] if piece != "table"}
    return [b"".join(name.encode() if i % 2 and piece == "table" else columns[piece][row] if i % 2 else piece.encode()
                     for i, piece in enumerate(pieces)) for row in range(table.num_rows)]


def number_keys(table, name):
    return [f"{name}:{row}".encode() for row in range(table.num_rows)]


def compare_fields(found, wanted, where):
    if set(found) != set(wanted):
        return [f"{where}: fields {sorted(found)} instead of {sorted(wanted)}"]
    return [d for name in wanted
            for d in expected.differences(found[name], wanted[name], f"{where} {name.decode(errors='replace')}")]


class Tables:
    def __init__(self, uri):
        self.client = redis.from_url(uri.split("?")[0])

    def ask_all(self, ask, items):
        """The replies to one question an item."""
        replies = []
        for first in range(0, len(items), AT_A_TIME):
            pipeline = self.client.pipeline(transaction=False)
            for item in items[first:first + AT_A_TIME]:
                ask(pipeline, item)
            replies += pipeline.execute()
        return replies

    def keys(self, name, pattern=None):
        """Of every row; what begins as they do and is no row would be among them."""
        begin = re.split(r"\{(?!table\})", pattern)[0].replace("{table}", name) if pattern else f"{name}:"
        literal = re.sub(r"([\\*?\[\]])", r"\\\1", begin)
        return set(self.client.scan_iter(match=f"{literal}*", count=10_000))

    def differences(self, name, table, structure, pattern=None, value_format="json", binary="bytes", limit=10):
        if structure == "stream":
            return self.stream_differences(name, table, binary)[:limit]
        keys = pattern_keys(table, name, pattern, binary) if pattern else number_keys(table, name)
        assert len(set(keys)) == table.num_rows, "the test's keys are not unique"
        there = self.keys(name, pattern)
        extra, missing = there - set(keys), set(keys) - there
        if extra or missing:
            return [f"{len(extra)} keys too many {sorted(extra)[:3]}, {len(missing)} are missing {sorted(missing)[:3]}"]
        if structure == "hash":
            found = self.ask_all(lambda pipeline, key: pipeline.hgetall(key), keys)
            out = [d for key, row, want in zip(keys, found, field_rows(table, binary))
                   for d in compare_fields(row, want, key.decode(errors="replace"))]
        else:
            form = formats.FORMATS[value_format]
            found = self.ask_all(lambda pipeline, key: pipeline.get(key), keys)
            out = [d for key, row, want in zip(keys, found, form.rows(table))
                   for d in expected.differences(form.unpack(row), want, key.decode(errors="replace"))]
        return out[:limit]

    def stream_differences(self, name, table, binary):
        entries = self.client.xrange(name)
        if len(entries) != table.num_rows:
            return [f"{len(entries)} entries instead of {table.num_rows}"]
        wanted = field_rows(table, binary)
        return [d for (entry, row), want in zip(entries, wanted) for d in compare_fields(row, want, entry.decode())]


def server_for_tests():
    """The URI of a server and what ends it: the one that AMPLOAD_TEST_REDIS_URI names, else a new one."""
    given = os.environ.get("AMPLOAD_TEST_REDIS_URI")
    if given:
        return given, lambda: None
    server = Redis()
    return server.uri(), server.end
