"""The setup tests' bare Zammad serves here as well."""

from tests.helpdesk.conftest import bare_database, stand

__all__ = ["bare_database", "stand"]
