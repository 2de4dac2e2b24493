"""The usual way of doing it in Python, as fast as such a loop gets: Parquet -> lists -> redis-py's pipelines, not
transactional, 1,000 commands at a time. Writes the very hashes that ampload writes. Prints one JSON object.

    redis_py_loop.py LOGS.parquet SOCKET TABLE
"""

import json
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import redis


def as_list(column):
    if pa.types.is_timestamp(column.type):
        text = pc.replace_substring(column.cast(pa.string()), " ", "T")
        if column.type.unit == "s":
            text = pc.replace_substring(text, "+0000", ".000000Z")
        column = pc.replace_substring(text, "+0000", "Z")
    return column.to_pylist()


def load(file, client, table):
    rows = 0
    for batch in pyarrow.parquet.ParquetFile(file).iter_batches():
        names = batch.schema.names
        columns = [as_list(column) for column in batch.columns]
        block, index = names.index("block_num"), names.index("log_index")
        pipeline = client.pipeline(transaction=False)
        for number, row in enumerate(zip(*columns), 1):
            pipeline.hset(f"{table}:{row[block]}:{row[index]}",
                          mapping={name: value for name, value in zip(names, row) if value is not None})
            if number % 1000 == 0:
                pipeline.execute()
        pipeline.execute()
        rows += batch.num_rows
    return rows


def main():
    file, socket, table = sys.argv[1:]
    client = redis.Redis(unix_socket_path=socket)
    cpu, start = time.process_time(), time.perf_counter()
    rows = load(file, client, table)
    seconds = time.perf_counter() - start
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu_seconds": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
