"""The helpdesk: its version, the service token and what it may, the roles, the fields, the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from plugin_server.accounts.connect import HELPDESK_CALLBACK
from plugin_server.check import rules
from plugin_server.check.context import Context
from plugin_server.check.links.harvest import NOBODYS
from plugin_server.check.reaching import AGAIN, why
from plugin_server.check.rules import Result, because, fail, ok, skipped, warn
from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad import core
from plugin_server.helpdesk.zammad.probe import Role
from plugin_server.runtime.i18n import later

NEEDED = "ticket.agent"
"""The one permission that the running service needs; in the words of Zammad."""

ADDRESS = "/api/v1/users/me"

SILENT = later("Zammad did not tell: {reason}.")


@dataclass(frozen=True)
class _Service:
    """The service user as the helpdesk has it."""

    context: Context
    me: base.Member
    roles: tuple[Role, ...]

    @property
    def held(self) -> list[Role]:
        return [role for role in self.roles if role.id in self.me.role_ids]

    @property
    def who(self) -> str:
        return self.me.login or self.me.name

    def role(self, name: str) -> Role | None:
        return next((role for role in self.roles if role.name == name), None)


async def helpdesk(context: Context) -> list[Result]:
    """Who the service token is, and all that hangs on it."""
    name, token = "helpdesk", context.service_token
    url = f"{context.helpdesk_url}{ADDRESS}"
    try:
        me = await context.probe.me(token)
    except base.Unauthorized as error:
        words = later("Zammad refuses the token that helpdesk.token names: {reason}.").format(reason=_words(error))
        todo = later(
            "In Zammad, as the service user, make an access token (Profile > Token Access) with the permission"
            " {permission}, and put it where the manifest's helpdesk.token says; then restart server and worker."
        )
        return [fail(name, words, todo.format(permission=NEEDED))]
    except base.Denied as error:
        words = later("Zammad lets nobody in by token: {reason}.").format(reason=_words(error))
        todo = later("In Zammad, switch on Token Access (Admin > System > API), and let the service user be active.")
        return [fail(name, words, todo)]
    except base.Missing:
        words = later("There is no Zammad at {url}: what answers knows nothing of {path}.").format(
            url=context.helpdesk_url, path=ADDRESS
        )
        return [fail(name, words, _elsewhere(context.helpdesk_url))]
    except base.HelpdeskError as error:
        return [await why(context, name, url, "helpdesk.url", error)]
    rows = [ok(name, f"{context.helpdesk.host} lets {me.login or me.name} in.")]
    rows += await _told("helpdesk_version", lambda: _version(context))
    rows += await _told("service_token", lambda: _token(context, me))
    if rows[-1].state == "fail":
        return rows
    try:
        service = _Service(context, me, tuple(await context.probe.roles(token)))
    except base.HelpdeskError as error:
        words = later("Zammad did not tell its roles: {reason}.").format(reason=_words(error))
        return [*rows, fail("service_user", words, AGAIN)]
    rows += await _told("service_user", lambda: _user(service))
    rows += await _told("pm_role", lambda: _managers(service))
    rows += await _told("fields", lambda: _fields(context))
    return rows


async def sign_in(context: Context) -> list[Result]:
    """Whether the helpdesk knows the application and its secret. Where it sends people back to is told only to an
    administrator, by the setup's row."""
    name = "helpdesk_sign_in"
    todo = later(
        "Run deskhours setup, which compares the application with helpdesk.client_id and helpdesk.client_secret."
    )
    try:
        await context.helpdesk.refresh(NOBODYS)
    except base.GrantRefused:
        pass  # the application is known; only the token is not
    except base.HelpdeskError as error:
        if await _is_away(context):
            return [because(name, "helpdesk")]
        if isinstance(error, base.Unauthorized):
            return [fail(name, later("Zammad does not know our application, or not with this secret."), todo)]
        if isinstance(error, base.Refused):
            return [warn(name, f"Zammad answers our application with: {_words(error)}.", todo)]
        return [await why(context, name, f"{context.helpdesk_url}{ADDRESS}", "helpdesk.url", error)]
    ends = ", ".join(sorted(context.settings.redirect_uris))
    callback = f"{context.public_url}{HELPDESK_CALLBACK}"
    known = "Zammad knows our application"
    if context.setup_token:
        return [
            ok(name, f"{known}; the row “setup” says whether sign-ins come back to {callback}. They end at {ends}.")
        ]
    words = f"{known}. Sign-ins should come back to {callback}; only an administrator's token shows whether they do."
    return [ok(name, f"{words} They end at {ends}.")]


async def _is_away(context: Context) -> bool:
    """Whether the whole address does not answer as Zammad, which is told once, by the row of the token."""
    try:
        await context.probe.me(context.service_token)
    except (base.Unauthorized, base.Denied):
        return False
    except base.HelpdeskError:
        return True
    return False


def _elsewhere(url: str) -> str:
    if urlsplit(url).path.strip("/"):
        return later("helpdesk.url must be the address alone that people open, without a path after it.")
    return later(
        "Another program answers there: write into helpdesk.url the address, with its port, at which Zammad opens."
    )


async def _told(name: str, look: Callable[[], Awaitable[list[Result]]]) -> list[Result]:
    try:
        return await look()
    except base.HelpdeskError as error:
        return [fail(name, SILENT.format(reason=_words(error)), AGAIN)]


async def _version(context: Context) -> list[Result]:
    version = await context.probe.version(context.service_token)
    if version is None and context.setup_token:
        version = await context.probe.version(context.setup_token)
    old_search, _names = await context.probe.sample(context.service_token)
    return [rules.zammad_version("helpdesk_version", version, old_search=old_search)]


async def _token(context: Context, me: base.Member) -> list[Result]:
    """The permission, of the token and of its user, and the rights in groups that come with the roles."""
    name, who = "service_token", me.login or me.name
    of_token = later(
        "Make a token of {name} with the permission {permission} (Profile > Token Access), for helpdesk.token."
    ).format(name=who, permission=NEEDED)
    of_user = later("In Zammad, give {name} the role Agent (Admin > Users).").format(name=who)
    try:
        await context.probe.acts_as_agent(context.service_token)
        roles = await context.probe.roles(context.service_token)
    except base.Denied as error:
        # Zammad's words differ (its Auth::RequiredPermission); which of the two lacks it, the user can't be asked.
        lacking = of_token if "oken" in str(error) else of_user
        words = later("The token's permission {permission} is missing: {reason}.")
        return [fail(name, words.format(permission=NEEDED, reason=_words(error)), lacking)]
    held = [role for role in roles if role.id in me.role_ids]
    if not any(NEEDED in role.permissions for role in held):
        words = later("{name}'s permission {permission} is missing.").format(name=who, permission=NEEDED)
        return [fail(name, words, of_user)]
    groups: dict[int, set[str]] = {group: set(rights) for group, rights in me.groups.items()}
    for role in held:
        for group, rights in role.groups.items():
            groups.setdefault(group, set()).update(rights)
    if not any(groups.values()):
        todo = later("Give {name} access to the groups whose tickets Deskhours looks after: read, create and change.")
        return [fail(name, later("{name} may see no group's tickets.").format(name=who), todo.format(name=who))]
    missing = rules.missing_rights(groups)
    if missing:
        lacking = "; ".join(f"group {group}: {', '.join(rights)}" for group, rights in missing.items())
        words = later("{name} lacks rights: {rights}.").format(name=who, rights=lacking)
        todo = later(
            "In Zammad (Admin > Users, {name}), tick these, or take the group away if it is none of Deskhours'."
        )
        return [fail(name, words, todo.format(name=who))]
    return [ok(name, f"It may act as an agent, with every right that is needed in {len(groups)} group(s).")]


async def _user(service: _Service) -> list[Result]:
    """The service role, held by the service user alone; and nothing that it does not need."""
    name, who, wanted = "service_user", service.who, service.context.settings.helpdesk.roles.service
    role = service.role(wanted)
    if role is None:
        words = later("Zammad has no role “{role}” (helpdesk.roles.service): locks would stop Deskhours itself.")
        todo = later(
            "If it was renamed in Zammad, write its name into helpdesk.roles.service; else run deskhours setup."
        )
        return [fail(name, words.format(role=wanted), todo)]
    if role not in service.held:
        words = later("{name} does not hold the role “{role}”: locks stop Deskhours itself.")
        todo = later("Run deskhours setup, or give {name} the role (Admin > Users).")
        return [fail(name, words.format(name=who, role=wanted), todo.format(name=who))]
    found = []
    members = await service.context.helpdesk.members_of(service.context.service_token, role.id)
    others = [one.login or one.name for one in members if one.id != service.me.id]
    if others:
        words = f"{', '.join(others)} hold(s) the role “{wanted}”, too: no lock stops them."
        found.append(warn(name, words, "Take the role from everybody but the service user."))
    excess = [one.name for one in service.held if rules.is_administrator(one.permissions)]
    if excess:
        words = (
            f"{who} is an administrator ({', '.join(excess)}), which Deskhours does not need: its token could do all."
        )
        found.append(warn(name, words, f"Take the role(s) {', '.join(excess)} from {who}; Agent and “{wanted}” do."))
    return found or [ok(name, f"{who} holds the role “{wanted}”, alone, and is no administrator.")]


async def _managers(service: _Service) -> list[Result]:
    name, wanted = "pm_role", service.context.settings.helpdesk.roles.pm
    role = service.role(wanted)
    if role is None:
        words = later("Zammad has no role “{role}” (helpdesk.roles.pm): nobody but administrators unlocks tickets.")
        todo = later("If it was renamed in Zammad, write its name into helpdesk.roles.pm; else run deskhours setup.")
        return [fail(name, words.format(role=wanted), todo)]
    members = await service.context.helpdesk.members_of(service.context.service_token, role.id)
    if not members:
        words = f"Nobody holds the role “{wanted}”: locks are told to nobody, and only administrators unlock."
        return [warn(name, words, "In Zammad, give the role to whoever manages projects (Admin > Users).")]
    return [ok(name, f"{len(members)} person(s) hold the role “{wanted}”.")]


async def _fields(context: Context) -> list[Result]:
    """Whether a ticket has the fields, as the service user sees it. Their types are told to administrators alone."""
    name = "fields"
    _old, names = await context.probe.sample(context.service_token)
    if names is None:
        words = "The service user sees no ticket yet, so nothing is known of its fields."
        return [skipped(name, words, "Check again when there is one.")]
    wanted = core.field_names(context.settings.helpdesk.fields)
    missing = sorted(field for field in wanted.values() if field not in names)
    if missing:
        words = later("Tickets have no field {names}.").format(names=", ".join(missing))
        todo = later(
            "Run deskhours setup, or write the fields' names in the manifest (helpdesk.fields) as they are in Zammad."
        )
        return [fail(name, words, todo)]
    found = f"A ticket has all {len(wanted)} fields."
    if context.setup_token:
        return [ok(name, f"{found} The row “setup” says whether they are switched on and of the right types.")]
    return [ok(name, f"{found} Whether they are switched on and of the right types takes an administrator's token.")]


def _words(error: Exception) -> str:
    return str(error).rstrip(".!") or type(error).__name__
