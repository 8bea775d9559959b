"""How browsers name an extension."""

import base64
import hashlib


def chromium_id(key: str) -> str:
    """The id that Chromium gives an extension with this public key (DER in base64): the first half of the key's
    SHA-256, each hexadecimal digit as one of the letters a to p (Chromium's ``components/crx_file/id_util.cc``)."""
    digest = hashlib.sha256(base64.b64decode(key)).hexdigest()[:32]
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digest)
