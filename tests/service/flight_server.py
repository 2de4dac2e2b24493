"""A Flight server in Python that answers every query in one scripted way, for query_test.py: run as a program, it
prints its port. What came is appended to the file LOG, a JSON object a line."""

import json
import os
import sys
import time

import pyarrow as pa
import pyarrow.flight as flight

TYPE_URL = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
SCHEMA = pa.schema([("block_num", pa.uint64()), ("value", pa.decimal256(76, 0)), ("hash", pa.binary(32))])
BATCH_ROWS = 1000


def batch(number):
    """Rows 1000 * number and on, the kind of values that chains have."""
    blocks = range(BATCH_ROWS * number, BATCH_ROWS * (number + 1))
    arrays = [pa.array(blocks, pa.uint64()), pa.array([10**70 + block for block in blocks], pa.decimal256(76, 0)),
              pa.array([block.to_bytes(32, "big") for block in blocks], pa.binary(32))]
    return pa.record_batch(arrays, schema=SCHEMA)


class Headers(flight.ServerMiddlewareFactory):
    def __init__(self, log):
        self.log = log

    def start_call(self, info, headers):
        with open(self.log, "a") as file:
            names = ("authorization", "amp-stream", "amp-resume")
            print(json.dumps({"method": info.method.name, **{name: headers.get(name) for name in names}}), file=file)


class Server(flight.FlightServerBase):
    def __init__(self, how, batches, log, **options):
        super().__init__("grpc://127.0.0.1:0", middleware={"headers": Headers(log)}, **options)
        self.how, self.batches = how, batches

    def get_flight_info(self, context, descriptor):
        assert descriptor.command.startswith(b"\x0a" + bytes([len(TYPE_URL)]) + TYPE_URL), descriptor.command
        if self.how == "no-query":
            raise pa.ArrowInvalid("no such column: nope\x1b[2J")
        return flight.FlightInfo(SCHEMA, descriptor, [flight.FlightEndpoint(b"ticket", [])], -1, -1)

    def do_get(self, context, ticket):
        return flight.GeneratorStream(SCHEMA, self.answer())

    def answer(self):
        for number in range(self.batches):
            yield batch(number), b'{"ranges":[],"ranges_complete":false}'
        if self.how == "die":
            os.kill(os.getpid(), 9)
        if self.how == "fail":
            raise flight.FlightInternalError("the disk is gone")
        if self.how == "stall":
            time.sleep(600)


if __name__ == "__main__":
    server = Server(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    print(server.port, flush=True)
    server.serve()
