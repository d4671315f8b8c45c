# SPDX-License-Identifier: Apache-2.0
"""Keys of Azure Key Vault over TLS, in Python: a second opinion beside the fake of the tests.

key_vault.py PORT CA_FILE KIND…: one key for each kind (`P-256`, `3072` …), named by it, and one more named `disabled`.
Writes the certificate that it is to be trusted by to CA_FILE. Takes any token but `denied`.
"""

import base64
import datetime
import ipaddress
import json
import ssl
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
CURVE_OF = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
VERSION = "0123456789abcdef0123456789abcdef"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_number(number, length=None):
    return encode(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


class Refusal(Exception):
    """A status, a code and what it says."""


class Key:
    def __init__(self, name, kind):
        self.name, self.kind, self.is_enabled = name, kind, name != "disabled"
        self.is_ec = kind in CURVES
        self.key = ec.generate_private_key(CURVES[kind]) if self.is_ec else rsa.generate_private_key(65537, int(kind))
        self.width = (self.key.key_size + 7) // 8

    def describe(self, origin):
        numbers = self.key.public_key().public_numbers()
        if self.is_ec:
            x, y = encode_number(numbers.x, self.width), encode_number(numbers.y, self.width)
            public = {"kty": "EC", "crv": self.kind, "x": x, "y": y}
        else:
            public = {"kty": "RSA", "n": encode_number(numbers.n), "e": encode_number(numbers.e)}
        kid = f"{origin}/keys/{self.name}/{VERSION}"
        attributes = {"enabled": self.is_enabled, "created": 1700000000, "updated": 1700000000}
        return {"key": {**public, "kid": kid, "key_ops": ["sign", "verify"]}, "attributes": attributes}

    def sign(self, algorithm, digest):
        if not self.is_enabled:
            raise Refusal(403, "Forbidden", "Operation sign is not allowed on a disabled key.")
        fits = CURVE_OF.get(algorithm) == self.kind if self.is_ec else algorithm[:2] in ("PS", "RS")
        hash_algorithm = HASHES.get(algorithm[2:])
        if not fits or hash_algorithm is None or len(digest) != hash_algorithm.digest_size:
            raise Refusal(400, "BadParameter", f"Key and signature algorithm are incompatible: {algorithm}")
        if self.is_ec:
            r, s = decode_dss_signature(self.key.sign(digest, ec.ECDSA(Prehashed(hash_algorithm))))
            return r.to_bytes(self.width, "big") + s.to_bytes(self.width, "big")
        pss = padding.PSS(mgf=padding.MGF1(hash_algorithm), salt_length=hash_algorithm.digest_size)
        return self.key.sign(digest, pss if algorithm[0] == "P" else padding.PKCS1v15(), Prehashed(hash_algorithm))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        if self.headers["Authorization"] is None:
            return 401, {"error": {"code": "Unauthorized", "message": "Request is missing a Bearer token."}}
        if self.headers["Authorization"] == "Bearer denied":
            raise Refusal(403, "Forbidden", "The user does not have keys sign permission on key vault.")
        _, kind, name, *rest = urlsplit(self.path).path.split("/") + [""]
        key = self.server.keys.get(name)
        rest = [part for part in rest if part]
        if kind != "keys" or key is None or rest[:1] not in ([], [VERSION]):
            raise Refusal(404, "KeyNotFound", f"A key with (name/id) {name} was not found in this key vault.")
        if self.command == "POST" and rest[1:] == ["sign"]:
            padded = body["value"] + "=" * (-len(body["value"]) % 4)
            signature = key.sign(body["alg"], base64.urlsafe_b64decode(padded))
            return 200, {"kid": f"{self.server.origin}/keys/{name}/{VERSION}", "value": encode(signature)}
        return 200, key.describe(self.server.origin)

    def handle_any(self):
        content = self.rfile.read(int(self.headers["Content-Length"] or 0))
        try:
            status, reply = self.answer(json.loads(content or "{}"))
        except Refusal as refusal:
            status, code, message = refusal.args
            reply = {"error": {"code": code, "message": message}}
        data = json.dumps(reply).encode()
        self.send_response(status)
        if status == 401:
            tenant = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000"
            challenge = f'Bearer authorization="{tenant}", resource="https://vault.azure.net"'
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = handle_any

    def log_message(self, *_):
        pass


def certify(ca_file):
    """A certificate for this machine that vouches for itself, in a context for TLS."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vault of a test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    addresses = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(addresses), False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        context.load_cert_chain(file.name)
    with open(ca_file, "wb") as file:
        file.write(pem)
    return context


port, ca_file, *kinds = sys.argv[1:]
server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
server.daemon_threads = True
server.origin = f"https://127.0.0.1:{port}"
server.keys = {name: Key(name, kind) for name, kind in [*((kind, kind) for kind in kinds), ("disabled", "P-256")]}
server.socket = certify(ca_file).wrap_socket(server.socket, server_side=True)
server.serve_forever()
