"""The harness of the black-box scenarios: a bench with a scratch directory, certificates and everything that a case
starts, all ended when the case is over. A scenario is a program that ends in `scenario(case, …)`; each case is a
function that is given a fresh Bench and whose docstring says what it promises.

Exit codes: 0 passed, 77 skipped (each skipped case says why), 1 failed. Further arguments choose cases by name.
"""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from certificates import Certificates  # noqa: E402
from fake_upstream import FakeUpstream  # noqa: E402

SECRET = "correct horse; battery=\"staple\""
USER = "ann"
ADDRESS = "ann@provider.test"


class Skip(Exception):
    """This case can't run here; the argument says why."""


_MAKING = threading.Lock()  # cases have threads
_PORTS = set()  # that were handed out


def free_port():
    """A port that nobody listens on, below those that the kernel hands out to connections; each once, as a gateway may be
    down for a moment and come back to its port."""
    while True:
        port = random.randint(10000, 32000)
        with _MAKING, socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in _PORTS:
                _PORTS.add(port)
                return port


def brief(queue):
    """A queue in one line, for messages of failure."""
    return [f"{m['id']} {m['kind']} {m['account']} {m['state']} {m['attempts']}x "
            f"{[(r['address'], r['status']) for r in m['recipients']]} {m['last_word']}" for m in queue]


def wait_until(condition, timeout=10, what="it", pause=0.02):
    """Polls until `condition()` is true and returns what it gave."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {timeout} s")
        time.sleep(pause)


def expect(actual, wanted, what):
    if actual != wanted:
        raise AssertionError(f"{what}: got {actual!r}, not {wanted!r}")


def expect_in(part, whole, what):
    if part not in whole:
        raise AssertionError(f"{what}: no {part!r} in {whole!r}")


def expect_reply(reply, code, enhanced=None, *words):
    """A reply with this code, enhanced code and (regardless of case) these words."""
    if reply.code != code or (enhanced and reply.enhanced != enhanced):
        raise AssertionError(f"got {reply!r}, not {code} {enhanced or ''}")
    for word in words:
        if word.lower() not in reply.text.lower():
            raise AssertionError(f"{reply!r} doesn't say {word!r}")


class Homeward:
    """One running `homeward serve`, its standard error in a file."""

    def __init__(self, binary, config_file, port, directory, env=None, slowness=1, prefix=(), commands=None,
                 **popen):
        self.config_file, self.port = config_file, port
        self._log_file = os.path.join(directory, f"homeward-{port}.log")
        # Its own environment, so that nothing of the machine's leaks in.
        # Each has its own spool, which a restart on the same port finds again, and its own control socket.
        self.state_directory = os.path.join(directory, f"state-{port}")
        self.environment = {"PATH": os.environ["PATH"], "HOME": directory, "LC_ALL": "C.UTF-8",
                            "STATE_DIRECTORY": self.state_directory,
                            "RUNTIME_DIRECTORY": os.path.join(directory, f"run-{port}"), **(env or {})}
        self.environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        self._commands, self._prefix = commands or binary, prefix
        with open(self._log_file, "ab") as log:
            self.process = subprocess.Popen([*prefix, binary, "serve", "--config", config_file], env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, **popen)
        self._slowness = slowness

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self._log_file, encoding="utf-8", errors="replace") as log:
            return log.read()

    def signal(self, number):
        self.process.send_signal(number)

    def wait_log(self, part, timeout=10, after=0):
        wait_until(lambda: part in self.log()[after:], timeout, f"{part!r} in the log")

    def wait_exit(self, timeout=40):
        """The exit code."""
        return self.process.wait(timeout)

    def command(self, *arguments, code=0, **options):
        """What one command that asks this daemon prints: `command("queue", "retry", "--all")`."""
        done = subprocess.run([*self._prefix, self._commands, *arguments, "--config", self.config_file],
                              env=self.environment, capture_output=True, text=True, check=False,
                              timeout=30 * self._slowness, stdin=subprocess.DEVNULL, **options)
        if done.returncode != code:
            raise AssertionError(f"homeward {' '.join(arguments)}: exit code {done.returncode}, not {code}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout

    def queue(self, account=None):
        """The messages that `queue list` tells of, as it has them in JSON; of one account, if named."""
        listed = json.loads(self.command("queue", "list", "--json"))["messages"]
        return [message for message in listed if account in (None, message["account"])]

    def wait_queue(self, condition, timeout=10, what="the queue that was waited for"):
        """Polls until `condition(the messages of the queue)` holds; gives them."""
        seen = []

        def look():
            seen[:] = self.queue()
            return condition(seen)

        try:
            wait_until(look, timeout * self._slowness, what, pause=0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}: {brief(seen)}") from None
        return seen

    def wait_empty(self, timeout=10):
        """Until nothing waits, is held or has failed."""
        self.wait_queue(lambda queue: not queue, timeout, "an empty queue")

    def hurry(self):
        """All that waits is tried now."""
        self.command("queue", "retry", "--all")

    def memory(self, field):
        """Of /proc/PID/status in bytes: VmRSS, VmHWM."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise AssertionError(f"no {field} in /proc/{self.pid}/status")

    def stop(self):
        """SIGTERM, and SIGKILL where that takes too long. Tells of a crash or a sanitizer's finding."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for mark in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer"):
            if mark in self.log():
                raise AssertionError(f"sanitizer: {mark} in homeward's log")
        if self.process.returncode < 0 and self.process.returncode not in (-signal.SIGTERM, -signal.SIGKILL):
            raise AssertionError(f"homeward died of signal {-self.process.returncode}")

    def wait_ready(self):
        """Until it takes connections on its port."""
        end = time.monotonic() + 20 * self._slowness
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"homeward ended with {self.process.returncode} instead of serving")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"homeward doesn't listen on port {self.port}")


class Bench:
    """What one case works with. Everything that it makes ends with it."""

    def __init__(self, binary, shared):
        self.binary = binary
        self.directory = tempfile.mkdtemp(prefix="homeward-test-")  # 0700
        self.shared_directory = shared["directory"]
        self._shared = shared
        self._open = []
        self._running = []

    @property
    def certificates(self):
        with _MAKING:  # there is one CA
            if "certificates" not in self._shared:
                self._shared["certificates"] = Certificates(tempfile.mkdtemp(prefix="certificates-",
                                                                             dir=self.shared_directory))
            return self._shared["certificates"]

    @property
    def is_sanitized(self):
        if "sanitized" not in self._shared:
            with open(self.binary, "rb") as program:
                data = program.read()
            self._shared["sanitized"] = b"__asan_init" in data or b"__tsan_init" in data
        return self._shared["sanitized"]

    @property
    def faulty(self):
        """The daemon of the fault scenarios (tests/faulty), built beside the binary."""
        program = os.environ.get("HOMEWARD_FAULTY") or os.path.join(os.path.dirname(self.binary), "tests", "faulty",
                                                                    "homeward_faulty")
        if not os.access(program, os.X_OK):
            raise Skip(f"needs {program} (build target homeward_faulty_daemon)")
        return program

    @property
    def slowness(self):
        """What to multiply a time limit by."""
        return 3 if self.is_sanitized else 1

    def file(self, name, text, mode=0o600):
        """A file in the scratch directory; its path. Who reads it meanwhile sees the old one or the new one."""
        path = os.path.join(self.directory, name)
        new = f"{path}.{threading.get_ident()}"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(new, mode)
        os.replace(new, path)
        return path

    def keep(self, thing):
        """Calls thing.stop() (or close()) at the end, last first."""
        self._open.append(thing)
        return thing

    def shared(self, name, make):
        """What `make` gives, once for all cases of this scenario; stopped behind the last one."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]

    def upstream(self, certificate="good", **options):
        options.setdefault("login", (USER, SECRET))
        return self.keep(FakeUpstream(self.certificates[certificate], **options))

    def account(self, server, name="home", secret=SECRET, **keys):
        """The text of an account section with a login at `server` (a URL or something with one). Content arrives as it
        was sent: `add_missing=None` adds what homeward adds by itself."""
        keys = {"address": ADDRESS, "add_missing": "none", "server": getattr(server, "url", server), "tls_ca": self.certificates.ca,
                "login": USER, "delivery": "direct",
                "password_file": self.file(f"password-{name}", secret + "\n"), **keys}
        return section(f"account {name}", keys)

    def gateway(self, *accounts, homeward=None, listener=None, port=None, extra="", **popen):
        """homeward with one listener and these accounts (texts, or upstreams that get a plain one)."""
        port = port or free_port()
        path = self.file("homeward.ini", self.config(*accounts, homeward=homeward, listener=listener, port=port,
                                                     extra=extra))
        running = self.serve(path, port, **popen)
        if "log_level" not in (homeward or {}):
            running.wait_log("service.ready")  # listening comes first
        return running

    def config(self, *accounts, homeward=None, listener=None, port=None, extra=""):
        texts = [account if isinstance(account, str) else self.account(account) for account in accounts]
        general = {"hostname": "gw.test", "log_level": "debug", "log_format": "text", **(homeward or {})}
        listening = {"address": f"127.0.0.1:{port}", **(listener or {})}
        return section("homeward", general) + section("listener main", listening) + "".join(texts) + extra

    def serve(self, config_file, port, binary=None, ready=True, **popen):
        running = Homeward(binary or self.binary, config_file, port, self.directory, slowness=self.slowness,
                           commands=self.binary, **popen)
        self._running.append(running)
        self.keep(running)
        if port and ready:
            running.wait_ready()
        return running

    def run(self, *arguments, env=None, timeout=30, **options):
        """One homeward command to its end, output captured as text."""
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, check=False,
                              timeout=timeout * self.slowness, env={**os.environ, **(env or {})}, **options)

    def logs(self):
        return "".join(running.log() for running in self._running)

    def end(self):
        try:
            problems = []
            for thing in reversed(self._open):
                try:
                    (thing.stop if hasattr(thing, "stop") else thing.close)()
                except AssertionError as error:
                    problems.append(str(error))
            if problems:
                raise AssertionError("; ".join(problems))
        finally:
            self._open = []

    def clean(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def section(name, keys):
    """One section of an INI file; a list makes one line for each value; None leaves a key out."""
    lines = [f"[{name}]"]
    for key, value in keys.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is not None:
                lines.append(f"{key} = {one}")
    return "\n".join(lines) + "\n\n"


def content(subject="test", body="Hello.", sender=ADDRESS, to="bob@example.org", **fields):
    """A plain message with CRLF line ends."""
    lines = [f"From: Ann <{sender}>", f"To: {to}", f"Subject: {subject}",
             *[f"{name.replace('_', '-')}: {value}" for name, value in fields.items()], "", *body.split("\n")]
    return "\r\n".join(lines).encode() + b"\r\n"


def scenario(*cases):
    """Runs the cases one after the other and leaves the program."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} HOMEWARD [CASE]…")
    binary, chosen = os.path.realpath(sys.argv[1]), sys.argv[2:]
    cases = [case for case in cases if not chosen or case.__name__ in chosen]
    directory = tempfile.mkdtemp(prefix="homeward-test-shared-")
    shared = {"directory": directory}
    try:
        results = [_run_case(case, Bench(binary, shared)) for case in cases]
    finally:
        for thing in shared.values():
            if hasattr(thing, "stop"):
                thing.stop()
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(1 if "failed" in results else 0 if "passed" in results else 77)


def _run_case(case, bench):
    begun = time.monotonic()
    try:
        try:
            case(bench)
        finally:
            bench.end()
        result = "passed"
    except Skip as reason:
        result = "skipped"
        print(f"skipped: {case.__name__}: {reason}", flush=True)
    except Exception:  # whatever it was, the next case runs
        result = "failed"
        print(f"FAILED: {case.__name__}: {' '.join((case.__doc__ or '').split())}", flush=True)
        traceback.print_exc(file=sys.stdout)
        print("--- homeward's log, its end:\n" + bench.logs()[-4000:] + "---", flush=True)
    bench.clean()
    if result == "passed":
        print(f"passed: {case.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
    return result
