"""Names of files and classes, `#pragma once`, and words that do not belong in the repository."""

import re
from pathlib import Path

import settings
from sources import code_only, read_text

_TYPE = re.compile(r"^[ \t]*(?:template\s*<[^;{]*>\s*)?(?:class|struct|union|enum(?:\s+class)?)\s+"
                   r"(?:\[\[\w+\]\]\s*)?([A-Za-z_]\w*)\b(?!\s*[;*&>,)])", re.MULTILINE)
_PASCAL_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s#]+)[^)\s]*\)")
_DOCUMENT = re.compile(r"(?<![\w/.-])((?:[\w.-]+/)*[A-Z][A-Z_]{3,}\.md)\b")


def check_file_names(files):
    for path in files:
        stem = Path(path).name.lstrip("_").split(".")[0]
        for word in re.split(r"[_\-]+", stem.lower()):
            if word in settings.VAGUE_WORDS:
                yield f"{path}: the file name says nothing: '{word}'"
        if path.endswith(settings.CPP_SUFFIXES) and not re.fullmatch(r"[a-z0-9_]+\.(cc|h)",
                                                                     Path(path).name):
            yield f"{path}: C++ files are named in lower_snake, .cc or .h"


def check_type_names(root, files):
    for path in files:
        if not path.endswith(settings.CPP_SUFFIXES):
            continue
        code = code_only(read_text(Path(root) / path) or "")
        for match in _TYPE.finditer(code):
            words = {word.lower() for word in _PASCAL_WORD.findall(match.group(1))}
            for word in sorted(words & settings.VAGUE_WORDS):
                line = code.count("\n", 0, match.start(1)) + 1
                yield f"{path}:{line}: the type name {match.group(1)} says nothing: '{word}'"


def check_pragma_once(root, files):
    for path in files:
        if path.endswith(".h"):
            code = code_only(read_text(Path(root) / path) or "").strip()
            if not code.startswith("#pragma once"):
                yield f"{path}:1: a header begins with #pragma once (after its comment)"


def check_foreign_words(root, files):
    """Paths of one machine, links that lead nowhere, documents that are not here."""
    names = {Path(path).name for path in files}
    for path in files:
        text = read_text(Path(root) / path)
        if text is None:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, allowed in settings.FOREIGN_PATHS.items():
                if path not in allowed and re.search(pattern, line):
                    yield f"{path}:{number}: a path that only one machine has: {line.strip()[:80]}"
            for match in _DOCUMENT.finditer(line):
                if Path(match.group(1)).name not in names:
                    yield f"{path}:{number}: names {match.group(1)}, which is not in the repository"
            if path.endswith(".md"):
                for match in _LINK.finditer(line):
                    target = match.group(1)
                    if "://" in target or target.startswith("mailto:"):
                        continue
                    if not (Path(root) / Path(path).parent / target).exists():
                        yield f"{path}:{number}: a link that leads nowhere: {target}"


def check(root, files):
    yield from check_file_names(files)
    yield from check_type_names(root, files)
    yield from check_pragma_once(root, files)
    yield from check_foreign_words(root, files)
