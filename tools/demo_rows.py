"""The rows of a streamed table, for tools/demo.

    demo_rows.py newest FILE.parquet      the highest block_num of a file
    ampload inspect TARGET --table T --json | demo_rows.py blocks
                                          its blocks: number, rows, hash
    ampload inspect TARGET --table T --json | demo_rows.py compare FILE.parquet
                                          are the table's rows those of the file? Exit status 1 where not
"""

import collections
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def table_rows():
    table = json.load(sys.stdin)["table"]
    if len(table["rows"]) != table["row_count"]:
        sys.exit("demo: not all rows were given: raise --limit")
    return table["rows"]


def as_inspect_writes(column):
    if pa.types.is_timestamp(column.type):
        moments = column.cast(pa.timestamp("s")).to_pylist()
        return [None if moment is None else moment.isoformat() + "Z" for moment in moments]
    return ["0x" + value.hex() if isinstance(value, bytes) else value for value in column.to_pylist()]


def file_rows(path):
    table = pq.read_table(path)
    columns = [as_inspect_writes(column) for column in table.columns]
    return [dict(zip(table.column_names, values)) for values in zip(*columns)]


def print_blocks():
    rows = collections.Counter((row["block_num"], row["block_hash"]) for row in table_rows())
    for (number, block_hash), count in sorted(rows.items()):
        print(f"  block {number}  {count:>4} rows  {block_hash}")


def counted(rows):
    return collections.Counter(json.dumps(row, sort_keys=True) for row in rows)


def compare(path):
    table = table_rows()
    if any(row.pop("_amp_batch_id") is None for row in table):
        sys.exit("demo: a row has no batch id")
    chain = file_rows(path)
    missing = counted(chain) - counted(table)
    too_many = counted(table) - counted(chain)
    if missing or too_many:
        print(f"no: {missing.total()} rows of the chain are missing, {too_many.total()} are not on it")
        for row in list((missing or too_many).elements())[:3]:
            print("  " + row)
        sys.exit(1)
    print(f"yes: the {len(table)} rows of the table are, value by value, the {len(chain)} of the chain")


def main(verb, *paths):
    if verb == "newest":
        print(max(pq.read_table(paths[0], columns=["block_num"])["block_num"].to_pylist()))
    elif verb == "blocks":
        print_blocks()
    else:
        compare(*paths)


main(*sys.argv[1:])
