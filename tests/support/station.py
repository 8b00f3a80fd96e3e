"""A homeward that is killed and started again over one spool, the messages that it was given, and the check of what
safety.md promises: every message that was answered with 250 is delivered at least once, a second copy only after an
answer that was lost, none is half, and in the end nothing is left.
"""
import hashlib
import http.client
import json
import os
import random
import signal
import socket
import threading
import time

from hw import free_port, wait_until
from smtp_client import Client, Closed, stuffed

MARK = b"X-Begin: here\r\n"  # what the gateway puts before it is no part of the digest


class Letter:
    """One message with content that tells each of its places apart, so that a half or a doubled block is seen."""

    def __init__(self, name, size=2000, recipients=1, sender="ann@provider.test"):
        self.name, self.sender, self.recipients = name, sender, [f"{name}.{number}@example.org" for number in range(recipients)]
        self.accepted = False    # it was answered with 250
        self.answer = None       # the final reply, or what came instead of one
        self.step = None         # which command that answers
        dice = random.Random(name)
        lines, octets = [], 0
        while octets < size:
            line = f"{'.' if dice.random() < 0.1 else ''}{octets:08x} {dice.getrandbits(256):064x}"
            lines.append(line)
            octets += len(line) + 2
        head = (f"From: Ann <ann@provider.test>\r\nTo: {self.recipients[0]}\r\nSubject: {name}\r\n"
                f"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{name}@lan.test>\r\n\r\n")
        self.mark = lines[len(lines) // 2].encode()  # of this content alone
        self.content = MARK + head.encode() + "\r\n".join(lines).encode() + b"\r\n"
        self.sha256 = hashlib.sha256(self.content).hexdigest()

    def send(self, port, timeout=30, source=None, tell_size=True):
        """Tries once. True where the final reply was 250."""
        try:
            with Client(port, timeout=timeout, source=source) as client:
                client.expect("EHLO client.test", 250)
                self.answer = self._transaction(client, f" SIZE={len(self.content)}" if tell_size else "")
                self.accepted = self.answer.code == 250
                client.command("QUIT")
        except (Closed, OSError) as error:  # the daemon died
            self.answer = self.answer or error
        return self.accepted

    def _transaction(self, client, size):
        """The final reply, or the first that refuses; `step` says which."""
        commands = [("MAIL", f"MAIL FROM:<{self.sender}>{size}")]
        commands += [("RCPT", f"RCPT TO:<{recipient}>") for recipient in self.recipients]
        for self.step, command in commands:
            answer = client.command(command)
            if answer.code >= 400:
                return answer
        self.step = "DATA"
        answer = client.command("DATA")
        if answer.code == 354:
            self.step = "dot"
            client.raw(stuffed(self.content) + b".\r\n")
            answer = client.reply()
        return answer


class Station:
    """Starts, kills and restarts one homeward. `upstream` is set by who makes it, as its faults may point here."""

    def __init__(self, bench, name, account, listener=None, homeward=None):
        self.bench, self.port = bench, free_port()
        self._runtime = os.path.join(bench.directory, f"run-{self.port}")
        self.config = bench.file(f"{name}.ini", bench.config(account, port=self.port, listener=listener,
                                                             homeward=homeward))
        self.running, self.kills = None, []

    @property
    def state_directory(self):
        return self.running.state_directory

    def start(self, binary=None, env=None):
        """It serves: its spool is open, too."""
        self.running = self.bench.serve(self.config, self.port, binary=binary, env=env)
        wait_until(self.is_up, 20 * self.bench.slowness, "a control socket that answers")
        return self

    def start_doomed(self, binary, env):
        """The same for one that may die before it listens. Whether it lives."""
        self.running = self.bench.serve(self.config, self.port, binary=binary, env=env, ready=False)
        try:
            self.running.wait_ready()
            return True
        except AssertionError:
            if self.running.process.poll() == -signal.SIGKILL:
                return False
            raise

    def is_dead(self):
        """Whether it was killed; it may end in no other way."""
        code = self.running.process.poll()
        if code not in (None, -signal.SIGKILL):
            raise AssertionError(f"homeward ended with {code}, not by kill -9")
        return code is not None

    def kill(self):
        """kill -9, and away it is."""
        process = self.running.process
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.kills.append(time.monotonic())

    def ask(self, method, path):
        """One request to the control socket; what it answers, from JSON."""
        control = _UnixConnection(os.path.join(self._runtime, "control.sock"))
        try:
            control.request(method, path)
            answer = control.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise AssertionError(f"{method} {path}: {answer.status} {body!r}")
            return json.loads(body)
        finally:
            control.close()

    def is_up(self):
        """Whether its control socket answers."""
        try:
            self.ask("GET", "/v1/status")
            return True
        except (OSError, http.client.HTTPException):
            return False

    def hurry(self):
        self.ask("POST", "/v1/queue/retry")

    def queue(self):
        return self.ask("GET", "/v1/queue?limit=1000")["messages"]

    def contents(self):
        """The files of large contents."""
        return os.listdir(os.path.join(self.state_directory, "content"))

    def drain(self, timeout=20):
        """Hurries what waits until nothing does; gives what does not go away."""
        end = time.monotonic() + timeout * self.bench.slowness
        while waiting := self.queue():
            if time.monotonic() > end:
                break
            self.hurry()
            time.sleep(0.05)
        return waiting

    def log(self):
        """Of all its lives."""
        try:
            return self.running.log() if self.running else ""
        except FileNotFoundError:
            return ""

    def log_lines(self, *parts):
        return [line for line in self.log().splitlines() if all(part in line for part in parts)]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Deliveries:
    """What an upstream took, by the recipient."""

    def __init__(self, upstream):
        self.by_recipient = {}
        for message in upstream.messages:
            for recipient in message.recipients:
                self.by_recipient.setdefault(recipient, []).append(message)


def problems(letters, upstream, station, may_double):
    """What is wrong with the outcome, in words; nothing where all promises were kept. `may_double(letter, copies)`:
    whether so many copies of that letter can be explained by answers that were lost."""
    found = []
    deliveries = Deliveries(upstream)
    for letter in letters:
        for recipient in letter.recipients:
            copies = deliveries.by_recipient.pop(recipient, [])
            if letter.accepted and not copies:
                found.append(f"LOST: {recipient}, answered {letter.answer!r}")
            if any(copy.sha256 != letter.sha256 for copy in copies):
                found.append(f"HALF: {recipient}: {[copy.size for copy in copies]} of {len(letter.content)} octets")
            if len(copies) > 1 and not may_double(letter, copies):
                found.append(f"DOUBLED: {recipient}: {len(copies)} copies")
    strangers = [recipient for recipient in deliveries.by_recipient if recipient != "ann@provider.test"]
    reports = len(deliveries.by_recipient.get("ann@provider.test", []))
    if strangers or reports:
        found.append(f"UNASKED: {strangers}, {reports} reports")
    waiting = station.queue()
    if waiting:
        found.append(f"LEFT: {[(m['id'], m['state'], m['last_word']) for m in waiting[:5]]}, {len(waiting)} in all")
    wait = time.monotonic() + 5  # the file goes behind the commit
    while station.contents() and time.monotonic() < wait:
        time.sleep(0.02)
    if station.contents():
        found.append(f"LEFT: content/{station.contents()}")
    facts = station.ask("GET", "/v1/status")["spool"]
    if facts.get("set_aside"):
        found.append(f"SET ASIDE: {facts}")
    return found


def in_threads(jobs, count, work):
    """work(job) for all jobs, `count` at once; the errors in words."""
    errors, lock, todo = [], threading.Lock(), list(reversed(jobs))

    def labour():
        while True:
            with lock:
                if not todo:
                    return
                job = todo.pop()
            try:
                work(job)
            except Exception as error:  # told with all the others
                with lock:
                    errors.append(f"{job}: {type(error).__name__}: {error}")

    workers = [threading.Thread(target=labour) for _ in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(errors)


def expect_none(errors, count):
    """Of `count` jobs; the first dozen is told."""
    if errors:
        raise AssertionError(f"{len(errors)} of {count}:\n  " + "\n  ".join(errors[:12]))
