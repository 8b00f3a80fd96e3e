"""A real Postfix on loopback, as a provider: submission with STARTTLS and submissions with implicit TLS, logins by
Cyrus SASL from a sasldb of its own, a sender must be its login's own; and an outside port that refuses to relay.
What it takes goes to one Maildir. All of it lives in a directory of its own; needs root, as Postfix does.
"""
import email
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from hw import Skip, free_port, wait_until

DOMAIN = "provider.test"
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")

_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/maillog
maillog_file_prefixes = {home}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.{domain}
mydomain = {domain}
myorigin = {domain}
mydestination =
mynetworks = 192.0.2.0/24
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
default_database_type = hash
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = /
virtual_mailbox_maps = static:{maildir}/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
default_transport = virtual
relay_transport = virtual
enable_original_recipient = no
message_size_limit = 209715200
local_header_rewrite_clients =
smtpd_banner = $myhostname ESMTP
smtpd_peername_lookup = no
smtpd_tls_chain_files = {key}, {chain}
smtpd_sasl_local_domain = {domain}
smtpd_sasl_security_options = noanonymous
smtpd_sender_login_maps = inline:{{ {logins} }}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{forbidden@example.org=550 5.7.1 not for you}} {{later@example.org=450 4.2.1 mailbox busy}} }}, permit
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
default_process_limit = 200
"""

_SUBMISSION = """ -o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_sender_login_mismatch"""

_MASTER = """
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt{options}
127.0.0.1:{submissions} inet n - n - - smtpd -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes{options}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Delivered:
    """One file of the Maildir."""

    def __init__(self, data):
        self.data = data
        self.message = email.message_from_bytes(data)
        self.body = data.split(b"\n\n", 1)[1]

    def fields(self, name):
        return self.message.get_all(name, [])


class Postfix:
    """Ports: `plain`, `submission` (STARTTLS) and `submissions` (implicit TLS). `users`: login → password; each
    login owns LOGIN@provider.test."""

    def __init__(self, certificate, users):
        if not shutil.which("postfix", path="/usr/sbin:/sbin") or os.geteuid() != 0:
            raise Skip("needs an installed Postfix, and root to start it")
        if not shutil.which("saslpasswd2", path="/usr/sbin:/sbin:/usr/bin"):
            raise Skip("needs saslpasswd2 (package sasl2-bin)")
        self.plain, self.submission, self.submissions = free_port(), free_port(), free_port()
        self._home = tempfile.mkdtemp(prefix="homeward-postfix-")
        self.maildir = os.path.join(self._home, "Maildir")
        os.chmod(self._home, 0o755)
        self._write_configuration(certificate, users)
        self._add_users(users)
        done = self._postfix("start")
        if done.returncode != 0:
            raise RuntimeError(f"postfix start:\n{done.stdout}{done.stderr}{self.log()}")

    @property
    def starttls_url(self):
        return f"submission://localhost:{self.submission}"

    @property
    def url(self):
        return f"smtps://localhost:{self.submissions}"

    def delivered(self, count=1, timeout=15):
        """The messages in the Maildir, oldest first, once there are `count`."""
        pattern = os.path.join(self.maildir, "new", "*")
        files = wait_until(lambda: len(found := glob.glob(pattern)) >= count and found, timeout,
                           f"delivery of {count} message(s)")
        messages = []
        for path in sorted(files, key=os.path.getmtime):
            with open(path, "rb") as file:
                messages.append(Delivered(file.read()))
        return messages

    def forget(self):
        for path in glob.glob(os.path.join(self.maildir, "new", "*")):
            os.unlink(path)

    def log(self):
        path = os.path.join(self._home, "maillog")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        try:
            with open(os.path.join(self._home, "queue", "pid", "master.pid"), encoding="ascii") as file:
                pid = int(file.read())
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + 5
            while _runs(pid) and time.monotonic() < end:
                time.sleep(0.02)
        except (OSError, ValueError):
            pass
        shutil.rmtree(self._home, ignore_errors=True)

    def _postfix(self, command):
        # To a file: the master keeps the output open, and a pipe would never end.
        path = os.path.join(self._home, "start.log")
        with open(path, "w+", encoding="utf-8") as output:
            done = subprocess.run(["/usr/sbin/postfix", "-c", self._config, command], stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=output, check=False)
            output.seek(0)
            done.stdout, done.stderr = output.read(), ""
        return done

    def _write_configuration(self, certificate, users):
        owner = pwd.getpwnam("nobody")
        mail_owner = pwd.getpwnam("postfix")
        self._config = os.path.join(self._home, "config")
        for name in ("config", "config/sasl", "queue", "data", "Maildir"):
            os.mkdir(os.path.join(self._home, name), 0o755)
        os.chown(os.path.join(self._home, "data"), mail_owner.pw_uid, mail_owner.pw_gid)
        os.chown(self.maildir, owner.pw_uid, owner.pw_gid)
        logins = " ".join(f"{{{user}@{DOMAIN}={user}, {user}@{DOMAIN}}}" for user in users)
        self._write("config/main.cf", _MAIN.format(home=self._home, domain=DOMAIN, maildir=self.maildir,
                                                   uid=owner.pw_uid, gid=owner.pw_gid, key=certificate.key,
                                                   chain=certificate.chain, logins=logins))
        self._write("config/master.cf", _MASTER.format(plain=self.plain, submission=self.submission,
                                                       submissions=self.submissions, options=_SUBMISSION))
        # Debian reads this file beside main.cf, and the system's sasldb where it is missing.
        self._write("config/sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                    f"sasldb_path: {self._home}/sasldb2\nmech_list: {' '.join(MECHANISMS)}\n")

    def _add_users(self, users):
        path = os.path.join(self._home, "sasldb2")
        for user, password in users.items():
            subprocess.run(["/usr/sbin/saslpasswd2", "-c", "-p", "-f", path, "-u", DOMAIN, user],
                           input=password.encode(), check=True)
        shutil.chown(path, "postfix")

    def _write(self, name, text):
        with open(os.path.join(self._home, name), "w", encoding="utf-8") as file:
            file.write(text)


def provider(bench, users):
    """One Postfix for all cases of a scenario, its Maildir empty."""
    server = bench.shared("postfix", lambda: Postfix(bench.certificates["good"], users))
    server.forget()
    return server


def _runs(pid):
    """Alive, and not just waiting for its parent to notice."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
