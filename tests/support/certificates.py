"""Throwaway certificates (EC P-256) by the openssl program: a CA, a good server certificate for localhost,
and one of each kind that homeward must refuse. Made once for each run of a scenario, about 20 ms a piece.
"""
import os
import subprocess
import threading

_CA_CONFIG = """
[ca]
default_ca = throwaway
[throwaway]
dir = {dir}
database = {dir}/index.txt
new_certs_dir = {dir}/issued
serial = {dir}/serial
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = copy
x509_extensions = leaf
[anything]
commonName = supplied
[req]
distinguished_name = empty
[empty]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
"""

# name: (subject's CN, subjectAltName or None, not before, not after); dates as openssl ca takes them.
_VALID = ("20200101000000Z", "20991231235959Z")
_LEAVES = {
    "good": ("localhost", "DNS:localhost,IP:127.0.0.1", *_VALID),
    "expired": ("localhost", "DNS:localhost", "20200101000000Z", "20210101000000Z"),
    "not-yet-valid": ("localhost", "DNS:localhost", "20900101000000Z", "20991231235959Z"),
    "wrong-host": ("elsewhere.example", "DNS:elsewhere.example", *_VALID),
    "cn-only": ("localhost", None, *_VALID),
    "far": ("far.example", "DNS:far.example,IP:10.203.77.2", *_VALID),
}


class Certificate:
    """A PEM chain and its key."""

    def __init__(self, chain, key):
        self.chain = chain
        self.key = key


class Certificates:
    """`certificates["good"]`, …; `certificates.ca` is the file that a client trusts. Kinds: good, expired,
    not-yet-valid, wrong-host, cn-only, far (another machine's address), self-signed, unknown-ca, intercepted
    (far's names, by an inspecting network's CA)."""

    def __init__(self, directory):
        self._directory = directory
        self._made = {}
        self._lock = threading.Lock()
        self.ca = self._make_ca("ca")

    def __getitem__(self, kind):
        with self._lock:
            if kind not in self._made:
                self._made[kind] = self._make(kind)
            return self._made[kind]

    def _make(self, kind):
        if kind == "self-signed":
            return self._self_signed(kind)
        if kind == "unknown-ca":
            self._make_ca("stranger")
            return self._issue("unknown-ca", _LEAVES["good"], "stranger")
        if kind == "intercepted":
            self._make_ca("inspection", "Hotel Inspection CA")
            return self._issue("intercepted", _LEAVES["far"], "inspection")
        return self._issue(kind, _LEAVES[kind], "ca")

    def _path(self, *parts):
        return os.path.join(self._directory, *parts)

    def _make_ca(self, name, common_name=None):
        home, subject = self._path(name), f"/CN={common_name or 'throwaway ' + name}"
        os.makedirs(os.path.join(home, "issued"), exist_ok=True)
        with open(os.path.join(home, "index.txt"), "w"):
            pass
        with open(os.path.join(home, "serial"), "w") as serial:
            serial.write("01\n")
        with open(os.path.join(home, "openssl.cnf"), "w") as config:
            config.write(_CA_CONFIG.format(dir=home))
        _openssl("req", "-x509", "-new", *_NEW_KEY, "-keyout", f"{home}/key.pem", "-out", f"{home}/cert.pem",
                 "-days", "20000", "-subj", subject, "-config", f"{home}/openssl.cnf",
                 "-extensions", "root")
        return f"{home}/cert.pem"

    def _issue(self, kind, leaf, ca):
        common_name, alternative, not_before, not_after = leaf
        request = ["req", "-new", *_NEW_KEY, "-keyout", self._path(f"{kind}.key"), "-out", self._path(f"{kind}.csr"),
                   "-subj", f"/CN={common_name}", "-config", self._path(ca, "openssl.cnf")]
        if alternative:
            request += ["-addext", f"subjectAltName={alternative}"]
        _openssl(*request)
        _openssl("ca", "-batch", "-notext", "-config", self._path(ca, "openssl.cnf"), "-cert",
                 self._path(ca, "cert.pem"), "-keyfile", self._path(ca, "key.pem"), "-in", self._path(f"{kind}.csr"),
                 "-out", self._path(f"{kind}.pem"), "-startdate", not_before, "-enddate", not_after)
        return Certificate(self._path(f"{kind}.pem"), self._path(f"{kind}.key"))

    def _self_signed(self, kind):
        _openssl("req", "-x509", "-new", *_NEW_KEY, "-keyout", self._path(f"{kind}.key"), "-out",
                 self._path(f"{kind}.pem"), "-days", "20000", "-subj", "/CN=localhost", "-addext",
                 "subjectAltName=DNS:localhost", "-config", self._path("ca", "openssl.cnf"), "-extensions", "leaf")
        return Certificate(self._path(f"{kind}.pem"), self._path(f"{kind}.key"))


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _openssl(*arguments):
    done = subprocess.run(("openssl", *arguments), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}:\n{done.stderr}")
