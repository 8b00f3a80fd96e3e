"""Two network namespaces and a cable between them that can be pulled, for one machine that loses its link while the other
stays where it is. Needs root and iproute2.
"""
import concurrent.futures
import ctypes
import os
import shutil
import subprocess

from hw import Skip

OURS, THEIRS = "10.203.77.1", "10.203.77.2"  # the certificate "far" names the second
_CLONE_NEWNET = 0x40000000


def inside(namespace, work):
    """What `work()` gives, called by a thread that lives in this network namespace. What it starts lives there, too."""
    result = []

    def enter():
        with open(f"/run/netns/{namespace}", "rb") as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"entering {namespace}")
        result.append(work())

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(enter).result()
    return result[0]


class Cable:
    """Two namespaces and the cable between them; `ours` is homeward's end."""

    def __init__(self, name):
        self.ours, self.theirs = f"hw-{os.getpid()}-{name}-o", f"hw-{os.getpid()}-{name}-t"
        for namespace in (self.ours, self.theirs):
            ip("netns", "add", namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        ip("link", "add", "c0", "netns", self.ours, "type", "veth", "peer", "name", "c0", "netns", self.theirs)
        for namespace, address in ((self.ours, OURS), (self.theirs, THEIRS)):
            ip("-n", namespace, "address", "add", f"{address}/24", "dev", "c0")
            ip("-n", namespace, "link", "set", "c0", "up")

    def stop(self):
        for namespace in (self.ours, self.theirs):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)

    def interface(self, state):
        ip("-n", self.ours, "link", "set", "c0", state)

    def plug(self, state):
        """The other end's doing: ours keeps its address and sees the carrier go and come."""
        ip("-n", self.theirs, "link", "set", "c0", state)

    def address(self, state):
        """As a lease that ran out and is renewed."""
        ip("-n", self.ours, "address", "add" if state == "up" else "del", f"{OURS}/24", "dev", "c0")


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr}")


def need_namespaces():
    if os.geteuid() != 0 or not shutil.which("ip"):
        raise Skip("needs root and the program ip (iproute2)")
    name = f"hw-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        raise Skip("needs the right to make network namespaces")
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
