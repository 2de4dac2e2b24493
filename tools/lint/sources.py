"""The repository's files, and C++ text without what is not code."""

import functools
import re
import subprocess
from pathlib import Path


def repository_files(root):
    """Every file that git tracks or would add, relative to root; all files where there is no git."""
    try:
        out = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout
        names = [name for name in out.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(root)) for path in Path(root).rglob("*")]
    return sorted(name for name in set(names)
                  if (Path(root) / name).is_file() and not (Path(root) / name).is_symlink())


@functools.lru_cache(maxsize=None)
def read_text(path):
    """The file's text, or None where it is not text."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


_NOT_CODE = re.compile(
    r"""
      //[^\n]*                                     # comment to the end of the line
    | /\*.*?\*/                                    # comment
    | R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)" # raw string
    | "(?:\\.|[^"\\\n])*"                          # string
    | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'          # character, but not the ' of 1'000
    """,
    re.VERBOSE | re.DOTALL)


def code_only(text):
    """C++ text with comments dropped and strings emptied; every line stays where it was."""
    def blank(match):
        found = match.group(0)
        lines = "\n" * found.count("\n")
        return lines if found.startswith("/") else '""' + lines
    return _NOT_CODE.sub(blank, text)
