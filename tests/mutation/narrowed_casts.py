"""Narrows one cast after the other on the way of a value, in a copy of its source file, and runs the test that must
notice. A mutant that no test kills is a failure, and so is one whose text is no longer in the source.

    AMPLOAD_SOURCE_DIR=. AMPLOAD_BUILD_DIR=build/dev python tests/mutation/narrowed_casts.py [NAME...]

The copy is compiled as the build compiles its original and linked into the test program, whose functions go before
those of libampload.
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["AMPLOAD_SOURCE_DIR"]).resolve()
BUILD = pathlib.Path(os.environ["AMPLOAD_BUILD_DIR"]).resolve()
PYTHON = sys.executable

ROUND_TRIP = ("src/encode/test_encode", ["--gtest_filter=*RandomTable.ComesBackFromItsRows*:*Golden*", "--gtest_fail_fast"])
WIDENING = ("src/encode/test_encode", ["--gtest_filter=ExactWidening.*"])
CASTS = ("tests/interop/exact_casts", None)  # judged by tests/interop/test_casts.py


def narrowed(kind, value):
    return f"static_cast<std::conditional_t<sizeof(T) == 8, {kind}, T>>({value})"


# name: (file, [(text, its mutation)...], the test that must fail)
MUTANTS = {
    "int64 as int32": ("src/encode/integer_column.cc", [
        ("Format::IntSize(values[row])", f"Format::IntSize({narrowed('int32_t', 'values[row]')})"),
        ("Format::PutInt(at, values[row])", f"Format::PutInt(at, {narrowed('int32_t', 'values[row]')})")], ROUND_TRIP),
    "uint64 as uint32": ("src/encode/integer_column.cc", [
        ("Format::UintSize(values[row])", f"Format::UintSize({narrowed('uint32_t', 'values[row]')})"),
        ("Format::PutUint(at, values[row])", f"Format::PutUint(at, {narrowed('uint32_t', 'values[row]')})")],
                         ROUND_TRIP),
    "uint64 as int64": ("src/encode/integer_column.cc", [
        ("Format::UintSize(values[row])", "Format::IntSize(static_cast<int64_t>(values[row]))"),
        ("Format::PutUint(at, values[row])", "Format::PutInt(at, static_cast<int64_t>(values[row]))")], ROUND_TRIP),
    "float64 as float32": ("src/encode/scalar_column.cc", [
        ("return values[row];", "return static_cast<T>(static_cast<float>(values[row]));")], ROUND_TRIP),
    "decimal64 as int32": ("src/encode/decimal_column.cc", [
        ("int64_t value;\n      std::memcpy(&value, at, sizeof(value));\n      return SplitSign(value);",
         "int64_t value;\n      std::memcpy(&value, at, sizeof(value));\n"
         "      return SplitSign(int64_t{static_cast<int32_t>(value)});")], ROUND_TRIP),
    "decimal128 as 64 bits": ("src/encode/decimal_column.cc", [
        ("return SplitSign128(at);",
         "auto v = SplitSign128(at);\n      v.magnitude = static_cast<uint64_t>(v.magnitude);\n      return v;")],
                              ROUND_TRIP),
    "decimal256 as 192 bits": ("src/encode/decimal_column.cc", [
        ("return SplitSign256(at);", "auto v = SplitSign256(at);\n      v.magnitude.limbs[3] = 0;\n      return v;")],
                               ROUND_TRIP),
    "a decimal's high half as 32 bits": ("src/encode/decimal_digits.cc", [
        ("const auto high = static_cast<uint64_t>(magnitude >> 64);",
         "const auto high = uint64_t{static_cast<uint32_t>(magnitude >> 64)};")], ROUND_TRIP),
    "a decimal's low digits as 32 bits": ("src/encode/decimal_digits.cc", [
        ("PutUpTo20(at, static_cast<uint64_t>(magnitude), static_cast<int>(left - at));",
         "PutUpTo20(at, uint64_t{static_cast<uint32_t>(magnitude)}, static_cast<int>(left - at));")], ROUND_TRIP),
    "days as int16": ("src/encode/iso8601.cc", [
        ("const Civil civil = ToCivil(days);", "const Civil civil = ToCivil(static_cast<int16_t>(days));")],
                      ROUND_TRIP),
    "seconds of a day as uint16": ("src/encode/iso8601.cc", [
        ("const auto seconds = static_cast<uint32_t>(value / per_second);",
         "const auto seconds = uint32_t{static_cast<uint16_t>(value / per_second)};")], ROUND_TRIP),
    "a second's fraction as 16 bits": ("src/encode/iso8601.cc", [
        ("auto fraction = static_cast<uint64_t>(value % per_second);",
         "auto fraction = uint64_t{static_cast<uint16_t>(value % per_second)};")], ROUND_TRIP),
    "a duration's seconds as 32 bits": ("src/encode/iso8601.cc", [
        ("const uint64_t whole = magnitude / static_cast<uint64_t>(per_second);",
         "const uint64_t whole = static_cast<uint32_t>(magnitude / static_cast<uint64_t>(per_second));")],
                                        ROUND_TRIP),
    "a timestamp as int32": ("src/encode/temporal_column.cc", [
        ("return PutTimestamp(at, value, kUnit, utc);",
         "return PutTimestamp(at, static_cast<int32_t>(value), kUnit, utc);")], ROUND_TRIP),
    "a list element's size as 8 bits": ("src/encode/list_column.cc", [
        ("static_cast<uint32_t>(*size)", "static_cast<uint8_t>(*size)")], ROUND_TRIP),
    "a cast without its way back": ("src/encode/exact_cast.cc", [
        ("if (!holds_bad(0, plain->length())) return cast;", "return cast;")], CASTS),
    "a cast that rounds text and decimals": ("src/encode/exact_cast.cc", [
        ("auto safe = arrow::compute::CastOptions::Safe();", "auto safe = arrow::compute::CastOptions::Unsafe();")],
                                             CASTS),
    "times cut to their unit": ("src/encode/exact_cast.cc", [
        ("safe.allow_time_truncate = lossy;", "safe.allow_time_truncate = true;"),
        ("if (into_widest || lossy || ", "if (true || into_widest || lossy || ")], CASTS),
    "decimals that forget their precision": ("src/encode/decimal_cast.cc", [
        ("|| !scaled->FitsInPrecision(target.precision())", "")], CASTS),
    "uint32 widened to int32": ("src/encode/exact_widening.cc", [
        ("return to.bit_width() > from.bit_width();", "return to.bit_width() >= from.bit_width();")], WIDENING),
}


def commands():
    text = (BUILD / "compile_commands.json").read_text()
    return {str(pathlib.Path(one["file"]).resolve()): one for one in json.loads(text)}


def mutate(file, changes):
    """The mutated text, or what is wrong with the mutant."""
    text = (SOURCE / file).read_text()
    for old, new in changes:
        if text.count(old) < 1:
            return None, f"{file} has no such text any more: {old}"
        text = text.replace(old, new)
    return text, None


def compile_copy(file, text, folder, compile_commands):
    original = str((SOURCE / file).resolve())
    entry = compile_commands[original]
    copy = folder / pathlib.Path(file).name
    copy.write_text(text)
    words = shlex.split(entry["command"])
    words = [str(copy) if str(pathlib.Path(entry["directory"], word).resolve()) == original else word for word in words]
    made = folder / "mutant.o"
    words[words.index("-o") + 1] = str(made)
    for flag in ("-MF", "-MT"):
        if flag in words:
            words[words.index(flag) + 1] = str(folder / "mutant.d")
    subprocess.run([*words, "-Wno-error"], check=True, cwd=entry["directory"], capture_output=True)
    return made


def link_with(made, target, folder):
    listed = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", "-s", target], check=True, capture_output=True,
                            text=True).stdout.strip().splitlines()
    command = listed[-1]
    program = folder / pathlib.Path(target).name
    command = command.replace(f"-o {target} ", f"-o {program} {made} ", 1)
    subprocess.run(command, shell=True, check=True, cwd=BUILD, capture_output=True)
    return program


def runs_clean(program, arguments, folder):
    environment = dict(os.environ, ASAN_OPTIONS="detect_odr_violation=0:detect_leaks=0")
    if arguments is None:  # the judge of casts looks for its program below the build folder
        place = folder / "tests/interop"
        place.mkdir(parents=True)
        program.rename(place / program.name)
        environment["AMPLOAD_BUILD_DIR"] = str(folder)
        command = [PYTHON, str(SOURCE / "tests/interop/test_casts.py")]
    else:
        command = [str(program), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace",
                          timeout=300)
    return done.returncode == 0, done.stdout + done.stderr


def failed_tests(output):
    names = [line.split("]", 1)[1].split(",")[0].split(" (")[0].strip() for line in output.splitlines()
             if line.startswith("[  FAILED  ]") and "." in line]
    names += [line.split()[1] for line in output.splitlines() if line.startswith(("FAIL:", "ERROR:"))]
    return sorted(set(names))


def kill(name, compile_commands):
    """None, or why the mutant lives."""
    file, changes, (target, arguments) = MUTANTS[name]
    text, wrong = mutate(file, changes)
    if wrong:
        return wrong
    with tempfile.TemporaryDirectory(prefix="ampload-mutant-") as path:
        folder = pathlib.Path(path)
        program = link_with(compile_copy(file, text, folder, compile_commands), target, folder)
        started = time.monotonic()
        clean, output = runs_clean(program, arguments, folder)
        if clean:
            return "every test passed"
        killers = failed_tests(output) or ["(the program ended)"]
        print(f"killed  {name}: by {killers[0]}{f' and {len(killers) - 1} more' if len(killers) > 1 else ''}, "
              f"{time.monotonic() - started:.1f} s", flush=True)
    return None


def main():
    compile_commands = commands()
    alive = 0
    for name in sys.argv[1:] or MUTANTS:
        why = kill(name, compile_commands)
        if why:
            alive += 1
            print(f"ALIVE   {name}: {why}", flush=True)
    print(f"{len(sys.argv[1:]) or len(MUTANTS)} mutants, {alive} alive")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
