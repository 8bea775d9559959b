"""What Harvest makes of a project's fields: some only count together with others, and are dropped without them.

Sources: the API docs' field notes and the live tests of public client libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

BILL_BY = ("Project", "Tasks", "People", "none")
BUDGET_BY = ("project", "project_cost", "task", "task_fees", "person", "none")
BY_MONEY = ("project_cost", "task_fees")


def settle(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields as they are stored.

    A fee needs ``is_fixed_fee``; with a money budget it is the budget. Expenses count only in a budget of total
    project fees, which in turn cannot be shown to all. A budget that its ``budget_by`` does not use is lost.
    """
    settled = dict(fields)
    by = settled["budget_by"]
    if not settled.get("is_fixed_fee"):
        settled["fee"] = None
    if by not in BY_MONEY:
        settled["cost_budget"] = None
    elif settled.get("is_fixed_fee"):
        settled["cost_budget"] = settled.get("fee")
    if by in (*BY_MONEY, "none"):
        settled["budget"] = None
    if by != "project_cost":
        settled["cost_budget_include_expenses"] = False
    else:
        settled["show_budget_to_all"] = False
    if by == "none":
        settled["budget_is_monthly"] = False
    if settled["bill_by"] != "Project":
        settled["hourly_rate"] = None
    elif settled.get("hourly_rate") is None:
        settled["hourly_rate"] = Decimal(0)
    return settled


def contradiction(fields: Mapping[str, object]) -> str | None:
    """What cannot be stored at all, in words."""
    if not fields["is_billable"] and (fields["budget_by"] in BY_MONEY or fields.get("is_fixed_fee")):
        return "A non-billable project cannot have fees"
    return None
