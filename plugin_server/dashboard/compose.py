"""The dashboard's parts, plugged together for the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugin_server.accounts.people.service import People
from plugin_server.accounts.web.routes import WebRoutes
from plugin_server.alerts.sending.service import Deliveries
from plugin_server.budgets.desk import Desk
from plugin_server.budgets.service import Policy
from plugin_server.dashboard.alerts import AlertDesk
from plugin_server.dashboard.api import DashboardApi
from plugin_server.dashboard.attention import AttentionDesk
from plugin_server.dashboard.board import Boards
from plugin_server.dashboard.clients import PATH as CLIENTS
from plugin_server.dashboard.clients import ClientRoutes
from plugin_server.dashboard.page import Pages
from plugin_server.dashboard.ports import Health
from plugin_server.dashboard.projects import Projects
from plugin_server.dashboard.routes import DashboardRoutes
from plugin_server.dashboard.undelivered import Undelivered
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Roles
from plugin_server.mirror.service import Mirror
from plugin_server.projects.clients.service import Clients
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.links.service import Links
from plugin_server.tickets.service import Tickets

PATH = "/dashboard"
CLIENTS_PATH = CLIENTS


@dataclass(frozen=True)
class Dashboard:
    """The dashboard's pages and its operations of the API."""

    routes: DashboardRoutes
    clients: ClientRoutes
    api: DashboardApi


def compose(
    pool: Pool,
    browsers: WebRoutes,
    people: People,
    tickets: Tickets,
    links: Links,
    desk: Desk,
    deliveries: Deliveries,
    policy: Policy,
    mirror: Mirror,
    clients: Clients,
    helpdesk: Helpdesk,
    health: Health,
    roles: Roles,
    managers: Mapping[int, str],
    templates: Templates,
    clock: Clock,
) -> Dashboard:
    """The dashboard over the features' services; ``managers`` maps an organisation to its PM."""
    boards = Boards(pool, people, roles, managers, clock)
    alerts = AlertDesk(pool, clock)
    projects = Projects(pool, policy, clock)
    attention = AttentionDesk(pool, mirror, health, clock)
    pages = Pages(pool, boards, alerts, projects, attention, tickets, helpdesk, mirror, clients, templates, clock)
    undelivered = Undelivered(pool, boards, deliveries, clock)
    routes = DashboardRoutes(browsers, pages, boards, projects, desk, links, undelivered)
    return Dashboard(
        routes, ClientRoutes(browsers, boards, clients, templates), DashboardApi(boards, alerts, attention)
    )
