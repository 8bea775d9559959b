"""Harvest: the token, whose it is, the account, our limit, and the application that agents sign in through."""

from __future__ import annotations

import aiohttp

from plugin_server.accounts.connect import HARVEST_CALLBACK
from plugin_server.check import rules
from plugin_server.check.context import Context
from plugin_server.check.reaching import why
from plugin_server.check.rules import Result, because, fail, ok, skipped, warn
from plugin_server.harvest import core, wire
from plugin_server.manifest import url_text
from plugin_server.runtime.i18n import later

NOBODYS = "deskhours-check"
"""A refresh token that nobody was ever given: what it is refused for tells whether the application is known."""

PAGE_SECONDS = 10.0

OWN_API = "https://api.harvestapp.com/v2"


async def harvest(context: Context) -> list[Result]:
    """The token, the account, and whose token it is."""
    settings, name = context.settings.harvest, "harvest"
    api_url, id_url = url_text(settings.api_url), url_text(settings.id_url)
    at = f"{id_url}/api/v2/accounts", "harvest.id_url"
    try:
        accounts = await context.oauth.accounts(settings.token.get_secret_value())
        mine = {one.id: one.name for one in accounts if one.product == "harvest"}
        if settings.account_id not in mine:
            return [_other_account(settings.account_id, mine)]
        at = f"{api_url}/users/me", "harvest.api_url"
        user = await context.harvest.me()
        company = await _company(context)
    except core.Missing:
        return [_no_api(*at)]
    except core.Unauthorized as error:
        words = later("Harvest refuses the token that harvest.token names: {reason}.").format(reason=_words(error))
        todo = later(
            "Make a personal access token at {url} as an administrator of the account, and put it where the manifest's"
            " harvest.token says; then restart server and worker."
        )
        return [fail(name, words, todo.format(url=f"{id_url}/developers"))]
    except core.Throttled:
        return [skipped(name, "Harvest asks us to wait: it is being asked too much.", "Check again in a minute.")]
    except core.HarvestError as error:
        return [await why(context, name, *at, error)]
    if not user.is_active:
        words = later("The token is {name}'s, who is archived in Harvest.").format(name=user.name)
        return [
            fail(name, words, later("Use the token of somebody who is active, or activate them in Harvest (Team)."))
        ]
    found = ok(name, f"Harvest lets {user.name} in, account {settings.account_id} ({mine[settings.account_id]}).")
    return [found, _role(user), _account(company, user)]


async def rate_limit(context: Context) -> list[Result]:
    """Our own limit."""
    limit = context.settings.harvest.rate_limit
    return [rules.rate_limit("harvest_limit", limit.requests, limit.seconds)]


async def sign_in(context: Context) -> list[Result]:
    """Whether Harvest knows the application, its secret, and where it sends people back to."""
    name, id_url = "harvest_sign_in", url_text(context.settings.harvest.id_url)
    callback = f"{context.public_url}{HARVEST_CALLBACK}"
    todo = later(
        "Open {url}, and compare the application's id and secret with harvest.client_id and harvest.client_secret."
    ).format(url=f"{id_url}/developers")
    try:
        await context.oauth.refresh(NOBODYS)
    except core.GrantRefused:
        pass  # the application is known; only the token is not
    except core.Unauthorized as error:
        words = later("Harvest does not know our application: {reason}.").format(reason=_words(error))
        return [fail(name, words, todo)]
    except core.Refused as error:
        return [warn(name, f"Harvest answers our application with: {_words(error)}.", todo)]
    except core.HarvestError as error:
        if await _is_away(context):
            return [because(name, "harvest")]
        return [await why(context, name, f"{id_url}/api/v2/accounts", "harvest.id_url", error)]
    status = await _page(context, context.oauth.authorize_url(NOBODYS, callback))
    if status is None or status >= 400:
        words = later("Harvest's sign-in page answers {status} to our application, coming back to {callback}.")
        todo = later("Give the application the redirect URL {callback}, at {url}, or correct server.public_url.")
        return [
            fail(
                name,
                words.format(status=status or later("nothing"), callback=callback),
                todo.format(callback=callback, url=f"{id_url}/developers"),
            )
        ]
    return [ok(name, f"Harvest knows our application; sign-ins come back to {callback}.")]


async def _is_away(context: Context) -> bool:
    """Whether the whole address does not answer as Harvest, which is told once, by the row of the token."""
    try:
        await context.oauth.accounts(context.settings.harvest.token.get_secret_value())
    except (core.Unauthorized, core.Denied, core.Throttled):
        return False
    except core.HarvestError:
        return True
    return False


async def _page(context: Context, url: str) -> int | None:
    timeout = aiohttp.ClientTimeout(total=PAGE_SECONDS)
    headers = {"User-Agent": context.user_agent, "Accept": "text/html"}
    try:
        async with context.session.get(url, timeout=timeout, headers=headers, allow_redirects=False) as response:
            return response.status
    except (TimeoutError, aiohttp.ClientError, OSError):
        return None


async def _company(context: Context) -> wire.Company | None:
    """The company, unless the token's user may not see it."""
    try:
        return await context.harvest.company()
    except (core.Denied, core.Missing):
        return None


def _no_api(url: str, setting: str) -> Result:
    words = later("There is no such page at Harvest: {url}.").format(url=url)
    if setting == "harvest.id_url":
        return fail("harvest", words, later("Correct harvest.id_url; Harvest's own is https://id.getharvest.com."))
    todo = later("Correct harvest.api_url, with /v2 at its end; Harvest's own is {url}.").format(url=OWN_API)
    return fail("harvest", words, todo)


def _other_account(wanted: int, mine: dict[int, str]) -> Result:
    reached = ", ".join(f"{number} ({name})" for number, name in sorted(mine.items())) or "none"
    words = later("The token does not reach account {number} that harvest.account_id names; it reaches {reached}.")
    todo = later("Correct harvest.account_id, or use a token of that account.")
    return fail("harvest", words.format(number=wanted, reached=reached), todo)


def _role(user: wire.User) -> Result:
    name = "harvest_role"
    if user.sees_all:
        return ok(name, f"{user.name} is an administrator and sees everybody's entries and rates.")
    held = ", ".join(user.access_roles) or "none"
    words = later(
        "{name} is no administrator (roles: {roles}): entries of others, deletions and rates are not seen, so budgets"
        " count too little."
    ).format(name=user.name, roles=held)
    return fail(name, words, later("Make them an administrator in Harvest (Team), or use an administrator's token."))


def _account(company: wire.Company | None, user: wire.User) -> Result:
    name = "harvest_account"
    if company is None:
        return skipped(name, "Harvest does not tell this person about the company.", "Use an administrator's token.")
    if not company.is_active:
        words = later("The account {name} is closed in Harvest.").format(name=company.name)
        return fail(name, words, later("Reactivate it, or name another account."))
    kind = "start and end times" if company.wants_timestamp_timers else "durations"
    return ok(name, f"{company.name} tracks {kind}, clock {company.clock}; {user.name}'s time zone is {user.timezone}.")


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
