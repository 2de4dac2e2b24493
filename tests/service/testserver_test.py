"""ampload-testserver serve, asked by another client than ours: pyarrow's. What a client that knows only the rule of
reorganisations holds in the end is what the server says the chain is."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import pyarrow as pa
import pyarrow.flight as flight
import pyarrow.parquet as pq

TESTSERVER = str(pathlib.Path(os.environ["AMPLOAD_BINARY"]).parent / "ampload-testserver")
STATEMENT = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"


def field(number, value):
    """A length-delimited protobuf field, of less than 128 bytes."""
    return bytes([number << 3 | 2, len(value)]) + value


def command(query):
    return field(1, STATEMENT) + field(2, field(1, query.encode()))


class Serve(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="ampload-testserver-"))
        self.addCleanup(shutil.rmtree, self.work)

    def serve(self, *arguments):
        server = subprocess.Popen([TESTSERVER, "serve", *map(str, arguments)], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        said = server.stdout.readline()
        self.assertRegex(said, r"^listening on (amp|grpc\+tls)://127\.0\.0\.1:[0-9]+\n$")
        return server, said.split()[-1]

    def ask(self, address, headers=None, query="SELECT 1", **options):
        client = flight.connect(address.replace("amp://", "grpc://"), **options)
        self.addCleanup(client.close)
        call = flight.FlightCallOptions(headers=[(name.encode(), value.encode())
                                                 for name, value in (headers or {}).items()])
        info = client.get_flight_info(flight.FlightDescriptor.for_command(command(query)), call)
        return client.do_get(info.endpoints[0].ticket, call)

    def follow(self, stream, until):
        """The rows by (network, block), until every network's range ends at `until`."""
        held, staged, ends = {}, [], {}
        while any(end < until for end in ends.values()) or not ends:
            chunk = stream.read_chunk()
            metadata = json.loads(chunk.app_metadata.to_pybytes())
            if chunk.data is not None:
                staged += chunk.data.to_pylist()
            if not metadata["ranges_complete"]:
                continue
            for one in metadata["ranges"]:
                held = {key: rows for key, rows in held.items()
                        if key[0] != one["network"] or key[1] < one["numbers"]["start"]}
                ends[one["network"]] = one["numbers"]["end"]
            for row in staged:
                held.setdefault((row["network"], row["block_num"]), []).append(row)
            staged = []
        return held

    def test_a_client_ends_with_the_chain(self):
        out = self.work / "canonical.parquet"
        server, address = self.serve(
            "--network", "one", "--network", "two", "--blocks", 30, "--row-messages", 2,
            "--leading-empty", "--rows-on-completion", "--canonical-out", out, "--script",
            "wait-sent two 20; reorg one 9 12; reorg two 3 9; wait-sent two 35; mine one 7; reorg two 10 14")
        held = self.follow(self.ask(address, {"amp-stream": "true"}), until=39)
        by_key = lambda row: (row["network"], row["block_num"], row["log_index"])
        mine = sorted((row for rows in held.values() for row in rows), key=by_key)
        self.assertEqual(mine, sorted(pq.read_table(out).to_pylist(), key=by_key))
        self.assertGreater(len(mine), 100)

    def test_a_finite_query_is_the_whole_chain(self):
        out = self.work / "canonical.parquet"
        _, address = self.serve("--blocks", 50, "--rows-per-block", 3, "--exactly", "--extra-column", "more",
                                "--canonical-out", out)
        table = self.ask(address).read_all()
        self.assertEqual(table.num_rows, 150)
        self.assertEqual(table.to_pylist(), pq.read_table(out).to_pylist())
        self.assertEqual(table.column_names[-1], "more")

    def test_it_ends_at_once_with_streams_open(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server, address = self.serve("--script", "sleep 1000000")
            stream = self.ask(address, {"amp-stream": "true"})
            stream.read_chunk()
            server.send_signal(number)
            self.assertEqual(server.wait(timeout=30), 0)
            with self.assertRaises((flight.FlightError, pa.ArrowException)):
                for _ in range(100):
                    stream.read_chunk()

    def test_tls_and_a_token(self):
        key, certificate = self.work / "key.pem", self.work / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        _, address = self.serve("--tls-cert", certificate, "--tls-key", key, "--token", "sesame")
        roots = {"tls_root_certs": certificate.read_bytes()}
        with self.assertRaises(flight.FlightUnauthenticatedError):
            self.ask(address, **roots)
        self.assertGreater(self.ask(address, {"authorization": "Bearer sesame"}, **roots).read_all().num_rows, 0)
        with self.assertRaises((flight.FlightError, pa.ArrowException)):
            self.ask(address, {"authorization": "Bearer sesame"})

    def test_the_port_file_has_the_port(self):
        port = self.work / "port"
        _, address = self.serve("--port-file", port)
        self.assertEqual(port.read_text().strip(), address.rsplit(":", 1)[1])

    def test_a_port_that_is_taken_and_wrong_words(self):
        _, address = self.serve()
        for arguments, says in ((["--port", address.rsplit(":", 1)[1]], "cannot listen"),
                                (["--fault", "stal@3"], "did you mean stall?"),
                                (["--script", "mime 3"], "did you mean mine?"),
                                (["--script", f"@{self.work}/none"], "cannot read the file"),
                                (["--tls-cert", "/dev/null"], "go together"),
                                (["--real", self.work], "base4_logs.parquet")):
            with self.subTest(arguments=arguments):
                done = subprocess.run([TESTSERVER, "serve", *map(str, arguments)], capture_output=True, text=True,
                                      timeout=60)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn(says, done.stderr)

    def test_a_script_that_goes_wrong_is_said_and_is_the_exit_status(self):
        server, _ = self.serve("--blocks", 3, "--script", "reorg 3 3")
        self.assertIn("script step 'reorg 3 3'", server.stderr.readline())
        server.terminate()
        self.assertEqual(server.wait(timeout=30), 1)


if __name__ == "__main__":
    unittest.main()
