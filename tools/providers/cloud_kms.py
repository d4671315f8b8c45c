# SPDX-License-Identifier: Apache-2.0
"""A small Google Cloud KMS made of Google's own messages, a second opinion beside the fake of the tests.

cloud_kms.py PORT ALGORITHM…: one key ring with one key for each algorithm, named as it in lower case, with two versions
of which the second is disabled.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import google_crc32c
import grpc
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.cloud import kms_v1

RING = "projects/p/locations/global/keyRings/r/cryptoKeys"
CURVES = {"P256": ec.SECP256R1, "P384": ec.SECP384R1}
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
Version = kms_v1.CryptoKeyVersion


class Refusal(Exception):
    """A code of gRPC and what it says."""


class Keys:
    def __init__(self, algorithms):
        self.versions = {}
        for algorithm in algorithms:
            family = algorithm.split("_")[2]
            for number, state in (1, "ENABLED"), (2, "DISABLED"):
                name = f"{RING}/{algorithm.lower()}/cryptoKeyVersions/{number}"
                size = next((int(part) for part in algorithm.split("_") if part in ("2048", "3072", "4096")), 0)
                key = rsa.generate_private_key(65537, size) if size else ec.generate_private_key(CURVES[family]())
                self.versions[name] = (algorithm, Version.CryptoKeyVersionState[state], key)

    def find(self, name):
        if name not in self.versions:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"{name} not found.")
        algorithm, state, key = self.versions[name]
        if state != Version.CryptoKeyVersionState.ENABLED:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"{name} is not enabled.")
        return algorithm, key

    def get_public_key(self, request):
        algorithm, key = self.find(request.name)
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return kms_v1.PublicKey(
            name=request.name,
            pem=pem.decode(),
            pem_crc32c=google_crc32c.value(pem),
            algorithm=Version.CryptoKeyVersionAlgorithm[algorithm],
        )

    def asymmetric_sign(self, request):
        algorithm, key = self.find(request.name)
        hash_algorithm = HASHES[algorithm[-3:]]
        digest = getattr(request.digest, hash_algorithm.name)
        if len(digest) != hash_algorithm.digest_size:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"{algorithm} needs a digest made with {hash_algorithm.name}")
        if "digest_crc32c" in request and request.digest_crc32c != google_crc32c.value(digest):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "the checksum of the digest is another")
        if algorithm.startswith("EC"):
            signature = key.sign(digest, ec.ECDSA(Prehashed(hash_algorithm)))
        else:
            pss = padding.PSS(mgf=padding.MGF1(hash_algorithm), salt_length=hash_algorithm.digest_size)
            scheme = pss if "PSS" in algorithm else padding.PKCS1v15()
            signature = key.sign(digest, scheme, Prehashed(hash_algorithm))
        return kms_v1.AsymmetricSignResponse(
            name=request.name,
            signature=signature,
            signature_crc32c=google_crc32c.value(signature),
            verified_digest_crc32c="digest_crc32c" in request,
        )

    def list_versions(self, request):
        # It does not filter, so whoever asks has to look at the states, too.
        found = [
            Version(name=name, state=state, algorithm=Version.CryptoKeyVersionAlgorithm[algorithm])
            for name, (algorithm, state, _) in self.versions.items()
            if name.startswith(f"{request.parent}/")
        ]
        if not found:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"{request.parent} not found.")
        return kms_v1.ListCryptoKeyVersionsResponse(crypto_key_versions=found, total_size=len(found))


def handler(request_type, answer):
    def handle(data, context):
        try:
            reply = answer(request_type.deserialize(data))
        except Refusal as refusal:
            context.abort(*refusal.args)
        return type(reply).serialize(reply)

    return grpc.unary_unary_rpc_method_handler(handle)


port, *algorithms = sys.argv[1:]
keys = Keys(algorithms)
server = grpc.server(ThreadPoolExecutor(8))
methods = {
    "GetPublicKey": handler(kms_v1.GetPublicKeyRequest, keys.get_public_key),
    "AsymmetricSign": handler(kms_v1.AsymmetricSignRequest, keys.asymmetric_sign),
    "ListCryptoKeyVersions": handler(kms_v1.ListCryptoKeyVersionsRequest, keys.list_versions),
}
service = "google.cloud.kms.v1.KeyManagementService"
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
if not server.add_insecure_port(f"127.0.0.1:{port}"):
    sys.exit(f"port {port} is taken")
server.start()
server.wait_for_termination()
