"""A small Debian with systemd as its PID 1, in namespaces of this machine: the units and the binary are really
started by a real service manager, on a real port 25. Needs root, debootstrap (once: the root is kept in
~/.cache/homeward-tests) and a kernel that allows namespaces; raises Skip where one is missing.
"""
import ctypes
import fcntl
import os
import re
import shutil
import subprocess
import time

from hw import Skip, wait_until

HERE = os.path.dirname(os.path.realpath(__file__))
UNITS = os.path.realpath(os.path.join(HERE, "../../../scripts/systemd"))
_NAMESPACES = ("--pid", "--fork", "--mount", "--ipc", "--uts", "--net", "--cgroup")
_CLONE_NEWNET = 0x40000000


def require():
    """Raises Skip where such a machine can't be made at all."""
    if os.geteuid() != 0:
        raise Skip("systemd as PID 1 of a namespace needs root")
    for program in ("debootstrap", "unshare", "nsenter", "ip"):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            raise Skip(f"{program} is missing")
    tried = subprocess.run(["unshare", *_NAMESPACES, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise Skip(f"namespaces are refused here: {tried.stderr.strip()}")


def base_root():
    """The bare system that all machines are stacked on; made at the first call ever, about a minute."""
    with open("/etc/os-release", encoding="utf-8") as file:
        release = dict(line.strip().split("=", 1) for line in file if "=" in line)
    suite = release.get("VERSION_CODENAME", "").strip('"')
    if not suite:
        raise Skip("debootstrap needs a release name, and /etc/os-release has no VERSION_CODENAME")
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "homeward-tests")
    os.makedirs(cache, exist_ok=True)
    root = os.path.join(cache, f"systemd-{suite}")
    with open(root + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(root):
            print(f"making a bare {suite} with systemd in {root} (once)", flush=True)
            _debootstrap(suite, root)
    return root


def _debootstrap(suite, root):
    half = root + ".half"
    shutil.rmtree(half, ignore_errors=True)
    log = root + ".log"
    with open(log, "wb") as output:
        done = subprocess.run(["debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv", suite, half],
                              stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise Skip(f"debootstrap of {suite} failed (its log: {log})")
    shutil.rmtree(os.path.join(half, "var/cache/apt/archives"), ignore_errors=True)
    os.rename(half, root)


class Layer:
    """Files that a machine has above the bare system: the product and its configuration."""

    def __init__(self, directory, base):
        self.directory, self._base = directory, base
        os.makedirs(directory, mode=0o755)

    def write(self, path, text, mode=0o644):
        target = self._place(path)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(target, mode)

    def copy(self, source, path):
        shutil.copy(source, self._place(path))

    def enable(self, unit, instance=None):
        """What `systemctl enable UNIT` does for a socket."""
        name = unit.replace("@.", f"@{instance}.") if instance else unit
        wants = self._place(f"/etc/systemd/system/sockets.target.wants/{name}")
        os.symlink(f"/lib/systemd/system/{unit}", wants)

    def install(self, binary):
        """The program with the libraries that the bare system lacks, Cyrus SASL's mechanisms, and the units."""
        self.copy(binary, "/usr/bin/homeward")
        programs = [binary]
        for folder in _sasl_folders():
            for name in os.listdir(folder):
                if ".so" in name:
                    self.copy(os.path.join(folder, name), os.path.join(folder, name))
                    programs.append(os.path.join(folder, name))
        for library in sorted(set().union(*(_libraries(program) for program in programs))):
            place = library if library.startswith("/usr/") else "/usr" + library  # merged /usr
            if not os.path.exists(self._base + place):
                self.copy(os.path.realpath(library), place)
        for unit in os.listdir(UNITS):
            if unit.endswith((".service", ".socket")):
                self.copy(os.path.join(UNITS, unit), f"/usr/lib/systemd/system/{unit}")
        self.copy(os.path.join(UNITS, "homeward.sysusers"), "/usr/lib/sysusers.d/homeward.conf")

    def _place(self, path):
        """The path inside this layer, its folders made."""
        target = self.directory + path
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        return target


def _libraries(program):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"=> (/\S+)", listed))


def _sasl_folders():
    folders = [f"/usr/lib/{name}/sasl2" for name in os.listdir("/usr/lib") if name.endswith("-linux-gnu")]
    found = [folder for folder in folders if os.path.isdir(folder)]
    if not found:
        raise Skip("Cyrus SASL's mechanisms are missing (Debian package libsasl2-modules)")
    return found


class Machine:
    """Booted when it is made. This thread and those it starts are on its network until stop()."""

    def __init__(self, bench, layer, base):
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._log = os.path.join(bench.directory, "boot.log")
        scratch = os.path.join(bench.directory, "machine")
        os.mkdir(scratch)
        with open(self._log, "wb") as log:
            self._unshare = subprocess.Popen(
                ["unshare", "--kill-child", *_NAMESPACES, os.path.join(HERE, "boot"), scratch, layer.directory, base],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.pid = wait_until(self._child, 10, "the first process of the machine")
            wait_until(self._is_up, 60, "the boot")
            _set_network(f"/proc/{self.pid}/ns/net")
        except BaseException:
            self.stop()
            raise

    @property
    def root(self):
        """Its root directory, as a path on this side."""
        return f"/proc/{self.pid}/root"

    def run(self, *command, check=True):
        """A command inside; its output."""
        done = subprocess.run(["nsenter", "-t", str(self.pid), "-a", "--", *command], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=120)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} exits {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def property(self, unit, name):
        """What `systemctl show` knows of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit)

    def process(self, unit, file):
        """/proc/PID/FILE of a service's main process."""
        main = self.property(unit, "MainPID")
        with open(f"{self.root}/proc/{main}/{file}", encoding="utf-8") as text:
            return text.read()

    def journal(self):
        return self.run("journalctl", "--no-pager", "-o", "short-precise", "-u", "homeward*", check=False)

    def stop(self):
        _set_network(self._home)
        self._unshare.kill()
        self._unshare.wait()

    def _child(self):
        self._must_live()
        with open(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children", encoding="ascii") as children:
            return int((children.read().split() or ["0"])[0])

    def _is_up(self):
        self._must_live()
        time.sleep(0.1)
        with open(f"/proc/{self.pid}/comm", encoding="ascii") as name:
            if name.read().strip() != "systemd":
                return False
        return self.run("systemctl", "is-system-running", check=False) in ("running", "degraded")

    def _must_live(self):
        if self._unshare.poll() is None:
            return
        with open(self._log, encoding="utf-8", errors="replace") as log:
            said = log.read().strip()
        if self._unshare.returncode == 77:
            raise Skip(said.splitlines()[-1])
        raise AssertionError(f"the machine ended with {self._unshare.returncode}: {said[-2000:]}")


def _set_network(namespace):
    """Moves this thread there; a path or a descriptor."""
    descriptor = namespace if isinstance(namespace, int) else os.open(namespace, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        if descriptor != namespace:
            os.close(descriptor)
