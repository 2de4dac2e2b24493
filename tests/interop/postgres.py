"""Reads PostgreSQL tables with psycopg2 and says what they must hold, worked out from pyarrow's columns alone.

    rows = read(uri, "logs")                 a Rows: its columns' names, types, values
    differences(rows, arrow_table)           what differs, as text; nothing where every value is equal

Values are compared to the bit, in forms that lose nothing: dates are days since 1970, times microseconds, intervals
(months, days, microseconds), numerics their digits.
"""

import os
import pathlib
import re
import struct
import sys
import uuid

import psycopg2
import psycopg2.extensions
import pyarrow as pa
import pyarrow.compute as pc

import expected
import formats

SERVICES = pathlib.Path(__file__).resolve().parents[1] / "services"
sys.path.insert(0, str(SERVICES))

from postgresql import PostgreSQL  # noqa: E402

MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
# Integer columns that join and filter well: bigint, though they are unsigned.
BLOCK_NUMBERS = ("_block_num", "block_num", "block_number")


def connect(uri):
    connection = psycopg2.connect(uri)
    for caster in CASTERS:
        psycopg2.extensions.register_type(caster, connection)
    with connection, connection.cursor() as cursor:
        cursor.execute("SET datestyle = 'ISO'; SET intervalstyle = 'iso_8601'; SET timezone = 'UTC'")
    return connection


class Rows:
    def __init__(self, names, types, columns):
        self.names, self.types, self.columns = names, types, columns

    def __len__(self):
        return len(self.columns[0]) if self.columns else 0


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def read(uri, table, schema="public", order_by=("ctid",)):
    """In the order of these columns; ctid: in that in which the rows were put into a new table."""
    connection = connect(uri)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND "
                "attnum > 0 AND NOT attisdropped ORDER BY attnum", (f"{quoted(schema)}.{quoted(table)}",))
            names, types = zip(*cursor.fetchall())
            order = ", ".join(map(quoted, order_by))
            cursor.execute(f"SELECT * FROM {quoted(schema)}.{quoted(table)} ORDER BY {order}")
            columns = list(zip(*cursor.fetchall())) or [()] * len(names)
    finally:
        connection.close()
    return Rows(list(names), list(types), columns)


def differences(rows, table, limit=5):
    out = []
    if rows.names != table.schema.names:
        return [f"columns {rows.names} instead of {table.schema.names}"]
    if len(rows) != table.num_rows:
        return [f"{len(rows)} rows instead of {table.num_rows}"]
    for name, kind, found, column in zip(rows.names, rows.types, rows.columns, table.columns):
        wanted_kind = pg_type(column.type, name)
        if kind != wanted_kind:
            out.append(f"column {name}: {kind} instead of {wanted_kind}")
        wanted = [value for chunk in column.chunks for value in wanted_values(chunk)]
        for row, (one, other) in enumerate(zip(found, wanted)):
            if wanted_kind == "jsonb" and one is not None:
                one = sorted_pairs(formats.unpack_json(b'{"v":' + one.encode() + b"}")[0][1])
            out += compare(one, other, f"{name} ({column.type}) row {row}")
            if len(out) >= limit:
                return out
    return out


def compare(found, wanted, where):
    if isinstance(wanted, list) and not isinstance(wanted, formats.Pairs) and isinstance(found, list):
        if len(found) != len(wanted):
            return [f"{where}: {len(found)} items instead of {len(wanted)}"]
        return [d for i, (f, w) in enumerate(zip(found, wanted)) for d in compare(f, w, f"{where}[{i}]")]
    if isinstance(wanted, Float32):
        same = isinstance(found, float) and (found != found and wanted != wanted or
                                             struct.pack("f", found) == struct.pack("f", wanted))
        return [] if same else [f"{where}: {found!r} instead of {wanted!r}"]
    return expected.differences(found, wanted, where)


class Float32(float):
    """Equal to what is the same number in 32 bits."""


def plain(array):
    """Without extension, dictionary and runs."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(array.storage)
    if pa.types.is_dictionary(kind):
        return plain(array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(array))
    return array


def is_nested(kind):
    return pa.types.is_nested(kind)


def is_json(kind):
    """Stored as jsonb."""
    kind = formats.plain_type(kind)
    return is_nested(kind) and not (expected.is_list_kind(kind) and not is_nested(formats.plain_type(kind.value_type)))


def wanted_values(array):
    """As the casters below give them; jsonb as its parsed value, keys in order."""
    array = plain(array)
    kind, types = array.type, pa.types
    if is_json(kind):
        return [sorted_pairs(value) for value in formats.json_values(array)]
    if expected.is_list_kind(kind):
        return [None if not item.is_valid else wanted_values(item.values) for item in array]
    if types.is_floating(kind) and kind.bit_width < 64:
        return [None if v is None else Float32(v) for v in array.to_pylist()]
    if types.is_uint64(kind) or types.is_decimal(kind):
        return [None if v is None else Digits(format(v, "f") if types.is_decimal(kind) else v)
                for v in array.to_pylist()]
    if types.is_interval(kind):
        return [None if v is None else (v[0], v[1], exactly(v[2], 1000)) for v in array.to_pylist()]
    if types.is_temporal(kind):
        return temporal_values(array)
    return array.to_pylist()


class Digits:
    """A number by its decimal digits; where the column is an integer, by its value."""

    def __init__(self, text):
        self.text = str(text)

    def __repr__(self):
        return self.text

    def differences(self, found, where):
        return [] if str(found) == self.text else [f"{where}: {found!r} instead of {self.text}"]


def exactly(number, by):
    assert number % by == 0, f"the test's own value is finer than a microsecond: {number}"
    return number // by


def temporal_values(array):
    kind, types = array.type, pa.types
    if types.is_date(kind):
        return [None if d is None else d for d in array.cast(pa.date32()).cast(pa.int32()).to_pylist()]
    ticks = array.cast(pa.int32() if types.is_time32(kind) else pa.int64()).to_pylist()
    if kind.unit == "ns":
        ticks = [None if t is None else exactly(t, 1000) for t in ticks]
    else:
        ticks = [None if t is None else t * MICROSECONDS[kind.unit] for t in ticks]
    return [(0, 0, t) if types.is_duration(kind) and t is not None else t for t in ticks]


def sorted_pairs(value):
    """jsonb keeps no order of keys."""
    if isinstance(value, expected.Pairs):
        return expected.Pairs(sorted((key, sorted_pairs(item)) for key, item in value))
    if isinstance(value, list):
        return [sorted_pairs(item) for item in value]
    return value


def pg_type(kind, name):
    """The type that a new column gets, as format_type prints it."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return "uuid"
        return pg_type(kind.storage_type, name)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return pg_type(kind.value_type, name)
    if is_json(kind):
        return "jsonb"
    if expected.is_list_kind(kind):
        return pg_type(kind.value_type, "") + "[]"
    if types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    if types.is_uint64(kind):
        return "bigint" if name in BLOCK_NUMBERS else "numeric(20,0)"
    if types.is_timestamp(kind):
        return "timestamp with time zone" if kind.tz else "timestamp without time zone"
    for is_kind, text in ((types.is_boolean, "boolean"), (types.is_int8, "smallint"), (types.is_uint8, "smallint"),
                          (types.is_int16, "smallint"), (types.is_uint16, "integer"), (types.is_int32, "integer"),
                          (types.is_uint32, "bigint"), (types.is_int64, "bigint"), (types.is_float64, "double precision"),
                          (types.is_floating, "real"), (types.is_date, "date"), (types.is_time, "time without time zone"),
                          (types.is_duration, "interval"), (types.is_interval, "interval"),
                          (types.is_null, "text")):
        if is_kind(kind):
            return text
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return "text" if text else "bytea"


def days_from_civil(year, month, day):
    """Days since 1970 in the proleptic Gregorian calendar, any year. Source: Howard Hinnant, chrono-compatible
    low-level date algorithms."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def days(text):
    date, _, era = text.partition(" ")
    year, month, day = map(int, date.split("-"))
    return days_from_civil(1 - year if era == "BC" else year, month, day)


def time_of_day(text):
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    return (int(hours) * 3600 + int(minutes) * 60 + int(whole)) * 1_000_000 + int(fraction.ljust(6, "0") or 0)


def instant(text):
    match = re.fullmatch(r"(\d+-\d+-\d+) (\d+:\d+:[\d.]+)(\+00)?( BC)?", text)
    return days(match[1] + (match[4] or "")) * 86_400_000_000 + time_of_day(match[2])


def interval(text):
    part = r"(?:(-?[\d.]+){})?"
    match = re.fullmatch("P" + "".join(map(part.format, "YMD")) + "(?:T" + "".join(map(part.format, "HMS")) + ")?", text)
    years, months, of_days, hours, minutes = (int(match[i] or 0) for i in range(1, 6))
    seconds = match[6] or "0"
    whole, _, fraction = seconds.lstrip("-").partition(".")
    microseconds = (int(whole) * 1_000_000 + int(fraction.ljust(6, "0"))) * (-1 if seconds.startswith("-") else 1)
    return years * 12 + months, of_days, (hours * 3600 + minutes * 60) * 1_000_000 + microseconds


def make_casters():
    def of_text(read_text):
        return lambda text, _: None if text is None else read_text(text)

    known = (("boolean", 16, 1000, lambda text: text == "t"), ("smallint", 21, 1005, int), ("integer", 23, 1007, int),
             ("bigint", 20, 1016, int), ("real", 700, 1021, float), ("double", 701, 1022, float),
             ("numeric", 1700, 1231, str), ("text", 25, 1009, str), ("varchar", 1043, 1015, str),
             ("bytea", 17, 1001, lambda text: bytes.fromhex(text[2:])), ("date", 1082, 1182, days),
             ("time", 1083, 1183, time_of_day), ("timestamp", 1114, 1115, instant),
             ("timestamptz", 1184, 1185, instant), ("interval", 1186, 1187, interval),
             ("uuid", 2950, 2951, lambda text: uuid.UUID(text).bytes), ("json", 114, 199, str),
             ("jsonb", 3802, 3807, str))
    for name, oid, array_oid, read_text in known:
        caster = psycopg2.extensions.new_type((oid,), name, of_text(read_text))
        yield caster
        yield psycopg2.extensions.new_array_type((array_oid,), name + "[]", caster)


CASTERS = list(make_casters())


def server_for_tests():
    """The URI of a server and what ends it: the one that AMPLOAD_TEST_POSTGRESQL_URI names, else a new one."""
    given = os.environ.get("AMPLOAD_TEST_POSTGRESQL_URI")
    if given:
        return given, lambda: None
    server = PostgreSQL()
    return server.uri(), server.end
