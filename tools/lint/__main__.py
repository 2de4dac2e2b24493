"""Checks what a compiler does not: python3 tools/lint [--root FOLDER] [--fix-format] [--no-tidy]

Exit status: 0 clean, 1 with complaints (one a line, file:line: what), 2 wrong arguments.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import includes
import layout
import lengths
import names
import tidy
from sources import repository_files


def say(text):
    print(f"lint: {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="lint", description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=str(Path(__file__).resolve().parents[2]))
    parser.add_argument("--fix-format", action="store_true", help="format every C++ file, check nothing")
    parser.add_argument("--no-tidy", action="store_true", help="leave clang-tidy out")
    arguments = parser.parse_args()
    root, started = Path(arguments.root).resolve(), time.monotonic()
    files = repository_files(root)

    if arguments.fix_format:
        complaint = layout.fix(root, files)
        if complaint:
            say(complaint)
        return 1 if complaint else 0

    complaints = 0
    passes = [includes.check(root, files), names.check(root, files), lengths.check(root, files),
              layout.check(root, files)]
    if not arguments.no_tidy:
        passes.append(tidy.check(root, int(os.environ.get("JOBS") or os.cpu_count() or 1), say))
    for one in passes:
        for complaint in one:
            print(complaint, flush=True)
            complaints += 1
    for line in lengths.report(root, files):
        say(line)
    say(f"{complaints or 'no'} complaint{'' if complaints == 1 else 's'} in {len(files)} files "
        f"({time.monotonic() - started:.0f} s)")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
