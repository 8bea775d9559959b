"""A server that keeps the contract of docs/extension.md with fixed words and a memory of its own."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Callable
from html import escape
from typing import Any

from aiohttp import web

PATIENCE = 10

FORM = """
<form data-region="form" data-rev="{rev}">
  {timer}<label class="dh-toggle"><input type="checkbox" name="log_time"> <span>Log time to Harvest</span></label>
  <div class="dh-fields">
    <div class="dh-field dh-hours"><label for="dh-hours">Hours</label>
      <input id="dh-hours" name="hours" inputmode="decimal" placeholder="0.25 or 1:30" value="{hours}">{error}</div>
    <div class="dh-field dh-date"><label for="dh-spent-date">Day</label>
      <input id="dh-spent-date" name="spent_date" type="date" value="2026-01-30"></div>
    <div class="dh-field dh-task"><label for="dh-task">Task</label>
      <select id="dh-task" name="task_id"><option value="5001" selected>Support · billable</option>
      <option value="5002">Development · billable</option></select></div>
    <div class="dh-field dh-notes"><label for="dh-notes">Notes</label><div class="dh-inline">
      <input id="dh-notes" name="notes" value="">
      <button type="button" data-action="note-generate" class="dh-secondary dh-wand" aria-label="Write">✦</button>
      </div><p class="dh-hint" data-note aria-live="polite"></p></div>
    <div class="dh-buttons"><span class="dh-hint">Goes to Harvest with your reply or note.</span>
      <button type="button" data-action="log-now" class="dh-secondary">Log now, without a reply</button></div>
  </div>
</form>"""
BUDGET = """
<div data-region="budget" data-rev="{used}"><p class="dh-project">Oven controller</p>
<div class="dh-bar dh-band-green"><progress max="100" value="40"></progress></div>
<p class="dh-figures"><strong>{used}</strong> of 10.00 h</p></div>"""


class Stub:
    """What a test may set, and what it may look at."""

    def __init__(self) -> None:
        self.fits = "1 0.1.0"  # the API's version that it speaks and the oldest extension that it serves
        self.headers: list[Any] = []  # of the requests
        self.silent = False  # drops the connection without an answer
        self.status_for_logs: int | None = None
        self.oauth_error: str | None = None
        self.article_is_there = True  # what a look at the helpdesk's articles finds
        self.poll = "20"
        self.popup_poll = "20"
        self.popup_regions: dict[str, str] = {}
        self.fragments: dict[
            str, str
        ] = {}  # parts of a panel that are read by themselves, by path, with its question or without
        self.used = "4.00"
        self.alerts: list[dict[str, str]] = []  # that wait for the agent's desktop
        self.fragment = ""  # the whole panel, in place of our own
        self.popup_fragment = ""  # the whole popup
        self.marks = ""  # further attributes of the panel's root
        self.clock = ""  # a timer's region
        self.timer_id = ""  # of the timer that a reply would log
        self.form_rev = "1"
        self.requests: list[tuple[str, str, Any]] = []
        self.asked_for: list[str] = []  # of the popup, with its question
        self.logs: dict[str, dict[str, Any]] = {}
        self.tokens: set[str] = set()  # access tokens that work
        self.refreshes: dict[str, str] = {}  # refresh tokens that work, each with its successor
        self.expires_in = 3600
        self.status_for_refresh: int | None = None
        self.note_gate: asyncio.Event | None = None  # a note is answered when it is set
        self.no_note = ""  # why there is none
        self.refresh_gate: asyncio.Event | None = None  # a refresh is answered when it is set
        self._challenge = ""
        self._turn = asyncio.Condition()

    async def until(self, holds: Callable[["Stub"], Any]) -> None:
        """Waits until a request has made it true."""
        async with asyncio.timeout(PATIENCE), self._turn:
            await self._turn.wait_for(lambda: holds(self))

    def calls(self, method: str, ending: str) -> list[Any]:
        return [body for how, path, body in self.requests if how == method and path.endswith(ending)]

    def puts(self) -> list[dict[str, Any]]:
        return [body for how, path, body in self.requests if how == "PUT" and "/logs/" in path]

    def app(self) -> web.Application:
        @web.middleware
        async def watch(request: web.Request, handler: Any) -> web.StreamResponse:
            body = await request.json() if request.can_read_body else None
            self.requests.append((request.method, request.path, body))
            async with self._turn:
                self._turn.notify_all()
            if self.silent:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            self.headers.append(request.headers)
            api, least = self.fits.split()
            fits = int(request.headers.get("X-Deskhours-Api", api)) <= int(api) and least == "0.1.0"
            response: web.StreamResponse = await handler(request) if fits else web.Response(status=412)
            response.headers.update({"X-Deskhours-Api": api, "X-Deskhours-Least-Extension": least})
            async with self._turn:
                self._turn.notify_all()
            return response

        app = web.Application(middlewares=[watch])
        app.add_routes(
            [
                web.get("/oauth/start", self._start),
                web.post("/api/v1/session", self._open_session),
                web.post("/api/v1/session/refresh", self._refresh_session),
                web.delete("/api/v1/session", self._close_session),
                web.get("/api/v1/me", self._me),
                web.post("/api/v1/alerts/take", self._take_alerts),
                web.post("/api/v1/alerts/{alert}/shown", self._alert_shown),
                web.get(r"/api/v1/tickets/{ticket:\d+}/panel", self._panel),
                web.put("/api/v1/logs/{uuid}", self._put_log),
                web.post("/api/v1/logs/{uuid}/{action}", self._act_on_log),
                web.delete("/api/v1/logs/{uuid}", self._discard_log),
                web.post("/api/v1/drift", self._drift),
                web.post(r"/api/v1/tickets/{ticket:\d+}/timer", self._start_timer),
                web.route("*", r"/api/v1/{kind:tickets|entries}/{id:\d+}/{what:explain|entries/\d+}", self._fragment),
                web.get(r"/api/v1/tickets/{id:\d+}/{what:timeline|projects}", self._fragment),
                web.get(r"/api/v1/{what:entries}/{id:\d+}", self._fragment),
                web.post(r"/api/v1/tickets/{ticket:\d+}/note", self._write_note),
            ]
        )
        return app

    def _is_connected(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    def _answer(self, ticket: int, *, connected: bool = True, status: int = 200, error: str = "") -> web.Response:
        if not connected:
            html = (
                f'<div data-panel data-ticket="{ticket}" data-state="disconnected" data-band="none" '
                'data-locked="false" data-poll="20"><div data-region="alert" data-rev="0"><p>Connect first. '
                '<button type="button" data-action="connect">Connect</button></p></div></div>'
            )
            return web.Response(text=html, content_type="text/html", status=status)
        if self.fragment:
            return web.Response(text=self.fragment, content_type="text/html", status=status)
        logs = [log for log in self.logs.values() if log["ticket_id"] == ticket]
        log = logs[-1] if logs else None
        state = "error" if error else log["state"] if log else "idle"
        words = f'<p class="dh-error" role="alert">{escape(error)}</p>' if error else ""
        timer = f'<input type="hidden" name="timer_id" value="{self.timer_id}">' if self.timer_id else ""
        form = FORM.format(rev=self.form_rev + error, hours="", error=words, timer=timer) if state != "armed" else ""
        row = ""
        if log and state in ("armed", "logged"):
            row = (
                f'<div data-region="log" data-rev="{state}"><p class="dh-log dh-log-{state}" role="status">'
                f'<span class="dh-icon"></span><span>{escape(str(log["hours"]))} h {state}</span>'
                f'<button type="button" data-action="undo" data-path="/api/v1/logs/{log["uuid"]}/undo" class="dh-link">'
                "Undo</button></p></div>"
            )
        html = (
            f'<div data-panel data-ticket="{ticket}" data-state="{state}" data-band="green" data-locked="false" '
            f'data-poll="{self.poll}" {self.marks}>{self.clock}{form}{row}{BUDGET.format(used=self.used)}</div>'
        )
        return web.Response(text=html, content_type="text/html", status=status)

    async def _start(self, request: web.Request) -> web.Response:
        query = request.query
        assert query["code_challenge_method"] == "S256"
        self._challenge = query["code_challenge"]
        end = f"?error=access_denied&error_description={self.oauth_error}" if self.oauth_error else "?code=c1"
        raise web.HTTPFound(f"{query['redirect_uri']}{end}&state={query['state']}")

    async def _open_session(self, request: web.Request) -> web.Response:
        body = await request.json()
        digest = hashlib.sha256(body["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == self._challenge
        return self._session(secrets.token_hex(8))

    def _session(self, refresh: str) -> web.Response:
        access = secrets.token_hex(8)
        self.tokens.add(access)
        self.refreshes.setdefault(refresh, secrets.token_hex(8))
        agent = {"id": 1, "name": "Ada Agent", "email": "ada@example.com"}
        tokens = {"access_token": access, "refresh_token": refresh, "expires_in": self.expires_in}
        return web.json_response({**tokens, "token_type": "Bearer", "agent": agent})

    async def _refresh_session(self, request: web.Request) -> web.Response:
        if self.refresh_gate:
            await self.refresh_gate.wait()
        if self.status_for_refresh:
            return web.Response(text="in trouble", status=self.status_for_refresh)
        successor = self.refreshes.get((await request.json())["refresh_token"])
        if successor is None:
            return web.json_response({"error": {"code": "unauthenticated"}}, status=401)
        return self._session(successor)

    def end_session(self) -> None:
        """Somebody has ended the session on the server."""
        self.tokens.clear()
        self.refreshes.clear()

    async def _close_session(self, request: web.Request) -> web.Response:
        self.tokens.discard(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return web.Response(status=204)

    async def _me(self, request: web.Request) -> web.Response:
        self.asked_for.append(request.path_qs)
        connected = self._is_connected(request)
        who = (
            '<div class="dh-person"><p class="dh-who"><strong>Ada Agent</strong><br><small>ada@example.com</small></p>'
            '<button type="button" data-action="disconnect" class="dh-secondary">Disconnect</button></div>'
            if connected
            else '<p class="dh-status">You are not connected.</p>'
            '<button type="button" data-action="connect">Connect</button>'
        )
        regions = {"who": who, **(self.popup_regions if connected else {})}
        html = "".join(
            f'<div data-region="{name}" data-rev="{hash(content)}">{content}</div>' for name, content in regions.items()
        )
        state = "connected" if connected else "disconnected"
        html = f'<div data-popup data-state="{state}" data-poll="{self.popup_poll}">{html}</div>'
        html = self.popup_fragment or html
        return web.Response(text=html, content_type="text/html", status=200 if connected else 401)

    async def _take_alerts(self, request: web.Request) -> web.Response:
        return web.json_response({"items": self.alerts}, status=200 if self._is_connected(request) else 401)

    async def _alert_shown(self, request: web.Request) -> web.Response:
        self.alerts = [one for one in self.alerts if one["id"] != request.match_info["alert"]]
        return web.Response(status=204)

    async def _panel(self, request: web.Request) -> web.Response:
        connected = self._is_connected(request)
        return self._answer(int(request.match_info["ticket"]), connected=connected, status=200 if connected else 401)

    async def _fragment(self, request: web.Request) -> web.Response:
        """What stands under the path, as asked for; else what a panel says of a ticket that may not be seen."""
        if "/" in request.match_info["what"]:
            return self._answer(int(request.match_info["id"]))
        refused = '<div data-panel><div data-region="alert"><p role="alert">Not for you.</p></div></div>'
        asked = [f"{request.method} {path}" for path in (request.path_qs, request.path)]
        html = next((self.fragments[one] for one in asked if one in self.fragments), None)
        return web.Response(text=html or refused, content_type="text/html", status=200 if html else 403)

    async def _put_log(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not self._is_connected(request):
            return self._answer(body["ticket_id"], connected=False, status=401)
        if self.status_for_logs:
            return web.Response(text="in trouble", status=self.status_for_logs)
        if not body.get("timer_id") and not body["hours"].replace(".", "").isdigit():
            return self._answer(body["ticket_id"], status=422, error="Enter hours such as 0.5 or 1:30.")
        uuid = request.match_info["uuid"]
        state = "logged" if body["confirm"] == "now" else "armed"
        self.logs.setdefault(uuid, {**body, "uuid": uuid, "state": state})
        return self._answer(body["ticket_id"], status=201)

    async def _act_on_log(self, request: web.Request) -> web.Response:
        log = self.logs.get(request.match_info["uuid"])
        if log is None:
            raise web.HTTPNotFound
        action = request.match_info["action"]
        if action == "confirm" and self.article_is_there:
            log["state"] = "logged"
        elif action in ("disarm", "undo"):
            del self.logs[log["uuid"]]
        return self._answer(log["ticket_id"])

    async def _start_timer(self, request: web.Request) -> web.Response:
        return self._answer(int(request.match_info["ticket"]))

    async def _drift(self, request: web.Request) -> web.Response:
        return web.Response(status=204 if self._is_connected(request) else 401)

    async def _write_note(self, request: web.Request) -> web.Response:
        if self.note_gate:
            await self.note_gate.wait()
        if self.no_note:
            error = {"code": "no_note", "message": self.no_note, "fields": {}}
            return web.json_response({"error": error}, status=422)
        return web.json_response({"note": "Fixed the oven", "source": "offline", "message": "Made on this server."})

    async def _discard_log(self, request: web.Request) -> web.Response:
        """A log that has gone out can't be discarded any more."""
        error = {"code": "wrong_state", "message": "This log is logged by now; nothing was changed.", "fields": {}}
        return web.json_response({"error": error}, status=409)
