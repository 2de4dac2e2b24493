"""`psql \\copy` of a file into a table that is there and empty. Prints a JSON object with what psql's own clock says.

    psql_copy.py FILE URI TABLE binary|csv
"""

import json
import re
import subprocess
import sys


def main():
    file, uri, table, form = sys.argv[1:]
    commands = f"\\timing on\n\\copy {table} FROM '{file}' WITH (FORMAT {form})\n"
    done = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", uri], input=commands, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: psql failed: {done.stderr}")
    rows = int(re.search(r"COPY (\d+)", done.stdout)[1])
    milliseconds = float(re.search(r"Time: ([\d.]+) ms", done.stdout)[1])
    print(json.dumps({"rows": rows, "seconds": milliseconds / 1000}))


if __name__ == "__main__":
    main()
