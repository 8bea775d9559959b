"""A figure, and how figures are shown and kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LATEST = Path(__file__).parent / "latest.json"


@dataclass(frozen=True)
class Line:
    """One figure: ``value`` in ``unit``, and its ``ratio`` to ``against``, which was measured in the same run (or is a
    limit of Harvest's). ``aim`` is what we want the ratio to be, in words; empty where there is none."""

    name: str
    value: float
    unit: str
    ratio: float
    against: str
    aim: str = ""


def show(line: Line) -> str:
    """A row of the table."""
    aim = f" (aim: {line.aim})" if line.aim else ""
    return f"{line.name:<34} {line.value:>12,.2f} {line.unit:<8} {line.ratio:>8.2f} x  {line.against}{aim}"


def keep(lines: Sequence[Line], path: Path = LATEST) -> None:
    """Write the run's figures, each as name, value, unit, ratio, against."""
    rows = [{key: value for key, value in asdict(line).items() if key != "aim"} for line in lines]
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
