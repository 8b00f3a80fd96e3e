"""Messages whose every answer is looked at: whether it was one's own, and what became of the message upstream. For
scenarios with a FakeUpstream that is `named`.
"""
import re
import time

from smtp_client import Client, stuffed
from station import Letter

LARGE = 300000  # octets: several chunks
FAULTS = ("close", "reset", "garbage", "half", "421 4.3.2 going down")
STRAY = "250 2.1.5 ok <stray@example.org>"  # that nobody asked for


class Talk(Letter):
    """One message of a client, and what it hears."""

    def __init__(self, name, sender, recipients=2, size=600):
        super().__init__(name, size, recipients, sender)
        self.told = {}

    def run(self, port, pipelined, timeout):
        """MAIL, each RCPT, DATA and the content: one by one, or all before the content at once."""
        lines = {"mail": f"MAIL FROM:<{self.sender}>",
                 **{f"rcpt{n}": f"RCPT TO:<{to}>" for n, to in enumerate(self.recipients, 1)}, "data": "DATA"}
        with Client(port, timeout=timeout) as client:
            client.expect("EHLO client.test", 250)
            if pipelined:
                client.raw("".join(line + "\r\n" for line in lines.values()).encode())
            for step, line in lines.items():
                if pipelined:
                    self.told[step] = client.reply()
                elif step != "data" or self.accepted_recipients():
                    self.told[step] = client.command(line)
            if "data" in self.told and self.told["data"].code == 354:
                client.raw(stuffed(self.content) + b".\r\n")
                self.told["dot"] = client.reply()
            client.command("QUIT")
        self.accepted = "dot" in self.told and self.told["dot"].code == 250
        return self

    def accepted_recipients(self):
        return [to for n, to in enumerate(self.recipients, 1) if self.told[f"rcpt{n}"].code == 250]

    def refused(self):
        """By step, what was neither 250 nor 354."""
        return {step: answer for step, answer in self.told.items() if answer.code not in (250, 354)}

    def foreign(self):
        """What it was told of others, in words. Each answer of the server names whom it is about."""
        found = []
        for step, answer in self.told.items():
            own = {"mail": {self.sender}, "data": set(), "dot": set(self.recipients)}.get(step)
            own = own if own is not None else {self.sender, self.recipients[int(step[4:]) - 1]}
            named = set(re.findall(r"<([^<>\s]+@[^<>\s]+)>", answer.text))
            live = step not in ("mail", "data") and answer.code == 250 and "kept" not in answer.text.lower()
            if named - own or (live and not named):
                found.append(f"ANOTHER'S ANSWER at {step} of {self.name}: {answer!r}")
        return found


def outcome(talk, upstream, wanted):
    """What is wrong with the copies of this message, in words."""
    found = []
    for recipient, count in wanted.items():
        copies = [message for message in upstream.messages if recipient in message.recipients]
        if len(copies) != count:
            kind = "LOST" if len(copies) < count else "DOUBLED"
            found.append(f"{kind}: {recipient} has {len(copies)} copies, not {count}; told {talk.told}")
        if any((copy.sha256, copy.sender) != (talk.sha256, talk.sender) for copy in copies):
            found.append(f"HALF OR MIXED: {recipient}: {[(copy.sender, copy.size) for copy in copies]}")
    return found


def copies_of(talk, upstream):
    """By recipient: one where it was promised, and one for each whole message whose answer was lost."""
    wanted = {}
    for recipient in talk.recipients:
        lost = sum(1 for message in upstream.messages if recipient in message.recipients and not message.answered)
        promised = talk.accepted and recipient in talk.accepted_recipients()
        wanted[recipient] = lost + (1 if promised else 0)
    return wanted


def empty(gateway, timeout):
    """All that waits goes; what does not."""
    end = time.monotonic() + timeout
    while (left := gateway.queue()) and time.monotonic() < end:
        gateway.hurry()
        time.sleep(0.2)
    return left
