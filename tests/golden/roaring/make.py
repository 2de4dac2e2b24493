"""Makes the bitmaps beside it, with CRoaring's Python binding (PyPI: pyroaring 1.2.0)."""

import pathlib

from pyroaring import BitMap64

HERE = pathlib.Path(__file__).parent
BITMAPS = {
    "arrays": [0, 7, 65_535, 65_536, 2**32 + 5],
    "runs": [*range(10, 100_000), *range(400_000, 400_003)],
    "bits": range(0, 60_000, 3),
    "many_runs": [block * 65_536 + row for block in range(6) for row in range(5_000)],
    "none": [],
}

for name, rows in BITMAPS.items():
    bitmap = BitMap64(rows)
    bitmap.run_optimize()
    (HERE / f"{name}.bin").write_bytes(bitmap.serialize())
