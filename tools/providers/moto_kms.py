# SPDX-License-Identifier: Apache-2.0
"""AWS KMS by moto, which signs as KMS does: moto_kms.py PORT.

moto 5.2 hashes a DIGEST once more, gives RSASSA-PSS the longest salt there is, and signs with a key that is disabled.
It also calls the key of `GetPublicKey` by its id instead of its ARN. Here both are put right; everything else is moto's.
"""

import base64
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse
from moto.server import main

LONGEST_MESSAGE = 4096
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def answer_sign(response):
    """Replaces `KmsResponse.sign`."""
    request = json.loads(response.body)
    key_id, algorithm = request["KeyId"], request["SigningAlgorithm"]
    message = base64.b64decode(request["Message"])
    is_digest = request.get("MessageType") == "DIGEST"
    response._validate_key_id(key_id)
    key = response.kms_backend.describe_key(key_id)
    if not key.enabled:
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    if algorithm not in (key.signing_algorithms or []):
        raise JsonRESTError("InvalidKeyUsageException", f"Algorithm {algorithm} is incompatible with {key.key_spec}.")
    hash_algorithm = HASHES[algorithm[-3:]]
    if is_digest and len(message) != hash_algorithm.digest_size:
        raise JsonRESTError("ValidationException", f"Digest is invalid length for algorithm {algorithm}.")
    if not 0 < len(message) <= LONGEST_MESSAGE:
        raise JsonRESTError("ValidationException", "Value at 'message' failed to satisfy constraint")
    hashing = Prehashed(hash_algorithm) if is_digest else hash_algorithm
    signature = sign(key.private_key.private_key, algorithm, message, hashing, hash_algorithm)
    return json.dumps(
        {"KeyId": key.arn, "Signature": base64.b64encode(signature).decode(), "SigningAlgorithm": algorithm}
    )


def sign(private_key, algorithm, message, hashing, hash_algorithm):
    if algorithm.startswith("ECDSA"):
        return private_key.sign(message, ec.ECDSA(hashing))
    if algorithm.startswith("RSASSA_PSS"):
        scheme = padding.PSS(mgf=padding.MGF1(hash_algorithm), salt_length=hash_algorithm.digest_size)
    else:
        scheme = padding.PKCS1v15()
    return private_key.sign(message, scheme, hashing)


def answer_public_key(response, answer=KmsResponse.get_public_key):
    """Replaces `KmsResponse.get_public_key`."""
    description = json.loads(answer(response))
    return json.dumps({**description, "KeyId": response.kms_backend.describe_key(description["KeyId"]).arn})


KmsResponse.sign = answer_sign
KmsResponse.get_public_key = answer_public_key
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
