"""What lint holds the repository to. Everything that one may want to change is here."""

# Lines; over the limit is an error. The ten longest are listed either way.
MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 150
LONGEST_LISTED = 10

# The rooms, and which of them each may include. "public" is include/ampload, which includes itself,
# Arrow and the standard library alone. A room always includes itself.
#
#   public <- base <- {source, stream, encode, lake} <- loader <- {loaders/*, pipeline} <- {cli, conformance}
PUBLIC = "public"
MAY_INCLUDE = {PUBLIC: {PUBLIC}}
_left = {PUBLIC}
for _siblings in (
    ["base"],
    ["source", "stream", "encode", "lake"],
    ["loader"],
    ["loaders", "pipeline"],
    ["cli", "conformance"],
):
    for _room in _siblings:
        MAY_INCLUDE[_room] = set(_left)
    _left |= set(_siblings)

# Folders outside of the rooms: tests and benchmarks may include every room, examples only the
# public headers, as a user of the installed library does.
FREE_FOLDERS = ("tests", "bench", "tools")
PUBLIC_ONLY_FOLDERS = ("examples", "tests/install")

# Words that say nothing about what a file or a class is for.
VAGUE_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc"}
# Folders may be called so: src/base is a room.

# Paths of one machine. Each pattern may appear only in the files named beside it.
FOREIGN_PATHS = {
    r"/wor[k]/": (),
    r"\bshared/(?:data|hooks|reference)\b|\.\./shared\b": (".ci/run",),
    r"/tmp/[h]/": (),
}

CPP_SUFFIXES = (".cc", ".h")
# clang-tidy reads these; tests are left out, they are read far more than they run.
TIDY_FOLDERS = ("src/", "conformance/")
