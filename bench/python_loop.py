"""The usual way of doing it in Python, as fast as such a loop gets: Parquet -> lists -> msgpack -> py-lmdb.
Writes the very pairs that ampload writes. Prints one JSON object.

    python_loop.py LOGS.parquet TO TABLE block_num|tx_hash STEP_BYTES
"""

import json
import struct
import sys
import time

import lmdb
import msgpack
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet


def key_maker(first):
    """Keys of (block_num, log_index) or (tx_hash, log_index), from the lists of those columns."""
    if first == "block_num":
        return struct.Struct(">QI").pack
    pack_index = struct.Struct(">I").pack
    return lambda tx_hash, index: tx_hash + pack_index(index)


def as_list(column):
    if pa.types.is_timestamp(column.type):
        text = pc.replace_substring(column.cast(pa.string()), " ", "T")
        column = pc.replace_substring(text, "+0000", "Z")
    return column.to_pylist()


def load(file, environment, table, first, step_bytes):
    make_key, pack = key_maker(first), msgpack.Packer().pack
    database = environment.open_db(table.encode())
    transaction, waiting, rows = environment.begin(write=True, db=database), 0, 0
    for batch in pyarrow.parquet.ParquetFile(file).iter_batches():
        names = batch.schema.names
        columns = [as_list(column) for column in batch.columns]
        keys = map(make_key, columns[names.index(first)], columns[names.index("log_index")])
        for key, row in zip(keys, zip(*columns)):
            value = pack(dict(zip(names, row)))
            transaction.put(key, value)
            waiting += len(key) + len(value)
            if waiting >= step_bytes:
                transaction.commit()
                transaction, waiting = environment.begin(write=True, db=database), 0
        rows += batch.num_rows
    transaction.commit()
    return rows


def main():
    file, to, table, first, step_bytes = sys.argv[1:]
    environment = lmdb.open(to, map_size=1 << 36, max_dbs=8)
    cpu, start = time.process_time(), time.perf_counter()
    rows = load(file, environment, table, first, int(step_bytes))
    seconds = time.perf_counter() - start
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu_seconds": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
