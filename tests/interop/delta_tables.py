"""Delta tables as foreign readers see them: deltalake (Rust) and Delta's own Java implementation (Delta Kernel). And what a table
must hold, worked out from pyarrow's columns alone by the rules of docs/types.md.

    with Kernel() as kernel:
        differences(wanted(arrow_table), kernel.rows(folder))      as text; nothing: the same rows
    rust_rows(folder)

Rows are lists of plain values, with one form for each value: see `plain`."""

import atexit
import decimal
import json
import os
import pathlib
import struct
import subprocess
import tempfile

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, QueryBuilder

import expected

SOURCE = pathlib.Path(__file__).resolve().parent
JARS = SOURCE.parents[1] / ".deps" / "maven" / "delta-kernel"
BLOCK_NUMBERS = ("_block_num", "block_num", "block_number")
LINEAGE = "_amp_batch_id"


class KernelError(Exception):
    """Delta Kernel refused."""


class Kernel:
    """A Java process that does one thing after the other; compiled anew where its source is newer."""

    def __init__(self):
        classes = pathlib.Path(tempfile.gettempdir()) / f"ampload-kernel-{os.getuid()}-{self._stamp()}"
        if not classes.exists():
            with tempfile.TemporaryDirectory(dir=classes.parent) as made:
                made = pathlib.Path(made) / "classes"
                subprocess.run(["javac", "-d", made, "-cp", f"{JARS}/*", SOURCE / "java" / "DeltaTables.java"], check=True)
                try:
                    made.rename(classes)
                except OSError:
                    pass  # another test was faster
        self._errors = tempfile.TemporaryFile()
        self._java = subprocess.Popen(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", "-Duser.timezone=UTC",
                                       "-cp", f"{classes}:{JARS}/*", "DeltaTables"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=self._errors, text=True, encoding="utf-8")
        atexit.register(self.end)

    @staticmethod
    def _stamp():
        import hashlib
        return hashlib.sha256((SOURCE / "java" / "DeltaTables.java").read_bytes()).hexdigest()[:16]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self._java.poll() is None:
            self._java.stdin.close()
            self._java.stdout.close()
            self._java.wait(30)
        self._errors.close()

    def ask(self, *words):
        words = [str(word) for word in words]
        assert not any(c in word for word in words for c in "\t\n\r"), words
        self._java.stdin.write("\t".join(words) + "\n")
        self._java.stdin.flush()
        lines = []
        for line in self._java.stdout:
            line = line.rstrip("\n")
            if line == "ok":
                return lines
            if line.startswith("failed\t"):
                raise KernelError(line.removeprefix("failed\t"))
            lines.append(line)
        self._errors.seek(0)
        raise AssertionError(f"the Java program has ended: {self._errors.read().decode(errors='replace')}")

    def rows(self, folder, version=None):
        return [json.loads(line) for line in self.ask("read", folder, *([] if version is None else [version]))]

    def schema(self, folder):
        """Version, the schema as the log has it, partition columns."""
        version, schema, partitions = self.ask("schema", folder)
        return int(version), json.loads(schema), partitions.split(",") if partitions else []

    def create(self, folder, schema, partitions=(), **properties):
        self.ask("create", folder, delta_schema(schema), ",".join(partitions),
                 ",".join(f"{key}={value}" for key, value in properties.items()))

    def append(self, folder, file, **partition):
        self.ask("append", folder, file, *(f"{name}={'null' if value is None else value}" for name, value in partition.items()))

    def checkpoint(self, folder):
        self.ask("checkpoint", folder)


def delta_schema(schema):
    """An Arrow schema of Delta's own types as the log has it."""
    return json.dumps({"type": "struct", "fields": [{"name": f.name, "type": delta_type(f.type), "nullable": f.nullable,
                                                     "metadata": {}} for f in schema]})


def delta_type(kind):
    types = pa.types
    if types.is_struct(kind):
        return {"type": "struct", "fields": [{"name": f.name, "type": delta_type(f.type), "nullable": f.nullable,
                                              "metadata": {}} for f in kind]}
    if types.is_list(kind):
        return {"type": "array", "elementType": delta_type(kind.value_type), "containsNull": kind.value_field.nullable}
    if types.is_map(kind):
        return {"type": "map", "keyType": delta_type(kind.key_type), "valueType": delta_type(kind.item_type),
                "valueContainsNull": kind.item_field.nullable}
    if types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    return {pa.bool_(): "boolean", pa.int8(): "byte", pa.int16(): "short", pa.int32(): "integer", pa.int64(): "long",
            pa.float32(): "float", pa.float64(): "double", pa.string(): "string", pa.binary(): "binary",
            pa.date32(): "date"}[kind]


def rust_table(folder, version=None, **options):
    """The table as pyarrow has it, read through deltalake's own engine (which applies deletion vectors and mappings)."""
    table = DeltaTable(str(folder), version=version, **options)
    return pa.table(QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all())


def rust_rows(folder, version=None, **options):
    return plain_rows(rust_table(folder, version, **options))


def wanted(table, name=None):
    """The rows that a table loaded into Delta must hold, in its order."""
    return [list(row) for row in zip(*(lake_column(table.schema.field(i).name, table[i]) for i in range(table.num_columns)))] \
        if table.num_columns else []


def lake_column(name, column):
    return [value for chunk in column.chunks for value in lake(chunk, name)]


def lake(array, name=""):
    """The items of an array as Delta must hold them: `plain` of the lake's type that docs/types.md names."""
    kind, types = array.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return lake(array.storage, name)
    if types.is_dictionary(kind):
        return lake(array.dictionary_decode(), name)
    if types.is_run_end_encoded(kind):
        return lake(pc.run_end_decode(array), name)
    if types.is_uint64(kind) and name not in BLOCK_NUMBERS:
        return [None if v is None else f"{v}e-0" for v in array.to_pylist()]
    if types.is_float16(kind):
        return plain(pa.array([None if v is None else float(v) for v in array.to_pylist()], pa.float32()))
    if types.is_decimal(kind) and kind.precision > 38:
        return [None if v is None else "s" + format(v, "f") for v in array.to_pylist()]
    if types.is_interval(kind):
        return [None if v is None else "s" + v for v in expected.values(array)]
    if types.is_time(kind) or types.is_duration(kind):
        return array.cast(pa.int32() if types.is_time32(kind) else pa.int64()).to_pylist()
    if types.is_date64(kind):
        return [None if v is None else v // 86_400_000 for v in array.cast(pa.int64()).to_pylist()]
    if types.is_timestamp(kind):
        return [None if v is None else micros(v, kind.unit) for v in array.cast(pa.int64()).to_pylist()]
    if types.is_null(kind):
        return [None] * len(array)
    if types.is_struct(kind):
        fields = [lake(array.field(i), kind.field(i).name) for i in range(kind.num_fields)]
        return [list(row) if ok else None for ok, row in zip(array.is_valid().to_pylist(), rows_of(fields, len(array)))]
    if types.is_map(kind):
        return [None if not item.is_valid else [list(pair) for pair in zip(lake(item.values.field(0)), lake(item.values.field(1)))]
                for item in array]
    if expected.is_list_kind(kind):
        return [None if not item.is_valid else lake(item.values) for item in array]
    return plain(array)


def micros(tick, unit):
    scale = {"s": 1_000_000, "ms": 1000, "us": 1}.get(unit)
    if scale:
        return tick * scale
    assert tick % 1000 == 0, "nanoseconds that Delta does not hold"
    return tick // 1000


def rows_of(columns, rows):
    return zip(*columns) if columns else ([] for _ in range(rows))


def plain_rows(table):
    columns = [[value for chunk in table[i].chunks for value in plain(chunk)] for i in range(table.num_columns)]
    return [list(row) for row in rows_of(columns, table.num_rows)]


def plain(array):
    """The items of an array of one of Delta's own types, in the form of java/DeltaTables.java."""
    kind, types = array.type, pa.types
    if types.is_dictionary(kind):
        return plain(array.dictionary_decode())
    if types.is_boolean(kind) or types.is_integer(kind):
        return array.to_pylist()
    if types.is_float32(kind):
        return [None if v is None else "f7fc00000" if v != v else f"f{struct.unpack('>I', struct.pack('>f', v))[0]:x}"
                for v in array.to_pylist()]
    if types.is_float64(kind):
        return [None if v is None else "d7ff8000000000000" if v != v else f"d{struct.unpack('>Q', struct.pack('>d', v))[0]:x}"
                for v in array.to_pylist()]
    if types.is_decimal(kind):
        shift = decimal.Context(prec=100)
        return [None if v is None else f"{int(v.scaleb(kind.scale, shift))}e-{kind.scale}" for v in array.to_pylist()]
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return [None if v is None else "s" + v for v in array.to_pylist()]
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind) or types.is_fixed_size_binary(kind):
        return [None if v is None else "b" + v.hex() for v in array.to_pylist()]
    if types.is_date32(kind):
        return array.cast(pa.int32()).to_pylist()
    if types.is_timestamp(kind):
        assert kind.unit == "us", kind
        return array.cast(pa.int64()).to_pylist()
    if types.is_null(kind):
        return [None] * len(array)
    if types.is_struct(kind):
        fields = [plain(array.field(i)) for i in range(kind.num_fields)]
        return [list(row) if ok else None for ok, row in zip(array.is_valid().to_pylist(), rows_of(fields, len(array)))]
    if types.is_map(kind):
        return [None if not item.is_valid else [list(pair) for pair in zip(plain(item.values.field(0)), plain(item.values.field(1)))]
                for item in array]
    if expected.is_list_kind(kind):
        return [None if not item.is_valid else plain(item.values) for item in array]
    raise TypeError(f"no type of Delta's: {kind}")


def key_of(row):
    return json.dumps(row)


def differences(want, found, in_order=False, limit=5):
    """What differs between two lists of rows, as text; without `in_order` as multisets."""
    if len(want) != len(found):
        return [f"{len(found)} rows instead of {len(want)}"]
    want, found = [key_of(row) for row in want], [key_of(row) for row in found]
    if not in_order:
        want, found = sorted(want), sorted(found)
    return [f"{f[:1000]} instead of {w[:1000]}" for w, f in zip(want, found) if w != f][:limit]


def log_entries(folder):
    """version -> the actions of every log entry that is there."""
    return {int(path.stem): [json.loads(line) for line in path.read_text().splitlines()]
            for path in sorted((pathlib.Path(folder) / "_delta_log").glob("*.json")) if path.stem.isdigit()}


def live_files(folder):
    """Paths of the data files of the newest version, as deltalake says, decoded."""
    import urllib.parse
    return sorted(urllib.parse.unquote(uri.removeprefix("file://")) for uri in DeltaTable(str(folder)).file_uris())
