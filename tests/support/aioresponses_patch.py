"""Keeps aioresponses working with the aiohttp that we need.

aiohttp 3.14 gave `ClientResponse.__init__` a required argument `stream_writer`, which aioresponses 0.7.9 does not pass:
every mocked call would fail with a TypeError. Staying with aiohttp 3.13 is no way out (3.14 closes a security hole). So
the class that aioresponses builds its answers from gets that argument filled in here. The patch looks before it acts:
it does nothing once aioresponses passes the argument itself, and can be deleted then.
"""

import inspect
from types import SimpleNamespace
from typing import Any

import aioresponses.core as core


def apply() -> None:
    wanted = "stream_writer" in inspect.signature(core.ClientResponse.__init__).parameters
    passed = "stream_writer" in inspect.getsource(core.RequestMatch._build_response)
    if not wanted or passed:
        return

    class AnswerWithoutStream(core.ClientResponse):
        def __init__(self, *args: Any, stream_writer: Any = None, **kwargs: Any) -> None:
            # What aiohttp reads of a stream writer after the fact is how much was sent: nothing was.
            super().__init__(*args, stream_writer=stream_writer or SimpleNamespace(output_size=0), **kwargs)

    core.ClientResponse = AnswerWithoutStream
