"""clang-tidy, over the sources that changed since they last passed.

A file's stamp is a digest of .clang-tidy, the compile command, the file and every header of the
repository that it reaches. Stamps live in build/lint, so a fresh clone checks everything once.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import settings
from includes import find_header, includes_of
from sources import read_text

# Flags of g++ that clang does not know, or that only slow it down: the precompiled header above all.
_DROPPED = re.compile(r"-fpch-preprocess|-Winvalid-pch|-fsanitize=.*|-fno-sanitize-recover=.*|-Werror|-g1?|-O\d")

# Arrow's binary_view_util.h uses assert() without including it.
_EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-includecassert"]


def _clang_command(command):
    words, kept = shlex.split(command), []
    skip = False
    for index, word in enumerate(words):
        if skip:
            skip = False
        elif word == "-include" and "cmake_pch" in words[index + 1]:
            skip = True
        elif not _DROPPED.fullmatch(word):
            kept.append(word)
    return kept


def _reached_headers(root, path, seen):
    for _, _, included in includes_of(read_text(Path(root) / path) or ""):
        header = find_header(root, path, included)
        if header and header not in seen:
            seen.add(header)
            _reached_headers(root, header, seen)
    return seen


def _stamp(root, path, arguments):
    digest = hashlib.sha256(json.dumps(arguments).encode())
    for name in [".clang-tidy", path, *sorted(_reached_headers(root, path, set()))]:
        digest.update(name.encode())
        digest.update((Path(root) / name).read_bytes())
    return digest.hexdigest()


def _checked(path):
    return path.startswith(settings.TIDY_FOLDERS) and not path.endswith("_test.cc")


def check(root, jobs, say):
    """Yields the complaints. Needs build/dev to be configured."""
    root = Path(root)
    program = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    database = root / "build/dev/compile_commands.json"
    if program is None or not database.is_file():
        missing = "clang-tidy" if program is None else str(database.relative_to(root))
        yield f"{missing} is missing: run `make setup-test` and `make test`"
        return
    folder = root / "build/lint"
    folder.mkdir(parents=True, exist_ok=True)
    stamps_file = folder / "stamps.json"
    stamps = json.loads(stamps_file.read_text()) if stamps_file.is_file() else {}

    entries, wanted = [], {}
    for entry in json.loads(database.read_text()):
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), root)
        if not _checked(path) or not (root / path).is_file():
            continue
        arguments = _clang_command(entry["command"])
        entries.append({"directory": entry["directory"], "file": entry["file"],
                        "arguments": arguments})
        stamp = _stamp(root, path, arguments)
        if stamps.get(path) != stamp:
            wanted[path] = stamp
    (folder / "compile_commands.json").write_text(json.dumps(entries))
    if wanted:
        say(f"clang-tidy on {len(wanted)} of {len(entries)} files")

    def run(path):
        return path, subprocess.run([program, "--quiet", "-p", str(folder), *_EXTRA, str(root / path)],
                                    capture_output=True, text=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for path, done in pool.map(run, wanted):
            if done.returncode == 0:
                stamps[path] = wanted[path]
                stamps_file.write_text(json.dumps(stamps, indent=0))
            else:
                yield done.stdout.replace(f"{root}/", "").strip() or f"{path}: {done.stderr.strip()}"
