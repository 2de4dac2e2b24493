"""Every cast between every two scalar types: a value comes out equal or is refused, and none is refused that the type
could hold. The judge is Python's exact fractions; the values are the extremes of every type and random ones."""

import datetime
import math
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import unittest
from decimal import Decimal, getcontext
from fractions import Fraction

import pyarrow as pa
import pyarrow.ipc

PROGRAM = pathlib.Path(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev")) / "tests/interop/exact_casts"
ROWS = 48
getcontext().prec = 100
SEED = int(os.environ.get("SEED", "1"))

INTEGERS = {f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)}
FLOATS = {"float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64()}
DECIMALS = {f"decimal{w}({p}, {s})": getattr(pa, f"decimal{w}")(p, s)
            for w, p, s in [(32, 9, 2), (64, 18, 0), (128, 38, 0), (128, 20, 6), (128, 38, 38), (256, 76, 0),
                            (256, 60, 20)]}
TIMES = {"time32[s]": pa.time32("s"), "time32[ms]": pa.time32("ms"), "time64[us]": pa.time64("us"),
         "time64[ns]": pa.time64("ns")}
STAMPS = {f"timestamp[{u}{z}]": pa.timestamp(u, tz=z or None) for u in ("s", "ms", "us", "ns") for z in ("", "UTC")}
DURATIONS = {f"duration[{u}]": pa.duration(u) for u in ("s", "ms", "us", "ns")}
DATES = {"date32": pa.date32(), "date64": pa.date64()}
TEXTS = {"string": pa.string(), "large_string": pa.large_string()}
TYPES = {**INTEGERS, "bool": pa.bool_(), **FLOATS, **DECIMALS, **TIMES, **STAMPS, **DURATIONS, **DATES, **TEXTS}

TICKS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
DAY = 86_400 * 10**9
NAN, MINUS_ZERO = "nan", "-0"


def numbers(rng):
    """Where types end, one more and one less; halves; and what is random."""
    edges = [0, 1, 2, 5, 10]
    edges += [2**n for n in (7, 8, 11, 15, 16, 24, 31, 32, 53, 63, 64)] + [10**n for n in (9, 18, 20, 37, 38)]
    values = {Fraction(sign * (edge + delta)) for edge in edges for sign in (1, -1) for delta in (-1, 0, 1)}
    values |= {Fraction(n, d) for n in (1, -1, 3, 12345, -99999) for d in (2, 10, 100, 128, 3 * 10**6)}
    values |= {Fraction(rng.randint(-10**k, 10**k), 10**rng.randint(0, k)) for k in range(1, 30)}
    return sorted(values)


def holds(kind, value):
    """Is this number a value of this type, exactly?"""
    if kind == "bool":
        return value in (0, 1)
    if kind in INTEGERS:
        bits = INTEGERS[kind].bit_width
        low = 0 if kind.startswith("u") else -2**(bits - 1)
        return value.denominator == 1 and low <= value < low + 2**bits
    if kind in DECIMALS:
        scaled = value * 10**DECIMALS[kind].scale
        return scaled.denominator == 1 and abs(scaled) < 10**DECIMALS[kind].precision
    return as_float(kind, value) is not None


def most_exact(a, b):
    """Integers above it are no floats, whatever their last digits."""
    exact = {"float32": 2**24, "float16": 2**24, "float64": 2**53}
    if a in INTEGERS:
        return exact.get(b, 2**300)
    return exact.get(a, 2**300) if b in INTEGERS else 2**300


def as_float(kind, value):
    try:
        code = {"float16": "<e", "float32": "<f", "float64": "<d"}[kind]
        packed = struct.unpack(code, struct.pack(code, float(value)))[0]
    except (OverflowError, struct.error):
        return None
    return packed if math.isfinite(packed) and Fraction(packed) == value else None


def fewest_digits(kind, value):
    """The shortest decimal that names this float and no other; a float16 is named as a float32."""
    code = {"float16": "<f", "float32": "<f", "float64": "<d"}[kind]
    for digits in range(1, 18):
        text = f"{value:.{digits}g}"
        if struct.unpack(code, struct.pack(code, float(text)))[0] == value:
            return Decimal(text)
    raise AssertionError(value)


def number_values(kind, rng):
    values = [value for value in numbers(rng) if holds(kind, value)]
    picked = rng.sample(values, min(len(values), ROWS - 8))
    if kind == "bool":
        return [bool(v) for v in values]
    if kind in INTEGERS:
        bits = INTEGERS[kind].bit_width
        low = 0 if kind.startswith("u") else -2**(bits - 1)
        return [low, low + 2**bits - 1] + [int(v) for v in picked]
    if kind in DECIMALS:
        scale, most = DECIMALS[kind].scale, 10**DECIMALS[kind].precision - 1
        exact = lambda n: Decimal(n).scaleb(-scale)
        return [exact(most), exact(-most)] + [exact(int(v * 10**scale)) for v in picked]
    code = {"float16": "<e", "float32": "<f", "float64": "<d"}[kind]
    width = struct.calcsize(code)
    any_bits = [struct.unpack(code, rng.randbytes(width))[0] for _ in range(4)]
    return [math.nan, math.inf, -0.0, 0.1] + any_bits + [float(v) for v in picked]


def tick_values(kind, rng):
    unit = TYPES[kind].unit
    if kind in TIMES:
        most = DAY // TICKS[unit] - 1
        return [0, most] + [rng.randint(0, most) // d * d for d in (1, 1000, 10**6, 10**9) for _ in range(8)]
    return [2**63 - 1, -2**63, 0, 1, -1] + [rng.randint(-2**k, 2**k) * d for k in (30, 40)
                                            for d in (1, 1000, 10**6) for _ in range(4)]


TEXTS_TRIED = ["0", "1", "-1", "007", "127", "128", "65535", "1.5", "1.50", "-0.00", "1e3", "true", "false", "nan",
               "9223372036854775807", "9223372036854775808", "18446744073709551615", "0.1", "2024-02-29", "2023-02-29",
               "2024-02-29T12:34:56", "2024-02-29 12:34:56.789", "2024-02-29T12:34:56.123456789", "12:34:56",
               "12:34:56.5", "2024-02-29T12:34:56Z", "", "x", " 1", "1 ", "9" * 38, "9" * 39, "9" * 76, "9" * 77, "9" * 200, "1e75", "1e400", "1e-400", "é"]


def array_of(kind, rng):
    kind_type = TYPES[kind]
    if kind in TEXTS:
        values = TEXTS_TRIED
    elif kind in TIMES or kind in STAMPS or kind in DURATIONS:
        bits = 32 if kind.startswith("time32") else 64
        values = pa.array(tick_values(kind, rng), getattr(pa, f"int{bits}")()).cast(kind_type)
        values = list(values)
    elif kind in DATES:
        days = [0, 1, -1, 19_000, 2_932_896, -719_162] + [rng.randint(-200_000, 200_000) for _ in range(20)]
        epoch = datetime.date(1970, 1, 1)
        values = [epoch + datetime.timedelta(days=day) for day in days]
    else:
        values = number_values(kind, rng)
    padded = list(values)[:ROWS - 1] + [None] * max(1, ROWS - len(values))
    return pa.array(padded[:ROWS], kind_type)


def meaning(kind, scalar):
    """What a value means, in a form that two types have in common."""
    if kind in TEXTS:
        return scalar.as_py()
    if kind in STAMPS or kind in DURATIONS or kind in TIMES:
        bits = pa.int32() if kind.startswith("time32") else pa.int64()
        return scalar.cast(bits).as_py() * TICKS[TYPES[kind].unit]
    if kind in DATES:
        return (scalar.as_py() - datetime.date(1970, 1, 1)).days * DAY
    value = scalar.as_py()
    if isinstance(value, float):
        if math.isnan(value):
            return NAN
        if math.isinf(value):
            return str(value)
        if value == 0 and math.copysign(1, value) < 0:
            return MINUS_ZERO
    return Fraction(value)


def reads_as(text, kind, value):
    """Is `text` a spelling of `value`, of this type?"""
    if kind == "bool":
        return text.lower() in (("true", "1") if value else ("false", "0"))
    if kind in FLOATS:
        code = {"float16": "<e", "float32": "<f", "float64": "<d"}[kind]
        read = float(text)
        if math.isinf(read) or math.isnan(read):
            return meaning("float64", pa.scalar(read)) == value
        narrowed = struct.unpack(code, struct.pack(code, read))[0]
        return meaning("float64", pa.scalar(narrowed)) == value
    if kind in INTEGERS or kind in DECIMALS:
        return Fraction(Decimal(text)) == value
    text = text.replace("T", " ").rstrip("Z")
    if kind in TIMES:
        moment = "1970-01-01 " + text
    elif len(text) == 10:
        moment = text + " 00:00:00"
    else:
        moment = text
    whole, _, fraction = moment.partition(".")
    try:
        parsed = datetime.datetime.strptime(whole, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None  # a year that Python does not know
    seconds = (parsed - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1)
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0) == value


class Casts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rng = random.Random(SEED)
        cls.pairs = [(a, b) for a in TYPES for b in TYPES if a != b]
        columns = {}
        for i, (a, b) in enumerate(cls.pairs):
            columns[f"f{i}"] = array_of(a, rng)
            columns[f"t{i}"] = pa.nulls(ROWS, TYPES[b])
        cls.batch = pa.record_batch(columns)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="ampload-casts-"))
        with pa.ipc.new_file(folder / "in.arrow", cls.batch.schema) as writer:
            writer.write_batch(cls.batch)
        subprocess.run([PROGRAM, folder / "in.arrow", folder / "out.arrow"], check=True)
        cls.out = pa.ipc.open_file(folder / "out.arrow").get_batch(0)

    def results(self, group_a, group_b):
        for i, (a, b) in enumerate(self.pairs):
            if a not in group_a or b not in group_b or f"t{i}" not in self.out.schema.names:
                continue
            for given, got, ok in zip(self.batch[f"f{i}"], self.out[f"t{i}"], self.out[f"ok{i}"]):
                if given.is_valid:
                    yield a, b, given, got, ok.as_py()
                else:
                    self.assertTrue(ok.as_py() and not got.is_valid, f"{a} to {b}: a null")

    def test_every_two_numbers_have_a_cast(self):
        known = self.out.schema.names
        numbers_ = {*INTEGERS, *FLOATS, *DECIMALS, "bool"}
        missing = [(a, b) for i, (a, b) in enumerate(self.pairs)
                   if a in numbers_ and b in numbers_ and f"t{i}" not in known]
        self.assertEqual(missing, [])

    def test_numbers_stay_equal_or_are_refused(self):
        whole = {*INTEGERS, *DECIMALS, "bool"}
        casts = refusals = 0
        for a, b, given, got, ok in self.results({*whole, *FLOATS}, {*whole, *FLOATS}):
            if (a in FLOATS) != (b in FLOATS) and (a in DECIMALS or b in DECIMALS):
                continue  # by way back, below
            value = meaning(a, given)
            if ok:
                casts += 1
                self.assertEqual(meaning(b, got), value, f"{a} to {b}")
            else:
                refusals += 1
                exact = isinstance(value, Fraction) and holds(b, value) and abs(value) <= most_exact(a, b)
                self.assertFalse(exact, f"{a} to {b}: {value} is refused for nothing")
        self.assertGreater(min(casts, refusals), 1000)

    def test_floats_and_decimals_come_back_as_they_were(self):
        casts = 0
        for a, b, given, got, ok in [*self.results(FLOATS, DECIMALS), *self.results(DECIMALS, FLOATS)]:
            if not ok:
                continue
            casts += 1
            if a in FLOATS:
                code = {"float16": "<e", "float32": "<f", "float64": "<d"}[a]
                back = struct.unpack(code, struct.pack(code, float(got.as_py())))[0]
                self.assertEqual(back, given.as_py(), f"{a} to {b}")
            else:
                self.assertEqual(fewest_digits(b, got.as_py()), given.as_py(), f"{a} to {b}")
        self.assertGreater(casts, 100)

    def test_moments_stay_the_same(self):
        groups = [(TIMES, TIMES), (DURATIONS, DURATIONS), ({**STAMPS, **DATES}, {**STAMPS, **DATES})]
        casts = refusals = 0
        for group_a, group_b in groups:
            for a, b, given, got, ok in self.results(group_a, group_b):
                value = meaning(a, given)
                if ok:
                    casts += 1
                    self.assertEqual(meaning(b, got), value, f"{a} to {b}")
                else:
                    refusals += 1
                    tick = DAY if b in DATES else TICKS[TYPES[b].unit]
                    fits = value % tick == 0 and abs(value // tick) < 2**(31 if b == "date32" else 63)
                    fits = fits and (b not in DATES or abs(value // DAY) < 2**31)
                    self.assertFalse(fits, f"{a} to {b}: {value} is refused for nothing")
        self.assertGreater(min(casts, refusals), 100)

    def test_a_zone_is_never_added_or_taken(self):
        for i, (a, b) in enumerate(self.pairs):
            if a in STAMPS and b in STAMPS and (TYPES[a].tz is None) != (TYPES[b].tz is None):
                self.assertNotIn(f"t{i}", self.out.schema.names, f"{a} to {b}")

    def test_text_is_read_as_what_it_says(self):
        casts = 0
        for a, b, given, got, ok in self.results(TEXTS, set(TYPES) - set(TEXTS)):
            if ok:
                casts += 1
                self.assertIsNot(reads_as(given.as_py(), b, meaning(b, got)), False,
                                 f"{given} as {b} is {meaning(b, got)}")
        self.assertGreater(casts, 100)

    def test_text_says_what_was_there(self):
        casts = 0
        for a, b, given, got, ok in self.results(set(TYPES) - set(TEXTS), TEXTS):
            if ok:
                casts += 1
                self.assertIsNot(reads_as(got.as_py(), a, meaning(a, given)), False,
                                 f"{meaning(a, given)} of {a} is {got}")
        self.assertGreater(casts, 100)


if __name__ == "__main__":
    unittest.main()
