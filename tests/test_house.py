"""Rules of the house that no linter knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "plugin_server"
OWNERS = {"0001_mirror.sql": "mirror", "0002_accounts.sql": "accounts", "0003_tickets.sql": "tickets"}
OWNERS |= {"0004_timelog.sql": "timelog", "0005_session_refresh.sql": "accounts", "0006_mirror_timers.sql": "mirror"}
OWNERS |= {"0007_timers.sql": "timers", "0008_timelog_timers.sql": "timelog", "0009_health.sql": "panel"}
OWNERS |= {"0010_mirror_sync.sql": "mirror", "0011_attribution.sql": "tickets", "0012_people.sql": "accounts"}
OWNERS |= {"0013_budgets.sql": "budgets", "0014_dashboard.sql": "accounts"}
OWNERS |= {"0015_check.sql": "check", "0017_webhook_delivery_taken.sql": "tickets"}
OWNERS |= {"0030_bookings.sql": "bookings", "0032_mirror_week.sql": "mirror"}
OWNERS |= {"0023_budget_figures_changed.sql": "budgets", "0024_alerts.sql": "alerts"}
OWNERS |= {"0025_page_drift.sql": "drift"}
OWNERS |= {"0018_article_heads.sql": "tickets"}
OWNERS |= {"0021_projects.sql": "projects", "0022_organisation_clients.sql": "projects"}
OWNERS |= {"0020_notes.sql": "notes"}
OWNERS |= {"0027_corrections.sql": "corrections", "0028_timelog_corrected.sql": "timelog"}
SQL = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)\b")


def tables() -> dict[str, str]:
    """Each table with the feature that owns it."""
    found = {}
    for name, owner in OWNERS.items():
        for table in re.findall(r"CREATE TABLE (\w+)", (ROOT / "migrations" / name).read_text()):
            found[table] = owner
    return found


def product_modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "demo" not in path.relative_to(PACKAGE).parts]


def test_every_migration_has_an_owner() -> None:
    assert {path.name for path in (ROOT / "migrations").glob("*.sql")} == set(OWNERS)


def test_a_table_is_named_only_in_its_owners_store_and_the_mirrors_in_any() -> None:
    owners = tables()
    used = set()
    for path in product_modules():
        feature = path.relative_to(PACKAGE).parts[0]
        for table in set(SQL.findall(path.read_text())) & set(owners):
            used.add(table)
            assert path.name == "store.py", f"{path} names the table {table}"
            assert owners[table] in (feature, "mirror"), f"{path} names {table} of {owners[table]}"
    assert used == set(owners)


@pytest.mark.parametrize("folder", ["plugin_server", "extension", "bench"])
def test_files_are_short_enough_to_be_one_room(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for suffix in ("*.py", "*.js")
        for path in (ROOT / folder).rglob(suffix)
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert long == {}
