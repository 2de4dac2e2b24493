"""An S3 server of one object that can misbehave: it refuses, keeps silent, sends half of a body, breaks down."""

import http.server
import threading

MODIFIED = "Wed, 01 Jan 2025 00:00:00 GMT"


class FaultyS3:
    """Serves `body` as every object of every bucket, in the way `fault` says:

    None          as it should be
    "cut"         GET: the header promises the whole body, half of it comes, the connection is closed
    "cut clean"   GET: half of the body under a header that promises no more
    "trickle"     GET: a byte every tenth of a second, until `release`
    "cut once"    GET: as "cut", the first time only
    "silent"      GET: no answer, until `release`
    "deaf"        no answer to anything, until `release`
    "denied"      403 to everything
    "no key"      403 with the code of a wrong access key
    "busy"        503 to every GET
    "replaced"    each HEAD says another time of change
    """

    def __init__(self, body, fault=None):
        self.body = body
        self.fault = fault
        self.released = threading.Event()
        self.asked = threading.Event()  # a request that is left without an answer has come
        self.requests = []
        self.heads = 0

        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                server.answer(self)

            def do_GET(self):
                server.answer(self)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def address(self):
        return f"127.0.0.1:{self.http.server_address[1]}"

    def uri(self, key, user=""):
        return f"s3://{user}bucket/{key}?region=us-east-1&scheme=http&endpoint_override={self.address}"

    def refuse(self, request, status, code):
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said so</Message></Error>".encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/xml")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(text)

    def answer(self, request):
        self.requests.append((request.command, request.path, request.headers.get("Authorization")))
        get = request.command == "GET"
        if self.fault == "denied":
            return self.refuse(request, 403, "AccessDenied")
        if self.fault == "no key":
            return self.refuse(request, 403, "InvalidAccessKeyId")
        if self.fault == "busy" and get:
            return self.refuse(request, 503, "SlowDown")
        if self.fault == "deaf" or (self.fault == "silent" and get):
            self.asked.set()
            self.released.wait()
            request.close_connection = True
            return None
        if not get:
            self.heads += 1
            modified = MODIFIED
            if self.fault == "replaced":
                modified = modified.replace("00:00:00", f"00:00:{self.heads:02}")
            request.send_response(200)
            request.send_header("Content-Length", str(len(self.body)))
            request.send_header("Last-Modified", modified)
            request.end_headers()
            return None
        first, last = 0, len(self.body) - 1
        wanted = request.headers.get("Range")
        if wanted:
            first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        part = self.body[first:last + 1]
        sent = part
        fault = self.fault
        if fault in ("cut", "cut once", "cut clean"):
            sent = part[:len(part) // 2]
        if fault == "cut once":
            self.fault = None
        if fault == "trickle":
            sent = b""
        request.send_response(206 if wanted else 200)
        request.send_header("Content-Length", str(len(sent if fault == "cut clean" else part)))
        request.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(self.body)}")
        request.send_header("Last-Modified", MODIFIED)
        request.end_headers()
        if fault == "trickle":
            self.asked.set()
            for byte in part:
                if self.released.wait(0.1):
                    break
                try:
                    request.wfile.write(bytes([byte]))
                except OSError:
                    break
            request.close_connection = True
            return None
        request.wfile.write(sent)
        if len(sent) < len(part) and fault != "cut clean":
            request.wfile.flush()
            request.close_connection = True
        return None
