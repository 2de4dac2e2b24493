"""clang-format, over every C++ file."""

import shutil
import subprocess

import settings


def clang_format():
    """Debian 12's version where it is there under its own name: versions format differently."""
    return shutil.which("clang-format-14") or shutil.which("clang-format")


def _run(root, files, arguments):
    program = clang_format()
    if program is None:
        return "clang-format is missing: run `make setup-test`"
    sources = [path for path in files if path.endswith(settings.CPP_SUFFIXES)]
    if not sources:
        return ""
    done = subprocess.run([program, *arguments, *sources], cwd=root, capture_output=True, text=True)
    return done.stderr if done.returncode != 0 else ""


def check(root, files):
    badly = set()
    for line in _run(root, files, ["--dry-run", "-Werror"]).splitlines():
        if "code should be clang-formatted" in line:
            badly.add(line.split(":")[0])
        elif "clang-format is missing" in line:
            yield line
    for path in sorted(badly):
        yield f"{path}: not formatted: run `make fmt`"


def fix(root, files):
    return _run(root, files, ["-i"])
