"""An S3 server that can misbehave: an HTTP proxy in front of moto.

    with S3Proxy(moto.port) as proxy:
        proxy.rule = lambda request: "503" if request.method == "PUT" and request.nth < 3 else None

A rule says what becomes of a request: None (passed on), "403", "404", "500", "503" (answered so, not passed on), "drop" (the connection
is closed, nothing is passed on), "lose" (passed on; the connection is closed without an answer), "silent" (no answer until `end`),
"unconditional" (passed on without If-None-Match), "cut" (passed on; half of the answer's body comes)."""

import http.client
import http.server
import threading

CODES = {"403": "AccessDenied", "404": "NoSuchBucket", "500": "InternalError", "503": "SlowDown", "412": "PreconditionFailed"}
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


class Request:
    """What a rule looks at; `nth`: how many of this method came before it."""

    def __init__(self, method, path, headers, nth):
        self.method, self.path, self.headers, self.nth = method, path, headers, nth

    @property
    def is_commit(self):
        """A put of a log entry."""
        return self.method == "PUT" and "_delta_log/0" in self.path and ".json" in self.path


class S3Proxy:
    def __init__(self, port):
        self.rule = lambda request: None
        self.requests = []  # (method, path, what became of it)
        self._to, self._counts, self._lock = port, {}, threading.Lock()
        self._released = threading.Event()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_expect_100(self):
                return super().handle_expect_100()

            def __getattr__(self, name):
                if name.startswith("do_"):
                    return lambda: proxy._serve(self)
                raise AttributeError(name)

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # a client that has gone
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def end(self):
        self._released.set()
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def _serve(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            nth = self._counts.get(handler.command, 0)
            self._counts[handler.command] = nth + 1
        request = Request(handler.command, handler.path, handler.headers, nth)
        fate = self.rule(request)
        with self._lock:
            self.requests.append((request.method, request.path, fate))
        if fate == "silent":
            self._released.wait()
        if fate in ("silent", "drop"):
            handler.close_connection = True
            return
        if fate in CODES:
            text = f"<?xml version='1.0'?><Error><Code>{CODES[fate]}</Code><Message>said so</Message></Error>".encode()
            self._answer(handler, int(fate), [("Content-Type", "application/xml")], text)
            return
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in NOT_PASSED_ON and
                   not (fate == "unconditional" and name.lower() == "if-none-match")}
        server = http.client.HTTPConnection("127.0.0.1", self._to, timeout=60)
        try:
            server.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                server.putheader(name, value)
            server.endheaders(body or None)
            answer = server.getresponse()
            content = answer.read()
        finally:
            server.close()
        if fate == "lose":
            handler.close_connection = True
            return
        kept = [(name, value) for name, value in answer.getheaders()
                if name.lower() not in NOT_PASSED_ON | {"content-length", "date", "server"}]
        if request.method == "HEAD":
            kept.append(("Content-Length", answer.getheader("Content-Length") or "0"))
        self._answer(handler, answer.status, kept, content, cut=fate == "cut")

    @staticmethod
    def _answer(handler, status, headers, body, cut=False):
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        if handler.command != "HEAD":
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body[:len(body) // 2] if cut else body)
        if cut:
            handler.wfile.flush()
            handler.close_connection = True
