"""Harvest's objects as they come over the wire, as far as they are used. Unknown fields are ignored; enumerations are
open strings, because fields and values do appear without notice. Hours and rates are decimals, never floats."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec


class Named(msgspec.Struct):
    """A reference to a client, task, … by id, with its name at the time of the reply."""

    id: int
    name: str = ""


class ProjectRef(msgspec.Struct):
    """A reference to a project."""

    id: int
    name: str = ""
    code: str | None = None


class Ref(msgspec.Struct, gc=False):
    """A reference by id alone, where thousands are read and nobody needs their names."""

    id: int


class ExternalReference(msgspec.Struct, gc=False):
    """What an entry was made for; all strings. ``service`` is derived by Harvest from the permalink."""

    id: str | None = None
    group_id: str | None = None
    permalink: str | None = None


class TimeEntry(msgspec.Struct, gc=False):
    """A time entry. ``hours`` of a running timer include the running part at the time of the reply;
    ``hours_without_timer`` are those banked before the run began.

    Entries come by the hundred thousand: what nobody uses of them is not read, and as none of them can be part of a
    cycle, Python's collector need not look at them (``gc=False``).
    """

    id: int
    spent_date: date
    user: Ref
    client: Ref
    project: Ref
    task: Ref
    hours: Decimal
    updated_at: datetime
    created_at: datetime
    rounded_hours: Decimal | None = None
    notes: str | None = None
    external_reference: ExternalReference | None = None
    is_locked: bool = False
    is_billed: bool = False
    is_running: bool = False
    billable: bool = False
    budgeted: bool = False
    timer_started_at: datetime | None = None
    hours_without_timer: Decimal | None = None
    billable_rate: Decimal | None = None
    cost_rate: Decimal | None = None
    approval_status: str | None = None
    invoice: Ref | None = None
    started_time: str | None = None
    ended_time: str | None = None


class Project(msgspec.Struct):
    """A project. ``budget`` in hours, ``cost_budget`` and ``fee`` in the client's currency."""

    id: int
    client: Named
    name: str
    is_active: bool
    updated_at: datetime
    code: str | None = None
    is_billable: bool = True
    bill_by: str = "none"
    hourly_rate: Decimal | None = None
    is_fixed_fee: bool = False
    fee: Decimal | None = None
    budget: Decimal | None = None
    budget_by: str = "none"
    budget_is_monthly: bool = False
    cost_budget: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    notes: str | None = None


class ClientRecord(msgspec.Struct):
    """A client of the account, in full."""

    id: int
    name: str
    updated_at: datetime
    is_active: bool = True
    currency: str | None = None


class TaskRecord(msgspec.Struct):
    """A task of the account, in full."""

    id: int
    name: str
    updated_at: datetime
    billable_by_default: bool = True
    default_hourly_rate: Decimal | None = None
    is_default: bool = False
    is_active: bool = True


class UserAssignment(msgspec.Struct):
    """A person's place in a project; ``budget`` in hours."""

    id: int
    project: ProjectRef
    user: Named
    updated_at: datetime
    is_active: bool = True
    is_project_manager: bool = False
    use_default_rates: bool = True
    hourly_rate: Decimal | None = None
    budget: Decimal | None = None


class TaskAssignment(msgspec.Struct):
    """A task's place in a project; ``budget`` in hours or money, as the project's ``budget_by`` says."""

    id: int
    project: ProjectRef
    task: Named
    updated_at: datetime
    is_active: bool = True
    billable: bool = False
    hourly_rate: Decimal | None = None
    budget: Decimal | None = None


class Rate(msgspec.Struct):
    """What an hour of a person is billed or costs from ``start_date`` on; ``None``: from the beginning."""

    amount: Decimal
    start_date: date | None = None


class Task(msgspec.Struct):
    """One task of a project assignment."""

    id: int
    task: Named
    billable: bool = False
    is_active: bool = True


class ProjectAssignment(msgspec.Struct):
    """A project the user may track time on, with its tasks."""

    id: int
    project: ProjectRef
    client: Named
    task_assignments: list[Task]
    is_active: bool = True
    is_project_manager: bool = False


class User(msgspec.Struct):
    """A person in the account. ``timezone`` is Harvest's own name for it; ``weekly_capacity`` in seconds."""

    id: int
    first_name: str
    last_name: str
    email: str
    timezone: str = "UTC"
    is_active: bool = True
    access_roles: list[str] = []
    is_contractor: bool = False
    weekly_capacity: int = 126_000
    updated_at: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def sees_all(self) -> bool:
        """Whether this person is shown everybody's entries: of all roles, administrators are (Harvest's API
        documentation, "Users"). What others are not shown is missing in their lists without a word."""
        return "administrator" in self.access_roles


class Company(msgspec.Struct):
    """The account's company. ``wants_timestamp_timers``: time is entered by start and end, not by duration; ``clock``
    is the notation of those times, ``12h`` or ``24h``; ``week_start_day`` the English name of the day on which weeks
    begin (Harvest's API documentation, "Company")."""

    base_uri: str
    name: str = ""
    wants_timestamp_timers: bool = False
    clock: str = "24h"
    week_start_day: str = "Monday"
    is_active: bool = True


class Links(msgspec.Struct):
    """Links of a page of a list; following ``next`` until it is null works for both kinds of paging."""

    next: str | None = None


class TimeEntryPage(msgspec.Struct):
    time_entries: list[TimeEntry]
    links: Links
    total_entries: int | None = None


class ProjectPage(msgspec.Struct):
    projects: list[Project]
    links: Links


class ClientPage(msgspec.Struct):
    clients: list[ClientRecord]
    links: Links


class TaskPage(msgspec.Struct):
    tasks: list[TaskRecord]
    links: Links


class UserPage(msgspec.Struct):
    users: list[User]
    links: Links


class UserAssignmentPage(msgspec.Struct):
    user_assignments: list[UserAssignment]
    links: Links


class TaskAssignmentPage(msgspec.Struct):
    task_assignments: list[TaskAssignment]
    links: Links


class BillableRatePage(msgspec.Struct):
    billable_rates: list[Rate]
    links: Links


class CostRatePage(msgspec.Struct):
    cost_rates: list[Rate]
    links: Links


class ProjectAssignmentPage(msgspec.Struct):
    project_assignments: list[ProjectAssignment]
    links: Links


class Account(msgspec.Struct):
    """An account a token can reach; ``product`` is ``harvest`` or ``forecast``."""

    id: int
    product: str
    name: str = ""


class Accounts(msgspec.Struct):
    accounts: list[Account]


class Token(msgspec.Struct):
    """An OAuth2 token reply; ``expires_in`` in seconds. ``scope`` may say which accounts were granted."""

    access_token: str
    refresh_token: str
    expires_in: int = 1209600


class NewTimeEntry(msgspec.Struct, omit_defaults=True):
    """The body of a new entry. With ``hours`` (start/end accounts: with ``ended_time``) it is a stopped one, without
    it is a running timer. ``user_id`` only when the token is not the person's own."""

    project_id: int
    task_id: int
    spent_date: date
    hours: Decimal | None = None
    started_time: str | None = None
    ended_time: str | None = None
    notes: str | None = None
    external_reference: ExternalReference | None = None
    user_id: int | None = None


class TimeEntryChange(msgspec.Struct, omit_defaults=True):
    """The body of a change: what is left unset stays as it is."""

    project_id: int | msgspec.UnsetType = msgspec.UNSET
    task_id: int | msgspec.UnsetType = msgspec.UNSET
    spent_date: date | msgspec.UnsetType = msgspec.UNSET
    hours: Decimal | msgspec.UnsetType = msgspec.UNSET
    started_time: str | msgspec.UnsetType = msgspec.UNSET
    ended_time: str | msgspec.UnsetType = msgspec.UNSET
    notes: str | msgspec.UnsetType = msgspec.UNSET
    external_reference: ExternalReference | msgspec.UnsetType = msgspec.UNSET
