"""Settings of projects that are made for tickets."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

PLACEHOLDER = re.compile(r"{(number|title|organisation)}")
"""What a template may name: the ticket's number and title, and its customer's organisation."""


def _template(text: str) -> str:
    """A template; refused in words where it names what there is not."""
    if set("{}") & set(PLACEHOLDER.sub("", text)):
        raise ValueError("expected text with no other braces than {number}, {title} and {organisation}")
    return text


def _telling(text: str) -> str:
    """A template of which each ticket has its own: Harvest takes a client's name of a project once."""
    if "{number}" not in text:
        raise ValueError("expected {number} in it, so that no two tickets' projects have the same name")
    return text


Template = Annotated[str, Field(max_length=200), AfterValidator(_template)]
NameTemplate = Annotated[Template, AfterValidator(_telling)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectRule(_Strict):
    """One set of conditions, all of which a ticket must meet; there is at least one."""

    states: frozenset[str] = Field(
        default=frozenset(),
        description="The ticket is in one of these states, by name. Without them it is in any that is not closed.",
    )
    budget: bool = Field(default=False, description="A budget has been assigned.")
    organisations: frozenset[int] = Field(
        default=frozenset(), description="The customer belongs to one of these organisations, by id."
    )
    customers: frozenset[int] = Field(default=frozenset(), description="The customer is one of these, by id.")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.states or self.budget or self.organisations or self.customers):
            raise ValueError("expected a condition: states, budget, organisations or customers")
        return self


class Projects(_Strict):
    """Harvest projects made for tickets, each like a template project. Without `when` and `asked_by` none is made."""

    template_project_id: int | None = Field(
        default=None,
        gt=0,
        description="The Harvest project whose tasks, team, rates and billing a new one gets; required to make any.",
    )
    when: list[ProjectRule] = Field(
        default=[],
        description="A ticket without a project gets one as soon as all conditions of one of these rules hold."
        " Tickets count that change after this was set.",
    )
    asked_by: Literal["nobody", "managers", "agents"] = Field(
        default="nobody",
        description="Who may have a project made by a click on the ticket: nobody, project managers and administrators,"
        " or every agent who may change the ticket.",
    )
    name: NameTemplate = Field(
        default="{number} {title}", description="A project's name, of {number}, {title} and {organisation}."
    )
    code: Template = Field(default="", description="A project's code, of the same; empty for none.")
    default_client_id: int | None = Field(
        default=None,
        gt=0,
        description="The Harvest client of tickets whose customer belongs to no organisation; without one, they get no"
        " project.",
    )
    follow_budget: bool = Field(
        default=True,
        description="A budget that is changed on the ticket later is changed in the project that was made for it,"
        " unless somebody has changed that one in Harvest.",
    )

    @model_validator(mode="after")
    def _has_template(self) -> Self:
        if (self.when or self.asked_by != "nobody") and self.template_project_id is None:
            raise ValueError("template_project_id is missing; projects are made like it")
        return self
