"""Sources on S3: what moto serves comes whole; a server that misbehaves is told from one that is at its end."""

import gzip
import io
import os
import pathlib
import re
import subprocess
import sys
import unittest

import pyarrow as pa
import pyarrow.csv
import pyarrow.fs
import pyarrow.parquet as pq

from faulty_s3 import FaultyS3

HERE = pathlib.Path(__file__).parent
READ_SOURCE = os.environ["AMPLOAD_READ_SOURCE"]
TABLE = pa.table({"x": range(100_000), "s": [str(i) * 3 for i in range(100_000)]})


def environment():
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return dict(clean, AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_EC2_METADATA_DISABLED="true",
                AWS_CONFIG_FILE="/nonexistent", AWS_SHARED_CREDENTIALS_FILE="/nonexistent",
                LSAN_OPTIONS=f"suppressions={HERE}/lsan.supp:print_suppressions=0")


class Failed(Exception):
    def __init__(self, kind, code, message):
        super().__init__(message)
        self.kind, self.code, self.message = kind, code, message


def read(*arguments):
    """The rows, or Failed."""
    done = subprocess.run([READ_SOURCE, *arguments], capture_output=True, timeout=120, env=environment())
    said = done.stderr.decode(errors="replace")
    if done.returncode == 0:
        assert said == "", said
        return pa.ipc.open_stream(done.stdout).read_all()
    assert done.returncode == 1, (done.returncode, said)
    parts = said.strip().split("|", 2)
    assert len(parts) == 3 and "Sanitizer" not in said, said
    raise Failed(*parts)


def parquet(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def csv(table):
    out = io.BytesIO()
    pyarrow.csv.write_csv(table, out)
    return out.getvalue()


class Case(unittest.TestCase):
    def refused(self, kind, text, *arguments, code=""):
        with self.assertRaises(Failed) as caught:
            read(*arguments)
        self.assertEqual((caught.exception.kind, caught.exception.code), (kind, code), caught.exception.message)
        self.assertIn(text, caught.exception.message)
        self.assertNotIn("secret", caught.exception.message)


class Served(Case):
    """What moto serves."""

    @classmethod
    def setUpClass(cls):
        cls.moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
                                    stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in cls.moto.stderr:
            if found := re.search(r"Running on http://([0-9.:]+)", line):
                cls.address = found[1]
                break
        cls.fs = pyarrow.fs.S3FileSystem(access_key="key", secret_key="secret", scheme="http", region="us-east-1",
                                         endpoint_override=cls.address, allow_bucket_creation=True)
        cls.fs.create_dir("bucket")
        cls.put("big.parquet", parquet(TABLE, row_group_size=9_999))
        cls.put("logs/year=2023/a.parquet", parquet(TABLE.slice(0, 10)))
        cls.put("logs/year=2024/b.parquet", parquet(TABLE.slice(10, 10)))
        cls.put("logs/_temporary/c.parquet", b"half written")
        cls.put("text/a.csv", csv(TABLE))
        cls.put("text/b.csv.gz", gzip.compress(csv(TABLE)))
        cls.put("text/notes.txt", b"nothing")
        cls.put("odd/with space+&=.csv", b"a\n7\n")

    @classmethod
    def tearDownClass(cls):
        cls.moto.terminate()
        cls.moto.wait()
        cls.moto.stderr.close()

    @classmethod
    def put(cls, key, content):
        with cls.fs.open_output_stream(f"bucket/{key}", compression=None) as out:
            out.write(content)

    def uri(self, key, bucket="bucket"):
        return f"s3://{bucket}/{key}?region=us-east-1&scheme=http&endpoint_override={self.address}"

    def test_parquet_comes_whole(self):
        self.assertEqual(read(self.uri("big.parquet")), TABLE)
        self.assertEqual(read(self.uri("big.parquet"), "--columns", "s", "--where", "x >= 99990"),
                         TABLE.slice(99_990).select(["s"]))

    def test_a_folder_with_keys_in_its_names(self):
        for key in ("logs", "logs/", "logs/**", "log*", "{logs,none}/y*/*.parquet"):
            with self.subTest(key=key):
                rows = read(self.uri(key))
                self.assertEqual(rows.select(["x", "s"]), TABLE.slice(0, 20))
                self.assertEqual(rows["year"].to_pylist(), [2023] * 10 + [2024] * 10)
        self.assertEqual(read(self.uri("logs"), "--where", "year = 2024")["x"].to_pylist(), list(range(10, 20)))

    def test_text_and_compressed_text(self):
        self.assertEqual(read(self.uri("text")), pa.concat_tables([TABLE, TABLE]))
        self.assertEqual(read(self.uri("text/*.gz")), TABLE)

    def test_a_key_is_taken_as_it_stands(self):
        self.assertEqual(read(self.uri("odd/with space+&=.csv"))["a"].to_pylist(), [7])

    def test_what_is_not_there(self):
        self.refused("configuration", "did you mean s3://bucket/text/a.csv?", self.uri("text/a.cs"))
        self.refused("configuration", "no such object or folder", self.uri("nowhere/"))
        self.refused("configuration", "no object matches", self.uri("nowhere/*.parquet"))
        self.refused("configuration", "no such bucket", self.uri("x.parquet", bucket="no-bucket"))
        self.refused("configuration", "no such bucket", self.uri("", bucket="no-bucket"))
        self.refused("configuration", "no such bucket", self.uri("a/*", bucket="no-bucket"))
        self.refused("configuration", "bucket=no-bucket", self.uri("a/", bucket="no-bucket"))
        self.refused("configuration", "Unexpected query parameter", self.uri("x") + "&colour=red")

    def test_credentials_in_a_path_are_refused_and_not_repeated(self):
        self.refused("configuration", "AWS_ACCESS_KEY_ID", "s3://me:hidden@bucket/x.csv")

    def test_the_same_object_twice(self):
        self.refused("configuration", "given twice", self.uri("text/a.csv"), self.uri("text/*.csv"))


class Misbehaving(Case):
    BODIES = {"a.parquet": parquet(TABLE), "a.csv": csv(TABLE), "a.csv.gz": gzip.compress(csv(TABLE))}

    def each(self, fault):
        for key, body in self.BODIES.items():
            with self.subTest(key=key), FaultyS3(body, fault) as server:
                yield server, server.uri(key)

    def test_well_behaved_it_serves_the_rows(self):
        for _, uri in self.each(None):
            self.assertEqual(read(uri), TABLE)

    def test_anonymous_requests_carry_no_signature(self):
        with FaultyS3(b"a\n7\n") as server:
            read(server.uri("a.csv", user="anonymous@"))
            self.assertEqual({authorization for _, _, authorization in server.requests}, {None})

    def test_a_body_that_is_always_cut_short_is_an_error(self):
        for server, uri in self.each("cut"):
            self.refused("transient", "partial file", uri)
            self.assertGreater(len(server.requests), 2, "it was tried again")

    def test_a_body_that_is_cut_short_once_is_read_again(self):
        for _, uri in self.each("cut once"):
            self.assertEqual(read(uri), TABLE)

    def test_an_answer_that_is_shorter_than_asked_for_is_an_error(self):
        for _, uri in self.each("cut clean"):
            self.refused("permanent", "cut short", uri)

    def test_the_byte_that_stands_for_untouched_memory_is_data_too(self):
        with FaultyS3("a\nx\n\u00e5".encode()) as server:  # ends with A5
            self.assertEqual(read(server.uri("a.csv"))["a"].to_pylist(), ["x", "\u00e5"])

    def test_denied(self):
        for fault in ("denied", "no key"):
            for server, uri in self.each(fault):
                self.refused("permanent", "access to S3 is denied", uri, code="403")
                self.assertEqual(len(server.requests), 1, "it is not tried again")

    def test_busy(self):
        for _, uri in self.each("busy"):
            self.refused("transient", "SLOW_DOWN", uri)

    def test_an_object_that_is_replaced_meanwhile(self):
        for _, uri in self.each("replaced"):
            self.refused("permanent", "changed while it was loaded", uri)

    def test_silence_is_an_error_in_the_end(self):
        with FaultyS3(b"a\n7\n", "silent") as server:
            self.refused("transient", "does not answer", server.uri("a.csv"))

    def test_a_stop_request_ends_the_wait(self):
        for fault in ("silent", "deaf", "trickle"):
            with self.subTest(fault=fault), FaultyS3(self.BODIES["a.csv"], fault) as server:
                with self.assertRaises(Failed) as caught:
                    read("--stop-after", "300", server.uri("a.csv"))
                self.assertIn("cancelled: interrupted", caught.exception.message)
                self.assertTrue(server.asked.is_set())
                # Without the stop there would be three more tries (silence), or it would go on for hours.
                self.assertEqual(len([r for r in server.requests if r[0] == "GET"]), 0 if fault == "deaf" else 1)

    def test_nobody_there(self):
        with FaultyS3(b"") as server:
            uri = server.uri("a.csv")
        self.refused("transient", "does not answer", uri)


if __name__ == "__main__":
    unittest.main()
