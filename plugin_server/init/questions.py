"""The six questions, and the manifest that the answers make. What is an answer, the manifest's own models decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin_server import manifest as manifests
from plugin_server.extension import stamp
from plugin_server.extension.identity import chromium_id
from plugin_server.manifest import ManifestError

Answers = Mapping[str, Any]
"""What was answered, by the question's name."""


@dataclass(frozen=True)
class Question:
    """One question. ``setting`` is the dotted name of what it decides; no answer stands for ``default``, and where
    ``later`` says what then happens, for none yet."""

    name: str
    setting: str
    words: str
    default: str | None = None
    later: str | None = None
    is_number: bool = False


QUESTIONS = (
    Question("helpdesk_url", "helpdesk.url", "Where do agents open Zammad? (https://helpdesk.example.com)"),
    Question(
        "public_url",
        "server.public_url",
        "Where will browsers reach Deskhours? A host name of its own. (https://hours.example.com)",
    ),
    Question(
        "harvest_account_id",
        "harvest.account_id",
        "What is the number of your Harvest account? (https://id.getharvest.com/developers shows it with each token)",
        is_number=True,
    ),
    Question(
        "harvest_client_id",
        "harvest.client_id",
        "What is the client id of the OAuth2 application that you registered with Harvest?",
        later="nothing for later",
    ),
    Question(
        "contact",
        "harvest.contact",
        "Whom may Harvest write to about Deskhours' calls? An e-mail address, or a page. (admin@example.com)",
    ),
    Question(
        "lock_policy",
        "budgets.lock.policy",
        "When is a ticket locked? over: above its budget; tiered: small budgets have some room; never.",
        default="over",
    ),
)

_NOWHERE = Path("/nonexistent")


def wrong(question: Question, answer: object) -> str | None:
    """What was expected instead of this answer; None when it is one."""
    try:
        manifests.validate(draft({question.name: answer}), "", _NOWHERE, secrets_optional=True)
    except ManifestError as error:
        for line in error.mistakes:
            setting, _, expected = line.partition(": ")
            if setting == question.setting:
                return expected
    return None


def all_wrong(answers: Answers) -> list[str]:
    """A line for each mistake in answers that were all given at once: unknown, missing, not as expected."""
    known = {question.name: question for question in QUESTIONS}
    lines = [f"{name}: unknown; expected are {', '.join(known)}" for name in answers if name not in known]
    for name, question in known.items():
        if name not in answers:
            lines += [] if question.default or question.later else [f"{name}: missing; it is required"]
        elif expected := wrong(question, answers[name]):
            lines.append(f"{name}: {expected}")
    return lines


def draft(answers: Answers) -> dict[str, Any]:
    """The manifest of these answers, as it is written. What was not answered is not in it."""
    settings: dict[str, Any] = {
        "$schema": "manifest.schema.json",
        "server": {"public_url": None, "jwt_keys": [_file("jwt_key")], "token_keys": [_file("token_key")]},
        "extension": {"chromium_ids": [chromium_id(stamp.committed()["key"])]},
        "helpdesk": {
            "kind": "zammad",
            "url": None,
            "client_id": _file("helpdesk_client_id"),
            "client_secret": _file("helpdesk_client_secret"),
            "token": _file("helpdesk_token"),
            "webhook_secret": _file("webhook_secret"),
        },
        "harvest": {
            "account_id": None,
            "client_id": _file("harvest_client_id"),
            "client_secret": _file("harvest_client_secret"),
            "token": _file("harvest_token"),
        },
        "budgets": {"lock": {}},
    }
    for question in QUESTIONS:
        answer = answers.get(question.name, question.default)
        *path, last = question.setting.split(".")
        part = settings
        for name in path:
            part = part[name]
        if answer is not None and not (answer == "" and question.later):
            part[last] = int(answer) if question.is_number and _is_number(answer) else answer
        elif part.get(last) is None:  # it only kept its place
            part.pop(last, None)
    return settings


def with_firefox(settings: dict[str, Any], host: str) -> dict[str, Any]:
    """The same with an id for Firefox made of our server's host name, where that can be one."""
    extension = {**settings["extension"], "firefox_id": f"deskhours@{host}"}
    named = {**settings, "extension": extension}
    try:
        manifests.validate(named, "", _NOWHERE, secrets_optional=True)
    except ManifestError:
        return settings
    return named


def _file(name: str) -> dict[str, str]:
    return {"file": f"secrets/{name}"}


def _is_number(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 15
