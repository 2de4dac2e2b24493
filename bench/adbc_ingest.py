"""What users do today: pyarrow reads the file, ADBC's PostgreSQL driver takes the batches. Prints a JSON object.

    adbc_ingest.py FILE URI TABLE
"""

import json
import sys
import time

import adbc_driver_postgresql.dbapi
import pyarrow as pa
import pyarrow.parquet as pq


def plain(field):
    """The driver has no unsigned 64-bit integers and no time zones' nanoseconds: what it takes in their place."""
    if pa.types.is_uint64(field.type):
        return field.with_type(pa.int64())
    return field


def main():
    file, uri, table = sys.argv[1:]
    start = time.perf_counter()
    cpu = time.process_time()
    parquet = pq.ParquetFile(file)
    schema = pa.schema([plain(field) for field in parquet.schema_arrow])
    batches = (batch.cast(schema) for batch in parquet.iter_batches(batch_size=65536))
    with adbc_driver_postgresql.dbapi.connect(uri) as connection, connection.cursor() as cursor:
        rows = cursor.adbc_ingest(table, pa.RecordBatchReader.from_batches(schema, batches), mode="create")
        connection.commit()
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
