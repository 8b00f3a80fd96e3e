"""DKIM signatures of RSA keys, made and verified by hand and the openssl program, with the key at hand in place of DNS.
RFC 6376 sections 3.4 (canonical forms), 3.5 (tags), 3.7 (what is hashed), 5.4.2 (names that are absent).
"""
import base64
import hashlib
import os
import re
import subprocess


def _openssl(*arguments, data=b""):
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    return done.returncode, done.stdout


def canonical_body(body, form):
    if form == "relaxed":
        body = re.sub(rb"[ \t]+", b" ", body)
        body = body.replace(b" \r\n", b"\r\n")
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    if body == b"\r\n" or not body:
        return b"" if form == "relaxed" else b"\r\n"
    return body


def canonical_field(field, form):
    if form == "simple":
        return field
    name, _, text = field.partition(b":")
    text = re.sub(rb"[ \t]+", b" ", text.replace(b"\r\n", b"")).strip(b" ")
    return name.strip(b" \t").lower() + b":" + text + b"\r\n"


def _signed_octets(fields, names, own, form):
    """`fields` are pairs (name, field). Of several of one name, the last is taken first; an absent one adds nothing."""
    left = list(fields)
    octets = b""
    for name in names:
        for place in reversed(range(len(left))):
            if left[place][0] == name:
                octets += canonical_field(left.pop(place)[1], form)
                break
    return octets + canonical_field(own, form)[:-2]


class Signer:
    """One throwaway key, in `directory`."""

    def __init__(self, directory, domain="lan.test"):
        self._key, self._public = (os.path.join(directory, name) for name in ("dkim.key", "dkim.pub"))
        self._signature = os.path.join(directory, "dkim.signature")
        self.domain = domain
        _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self._key)
        _openssl("pkey", "-in", self._key, "-pubout", "-out", self._public)

    def sign(self, message, names, form="relaxed"):
        """The field that goes before a message (header_reading.Message)."""
        digest = base64.b64encode(hashlib.sha256(canonical_body(message.body, form)).digest()).decode()
        start = (f"DKIM-Signature: v=1; a=rsa-sha256; c={form}/{form}; d={self.domain}; s=key;\r\n"
                 f"\th={':'.join(names)};\r\n\tbh={digest};\r\n\tb=").encode()
        octets = _signed_octets(message.fields, [name.lower() for name in names], start + b"\r\n", form)
        code, signature = _openssl("dgst", "-sha256", "-sign", self._key, data=octets)
        assert code == 0, "openssl can't sign"
        return start + base64.b64encode(signature) + b"\r\n"

    def verifies(self, message):
        """Whether the message's one signature holds."""
        fields = message.all("dkim-signature")
        assert len(fields) == 1, f"{len(fields)} signatures"
        tags = dict(re.findall(r"([a-z]+)=([^;]*)", re.sub(r"\s", "", fields[0].partition(b":")[2].decode())))
        form = tags["c"].partition("/")[0]
        digest = hashlib.sha256(canonical_body(message.body, form)).digest()
        if base64.b64encode(digest).decode() != tags["bh"]:
            return False
        bare = re.sub(rb"([;\s]b=)[^;]*", rb"\1", fields[0].rstrip(b"\r\n")) + b"\r\n"
        octets = _signed_octets(message.fields, tags["h"].lower().split(":"), bare, form)
        with open(self._signature, "wb") as file:
            file.write(base64.b64decode(tags["b"]))
        return _openssl("dgst", "-sha256", "-verify", self._public, "-signature", self._signature, data=octets)[0] == 0
