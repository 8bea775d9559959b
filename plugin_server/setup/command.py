"""``deskhours setup``: puts into Zammad what Deskhours needs there, after showing what that is. Run by
:mod:`plugin_server.cli`.

Ends with 0: done, or nothing to do; 1: it could not be done; 2: refused before anything was written, or a manifest that
can't be used; 3: there is work to do and it was not done (``--dry-run``, or No).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
from dataclasses import replace
from pathlib import Path

import aiohttp

from plugin_server import manifest as manifests
from plugin_server.accounts.connect import HELPDESK_CALLBACK
from plugin_server.harvest import core as harvest_core
from plugin_server.harvest.client import HarvestClient
from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.objects import Definition, of_manifest
from plugin_server.helpdesk.zammad.setup.apply import CannotSetUp, Progress, Setup
from plugin_server.helpdesk.zammad.setup.plan import Plan, Step, plan
from plugin_server.helpdesk.zammad.setup.remove import Removal
from plugin_server.manifest import Manifest, url_text
from plugin_server.manifest.places import places
from plugin_server.runtime import reach
from plugin_server.runtime.clock import SystemClock
from plugin_server.setup.secrets import CannotKeep, Keeper
from plugin_server.setup.terminal import Terminal
from plugin_server.setup.words import left_for_people, numbered, plan_lines
from plugin_server.tickets.routes import WEBHOOK

TOKEN = "DESKHOURS_SETUP_TOKEN"  # noqa: S105 - the variable's name
DONE, FAILED, REFUSED, WORK_LEFT = 0, 1, 2, 3

_KEPT = """\
Kept, switched off: the ticket fields with all that tickets hold, and the roles
with their members. To have everything back, run deskhours setup again. To be
rid of the fields for good, delete them in Zammad, under Admin > Objects; that
deletes what tickets hold, too."""


class _Stop(Exception):
    """The command ends here: the words, and how."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for. The token is no argument: everybody on the machine may read those."""
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and write nothing")
    parser.add_argument("--remove", action="store_true", help="take Deskhours out of Zammad; no data are lost")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def main(options: argparse.Namespace, manifest: Path, terminal: Terminal | None = None) -> int:
    """Run the command; returns how it ended."""
    terminal = terminal or Terminal()
    settings = manifests.load(manifest, secrets_optional=True)
    try:
        token = _token(terminal)
        return asyncio.run(_Run(options, manifest, settings, token, terminal)())
    except _Stop as stop:
        terminal.complain(str(stop))
        return stop.code
    except KeyboardInterrupt:
        terminal.complain("\nStopped. What was done until now stays; run setup again to go on.")
        return FAILED


def _token(terminal: Terminal) -> str:
    token = os.environ.get(TOKEN, "").strip()
    if not token and terminal.attended:
        terminal.tell("An administrator's token is needed, for this run alone: in Zammad, under your avatar >")
        terminal.tell("Profile > Token Access, make one with the permission admin that expires tomorrow.")
        token = terminal.secret("Token (not shown): ")
    if not token:
        raise _Stop(
            "No administrator's token is there. Set the variable DESKHOURS_SETUP_TOKEN, or run setup in a terminal,"
            " where it is asked for.",
            REFUSED,
        )
    if not token.isascii() or not token.isprintable():
        raise _Stop("That is no token of Zammad: it holds signs that no token has. Copy it again.", REFUSED)
    return token


class _Run:
    """One run of the command."""

    def __init__(
        self, options: argparse.Namespace, manifest: Path, settings: Manifest, token: str, terminal: Terminal
    ) -> None:
        self._options = options
        self._manifest = manifest
        self._settings = settings
        self._token = token
        self._terminal = terminal
        self._keeper = Keeper(settings, places(manifest))
        self._url = url_text(settings.helpdesk.url)

    async def __call__(self) -> int:
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                trouble = await reach.look(session, f"{self._url}/api/v1/users/me", "helpdesk.url")
                if trouble is not None:
                    raise _Stop(f"Zammad can't be reached at {self._url}.\n{trouble}", FAILED)
                calls = Calls(session, self._url)
                work = self._remove if self._options.remove else self._set_up
                return await work(calls, session)
        except CannotSetUp as error:
            raise _Stop(self._refusal(error), FAILED if error.begun else REFUSED) from None
        except CannotKeep as error:
            raise _Stop(str(error), FAILED) from None
        except base.HelpdeskError as error:
            raise _Stop(_words(error), FAILED) from None

    async def _set_up(self, calls: Calls, session: aiohttp.ClientSession) -> int:
        if self._keeper.elsewhere:
            names = ", ".join(f"{place} ({place.setting})" for place in self._keeper.elsewhere)
            words = f"Not set: {names}. Setup writes files only: name files in the manifest, or set the variables."
            raise _Stop(words, REFUSED)
        link, why = await self._project_url(session)
        definition = self._definition(link)
        service_token = self._settings.helpdesk.token.get_secret_value()
        roles = self._settings.helpdesk.roles
        found = await plan(calls, self._token, definition, roles, service_token)
        written = self._keeper.missing
        self._show(found, "Deskhours in Zammad")
        if why:
            self._terminal.tell(f"\nWithout a link from tickets to Harvest's projects: {why}")
        if self._options.dry_run:
            return self._looked(bool(found.todo or written))
        setup = Setup(calls, self._token, roles)
        done: list[Step] = []
        if found.todo or written:
            await self._ask("Do this?")
            self._keeper.keep_webhook_secret()
            done = await setup.apply(definition, service_token, self._progress(len(found.todo)))
            await self._keep_application(setup, definition)
        self._tell_done(done)
        left = left_for_people(
            self._settings, done, places(self._manifest), found.restarts, linked=link is not None, written=bool(written)
        )
        self._terminal.tell(f"\nLeft for people to do:\n{numbered(left)}")
        self._terminal.tell("\nThen: deskhours migrate, deskhours serve, deskhours worker, deskhours check.")
        return DONE

    async def _remove(self, calls: Calls, _: aiohttp.ClientSession) -> int:
        definition = self._definition(None)
        if not self._keeper.forgets_application:
            # Its id stands where setup can't take it back, so a new one could not be used.
            definition = replace(definition, application=None)
        removal = Removal(calls, self._token)
        found = await removal.plan(definition)
        self._show(found, "Taking Deskhours out of Zammad")
        if self._options.dry_run:
            return self._looked(bool(found.todo))
        if found.todo:
            self._terminal.tell(f"\n{_KEPT}")
            await self._ask("Take it out?")
            await removal.apply(definition, self._progress(len(found.todo)))
        if definition.application is not None:
            self._keeper.forget_application()
        self._tell_done(list(found.todo))
        self._terminal.tell("\nLeft for people to do: stop deskhours serve and deskhours worker.")
        return DONE

    def _definition(self, link: str | None) -> Definition:
        return of_manifest(
            self._settings,
            webhook_path=WEBHOOK,
            callback_path=HELPDESK_CALLBACK,
            project_url=link,
            webhook_secret=self._keeper.webhook_secret,
        )

    async def _project_url(self, session: aiohttp.ClientSession) -> tuple[str | None, str]:
        """Where a project's page is in Harvest, with ``{id}``; else why that is not known."""
        harvest = self._settings.harvest
        token = harvest.token.get_secret_value()
        if not token:
            return None, "harvest.token is not there yet."
        name = harvest_core.user_agent(harvest.contact)
        url, seconds = url_text(harvest.api_url), harvest.request_seconds
        client = HarvestClient(session, url, harvest.account_id, name, token, seconds, SystemClock())
        try:
            company = await client.company()
        except harvest_core.HarvestError as error:
            return None, f"{str(error).rstrip('.')}."
        return f"{company.base_uri.rstrip('/')}/projects/{{id}}", ""

    async def _keep_application(self, setup: Setup, definition: Definition) -> None:
        if definition.application is None or not self._keeper.wants_application:
            return
        held = await setup.credentials(definition.application)
        if held is None:
            words = "Zammad does not tell the application's secret. Copy id and secret from Admin > System > API into"
            raise _Stop(f"{words} the files of helpdesk.client_id and helpdesk.client_secret.", FAILED)
        self._keeper.keep_application(*held)
        self._terminal.tell("  written: id and secret of the application")

    def _show(self, found: Plan, title: str) -> None:
        """The plan to read. One that is refused ends here."""
        self._terminal.tell(f"{title} at {self._url}:\n")
        written = () if self._options.remove else self._keeper.missing
        for line in plan_lines(found, written, everything=self._options.dry_run):
            self._terminal.tell(line)
        if found.refused:
            raise CannotSetUp(found)

    def _looked(self, work: bool) -> int:
        self._terminal.tell("\nNothing was written." if work else "\nThere is nothing to do.")
        return WORK_LEFT if work else DONE

    async def _ask(self, question: str) -> None:
        if self._options.yes:
            return
        if not self._terminal.attended:
            raise _Stop("\nNobody is here to be asked. Run it with --yes, or with --dry-run to look only.", REFUSED)
        if not await self._terminal.agreed(f"\n{question} [y/N] "):
            raise _Stop("Nothing was written.", WORK_LEFT)

    def _progress(self, of: int) -> Progress:
        count = itertools.count(1)
        self._terminal.tell()
        return lambda step: self._terminal.tell(f"  {next(count):{len(str(of))}}/{of}  {step.kind} {step.name}")

    def _tell_done(self, done: list[Step]) -> None:
        self._terminal.tell(f"\nDone: {len(done)}." if done else "\nThere was nothing to do in Zammad.")

    def _refusal(self, error: CannotSetUp) -> str:
        found = error.plan
        if not found.refused:
            names = ", ".join(f"{step.kind} {step.name}" for step in found.todo)
            return f"Zammad does not keep this as it was sent, after several tries: {names}. Look at it in Zammad."
        token = places(self._manifest).get("helpdesk.token")
        if error.begun:
            return f"Somebody has changed Zammad meanwhile: {error}. Put that right, and run setup again."
        lines = ["\nNothing was written. Put right first what STOP stands before, then run setup again."]
        if token is not None and any(step.kind == "user" for step in found.refused):
            lines.append(f"The service user's token belongs in {token}.")
        return "\n".join(lines)


def _words(error: base.HelpdeskError) -> str:
    """A failure of a call, for people. Zammad's own words stand in brackets."""
    if isinstance(error, base.Unauthorized):
        return f"Zammad does not know the administrator's token, or it has expired ({error}). Make a new one."
    if isinstance(error, base.Denied):
        return (
            f"Zammad lets nobody in with this token ({error}). In Zammad, under Admin > System > API, switch on token"
            " access; the token's user must be an active administrator."
        )
    if isinstance(error, base.Missing):
        return "What answers at helpdesk.url is no Zammad. It must be the address alone that agents open in a browser."
    return f"{str(error).rstrip('.')}. What was done until now stays; run setup again to go on."
