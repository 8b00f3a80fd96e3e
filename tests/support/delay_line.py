"""A line between homeward and a server that takes its time: every piece is held for half a round trip in each direction.
It counts how often its client had to wait for the other end: a flight is what the client sends between two things that
it hears. To connect is the first flight, as it costs a round trip of its own.
"""
import queue
import socket
import threading
import time


class Flight:
    """What the client sent at one go."""

    def __init__(self, at):
        self.at = at     # when its first octet came
        self.octets = 0  # none: it connected
        self.pieces = 0

    def __repr__(self):
        return f"{self.octets} octets in {self.pieces}"


class Call:
    """One connection through the line."""

    def __init__(self, at):
        self.flights = [Flight(at)]
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self._heard = True

    def said(self, data):
        with self.lock:
            if self._heard:
                self.flights.append(Flight(time.monotonic()))
            self._heard = False
            self.flights[-1].octets += len(data)
            self.flights[-1].pieces += 1

    def heard(self, _):
        with self.lock:
            self._heard = True


class DelayLine:
    """Listens from the start and leads to `target` (a port of this machine); stop() ends it and all its connections."""

    def __init__(self, target, round_trip=0.05):
        self.calls, self.round_trip = [], round_trip
        self._target, self._sockets, self._lock = target, [], threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"smtps://localhost:{self.port}"

    def flights(self):
        """Of all connections together, as one may take up what another left."""
        return [flight for call in self.calls for flight in list(call.flights)]

    def stop(self):
        self._listener.close()
        with self._lock:
            for one in self._sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            call = Call(time.monotonic())
            with self._lock:
                self._sockets.append(near)
                self.calls.append(call)
            threading.Thread(target=self._lead, args=(near, call), daemon=True).start()

    def _lead(self, near, call):
        """To connect takes its way, too: what was sent on another connection before arrives before."""
        time.sleep(self.round_trip / 2)
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            call.ended.set()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._sockets.append(far)
        nothing = lambda _: None  # noqa: E731
        self._carry(near, far, call.said, nothing, None)
        self._carry(far, near, nothing, call.heard, call.ended)

    def _carry(self, source, drain, taken, given, ended):
        """One direction: one thread takes and stamps, another gives when it is time."""
        pieces = queue.SimpleQueue()

        def take():
            while True:
                try:
                    data = source.recv(262144)
                except OSError:
                    data = b""
                if data:
                    taken(data)
                pieces.put((time.monotonic() + self.round_trip / 2, data))
                if not data:
                    return

        def give():
            while True:
                due, data = pieces.get()
                time.sleep(max(0.0, due - time.monotonic()))
                try:
                    if not data:
                        drain.shutdown(socket.SHUT_WR)
                        break
                    given(data)  # before the peer can answer it
                    drain.sendall(data)
                except OSError:
                    break
            if ended:
                ended.set()

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()
