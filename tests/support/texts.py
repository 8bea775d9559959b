"""The texts that people read, and their translations: what is marked in the sources, merged into the catalogues.

``make texts`` brings every ``plugin_server/locale/<lang>/LC_MESSAGES/deskhours.po`` up to date and names what still
lacks a translation; ``tests/test_texts.py`` refuses what is missing, unused or names other things than the English.
A catalogue's head (its comments are the glossary) is kept as it stands; entries are sorted by their English and carry
neither places nor dates, so that two branches that add texts merge.
"""

from __future__ import annotations

import io
import json
import re
import string
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, pofile
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "plugin_server"
LOCALES = PACKAGE / "locale"
EXTENSION = ROOT / "extension" / "_locales"

METHODS = [("demo/**", "ignore"), ("**/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "later": None, "ngettext": (1, 2)}

Id = str | tuple[str, str]
"""A text in English; a pair where it is counted (one, many)."""

_NAMED = re.compile(r"%\((\w+)\)[sd]")


def marked() -> dict[Id, list[str]]:
    """Every text that is marked in templates and Python code, with the files (below ``plugin_server``) that hold it."""
    found: defaultdict[Id, list[str]] = defaultdict(list)
    for file, _line, message, _comments, _context in extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS):
        identity: Id = message if isinstance(message, str) else (message[0], message[1])
        if file not in found[identity]:
            found[identity].append(file)
    return dict(found)


def languages() -> list[str]:
    """Those that have a catalogue."""
    return sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/deskhours.po"))


def place(lang: str) -> Path:
    return LOCALES / lang / "LC_MESSAGES" / "deskhours.po"


def read(lang: str) -> Catalog:
    """The catalogue of a language."""
    with place(lang).open("rb") as file:
        return pofile.read_po(file, locale=lang)


def entries(catalogue: Catalog) -> Iterator[Message]:
    """Its translations, without the head."""
    return (message for message in catalogue if message.id)


def is_translated(message: Message) -> bool:
    """Whether every form of it has words."""
    forms = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return all(forms)


def named(text: str) -> set[str]:
    """What a text leaves to be put in: ``%(name)s`` of templates, ``{name}`` of Python."""
    if percent := set(_NAMED.findall(text)):
        return percent
    try:
        return {name for _text, name, _form, _conversion in string.Formatter().parse(text) if name is not None}
    except ValueError as error:  # a brace that is not closed
        return {str(error)}


def strays(message: Message) -> list[str]:
    """Translations that do not name exactly what the English does. The singular may say *one* instead of its count."""
    wrong = []
    ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    for index, form in enumerate(forms):
        english = named(ids[min(index, len(ids) - 1)])
        if form and named(form) - {"num"} != english - {"num"}:
            wrong.append(form)
    return wrong


def merged(lang: str) -> str:
    """The catalogue's text with every marked text in it and none besides."""
    known = read(lang)
    fresh = Catalog(locale=lang)
    for identity in marked():
        before = known.get(identity)
        empty: Id = "" if isinstance(identity, str) else ("", "")
        fresh.add(identity, before.string if before and is_translated(before) else empty)
    head = place(lang).read_text().split("\n\n", 1)[0].rstrip()
    body = io.BytesIO()
    pofile.write_po(body, fresh, width=116, no_location=True, omit_header=True, sort_output=True)
    return f"{head}\n\n{body.getvalue().decode().strip()}\n"


def extension_words(lang: str) -> dict[str, str]:
    """The extension's own texts by key."""
    path = EXTENSION / lang / "messages.json"
    words = json.loads(path.read_text()) if path.is_file() else {}
    return {key: entry["message"] for key, entry in words.items()}


def say(text: str) -> None:
    print(text)  # noqa: T201 - a program's output


def main() -> int:
    """Update the catalogues; exit code 1 while something lacks a translation."""
    files = marked()
    lacking = 0
    for lang in languages():
        place(lang).write_text(merged(lang))
        for message in entries(read(lang)):
            if not is_translated(message):
                lacking += 1
                say(f"{lang}: {message.id!r}  ({', '.join(files[message.id])})")
        absent = sorted(extension_words("en").keys() - extension_words(lang).keys())
        lacking += len(absent)
        for key in absent:
            say(f"{lang}: extension/_locales: {key}")
    say(f"{len(files)} texts, {lacking} without a translation.")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
