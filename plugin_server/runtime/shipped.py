"""Folders that lie beside the package in a clone, and inside it in an installed wheel (by ``setup.py``)."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """The folder of that name: ``extension`` or ``migrations``."""
    inside = _PACKAGE / "shipped" / name
    # Looked at first: beside an installed package lie other people's.
    return inside if inside.is_dir() else _PACKAGE.parent / name
