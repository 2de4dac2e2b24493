"""The longest files and functions. A long one usually has two things in it: find the seam."""

import ast
import re
from pathlib import Path

import settings
from sources import code_only, read_text

_LENGTH_SUFFIXES = settings.CPP_SUFFIXES + (".py", ".sh", ".cmake", ".txt", ".in")
_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
_NAME = re.compile(r"([~\w:]+(?:<[^()]*>)?|operator\s*\S+)\s*\(")
_TEST = re.compile(r"\b(TEST(?:_[FP])?|TYPED_TEST(?:_P)?)\s*\(\s*(\w+)\s*,\s*(\w+)")


def cpp_functions(text):
    """(name, first line, number of lines) of each function body in C++ text that is formatted."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"),
                  code_only(text), flags=re.MULTILINE)
    stack = []  # one entry an open brace: ("scope", None) or ("function", (name, line)) or ("block", None)
    start = 0   # where the declaration that a brace may end begins
    for index, char in enumerate(code):
        if char == ";" or char == "}":
            start = index + 1
        if char == "{":
            head = code[start:index]
            outside = all(kind == "scope" for kind, _ in stack)
            declares_scope = _SCOPE.search(head.split("(")[0]) is not None
            if outside and declares_scope:
                stack.append(("scope", None))
            elif outside and "(" in head and not head.rstrip().endswith("="):
                stack.append(("function", _declared(head, code, start)))
            else:
                stack.append(("block", None))
            start = index + 1
        elif char == "}" and stack:
            kind, declared = stack.pop()
            if kind == "function":
                name, line = declared
                yield name, line, code.count("\n", 0, index) + 1 - line + 1
    return


def _declared(head, code, start):
    line = code.count("\n", 0, start + len(head) - len(head.lstrip())) + 1
    test = _TEST.search(head)
    if test:
        return f"{test.group(1)}({test.group(2)}, {test.group(3)})", line
    name = _NAME.search(head)
    return (name.group(1) if name else head.strip()[:40]), line


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def measure(root, files):
    """([(lines, file)], [(lines, "file:line name")]), longest first."""
    file_lengths, function_lengths = [], []
    for path in files:
        text = read_text(Path(root) / path)
        is_script = text is not None and text.startswith("#!")
        if text is None or not (path.endswith(_LENGTH_SUFFIXES) or is_script):
            continue
        file_lengths.append((text.count("\n"), path))
        functions = ()
        if path.endswith(settings.CPP_SUFFIXES):
            functions = cpp_functions(text)
        elif path.endswith(".py") or (is_script and "python" in text.splitlines()[0]):
            functions = python_functions(text)
        function_lengths += [(lines, f"{path}:{line} {name}") for name, line, lines in functions]
    return sorted(file_lengths, reverse=True), sorted(function_lengths, reverse=True)


def check(root, files):
    file_lengths, function_lengths = measure(root, files)
    for lines, path in file_lengths:
        if lines > settings.MAX_FILE_LINES:
            yield f"{path}: {lines} lines, the limit is {settings.MAX_FILE_LINES}"
    for lines, where in function_lengths:
        if lines > settings.MAX_FUNCTION_LINES:
            yield f"{where}: {lines} lines, the limit is {settings.MAX_FUNCTION_LINES}"


def report(root, files):
    """Lines that list the longest files and functions."""
    file_lengths, function_lengths = measure(root, files)
    for title, lengths in (("files", file_lengths), ("functions", function_lengths)):
        yield f"longest {title}:"
        for lines, where in lengths[:settings.LONGEST_LISTED]:
            yield f"  {lines:5} {where}"
