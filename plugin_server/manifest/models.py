"""The models of the manifest: what each setting means, and what it may be."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from functools import cached_property
from typing import Literal, Self

from pydantic import AnyHttpUrl, Field, model_validator

from plugin_server.manifest.alerts import Alerts
from plugin_server.manifest.kinds import (
    ChromiumId,
    Day,
    FieldName,
    FirefoxId,
    Folder,
    Hours,
    HttpUrl,
    Pattern,
    Percent,
    PublicKey,
    RootUrl,
)
from plugin_server.manifest.notes import Notes
from plugin_server.manifest.projects import Projects
from plugin_server.manifest.secrets import FernetKey, NamedText, Secret, SigningKey
from plugin_server.manifest.strict import Strict


class Server(Strict):
    """Our own server."""

    public_url: RootUrl = Field(description="Where browsers reach the server; OAuth redirects are built from it.")
    jwt_keys: list[SigningKey] = Field(min_length=1, description="Signing keys; the first signs, all verify.")
    token_keys: list[FernetKey] = Field(
        min_length=1, description="Fernet keys for tokens at rest; the first encrypts, all decrypt."
    )
    access_minutes: int = Field(
        default=10,
        ge=2,
        le=60,
        description="Lifetime of an access token, in minutes; the extension renews it by itself.",
    )
    session_days: int = Field(
        default=30, ge=1, le=365, description="Days without use after which a sign-in ends and a person connects again."
    )
    metrics_token: Secret | None = Field(
        default=None,
        description="Whoever sends it as a Bearer token may read /metrics; without it there are none on the server.",
    )


class Extension(Strict):
    """The browser extension: how it is packaged, and where people may be signed in from."""

    chromium_ids: list[ChromiumId] = Field(
        min_length=1,
        description="Ids of the extension in Chromium browsers; there, sign-ins end only in these. Each store gives one"
        " of its own.",
    )
    chromium_key: PublicKey | None = Field(
        default=None,
        description="The public key that a packaged extension gets its Chromium id from, in base64; it is no secret."
        " Without one it is the key in the repository.",
    )
    firefox_id: FirefoxId | None = Field(
        default=None,
        description="Id of the extension in Firefox, such as deskhours@your-domain; without it, nobody is signed in"
        " from there.",
    )
    name: str = Field(
        default="Deskhours", min_length=1, max_length=75, description="What browsers call the packaged extension."
    )
    short_name: str | None = Field(
        default=None, min_length=1, max_length=12, description="Its name where browsers have little room."
    )
    icons: Folder | None = Field(
        default=None,
        description="Folder, relative to the manifest's own, with icons in place of Deskhours' own: icon-16.png,"
        " icon-32.png, icon-48.png, icon-128.png.",
    )


class Fields(Strict):
    """Names of the helpdesk's ticket fields that Deskhours uses."""

    project: FieldName = Field(default="harvest_project", description="The Harvest project, chosen by agents.")
    budget_hours: FieldName = Field(default="budget_hours", description="The ticket's budget, in hours.")
    quoted_hours: FieldName = Field(default="quoted_hours", description="What the customer was quoted, in hours.")
    hours_used: FieldName = Field(default="hours_used", description="Hours spent so far; written by Deskhours.")
    pm: FieldName = Field(default="budget_pm", description="The project manager, by login or e-mail address.")
    utilization: FieldName = Field(
        default="budget_utilization", description="Hours used in percent of the budget; written by Deskhours."
    )
    state: FieldName = Field(
        default="budget_state", description="open, warn or locked; written by Deskhours, and what the lock hangs on."
    )
    release: FieldName = Field(
        default="budget_release",
        description="What the helpdesk's lock asks for before anything is saved; filled in by Deskhours alone.",
    )


class Roles(Strict):
    """Names of the helpdesk's roles."""

    pm: str = Field(default="Budget PM", min_length=1, description="Who may unlock and set budgets.")
    admin: str = Field(default="Admin", min_length=1, description="Administrators; they may as well.")
    service: str = Field(default="Deskhours service", min_length=1, description="Held by the service user alone.")


class TimeAccounting(Strict):
    """Time entries in the helpdesk's own time accounting, for who reads its reports."""

    since: Day | None = Field(
        default=None,
        description="Entries from this day on are booked, each by itself, and corrected or taken out with it; null:"
        " none is. The service user's role and token need the permission admin.time_accounting then.",
    )
    unit: Literal["hour", "quarter", "minute"] = Field(
        default="hour", description="What the helpdesk counts: its own setting says so to people, not to programs."
    )


class Helpdesk(Strict):
    """The helpdesk in whose pages Deskhours stands."""

    kind: Literal["zammad"] = Field(description="Which helpdesk it is.")
    url: HttpUrl = Field(description="Where agents open the helpdesk.")
    client_id: NamedText = Field(description="Id of the OAuth application in the helpdesk.")
    client_secret: Secret = Field(description="Secret of the OAuth application in the helpdesk.")
    token: Secret = Field(description="The service user's access token.")
    webhook_secret: Secret | None = Field(
        default=None, description="Signs the helpdesk's webhook calls to us; without it there is only the poll."
    )
    webhook_secret_before: Secret | None = Field(
        default=None,
        description="While the webhook's secret is being changed: the one before, which is accepted as well.",
    )
    fields: Fields = Field(default=Fields(), description="Names of ticket fields.")
    roles: Roles = Field(default=Roles(), description="Names of roles.")
    time_accounting: TimeAccounting = Field(
        default=TimeAccounting(), description="Time entries in the helpdesk's own time accounting."
    )
    language: Literal["en", "de"] = Field(
        default="en",
        description="The language of what Deskhours writes into tickets, such as notes for project managers, and into"
        " the chat. People are shown pages and panels in that of their browser.",
    )
    ticket_number_pattern: Pattern = Field(
        default=re.compile(r"(?:#|\bTicket\s?#?)\s?(\d{4,})\b"),
        description="How a time entry's notes carry a ticket's number; the first group is the number.",
    )


class RateLimit(Strict):
    """How many calls Deskhours makes to Harvest's API, all its processes together."""

    requests: int = Field(
        default=90,
        ge=10,
        le=1000,
        description="Calls within any `seconds`. Harvest takes 100 within 15, seemingly of the whole account; the rest"
        " is for the account's other tools. Take less when those are busy, or when Harvest answers 429.",
    )
    seconds: float = Field(default=15, ge=1, le=60, description="The length of Harvest's window.")


class Harvest(Strict):
    """The Harvest account."""

    account_id: int = Field(gt=0, description="Number of the Harvest account; agents of others are refused.")
    api_url: HttpUrl = Field(
        default=AnyHttpUrl("https://api.harvestapp.com/v2"), description="Harvest's API; another one is for tests."
    )
    id_url: HttpUrl = Field(
        default=AnyHttpUrl("https://id.getharvest.com"), description="Harvest's sign-in; another one is for tests."
    )
    client_id: NamedText = Field(description="Id of the OAuth application registered with Harvest.")
    client_secret: Secret = Field(description="Secret of the OAuth application registered with Harvest.")
    token: Secret = Field(description="Personal access token of an administrator, for reading everybody's entries.")
    when_disconnected: Literal["wait", "administrator"] = Field(
        default="wait",
        description="A log whose agent's own Harvest token is gone: waits until the agent connects again, or is"
        " recorded for the agent with the administrator's token.",
    )
    contact: str = Field(min_length=3, description="Address or URL for the User-Agent that Harvest requires.")
    request_seconds: float = Field(
        default=10,
        ge=1,
        le=15,
        description="Time limit of one call; the outcome of a broken call is only looked up when it has passed.",
    )
    rate_limit: RateLimit = Field(default=RateLimit(), description="How many calls are made to Harvest.")
    sync_seconds: int = Field(
        default=60,
        ge=15,
        le=3600,
        description="How often changes are read, all tickets at once: a dozen calls, however many tickets there are."
        " Projects and running timers are read every 30 seconds at least.",
    )
    nightly_hour: int = Field(
        default=2,
        ge=0,
        le=23,
        description="Hour of the day (UTC) from which on everything is listed once, to find what was deleted, and rates"
        " are read.",
    )


class Time(Strict):
    """How time is logged: rules for hours typed by hand, and for timers."""

    default_task: str | None = Field(default=None, description="Task offered first, by name, until one was used.")
    minimum_hours: Hours = Field(default=Decimal("0.25"), description="Least hours that may be typed.")
    step_hours: Hours = Field(default=Decimal("0.25"), description="Typed hours are multiples of this.")
    rounding: Literal["refuse", "up", "nearest"] = Field(
        default="refuse",
        description="Typed hours that are no multiple: refused with the neighbours named, or rounded. What a timer"
        " measured is never rounded.",
    )
    required: bool = Field(
        default=False, description="Replies and notes go out with time, or after the agent has said: without."
    )
    start_on_open: bool = Field(
        default=False,
        description="A timer starts by itself when a ticket with a project is opened and the agent has none running.",
    )
    forgotten_timer_hours: Hours | None = Field(
        default=Decimal(8), description="A timer that runs so long asks whether it is meant to; null: never."
    )


class Bands(Strict):
    """From which utilization, in percent of the budget, each colour begins."""

    yellow: Percent = Field(default=Decimal(75), description="From here on a budget is worth a look.")
    orange: Percent = Field(default=Decimal(90), description="From here on it is nearly used up.")
    red: Percent = Field(default=Decimal(100), description="From here on it is used up.")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not self.yellow <= self.orange <= self.red:
            raise ValueError("expected yellow <= orange <= red")
        return self


class Lock(Strict):
    """When a ticket over its budget is locked."""

    policy: Literal["over", "tiered", "never"] = Field(
        default="over",
        description="over: above 100 % of the budget. tiered: above 150 % of budgets up to 5 hours, 125 % up to 20,"
        " 115 % up to 50, 110 % beyond; a larger budget never locks earlier. never: budgets are shown only.",
    )
    constraints: frozenset[Literal["ticket", "project"]] = Field(
        default=frozenset({"ticket", "project"}),
        description="Which budgets may lock: the ticket's own hours, the Harvest project's.",
    )
    never_tags: frozenset[str] = Field(default=frozenset(), description="Tickets with one of these tags never lock.")
    never_priorities: frozenset[str] = Field(
        default=frozenset(), description="Tickets with one of these priorities, by name, never lock."
    )


class Budgets(Strict):
    """Budget policy."""

    bands: Bands = Field(default=Bands(), description="Where each colour begins.")
    lock: Lock = Field(default=Lock(), description="What locks a ticket, and what never does.")
    hours: Literal["raw", "rounded"] = Field(
        default="raw", description="Hours as tracked, or after the Harvest account's time rounding."
    )
    managers: dict[int, str] = Field(
        default_factory=dict,
        description="The PM of a helpdesk organisation's tickets, by the organisation's id: a login or e-mail address."
        " A PM named on the ticket comes before.",
    )
    billable_only: bool = Field(default=False, description="Count billable entries only.")


class Manifest(Strict):
    """The whole manifest. Build it with :func:`load`."""

    schema_: str | None = Field(
        default=None, alias="$schema", description="Where editors find this schema; Deskhours does not look."
    )
    server: Server = Field(description="Deskhours' own server: its address, its keys, its sessions.")
    extension: Extension = Field(description="The browser extension, and who may be signed in from it.")
    helpdesk: Helpdesk = Field(description="The helpdesk, and what Deskhours has in it.")
    harvest: Harvest = Field(description="The Harvest account, and how it is read.")
    time: Time = Field(default=Time(), description="How time is logged.")
    budgets: Budgets = Field(default=Budgets(), description="Budgets, their colours and their locks.")
    alerts: Alerts = Field(default=Alerts(), description="Who is told when a budget reaches a level.")
    projects: Projects = Field(default=Projects(), description="Harvest projects made for tickets.")
    notes: Notes = Field(default=Notes(), description="The note that is written from a reply at the press of a button.")

    @cached_property
    def redirect_uris(self) -> frozenset[str]:
        """Where a sign-in may end: the extension's own addresses and nowhere else.

        Both are the browsers' own rules: Chromium's ``identity.getRedirectURL``, and Firefox's, which has the SHA-1 of
        the extension's id in it (``toolkit/components/extensions/child/ext-identity.js``).
        """
        hosts = [f"{identity}.chromiumapp.org" for identity in self.extension.chromium_ids]
        if self.extension.firefox_id:
            name = hashlib.sha1(self.extension.firefox_id.encode(), usedforsecurity=False).hexdigest()
            hosts.append(f"{name}.extensions.allizom.org")
        return frozenset(f"https://{host}/deskhours" for host in hosts)
