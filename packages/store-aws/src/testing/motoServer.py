"""Serves moto's emulators on 127.0.0.1: python3 motoServer.py PORT

Its KMS signs digests only as if they were messages. KMS signs a digest as it is when MessageType says so; so does this.
"""

import sys
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.exceptions import JsonRESTError
from moto.kms import responses, utils
from moto.server import main

request = threading.local()
answer_sign = responses.KmsResponse.sign
sign_message = utils.ECDSAPrivateKey.sign


def sign(self):
    request.is_digest = self._get_param("MessageType") == "DIGEST"
    return answer_sign(self)


def sign_either(self, message, signing_algorithm):
    if not getattr(request, "is_digest", False):
        return sign_message(self, message, signing_algorithm)
    if len(message) != 32:
        raise JsonRESTError("ValidationException", "Digest is invalid length for algorithm ECDSA_SHA_256.")
    return self.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))


responses.KmsResponse.sign = sign
utils.ECDSAPrivateKey.sign = sign_either
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
