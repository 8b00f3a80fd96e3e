"""Postfix on homeward's two places: in front of a disk that it only fills, and between a client and a provider."""
import os

from hw import SECRET, USER
from postfix import Postfix


class _PlainPostfix(Postfix):
    """Takes what comes on its plain port from loopback. `settings` go over those of tests/support/postfix.py."""
    settings = ""

    def __init__(self, bench):
        super().__init__(bench.certificates["good"], {USER: SECRET})

    def _write_configuration(self, certificate, users):
        super()._write_configuration(certificate, users)
        main = os.path.join(self._config, "main.cf")
        lines = (_PLAIN + self.settings).strip().splitlines()
        names = [line.split("=")[0].strip() for line in lines]
        with open(main, encoding="utf-8") as file:
            kept = [line for line in file if line.split("=")[0].strip() not in names]
        with open(main, "w", encoding="utf-8") as file:
            file.write("".join(kept) + "\n".join(lines) + "\n")


_PLAIN = """
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
smtpd_delay_reject = no
in_flow_delay = 0
"""


class HoldingPostfix(_PlainPostfix):
    """Delivers nothing."""
    settings = "smtpd_recipient_restrictions = check_client_access static:HOLD, permit\n"


class RelayingPostfix(_PlainPostfix):
    """Sends all on to a submission server with STARTTLS and a login, over as many connections as homeward may have."""

    def __init__(self, bench, port):
        self.settings = f"""
smtpd_recipient_restrictions = permit
virtual_mailbox_domains =
default_transport = smtp
relay_transport = smtp
relayhost = [127.0.0.1]:{port}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = texthash:{bench.file("passwords", f"[127.0.0.1]:{port} {USER}:{SECRET}")}
smtp_sasl_security_options = noanonymous
smtp_sasl_mechanism_filter = plain
smtp_tls_security_level = encrypt
smtp_tls_CAfile = {bench.certificates.ca}
smtp_connection_cache_on_demand = yes
smtp_destination_concurrency_limit = 50
initial_destination_concurrency = 50
"""
        super().__init__(bench)

    def _write_configuration(self, certificate, users):
        super()._write_configuration(certificate, users)
        with open(os.path.join(self._config, "master.cf"), "a", encoding="utf-8") as file:
            file.write("smtp unix - - n - - smtp\n")
