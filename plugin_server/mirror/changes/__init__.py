"""Following the mirror's entries: what changed, read by each feature at its own position."""

from plugin_server.mirror.changes.store import PRUNE_AT_ONCE, Change, Position, changes, move, prune

__all__ = ["PRUNE_AT_ONCE", "Change", "Position", "changes", "move", "prune"]
