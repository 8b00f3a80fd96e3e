"""A real Dovecot 2.3 submission service on loopback, as a provider: STARTTLS and implicit TLS, logins from a
passwd-file whose {PLAIN} secrets let every mechanism work, a sink of ours as its relay host. It differs from Postfix
in what a proxy notices: its own SASL code, CHUNKING, and an EHLO answer shaped by the server behind it.
All of it lives in a directory of its own; needs root, as Dovecot does.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from hw import Skip, free_port, wait_until
from sink import Sink

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")

# Failed logins are answered at once: a delay that grows would be all that a test of them waits for.
_CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
auth_verbose = yes
instance_name = homeward-test
listen = 127.0.0.1
protocols = submission
hostname = mx.provider.test
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {home}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={home}/mail
}}
mail_location = maildir:{home}/mail
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_ssl = no
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = {submissions}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class Dovecot:
    """Ports: `submission` (STARTTLS) and `submissions` (implicit TLS); `sink` is who gets its mail."""

    def __init__(self, certificate, users, mechanisms=MECHANISMS):
        self._program = shutil.which("dovecot", path="/usr/sbin:/sbin")
        if not self._program or not os.path.exists("/usr/lib/dovecot/submission") or os.geteuid() != 0:
            raise Skip("needs an installed Dovecot (package dovecot-submissiond), and root to start it")
        version = subprocess.run([self._program, "--version"], capture_output=True, text=True, check=True).stdout
        if not version.startswith("2.3."):
            raise Skip(f"knows the configuration of Dovecot 2.3 alone, this one is {version.strip()}")
        self.sink = Sink()
        self.submission, self.submissions = free_port(), free_port()
        self._home = tempfile.mkdtemp(prefix="homeward-dovecot-")
        os.chmod(self._home, 0o755)
        shutil.copy(certificate.chain, f"{self._home}/chain.pem")
        shutil.copy(certificate.key, f"{self._home}/key.pem")
        self._write("users", "".join(f"{user}:{{PLAIN}}{password}\n" for user, password in users.items()))
        self._write("dovecot.conf", _CONFIGURATION.format(
            home=self._home, chain=f"{self._home}/chain.pem", key=f"{self._home}/key.pem", relay=self.sink.port,
            mechanisms=" ".join(mechanisms).lower(), submission=self.submission, submissions=self.submissions))
        self.start()

    @property
    def starttls_url(self):
        return f"submission://localhost:{self.submission}"

    @property
    def url(self):
        return f"smtps://localhost:{self.submissions}"

    def log(self):
        path = os.path.join(self._home, "log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_log(self, pattern, count=1, after=0):
        """What matches, once it does so `count` times behind the first `after` octets."""
        return wait_until(lambda: len(found := re.findall(pattern, self.log()[after:])) >= count and found, 10,
                          f"{pattern} in Dovecot's log")

    def start(self):
        with open(os.path.join(self._home, "log"), "ab") as log:
            self._master = subprocess.Popen([self._program, "-F", "-c", f"{self._home}/dovecot.conf"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(self._answers, what=f"the start of Dovecot: {self.log()}")

    def end(self):
        """Ends the service, and the processes that still hold connections: these break without a word."""
        self._master.terminate()
        try:
            self._master.wait(3)
        except subprocess.TimeoutExpired:  # it waits for a process of its own that missed the signal
            pass
        try:
            os.killpg(self._master.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._master.wait()

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.submission), 5) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    def stop(self):
        self.end()
        self.sink.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _write(self, name, text):
        path = os.path.join(self._home, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        # Its auth process reads the users as `dovecot`; this directory goes with the test.
        os.chmod(path, 0o644)
