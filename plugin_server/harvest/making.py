"""The bodies of calls that make clients and projects, and put tasks and people into them. What is left unset stays
Harvest's own default, or as it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class NewClient(msgspec.Struct):
    """The body of a new client."""

    name: str


class NewProject(msgspec.Struct, omit_defaults=True):
    """The body of a new project. ``budget`` in hours, ``fee`` and ``hourly_rate`` in the client's currency; ``notes``
    carry the mark by which it is found again. Harvest has no call that copies a project."""

    client_id: int
    name: str
    is_billable: bool
    bill_by: str
    budget_by: str
    code: str | None = None
    budget: Decimal | None = None
    hourly_rate: Decimal | None = None
    is_fixed_fee: bool = False
    fee: Decimal | None = None
    notes: str | None = None
    starts_on: date | None = None


class ProjectChange(msgspec.Struct, omit_defaults=True):
    """The body of a change of a project. Changing ``budget_by`` alone is unreliable, so ``budget`` goes with it."""

    is_active: bool | msgspec.UnsetType = msgspec.UNSET
    budget_by: str | msgspec.UnsetType = msgspec.UNSET
    budget: Decimal | msgspec.UnsetType = msgspec.UNSET


class TaskPlace(msgspec.Struct, omit_defaults=True):
    """The body of a task's place in a project, new (with ``task_id``) or changed."""

    task_id: int | msgspec.UnsetType = msgspec.UNSET
    billable: bool | msgspec.UnsetType = msgspec.UNSET
    hourly_rate: Decimal | msgspec.UnsetType | None = msgspec.UNSET
    is_active: bool | msgspec.UnsetType = msgspec.UNSET


class UserPlace(msgspec.Struct, omit_defaults=True):
    """The body of a person's place in a project, new (with ``user_id``) or changed."""

    user_id: int | msgspec.UnsetType = msgspec.UNSET
    is_project_manager: bool | msgspec.UnsetType = msgspec.UNSET
    use_default_rates: bool | msgspec.UnsetType = msgspec.UNSET
    hourly_rate: Decimal | msgspec.UnsetType | None = msgspec.UNSET
    is_active: bool | msgspec.UnsetType = msgspec.UNSET
