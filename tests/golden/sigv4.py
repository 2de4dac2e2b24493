"""The signatures that src/lake/sigv4_test.cc expects, by botocore. Prints them; nothing is sent.

    .deps/venv/bin/python tests/golden/sigv4.py
"""

import datetime
import hashlib
import unittest.mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials

CASES = [
    # name, method, url, headers, body, token
    ("get", "GET", "https://bucket.s3.eu-west-1.amazonaws.com/a/b.json", {}, b"", None),
    ("put_if_absent", "PUT", "http://127.0.0.1:9000/bucket/_delta_log/00000000000000000001.json", {"If-None-Match": "*"}, b"{}\n", None),
    ("token", "GET", "https://bucket.s3.eu-west-1.amazonaws.com/x", {"Range": "bytes=0-9"}, b"", "to/ken=="),
    ("odd_key", "PUT", "https://bucket.s3.eu-west-1.amazonaws.com/d%3D1/a%20b%2Bc%25%C3%A9~-._%2A", {}, b"x", None),
    ("list", "GET", "http://127.0.0.1:9000/bucket/?list-type=2&prefix=a%2Fb%20c%2F&delimiter=%2F&start-after=a%2Fb%20c%2F1&encoding-type=url",
     {}, b"", None),
    ("uploads", "POST", "http://127.0.0.1:9000/bucket/k?uploads=", {}, b"", None),
]
NOW = datetime.datetime(2026, 1, 31, 12, 0, 0, tzinfo=datetime.timezone.utc)


for name, method, url, headers, body, token in CASES:
    credentials = botocore.credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    headers = dict(headers, **{"X-Amz-Content-SHA256": hashlib.sha256(body).hexdigest()})
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=headers, data=body)
    request.context["payload_signing_enabled"] = True
    signer = botocore.auth.S3SigV4Auth(credentials, "s3", "eu-west-1")
    with unittest.mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: NOW.replace(tzinfo=None)):
        signer.add_auth(request)
    assert request.headers["X-Amz-Date"] == "20260131T120000Z", request.headers["X-Amz-Date"]
    print(name, request.headers["Authorization"], sep="\n  ")
