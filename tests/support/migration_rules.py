"""What a migration must not do while the version before it serves: lock or rewrite a table that is in use, or take away
what that version reads and writes. ``docs/operate.md`` tells authors what to do instead.

A statement that is harmless all the same says so in a comment of its own: ``-- safe because the table holds one row``.
Sources: PostgreSQL's documentation of ALTER TABLE (Notes), CREATE INDEX (Building Indexes Concurrently) and locks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"--[^\n]*|\$\$.*?\$\$|'(?:[^']|'')*'|;|.", re.DOTALL)
_SAFE = re.compile(r"--\s*safe because\s+\S+\s+\S+")
_VOLATILE = re.compile(r"gen_random_uuid|\brandom\s*\(|clock_timestamp|timeofday|nextval|pg_current_xact_id|uuidv7")
_ALTER = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\w+) (.*)", re.IGNORECASE)
_CREATED = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", re.IGNORECASE)

_STATEMENTS: tuple[tuple[str, str], ...] = (
    (r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:\w+ )?ON (?:ONLY )?(\w+)", "an index built without CONCURRENTLY"),
    (r"DROP TABLE (?:IF EXISTS )?(\w+)", "a dropped table"),
    (r"TRUNCATE (?:TABLE )?(\w+)", "an emptied table"),
    (r"(?:UPDATE|DELETE FROM) (?:ONLY )?(\w+)", "rows written in the migration; the worker does it in batches"),
    (r"LOCK (?:TABLE )?(\w+)", "a lock of a whole table"),
    (r"(?:CLUSTER|REINDEX TABLE|VACUUM FULL) (\w+)", "a table written anew"),
)
_ACTIONS: tuple[tuple[str, str], ...] = (
    (r"DROP (?!CONSTRAINT\b)(?:COLUMN )?", "a dropped column"),
    (r"RENAME\b", "a new name"),
    (r"ALTER (?:COLUMN )?\w+ (?:SET DATA )?TYPE\b", "another type"),
    (r"ADD (?:COLUMN )?(?!CONSTRAINT\b|CHECK\b|UNIQUE\b|PRIMARY\b|FOREIGN\b)(?!.*\bDEFAULT\b).*\bNOT NULL\b",
     "a column NOT NULL without a default"),
    (r"ADD (?:COLUMN )?\w+ .*\b(?:GENERATED|SERIAL|BIGSERIAL)\b", "a column that is computed for every row"),
    (r"ADD (?:COLUMN )?(?!CONSTRAINT\b)\w+ .*\b(?:UNIQUE|PRIMARY KEY|REFERENCES)\b", "a column with an index or a key"),
    (r"ADD (?:CONSTRAINT \w+ )?(?:CHECK|FOREIGN KEY)\b(?!.*\bNOT VALID$)", "a constraint without NOT VALID"),
    (r"ADD (?:CONSTRAINT \w+ )?(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b(?!.*\bUSING INDEX\b)", "a key without USING INDEX"),
    (r"SET (?:LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)\b", "a table written anew"),
)  # fmt: skip


def created(text: str) -> set[str]:
    """Names of the tables that a migration makes."""
    return {name for _comment, plain in _statements(text) for name in _CREATED.findall(plain)}


def refusals(text: str, before: str) -> list[str]:
    """What is wrong with a migration, in words; ``before`` is the text of all earlier ones."""
    tables, history, found = created(before), before, []
    for comment, plain in _statements(text):
        history += f"\n{plain};"
        if not _SAFE.search(comment):
            found += [f"{wrong}: {plain[:80]}" for wrong in _of_statement(plain, tables, history)]
    return found


def _of_statement(plain: str, tables: set[str], history: str) -> Iterator[str]:
    for pattern, wrong in _STATEMENTS:
        found = re.match(pattern, plain, re.IGNORECASE)
        if found and found.group(1) in tables:
            yield wrong
    alter = _ALTER.fullmatch(plain)
    if alter is None or alter.group(1) not in tables:
        return
    for action in _split(alter.group(2)):
        for pattern, wrong in _ACTIONS:
            if re.match(pattern, action, re.IGNORECASE):
                yield wrong
        added = re.match(r"ADD (?:COLUMN )?(?!CONSTRAINT\b)\w+ .*\bDEFAULT\b", action, re.IGNORECASE)
        if added and _VOLATILE.search(action):
            yield "a default that is another one for each row"
        required = re.match(r"ALTER (?:COLUMN )?(\w+) SET NOT NULL", action, re.IGNORECASE)
        if required and not _is_checked(required.group(1), history):
            yield "NOT NULL without a validated check of it"


def _is_checked(column: str, history: str) -> bool:
    """Whether a constraint says so and has been validated: then PostgreSQL does not read the table."""
    pattern = rf"CONSTRAINT (\w+) CHECK \(\s*{column} IS NOT NULL\s*\) NOT VALID"
    names = re.findall(pattern, history, re.IGNORECASE)
    return any(re.search(rf"VALIDATE CONSTRAINT {name}\b", history, re.IGNORECASE) for name in names)


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """Each statement: its comments, and itself in one line without them."""
    comments, plain = "", ""
    for token in _TOKEN.findall(text + ";"):
        if token.startswith("--"):
            comments += token + "\n"
        elif token != ";":
            plain += token
        else:
            if plain.strip():
                yield comments, re.sub(r"\s+", " ", plain).strip()
            comments = plain = ""


def _split(actions: str) -> Iterator[str]:
    """The actions of one ALTER TABLE, parted by the commas outside of brackets."""
    depth, part = 0, ""
    for sign in actions:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += sign
    yield part.strip()
