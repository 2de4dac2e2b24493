"""What a msgpack row must hold, worked out from pyarrow's columns by the documented rules (docs/loaders,
src/encode/msgpack_encoder.h) and by nothing of ampload's own code.

    ints, bools, floats   themselves; float16 as float
    decimals              str of plain digits
    strings, binaries     str, bytes
    dates, times,
    timestamps            str, ISO 8601; fractions of 9 digits for ns, else of 6
    durations, intervals  str, ISO 8601, without trailing zeros
    list kinds            list
    struct, map           Pairs, a list of (key, value) in order, so that order and double keys count
    null                  None
"""

import datetime
import struct

import msgpack
import pyarrow as pa
import pyarrow.compute as pc

UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}  # of a second, in one tick
DAYS_TO_1970 = datetime.date(1970, 1, 1).toordinal()
DAYS_IN_400_YEARS = 146_097


class Pairs(list):
    """A map, as the list of its (key, value)."""


def unpack(value):
    """One row as `ampload` stored it: Pairs from column name to value."""
    return msgpack.unpackb(value, raw=False, object_pairs_hook=Pairs, strict_map_key=False)


def rows(table):
    """Every row of an Arrow table, as `unpack` must return it."""
    columns = [column_values(table[i]) for i in range(table.num_columns)]
    names = table.schema.names
    return [Pairs(zip(names, row)) for row in zip(*columns)]


def column_values(column):
    return [value for chunk in column.chunks for value in values(chunk)]


def differences(found, wanted, where="row"):
    """What differs, as text; nothing where the two are equal to the bit. An int is no bool and no float,
    a list is no map, -0.0 is not 0.0, NaN is NaN. What has a method `differences` says so itself."""
    if hasattr(wanted, "differences"):
        return wanted.differences(found, where)
    if type(found) is not type(wanted):
        return [f"{where}: {type(found).__name__} {found!r} instead of {type(wanted).__name__} {wanted!r}"]
    if isinstance(wanted, Pairs):
        if len(found) != len(wanted):
            return [f"{where}: {len(found)} entries instead of {len(wanted)}"]
        out = []
        for (found_key, found_value), (key, value) in zip(found, wanted):
            out += differences(found_key, key, f"{where}: key")
            out += differences(found_value, value, f"{where}.{key}")
        return out
    if isinstance(wanted, list):
        if len(found) != len(wanted):
            return [f"{where}: {len(found)} items instead of {len(wanted)}"]
        return [d for i, (f, w) in enumerate(zip(found, wanted)) for d in differences(f, w, f"{where}[{i}]")]
    if isinstance(wanted, float):
        same = struct.pack(">d", found) == struct.pack(">d", wanted) or (found != found and wanted != wanted)
    else:
        same = found == wanted
    return [] if same else [f"{where}: {found!r} instead of {wanted!r}"]


def values(array):
    """The items of one Arrow array."""
    kind = array.type
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return values(array.storage)
    if types.is_dictionary(kind):
        return values(array.dictionary_decode())
    if types.is_run_end_encoded(kind):
        return values(pc.run_end_decode(array))
    if types.is_decimal(kind):
        return [None if v is None else format(v, "f") for v in array.to_pylist()]
    if types.is_temporal(kind):
        return temporal_values(array)
    if types.is_struct(kind):
        return struct_values(array)
    if types.is_map(kind):
        return [None if not item.is_valid else map_pairs(item.values) for item in array]
    if is_list_kind(kind):
        return [None if not item.is_valid else values(item.values) for item in array]
    return array.to_pylist()


def is_list_kind(kind):
    types = pa.types
    return (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
            or types.is_list_view(kind) or types.is_large_list_view(kind))


def struct_values(array, values_of=values):
    names = [array.type.field(i).name for i in range(array.type.num_fields)]
    fields = [values_of(array.field(i)) for i in range(array.type.num_fields)]
    valid = array.is_valid().to_pylist()
    return [Pairs((name, field[row]) for name, field in zip(names, fields)) if valid[row] else None
            for row in range(len(array))]


def map_pairs(entries):
    keys, items = values(entries.field(0)), values(entries.field(1))
    return Pairs(zip(keys, items))


def temporal_values(array):
    kind = array.type
    types = pa.types
    if types.is_interval(kind):
        return [None if v is None else interval_text(v) for v in array.to_pylist()]
    ticks = array.cast(pa.int32() if types.is_time32(kind) or types.is_date32(kind) else pa.int64())
    if types.is_date32(kind):
        text = date_text
    elif types.is_date64(kind):
        text = lambda tick: date_text(tick // 86_400_000)
    else:
        digits = UNIT_DIGITS[kind.unit]
        if types.is_timestamp(kind):
            text = lambda tick: timestamp_text(tick, digits, kind.tz)
        elif types.is_time(kind):
            text = lambda tick: time_text(tick, digits)
        else:
            text = lambda tick: duration_text(tick, digits)
    return [None if tick is None else text(tick) for tick in ticks.to_pylist()]


def date_text(days):
    """Days since 1970, years 0000 to 9999 (Python's begin with 1, so year 0 is looked up as year 400)."""
    ordinal = days + DAYS_TO_1970
    years = 0
    if ordinal < 1:
        ordinal, years = ordinal + DAYS_IN_400_YEARS, 400
    date = datetime.date.fromordinal(ordinal)
    return f"{date.year - years:04}-{date.month:02}-{date.day:02}"


def time_text(tick, digits):
    seconds, fraction = divmod(tick, 10**digits)
    shown = max(digits, 6)
    fraction *= 10 ** (shown - digits)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:0{shown}}"


def timestamp_text(tick, digits, zone):
    """RFC 3339; a column with a zone counts from 1970 in UTC, so it ends with Z."""
    days, rest = divmod(tick, 86_400 * 10**digits)
    return f"{date_text(days)}T{time_text(rest, digits)}{'Z' if zone else ''}"


def duration_text(tick, digits):
    """ISO 8601, all in seconds: PT86400S, PT-1.5S."""
    seconds, fraction = divmod(abs(tick), 10**digits)
    text = str(seconds) + (f".{fraction:0{digits}}".rstrip("0").rstrip(".") if digits else "")
    return f"PT{'-' if tick < 0 else ''}{text}S"


def interval_text(value):
    """ISO 8601, parts that are zero left out: P1M-2DT3.5S, P14M, PT0S."""
    months, days, nanoseconds = value
    text = (f"{months}M" if months else "") + (f"{days}D" if days else "")
    return "P" + text + (duration_text(nanoseconds, 9)[1:] if nanoseconds or not text else "")
