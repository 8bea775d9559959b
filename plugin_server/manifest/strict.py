"""What all parts of the manifest have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of the manifest: no unknown settings, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
