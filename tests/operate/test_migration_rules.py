"""Every migration from 0015 on lets the version before it serve on; and the rules that say so can tell."""

from __future__ import annotations

import pytest

from plugin_server.runtime.migrations import INDEX, MIGRATIONS, OUTSIDE
from tests.support.migration_rules import created, refusals

BEFORE = "CREATE TABLE desk (id bigint PRIMARY KEY, hours integer);"
FIRST_JUDGED = "0015"
"""Migrations before it were made before there was a version to serve on."""


def test_no_migration_locks_rewrites_or_takes_away_what_is_in_use() -> None:
    before, wrong = "", {}
    for path in sorted(MIGRATIONS.glob("*.sql")):
        text = path.read_text()
        if path.name >= FIRST_JUDGED and (found := refusals(text, before)):
            wrong[path.name] = found
        before += text
    assert wrong == {}
    assert "time_entry" in created(before)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE desk DROP COLUMN hours",
        "ALTER TABLE desk DROP hours",
        "ALTER TABLE desk ADD COLUMN notes text, DROP COLUMN IF EXISTS hours",
        "ALTER TABLE desk RENAME COLUMN hours TO time",
        "ALTER TABLE desk RENAME TO desks",
        "ALTER TABLE desk ALTER COLUMN hours TYPE bigint",
        "ALTER TABLE desk ALTER hours SET DATA TYPE bigint",
        "ALTER TABLE desk ALTER COLUMN hours SET NOT NULL",
        "ALTER TABLE desk ADD COLUMN notes text NOT NULL",
        "ALTER TABLE desk ADD COLUMN mark uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE desk ADD COLUMN mark uuid NOT NULL DEFAULT gen_random_uuid()",
        "ALTER TABLE desk ADD COLUMN twice integer GENERATED ALWAYS AS (hours * 2) STORED",
        "ALTER TABLE desk ADD COLUMN number bigint UNIQUE",
        "ALTER TABLE desk ADD COLUMN other bigint REFERENCES desk",
        "ALTER TABLE desk ADD CONSTRAINT some CHECK (hours > 0)",
        "ALTER TABLE desk ADD CHECK (hours > 0)",
        "ALTER TABLE desk ADD CONSTRAINT one UNIQUE (hours)",
        "ALTER TABLE desk ADD FOREIGN KEY (hours) REFERENCES desk",
        "CREATE INDEX desk_hours ON desk (hours)",
        "CREATE UNIQUE INDEX ON desk (hours)",
        "UPDATE desk SET hours = 1",
        "DELETE FROM desk",
        "TRUNCATE desk",
        "DROP TABLE desk",
        "LOCK TABLE desk",
        "-- why not\nalter table desk drop column hours",
        "-- safe because\nDROP TABLE desk",
    ],
)
def test_what_is_refused(statement: str) -> None:
    assert refusals(f"{statement};", BEFORE), statement


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE desk ADD COLUMN notes text;",
        "ALTER TABLE desk ADD COLUMN notes text NOT NULL DEFAULT 'a; b, c', ADD at timestamptz DEFAULT now();",
        "ALTER TABLE desk DROP CONSTRAINT some, ADD CONSTRAINT some CHECK (hours > 0) NOT VALID;",
        "ALTER TABLE desk ADD CONSTRAINT some CHECK (hours IS NOT NULL) NOT VALID;"
        "ALTER TABLE desk VALIDATE CONSTRAINT some; ALTER TABLE desk ALTER COLUMN hours SET NOT NULL;",
        "ALTER TABLE desk ALTER COLUMN hours DROP NOT NULL, ALTER COLUMN hours SET DEFAULT 1;",
        "CREATE TABLE chair (id bigint PRIMARY KEY, legs integer); CREATE INDEX chair_legs ON chair (legs);"
        "ALTER TABLE chair ALTER COLUMN legs SET NOT NULL; INSERT INTO chair SELECT id, hours FROM desk;",
        "-- outside a transaction\nCREATE INDEX CONCURRENTLY desk_hours ON desk (hours);",
        "ALTER TABLE desk ADD CONSTRAINT one UNIQUE USING INDEX desk_hours;",
        "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM desk; RETURN NULL; END $$;",
        "-- safe because a desk has ten rows at most\nUPDATE desk SET hours = 1;",
    ],
)
def test_what_may_be_done(text: str) -> None:
    assert refusals(text, BEFORE) == []


def test_an_index_for_a_table_in_use_is_a_file_of_its_own() -> None:
    for path in MIGRATIONS.glob("*.sql"):
        text = path.read_text()
        statements = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
        assert text.startswith(OUTSIDE) == bool(INDEX.fullmatch(statements)), path.name
