"""deltalake's write of the rows of a Parquet file, as bench/delta_bench.py compares with it. Prints one JSON object.

    deltalake_write.py FILE.parquet FOLDER
"""

import json
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import WriterProperties, write_deltalake

file, folder = sys.argv[1:]
cpu, start = time.process_time(), time.perf_counter()
source = pq.ParquetFile(file)
reader = pa.RecordBatchReader.from_batches(source.schema_arrow, source.iter_batches())
write_deltalake(folder, reader, writer_properties=WriterProperties(compression="ZSTD"))
print(json.dumps({"rows": source.metadata.num_rows, "seconds": time.perf_counter() - start,
                  "cpu_seconds": time.process_time() - cpu}))
