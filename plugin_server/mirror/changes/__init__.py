"""Following the mirror's entries: what changed, read by each feature at its own position."""

from plugin_server.mirror.changes.store import Change, Position, changes, move, prune

__all__ = ["Change", "Position", "changes", "move", "prune"]
