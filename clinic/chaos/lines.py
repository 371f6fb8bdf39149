"""Whose a line on loopback is: found by the numbers of its sockets."""

from collections.abc import Iterable, Iterator
from pathlib import Path

ESTABLISHED = "01"


def _table() -> Iterator[list[str]]:
    return (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])


def inode(port: int, other: int) -> str:
    """The socket of the end that has `port` of the line to `other`, "" if there is none."""
    wanted = [f":{port:04X}", f":{other:04X}"]
    found = (fields[9] for fields in _table() if [fields[1][-5:], fields[2][-5:]] == wanted)
    return next(found, "")


def sockets(pid: int) -> set[str]:
    """Those that a process has open."""
    try:
        names = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return set()
    return {name[len("socket:[") : -1] for name in names if name.startswith("socket:[")}


def connected(pids: Iterable[int], port: int) -> list[int]:
    """Those of the processes that have a line open to `port`."""
    wanted = f":{port:04X}"
    lines = {fields[9] for fields in _table() if fields[2][-5:] == wanted and fields[3] == ESTABLISHED}
    return [pid for pid in pids if lines & sockets(pid)]
