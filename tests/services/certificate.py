"""A certificate of a test server's, made with openssl: signed by itself, for localhost and 127.0.0.1."""

from processes import checked


def make(folder, prefix=()):
    """Writes server.crt and server.key into the folder; the certificate is its own authority."""
    checked([*prefix, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", folder / "server.key", "-out", folder / "server.crt"])
    checked([*prefix, "chmod", "600", folder / "server.key"])
