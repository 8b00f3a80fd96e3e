"""A recording of system calls by strace, and the check of what a power cut would leave: at the moment in which a client
is told 250, its message is on stable storage. A call counts as done when it has returned, a reply as told when its call
begins; a sync covers what had been written before it began. safety.md section 5.
"""
import os
import re

from hw import Skip

CALLS = ("openat,mkdir,mkdirat,write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,linkat,unlink,unlinkat,"
         "sendto,sendmsg,ftruncate")
# A page of the database is in one string, in hexadecimal.
OPTIONS = ["-D", "-f", "-yy", "-ttt", "-T", "-xx", "-s", "4200", "-e", f"trace={CALLS}"]
_HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
_LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
_DONE = re.compile(r"(.*)\) += (-?\d+)(.*)")
_TOOK = re.compile(r"<(\d+\.\d+)>$")
# As a row of the spool's table has it: id, kind, about, account, state.
_ROW = re.compile(rb"([0-9a-z]{12})message(?:home)(pending|queued|sending|reply-unknown|deferred|held|failed)")
STORED = (b"queued", b"sending", b"reply-unknown", b"deferred")


def prefix(file):
    """What to start a program with, so that it is recorded in `file`."""
    if os.system("strace -o /dev/null true 2>/dev/null") != 0:
        raise Skip("strace is not here, or may not trace (package strace; ptrace must be allowed)")
    return ["strace", *OPTIONS, "-o", file]


class Call:
    """One system call. `begin` and `end` are places in the recording, the times are of the wall."""

    def __init__(self, begin, time, name, arguments):
        self.begin = self.end = begin
        self.time, self.name, self.arguments = time, name, arguments
        self.result, self.end_time = None, time

    def finish(self, end, end_time, arguments, result):
        self.end, self.end_time, self.result = end, end_time, result
        self.arguments += arguments
        self.strings = [_bytes(text) for text in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', self.arguments)]
        self.paths = [_bytes(text).decode("utf-8", "replace")
                      for text in re.findall(r"(?:\d+|AT_FDCWD)<([A-Z][\w-]*:\[[^\]]*\]|[^<>]*)>", self.arguments)]

    @property
    def path(self):
        """Of the first descriptor."""
        return self.paths[0] if self.paths else ""

    def offset(self):
        return int(self.arguments.rsplit(",", 1)[1])

    def is_sync_of(self, path):
        return self.name in ("fsync", "fdatasync") and self.result == 0 and self.path == path

    def __repr__(self):
        return f"{self.name}({self.path}) at {self.begin}"


def _bytes(text):
    return _HEX.sub(lambda found: bytes.fromhex(found.group().replace("\\x", "")).decode("latin-1"), text).encode("latin-1")


def read(file):
    """All calls, in the order in which they returned."""
    calls, open_calls = [], {}
    with open(file, encoding="latin-1") as recording:
        for place, line in enumerate(recording):
            found = _LINE.match(line.rstrip("\n"))
            if not found:
                continue
            thread, time, text = found.group(1), float(found.group(2)), found.group(3)
            if text.startswith("<... "):
                call = open_calls.pop(thread, None)
                rest = text.split("resumed>", 1)[1]
            else:
                name, bracket, rest = text.partition("(")
                call = Call(place, time, name, "") if bracket else None
            if call is None:
                continue
            if rest.endswith("<unfinished ...>"):
                call.arguments += rest[:-len("<unfinished ...>")]
                open_calls[thread] = call
                continue
            done = _DONE.match(rest)
            if done:
                took = _TOOK.search(done.group(3))
                call.finish(place, call.time + float(took.group(1)) if took else time, done.group(1), int(done.group(2)))
                calls.append(call)
    return calls


class Commit:
    """One transaction as the write-ahead log has it."""

    def __init__(self, first):
        self.begin, self.pages, self.last = first.begin, [], None

    def row(self, recipient):
        """Id and state of the message to `recipient`, as this transaction wrote them."""
        for page in self.pages:
            place = page.find(recipient.encode())
            rows = [row for row in _ROW.finditer(page) if row.start() < place]
            if rows:
                return rows[-1].group(1).decode(), rows[-1].group(2)
        return None


class Recording:
    """What the calls say about the spool in `directory` of a gateway that listens on `port`. `account` must be "home"."""

    def __init__(self, calls, directory, port):
        self.calls, self.directory, self.port = calls, directory, port
        self.database = os.path.join(directory, "spool.sqlite")
        self.log, self.content = self.database + "-wal", os.path.join(directory, "content")
        self.complaints = []
        self.evidence = []  # what the promises rest on: for each, the syncs of which one is enough
        self.commits = self._commits()

    def _commits(self):
        """Frame by frame: its header, 24 octets whose second word is not zero in the last frame of a transaction
        (SQLite's file format, section 4.1), then its page."""
        commits, current, is_last = [], None, False
        for call in self.calls:
            if call.name != "pwrite64" or call.path != self.log or not call.result or call.result < 0:
                continue
            data = call.strings[0]
            if len(data) == 32 and call.offset() == 0:
                self._restarted(call)
            elif len(data) == 24:
                current = current or Commit(call)
                is_last = data[4:8] != b"\0\0\0\0"
            elif current:
                current.pages.append(data)
                if is_last:
                    current.last = call
                    commits.append(current)
                    current, is_last = None, False
        return commits

    def _restarted(self, header):
        """The log begins anew: what it held is in the database, synced."""
        written = [call for call in self.calls if call.name == "pwrite64" and call.path == self.database
                   and call.end < header.begin]
        if written and not self._syncs(self.database, written[-1].end, header.begin):
            self.complaints.append(f"the log is begun anew by {header} before the database is synced")

    def _syncs(self, path, after, before):
        """The syncs of `path` that begin behind `after` and have returned before `before`."""
        return tuple(call for call in self.calls if call.is_sync_of(path) and call.begin > after and call.end < before)

    def _rests_on(self, path, after, before):
        """Whether there is such a sync; it is noted."""
        syncs = self._syncs(path, after, before)
        if syncs:
            self.evidence.append(syncs)
        return bool(syncs)

    def _need(self, path, after, before, what):
        if not self._rests_on(path, after, before):
            self.complaints.append(f"no sync of {path} {what}")

    def check_folders(self, before):
        """What was made before `before` has a name that stays: its folder is synced."""
        seen = set()
        for call in self.calls:
            makes = call.name == "mkdirat" or (call.name == "openat" and "O_CREAT" in call.arguments)
            if not makes or call.result < 0 or call.end > before:
                continue
            made = os.path.join(call.path, call.strings[-1].decode())
            if made in (self.directory, self.content, self.database, self.log) and made not in seen:
                seen.add(made)
                self._need(os.path.dirname(made), call.end, before, f"between {call.name}({made}) and the first 250")
        if seen != {self.directory, self.content, self.database, self.log}:
            self.complaints.append(f"the recording has not seen all of the spool being made, but {sorted(seen)}")

    def replies(self):
        """For each client's port: the call that answers the last dot, and what it says."""
        found, ready = {}, set()
        pattern = re.compile(rf"TCP:\[127\.0\.0\.1:{self.port}->127\.0\.0\.1:(\d+)\]")
        for call in self.calls:
            if call.name not in ("sendto", "sendmsg", "write", "writev"):
                continue
            peer = pattern.match(call.path)
            said = b"".join(call.strings)
            if not peer:
                continue
            port = int(peer.group(1))
            if said.startswith(b"354"):
                ready.add(port)
            elif port in ready:
                ready.discard(port)
                found[port] = (call, said)
        return found

    def check_accepted(self, port, recipient, large):
        """The message that the client on `port` sent to `recipient` was safe before its 250. The commit, or None."""
        told = self.replies().get(port)
        if not told or not told[1].startswith(b"250"):
            self.complaints.append(f"{recipient}: no 250 in the recording")
            return None
        reply = told[0]
        held = [(commit, row) for commit in self.commits if commit.last.end < reply.begin
                and (row := commit.row(recipient)) and row[1] in STORED]
        if not held:
            self.complaints.append(f"{recipient}: no commit of it before its 250")
            return None
        for commit, row in held:
            if self._rests_on(self.log, commit.last.end, reply.begin):
                if large:
                    self._check_content(recipient, row[0], commit)
                return row[0]
        self.complaints.append(f"{recipient}: its commit is not synced before its 250")
        return None

    def _check_content(self, recipient, name, commit):
        """Its file's data is synced, and then its folder, before the commit is written."""
        named = [call for call in self.calls if call.result == 0 and call.name in ("linkat", "renameat", "renameat2")
                 and call.strings[-1].decode() == name and call.end < commit.begin]
        if not named:
            self.complaints.append(f"{recipient}: its content has no name before the commit")
            return
        link = named[0]
        file = self._file_of(link)
        written = [call for call in self.calls if call.name in ("write", "pwrite64", "writev") and call.path == file
                   and call.end < link.begin]
        if not written:
            self.complaints.append(f"{recipient}: nobody wrote its content {file}")
            return
        self._need(file, written[-1].end, commit.last.begin, f"({recipient}'s content) before its commit")
        self._need(self.content, link.end, commit.last.begin, f"({recipient}'s name) before its commit")

    def _file_of(self, link):
        """What the descriptor that was given a name shows in its own calls: a file that has no name yet."""
        number = link.strings[0].decode().rsplit("/", 1)[-1]
        if link.name != "linkat":
            return os.path.join(self.content, link.strings[0].decode())
        opened = [call for call in self.calls if call.name == "openat" and "O_TMPFILE" in call.arguments
                  and call.end < link.begin and str(call.result) == number]
        following = [call for call in self.calls if call.name == "write" and opened and call.begin > opened[-1].end
                     and call.arguments.startswith(f"{number}<")]
        return following[0].path if following else ""

    def check_mark(self, recipient, dot_time):
        """"The last dot is on its way" was on stable storage before upstream had the dot."""
        for commit in self.commits:
            row = commit.row(recipient)
            if row and row[1] == b"sending":
                syncs = tuple(call for call in self._syncs(self.log, commit.last.end, float("inf"))
                              if call.end_time < dot_time)
                if syncs:
                    self.evidence.append(syncs)
                    return
        self.complaints.append(f"{recipient}: no synced mark before its last dot reached the server")

    def check_removal(self, name, dot_time):
        """The outcome is on stable storage before the content goes."""
        gone = [call for call in self.calls if call.name == "unlinkat" and call.result == 0
                and call.strings[-1].decode() == name]
        if not gone:
            self.complaints.append(f"{name}: its content was not removed")
            return
        settled = [commit for commit in self.commits if commit.last.time > dot_time and commit.last.end < gone[0].begin]
        if not any(self._syncs(self.log, commit.last.end, gone[0].begin) for commit in settled):
            self.complaints.append(f"{name}: its content goes before the outcome is synced")
