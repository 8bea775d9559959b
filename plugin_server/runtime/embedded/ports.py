"""Free TCP ports on loopback."""

import errno
import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A TCP port that nothing listens on now. Somebody may take it before it is used: try again then."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def trouble(port: int) -> str | None:
    """Why no server of ours could listen on this port of 127.0.0.1, to follow the port's name; None if it could."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return "is in use by another program"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one in TIME_WAIT is free
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            return "may not be used without root's rights"
        except OSError as error:
            return "is in use by another program" if error.errno == errno.EADDRINUSE else f"can't be used: {error}"
    return None
