"""``deskhours demo`` as a subprocess, for tests."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plugin_server.demo.programs import DIE_WITH_PARENT
from plugin_server.runtime.embedded.ports import free_port, trouble

_CLONE = Path(__file__).resolve().parents[2]
_READY_SECONDS = 120.0
_STOP_SECONDS = 15.0


def free_triple() -> int:
    """The first of three free ports in a row."""
    while True:
        port = free_port()
        if port <= 65533 and all(trouble(port + offset) is None for offset in range(3)):
            return port


@dataclass
class Demo:
    """A running demo.

    `url`, `helpdesk` and `harvest` are origins without a trailing slash; `extension` is the copy made for these ports,
    `data` the data folder, `output` what the launcher printed so far.
    """

    port: int
    data: Path
    process: "subprocess.Popen[str]"
    output: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def helpdesk(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def harvest(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"

    @property
    def extension(self) -> Path:
        return self.data / "extension"

    @classmethod
    def start(
        cls,
        data: Path,
        port: int | None = None,
        *arguments: str,
        wait: bool = True,
        browser: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> "Demo":
        """Start a demo and wait for its ``ready:`` line; fails with the logs' ends otherwise."""
        port = port or free_triple()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "plugin_server.cli", "demo", "--port", str(port), "--data", str(data)),
                *([] if browser else ["--no-browser"]),
                *arguments,
            ],
            cwd=_CLONE,
            env={**os.environ, DIE_WITH_PARENT: "1", **(env or {})},  # a killed pytest takes it along
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        demo = cls(port, data, process, [])
        threading.Thread(target=demo._read, daemon=True).start()
        if wait:
            demo.wait_until_ready()
        return demo

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while f"ready: {self.url}\n" not in self.output:
            if self.process.poll() is not None or time.monotonic() > deadline:
                if self.process.poll() is None:
                    self.stop()
                raise AssertionError(f"the demo did not get ready:\n{''.join(self.output)}\n{self.logs()}")
            time.sleep(0.05)

    def stop(self) -> int:
        """End it with SIGTERM and return its exit status; fails, with the logs' ends, when it does not end in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the demo did not stop:\n{self.logs()}") from None

    def logs(self, lines: int = 30) -> str:
        """The ends of all its logs, for a failure's message."""
        parts = []
        for log in sorted(self.data.glob("logs/*.log")):
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            parts.append("\n".join([f"--- {log.name}", *tail]))
        return "\n".join(parts)
