"""The simulated Harvest as a process of its own, started by its command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from plugin_server.runtime.embedded import ports


def start(database: str, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    """The process and its address, once it is ready."""
    port = ports.free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command(database, "--port", str(port), *options))
    for _ in range(300):
        assert process.poll() is None, "the server did not start"
        try:
            with urllib.request.urlopen(f"{url}/_sim/health", timeout=1):
                return process, url
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the server did not get ready in 30 s")


def command(database: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "plugin_server.demo.harvest", "--database", database, *options]


def stop(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Ask it to end; its exit code and how many seconds it took."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(15), time.monotonic() - started
    finally:
        process.kill()
