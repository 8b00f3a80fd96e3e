"""A submission host that does what a test tells it: TLS first or STARTTLS, chosen EHLO keywords, and a fault at any
named step. `login` is (user, secret), or a dictionary of many. It notes every octet that it was sent, before and inside TLS, every login and every message.

Steps: connect, ehlo, starttls, handshake, tls-ehlo, auth, mail, rcpt (any) or rcpt1, rcpt2…, data, bdat (a chunk that is
not the last), content (once `content_after` octets of it have come), dot (or the last chunk), taken (the message is, its
reply is not out), done (the final reply is out), rset, noop, quit.
Faults: close, reset, silence, garbage, half (half a reply, then close), half-silence, endless, endless-line, pause (until
`release` is set, then as usual; "pause close": then that), a reply to give ("550 5.1.1 no such user"; after a 421 it
closes), or a function to call (where it gives True, nothing more is done at this step). A tuple (fault, times) holds
for so many times, counted over all connections. "{who}" in a reply becomes the address of the MAIL or RCPT at hand; with
`named`, each 250 to MAIL, RCPT and content ends with it (the first recipient's, of content). `chance(steps)` is asked at
each step for a fault (or None) where none is set. `dialog` stands in for Dialog. Digests of content begin at its line `digest_from`, if that is given.
"""
import socket
import ssl
import threading

from fake_dialog import Connection, Dialog, End

EHLO = ("PIPELINING", "SIZE 209715200", "8BITMIME", "ENHANCEDSTATUSCODES")
CHUNKING = (*EHLO, "CHUNKING")


def is_established(connection):
    """Whether the peer, too, thinks that this TCP connection is open: who has said good-bye counts no more, although
    nobody here may have read it yet."""
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1  # TCP_ESTABLISHED
    except OSError:
        return False


class FakeUpstream:
    """Listens from the start on `host`:`port` (0: any); stop() ends it and all its connections."""

    def __init__(self, certificate, implicit=True, ehlo=EHLO, auth=("PLAIN", "LOGIN"), login=("ann", "secret"),
                 faults=None, glued=b"", offer_starttls=True, keep_content=True, content_after=1000, digest_from=None,
                 backlog=600, host="127.0.0.1", port=0, named=False, chance=None, dialog=None):
        self.implicit, self.ehlo, self.auth, self.login = implicit, tuple(ehlo), tuple(auth), login
        self.glued, self.offer_starttls, self.keep_content = glued, offer_starttls, keep_content
        self.ehlo_before_tls = self.ehlo
        self.content_after, self.digest_from = content_after, digest_from
        self.named, self.chance, self._dialog = named, chance, dialog
        self.release = threading.Event()
        self.connections = []
        self.most_at_once = 0
        self._faults = {step: list(fault) if isinstance(fault, tuple) else [fault, None]
                        for step, fault in (faults or {}).items()}
        self.lock = threading.Lock()
        self._stopping = threading.Event()
        self._sockets = {}  # with their records
        self.present(certificate)
        self._listener = socket.create_server((host, port), backlog=backlog)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"{'smtps' if self.implicit else 'submission'}://localhost:{self.port}"

    @property
    def messages(self):
        """Of all connections, in the order in which they came."""
        with self.lock:
            return sorted((message for connection in self.connections for message in connection.messages),
                          key=lambda message: message.at)

    @property
    def auth_attempts(self):
        return sum(connection.auth_attempts for connection in self.connections)

    def everything(self):
        """All octets that all connections brought, before and inside TLS."""
        return b"".join(bytes(connection.plain + connection.decrypted) for connection in self.connections)

    def present(self, certificate):
        """From now on."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate.chain, certificate.key)
        self.tls = tls

    def heal(self):
        """No faults any more; what pauses goes on."""
        with self.lock:
            self._faults.clear()
            self.chance = None
        self.release.set()

    def set_fault(self, step, fault):
        """From now on; None takes it away."""
        with self.lock:
            self._faults.pop(step, None)
            if fault is not None:
                self._faults[step] = list(fault) if isinstance(fault, tuple) else [fault, None]

    def take_fault(self, *steps):
        """The fault that holds at one of these steps now, counted down."""
        with self.lock:
            for step in steps:
                fault = self._faults.get(step)
                if fault and fault[1] != 0:
                    if fault[1] is not None:
                        fault[1] -= 1
                    return fault[0]
        return self.chance(steps) if self.chance else None

    def drop(self):
        """Ends all connections that are open now."""
        with self.lock:
            for open_socket in self._sockets:
                try:
                    socket.socket.shutdown(open_socket, socket.SHUT_RDWR)  # beneath TLS
                except OSError:
                    pass

    def wrap(self, accepted):
        """The same connection with TLS; the handshake is done behind its back, so that drop() ends it, too."""
        inside = self.tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        with self.lock:
            self._sockets[inside] = self._sockets.pop(accepted)
        try:
            inside.do_handshake()
        except BaseException:
            with self.lock:
                self._sockets.pop(inside, None)
            inside.close()
            raise
        return inside

    def open_connections(self):
        """How many there are that neither side has closed."""
        with self.lock:
            return self._open()

    def _open(self):
        # One that has talked nonsense is over, however much is still on its way to it.
        return sum(1 for one, record in self._sockets.items() if not record.has_talked_nonsense and is_established(one))

    def has_fault(self, step):
        with self.lock:
            return step in self._faults and self._faults[step][1] != 0

    def wait_closed(self, count=1, timeout=10):
        """Whether the first `count` connections have come and ended within `timeout` seconds each."""
        return len(self.connections) >= count and all(c.ended.wait(timeout) for c in self.connections[:count])

    def stop(self):
        self._stopping.set()
        self.release.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self.drop()
        self._thread.join(5)

    def _accept(self):
        while not self._stopping.is_set():
            try:
                accepted, peer = self._listener.accept()
            except OSError:
                return
            record = Connection(peer)
            with self.lock:
                self.connections.append(record)
                self._sockets[accepted] = record
                self.most_at_once = max(self.most_at_once, self._open())
            threading.Thread(target=self._serve, args=(accepted, record), daemon=True).start()

    def _serve(self, accepted, record):
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dialog = (self._dialog or Dialog)(self, accepted, record)
        try:
            dialog.run()
        except End as end:
            record.end = end.args[0]
        except ssl.SSLError as error:
            record.tls_error, record.end = str(error), "eof"
        except ConnectionError:
            record.end = "reset"
        except OSError:
            record.end = "ours"
        finally:
            with self.lock:
                self._sockets.pop(accepted, None)
                self._sockets.pop(dialog.socket, None)
            try:
                dialog.socket.close()
                accepted.close()
            except OSError:
                pass
            record.ended.set()

    def stopped(self):
        return self._stopping.is_set()
