"""``deskhours init``: asks, writes, and says what is left for a person to do."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plugin_server import manifest as manifests
from plugin_server.init.files import KEYS, SCHEMA, InitRefused, Written, require_none, write
from plugin_server.init.questions import QUESTIONS, Question, all_wrong, draft, with_firefox, wrong
from plugin_server.manifest import Manifest, url_text

_FROM_SETUP = "deskhours setup writes it (the OAuth application in Zammad)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``deskhours init``."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("manifest.json"),
        metavar="FILE",
        help="where to write the manifest; secrets go into a folder beside it (default: %(default)s)",
    )
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help=f"a JSON object with all answers, instead of asking: {', '.join(question.name for question in QUESTIONS)}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Raises :class:`InitRefused` with nothing written, or :class:`~plugin_server.manifest.ManifestError` when a secret
    that was there already is none."""
    path: Path = arguments.out
    require_none(path)
    try:
        answers = _read(arguments.answers) if arguments.answers else _ask()
    except (EOFError, KeyboardInterrupt):
        raise InitRefused("\nStopped; nothing was written.") from None
    settings = draft(answers)
    settings = with_firefox(settings, urlsplit(settings["server"]["public_url"]).hostname or "")
    manifests.validate(settings, str(path), path.resolve().parent, secrets_optional=True)
    written = write(path, settings)
    _tell(path, written, manifests.load(path, secrets_optional=True), settings)
    return 0


def _read(path: Path) -> dict[str, Any]:
    try:
        answers = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InitRefused(f"{path} can't be read: {error.strerror}") from None
    except ValueError:
        raise InitRefused(f"{path} is not JSON") from None
    if not isinstance(answers, dict):
        raise InitRefused(f"{path}: expected an object: {{...}}")
    if lines := all_wrong(answers):
        raise InitRefused("\n  ".join([f"{path}:", *lines]))
    return answers


def _ask() -> dict[str, str]:
    _say("Six questions make a first manifest. Every answer can be changed in it later.", "")
    return {question.name: _answer(number, question) for number, question in enumerate(QUESTIONS, 1)}


def _answer(number: int, question: Question) -> str:
    """Asked until it is one."""
    nothing = f" [{question.default}]" if question.default else f" [Enter: {question.later}]" if question.later else ""
    _say(f"{number}. {question.words}")
    while True:
        answer = input(f"  {nothing.strip()}> " if nothing else "  > ").strip() or question.default or ""
        if not answer and question.later:
            return answer
        expected = wrong(question, answer) if answer else "an answer is needed"
        if expected is None:
            return answer
        _say(f"  {expected}")


def _tell(path: Path, written: Written, manifest: Manifest, settings: dict[str, Any]) -> None:
    folder = path.parent / "secrets"
    _say("", f"Written: {path} and {path.with_name(SCHEMA).name}, which lets editors check it while you type.")
    if written.made:
        _say(f"Made, for your eyes alone: {', '.join(str(folder / name) for name in written.made)}")
    if written.kept:
        _say(f"Kept as they were: {', '.join(str(folder / name) for name in written.kept)}")
    if missing := [(name, words) for name, words in _sources(manifest, settings) if not (folder / name).exists()]:
        _say("", f"Still missing in {folder}, each a file with nothing else in it:")
        for name, words in missing:
            _say(f"  {name}", f"    {words}")
        example = folder / missing[-1][0]
        _say(f"To write one: (umask 077; cat > {example}), paste, Enter, Ctrl-D")
    _say("", "Keep them out of version control: put the line secrets/ into .gitignore.")
    if written.open_to_others:
        _say(f"Others on this machine can look into {folder}: chmod -R go= {folder}")
    _say("Next: docs/setup.md, and deskhours manifest, which says what is still missing or wrong.")


def _sources(manifest: Manifest, settings: dict[str, Any]) -> list[tuple[str, str]]:
    """The secrets that others give, and where each comes from."""
    harvest = "https://id.getharvest.com/developers"
    callback = f"{url_text(manifest.server.public_url)}/oauth/harvest/callback"
    sources = {
        "helpdesk_client_id": _FROM_SETUP,
        "helpdesk_client_secret": _FROM_SETUP,
        "helpdesk_token": "an access token of the service user in Zammad (docs/setup.md says how it is made)",
        "harvest_client_id": f"{harvest}, OAuth2 application with the redirect URL {callback}",
        "harvest_client_secret": f"{harvest}, the same OAuth2 application",
        "harvest_token": f"{harvest}, a personal access token of an administrator",
    }
    named = json.dumps(settings)
    return [(name, words) for name, words in sources.items() if name not in KEYS and f'"secrets/{name}"' in named]


def _say(*lines: str) -> None:
    """Lines that fit a terminal; what follows an indented one is indented as well."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 2) if line.startswith(" ") else ""
        wrapped = textwrap.fill(line, 80, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        print(wrapped, file=sys.stdout, flush=True)  # noqa: T201 (the command's own answer)
