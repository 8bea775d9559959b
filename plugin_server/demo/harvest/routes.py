"""Every address of the server."""

from __future__ import annotations

from aiohttp import web

from plugin_server.demo.harvest import sim, sim_entries
from plugin_server.demo.harvest.context import Handler
from plugin_server.demo.harvest.endpoint import PREFIXES, endpoint
from plugin_server.demo.harvest.resources import (
    clients,
    company,
    entry_writing,
    project_assignments,
    projects,
    rates,
    task_assignments,
    tasks,
    time_entries,
    timers,
    user_assignments,
    users,
)
from plugin_server.demo.harvest.web import oauth, pages, session

_PROJECT_TASKS = "/projects/{project_id}/task_assignments"
_PROJECT_USERS = "/projects/{project_id}/user_assignments"

API: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/company", company.retrieve),
    ("PATCH", "/company", company.change),
    ("GET", "/clients", clients.index),
    ("POST", "/clients", clients.create),
    ("GET", "/clients/{id}", clients.retrieve),
    ("PATCH", "/clients/{id}", clients.change),
    ("DELETE", "/clients/{id}", clients.destroy),
    ("GET", "/tasks", tasks.index),
    ("POST", "/tasks", tasks.create),
    ("GET", "/tasks/{id}", tasks.retrieve),
    ("PATCH", "/tasks/{id}", tasks.change),
    ("DELETE", "/tasks/{id}", tasks.destroy),
    ("GET", "/users", users.index),
    ("POST", "/users", users.create),
    ("GET", "/users/me", users.me),
    ("GET", "/users/me/project_assignments", project_assignments.mine),
    ("GET", "/users/{id}", users.retrieve),
    ("PATCH", "/users/{id}", users.change),
    ("DELETE", "/users/{id}", users.destroy),
    ("GET", "/users/{id}/project_assignments", project_assignments.of_user),
    ("GET", "/users/{id}/teammates", users.teammates),
    ("PATCH", "/users/{id}/teammates", users.set_teammates),
    ("GET", "/users/{user_id}/billable_rates", rates.index("billable")),
    ("POST", "/users/{user_id}/billable_rates", rates.create("billable")),
    ("GET", "/users/{user_id}/cost_rates", rates.index("cost")),
    ("POST", "/users/{user_id}/cost_rates", rates.create("cost")),
    ("GET", "/projects", projects.index),
    ("POST", "/projects", projects.create),
    ("GET", "/projects/{id}", projects.retrieve),
    ("PATCH", "/projects/{id}", projects.change),
    ("DELETE", "/projects/{id}", projects.destroy),
    ("GET", "/task_assignments", task_assignments.everywhere),
    ("GET", _PROJECT_TASKS, task_assignments.index),
    ("POST", _PROJECT_TASKS, task_assignments.create),
    ("GET", _PROJECT_TASKS + "/{id}", task_assignments.retrieve),
    ("PATCH", _PROJECT_TASKS + "/{id}", task_assignments.change),
    ("DELETE", _PROJECT_TASKS + "/{id}", task_assignments.destroy),
    ("GET", "/user_assignments", user_assignments.everywhere),
    ("GET", _PROJECT_USERS, user_assignments.index),
    ("POST", _PROJECT_USERS, user_assignments.create),
    ("GET", _PROJECT_USERS + "/{id}", user_assignments.retrieve),
    ("PATCH", _PROJECT_USERS + "/{id}", user_assignments.change),
    ("DELETE", _PROJECT_USERS + "/{id}", user_assignments.destroy),
    ("GET", "/time_entries", time_entries.index),
    ("POST", "/time_entries", entry_writing.create),
    ("GET", "/time_entries/{id}", time_entries.retrieve),
    ("PATCH", "/time_entries/{id}", entry_writing.change),
    ("DELETE", "/time_entries/{id}", time_entries.destroy),
    ("PATCH", "/time_entries/{id}/stop", timers.stop),
    ("PATCH", "/time_entries/{id}/restart", timers.restart),
    ("DELETE", "/time_entries/{id}/external_reference", time_entries.drop_reference),
)


def add_routes(app: web.Application) -> None:
    """The API under both its prefixes, the identity host's paths, the web pages, the simulator's own."""
    router = app.router
    for prefix in PREFIXES:
        for method, path, handler in API:
            router.add_route(method, prefix + path, endpoint(handler))
    router.add_get("/oauth2/authorize", oauth.authorize)
    router.add_post("/oauth2/authorize", oauth.allow)
    router.add_post("/api/v2/oauth2/token", oauth.token)
    router.add_get("/api/v2/accounts", oauth.accounts)
    router.add_get("/sign_in", session.form)
    router.add_post("/sign_in", session.submit)
    router.add_get("/", pages.signed(pages.index))
    router.add_get("/projects/{id}", pages.signed(pages.project))
    router.add_get("/time/day/{year}/{month}/{day}/{user_id}", pages.signed(pages.day))
    router.add_get("/avatar.svg", pages.avatar)
    router.add_get("/_sim/health", sim.health)
    router.add_get("/_sim/state", sim.state)
    router.add_post("/_sim/reset", sim.reset)
    router.add_post("/_sim/faults", sim.add_fault)
    router.add_delete("/_sim/faults", sim.clear_faults)
    router.add_post("/_sim/clock", sim.set_clock)
    router.add_delete("/_sim/clock", sim.reset_clock)
    router.add_post("/_sim/rate_limit", sim.set_rate_limit)
    router.add_post("/_sim/preferences", sim.set_preferences)
    router.add_post("/_sim/time_entries/{id}", sim.set_entry)
    router.add_post("/_sim/entries", sim_entries.add_entries)
    router.add_post("/_sim/locks", sim.add_lock)
    router.add_delete("/_sim/locks", sim.clear_locks)
