"""Include direction: a room knows the rooms to its left and nothing else."""

import posixpath
import re
from pathlib import Path

import settings
from sources import read_text

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of(path):
    """The room that a file lives in: "public", "encode", "loaders/lmdb", ...; None: in no room."""
    parts = path.split("/")
    if path.startswith("include/ampload/"):
        return settings.PUBLIC
    if parts[0] == "conformance":
        return "conformance"
    if parts[0] == "src" and len(parts) > 2:
        return f"loaders/{parts[2]}" if parts[1] == "loaders" and len(parts) > 3 else parts[1]
    return None


def is_for_tests(path):
    """True for foo_test.cc, and for headers that tests beside the source share."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    return path.startswith("tests/") or stem.startswith("test_") or stem.endswith("_test")


def includes_of(text):
    """(line, bracket, path) of each include."""
    for match in _INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def find_header(root, including, included):
    """The repository's file that an include means, or None."""
    own_folder = str(Path(including).parent)
    for folder in ("include", "src", "conformance", own_folder, "tests", "."):
        candidate = posixpath.normpath(posixpath.join(folder, included))
        if (Path(root) / candidate).is_file():
            return candidate
    return None


def _may_include(room, other):
    if room == other:
        return True
    kind = room.split("/")[0]
    return other.split("/")[0] in settings.MAY_INCLUDE.get(kind, set())


def _complaint(root, path, bracket, included):
    room = room_of(path)
    target = find_header(root, path, included)
    if target is None:
        if bracket == '"':
            return f'"{included}" is not found: write it from src/ or include/ ("encode/row.h")'
        standard = re.fullmatch(r"[a-z_]+", included)
        if room == settings.PUBLIC and not standard and not included.startswith("arrow/"):
            return (f"<{included}>: a public header includes public headers, Arrow and the standard "
                    "library alone")
        return None
    other = room_of(target)
    if any(path.startswith(folder + "/") for folder in settings.PUBLIC_ONLY_FOLDERS):
        if other not in (settings.PUBLIC, None):
            return f'"{included}": only the public headers (ampload/...) may be included here'
        return None
    if room is None:
        return None
    if other is None:
        if is_for_tests(path) and target.startswith("tests/"):
            return None
        return f'"{included}" is {target}, which is in no room'
    if is_for_tests(target) and not is_for_tests(path):
        return f'"{included}" is there for tests alone'
    if not _may_include(room, other):
        return f'"{included}": {room} may not include {other}'
    if bracket == '"' and other != settings.PUBLIC and included != target.removeprefix("src/"):
        if room != "conformance":
            return f'"{included}": write the whole path, "{target.removeprefix("src/")}"'
    return None


def check(root, files):
    for path in files:
        if not path.endswith(settings.CPP_SUFFIXES):
            continue
        text = read_text(Path(root) / path) or ""
        for line, bracket, included in includes_of(text):
            complaint = _complaint(root, path, bracket, included)
            if complaint:
                yield f"{path}:{line}: include {complaint}"
