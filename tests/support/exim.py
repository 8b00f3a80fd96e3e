"""A real Exim on loopback, as a provider: TLS by GnuTLS, AUTH, CHUNKING, PRDR, replies of several lines, and a close
where a client speaks before its turn. What it takes stays in its queue, to be looked at there.

Debian lets no two mail servers be installed together, so its package is only unpacked (into build/cache), and run
in a mount namespace of its own, where the user that it insists on exists. Needs root, as Exim does.
"""
import glob
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from hw import Skip, free_port, wait_until

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")
CACHE = pathlib.Path(__file__).resolve().parents[2] / "build" / "cache" / "exim"
PACKAGE = "exim4-daemon-light"

_CONFIGURATION = r"""
primary_hostname = mx.provider.test
spool_directory = {home}/spool
log_file_path = {home}/log/%slog
pid_file_path = {home}/spool/exim.pid
queue_only
keep_environment =
add_environment = PATH=/usr/bin:/bin
message_size_limit = 100K
local_interfaces = 127.0.0.1
daemon_smtp_ports = {submission} : {submissions}
tls_on_connect_ports = {submissions}
tls_advertise_hosts = *
tls_certificate = {home}/chain.pem
tls_privatekey = {home}/key.pem
auth_advertise_hosts = ${{if def:tls_in_cipher {{*}}}}
prdr_enable
log_selector = +smtp_protocol_error +smtp_syntax_error +smtp_no_mail
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
mail:
  deny    !authenticated = *
          message = 5.7.0 log in first
  accept
rcpt:
  deny    local_parts = gone
          message = 5.1.1 no such person\n5.1.1 nor was there ever one
  defer   local_parts = later
          message = 4.2.1 mailbox busy
  accept
data:
  deny    condition = ${{if match{{$rh_subject:}}{{cheap}}}}
          message = 5.7.1 looks like spam
  accept
begin routers
begin transports
begin retry
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and {{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and {{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
"""


class Queued:
    """One message of the queue: `envelope` is Exim's own file about it, with the header inside; `body` has LF ends."""

    def __init__(self, path):
        with open(path, encoding="utf-8", errors="replace") as file:
            self.envelope = file.read()
        with open(path[:-1] + "D", "rb") as file:
            self.body = file.read().split(b"\n", 1)[1]
        lines = self.envelope.splitlines()
        self.sender = lines[2]
        count = next(number for number, line in enumerate(lines) if line.isdigit() and number > 3)
        self.recipients = lines[count + 1:count + 1 + int(lines[count])]


class Exim:
    """Ports: `submission` (STARTTLS) and `submissions` (implicit TLS). One login, of letters and digits alone."""

    def __init__(self, certificate, user, password):
        if os.geteuid() != 0:
            raise Skip("needs root to start Exim")
        program = _program()
        self.submission, self.submissions = free_port(), free_port()
        self._home = tempfile.mkdtemp(prefix="homeward-exim-")
        os.chmod(self._home, 0o755)
        for name in ("spool", "log"):
            os.mkdir(f"{self._home}/{name}", 0o755)
            shutil.chown(f"{self._home}/{name}", "nobody", "nogroup")
        for source, name in ((certificate.chain, "chain.pem"), (certificate.key, "key.pem")):
            shutil.copy(source, f"{self._home}/{name}")
            os.chmod(f"{self._home}/{name}", 0o644)
        for name, entry in (("passwd", "x:65534:65534::/:/usr/sbin/nologin"), ("group", "x:65534:")):
            self._write(name, f"{pathlib.Path('/etc', name).read_text(encoding='utf-8')}Debian-exim:{entry}\n")
        self._write("exim.conf", _CONFIGURATION.format(home=self._home, submission=self.submission, user=user,
                                                       submissions=self.submissions, password=password))
        self._start(program)

    @property
    def starttls_url(self):
        return f"submission://localhost:{self.submission}"

    @property
    def url(self):
        return f"smtps://localhost:{self.submissions}"

    def queue(self):
        """Oldest first."""
        return [Queued(path) for path in sorted(glob.glob(f"{self._home}/spool/input/*-H"))]

    def forget(self):
        for path in glob.glob(f"{self._home}/spool/input/*"):
            os.unlink(path)

    def log(self, name="mainlog"):
        path = pathlib.Path(self._home, "log", name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def stop(self):
        self._process.terminate()
        self._process.wait(10)
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self, program):
        script = ('mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && '
                  'exec "$2" -bdf -C "$1/exim.conf"')
        with open(f"{self._home}/log/output", "wb") as output:
            self._process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script, "sh", self._home, program],
                                             stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=_environment())
        wait_until(lambda: self._answers() or self._process.poll() is not None, what="the start of Exim")
        if self._process.poll() is not None:
            why = self.log("output") + self.log() + self.log("paniclog")
            shutil.rmtree(self._home, ignore_errors=True)
            if "mount" in why or "unshare" in why:
                raise Skip(f"no mount namespace here: {why}")
            raise RuntimeError(f"exim: {why}")

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.submission), 5) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    def _write(self, name, text):
        with open(f"{self._home}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{self._home}/{name}", 0o644)


def _program():
    """The unpacked program, fetched once for this build."""
    program = CACHE / "usr" / "sbin" / "exim4"
    if not program.exists():
        if not shutil.which("apt-get") or not shutil.which("dpkg"):
            raise Skip("no apt-get and dpkg to fetch Exim with")
        _fetch(program)
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True, env=_environment()).stdout
    if missing := [line.split()[0] for line in libraries.splitlines() if "not found" in line]:
        raise Skip(f"Exim needs libraries that are not here: {' '.join(missing)}")
    return str(program)


def _fetch(program):
    """Unpacks the package, and the libraries that its installation (tried dry) would bring."""
    dry = subprocess.run(["apt-get", "install", "-s", "--no-install-recommends", PACKAGE], capture_output=True,
                         text=True, check=False).stdout
    brought = [line.split()[1] for line in dry.splitlines() if line.startswith("Inst ")]
    names = [PACKAGE, *(name for name in brought if name.startswith("lib"))]
    with tempfile.TemporaryDirectory(prefix="homeward-exim-") as folder:
        done = subprocess.run(["apt-get", "download", *names], cwd=folder, capture_output=True, text=True, check=False,
                              timeout=60)
        if done.returncode != 0:
            raise Skip(f"apt-get can't fetch {' '.join(names)}: {done.stderr[-300:]}")
        for package in glob.glob(f"{folder}/*.deb"):
            subprocess.run(["dpkg", "-x", package, folder], check=True)
        for libraries in glob.glob(f"{folder}/usr/lib/*-linux-*"):
            shutil.copytree(libraries, CACHE / "usr" / "lib" / os.path.basename(libraries), symlinks=True,
                            dirs_exist_ok=True)
        # Copied last and without its set-user-ID bit: nothing of root's is left lying in a build folder.
        program.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(f"{folder}/usr/sbin/exim4", program)
        program.chmod(0o755)


def _environment():
    return {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": ":".join(glob.glob(f"{CACHE}/usr/lib/*-linux-*"))}
