"""A tab of a browser that is driven by WebDriver BiDi: what a person does in it, and waiting for what it shows."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from tests.support.bidi import Bidi

PATIENCE_MS = 45_000
CONTROL = "\ue009"
"""WebDriver's code for the key."""

_FIND = """
function find(path) {
  let found = document;
  for (const selector of path) {
    found = (found.shadowRoot ?? found).querySelector(selector);
    if (!found) return null;
  }
  return found;
}"""

_INTO_VIEW = """
it.scrollIntoView({ block: "center", behavior: "instant" });
await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));"""

# Mutations of the document and of every open shadow root make it look again, and so do values that people change.
_UNTIL = (
    "(path, condition, patience) => new Promise((resolve, reject) => {"
    + _FIND
    + """
  const holds = new Function("it", `return (${condition})`);
  const watched = new WeakSet();
  const everything = { subtree: true, childList: true, attributes: true, characterData: true };
  const observer = new MutationObserver(look);
  const timer = setTimeout(() => {
    done();
    const it = find(path);
    const shown = it?.outerHTML?.slice(0, 300) ?? String(it);
    const inside = it?.shadowRoot ? [...it.shadowRoot.children].slice(1).map((one) => one.textContent).join(" ") : "";
    reject(new Error(`not within ${patience} ms: ${path.join(" ")} ${condition}\\n${shown}\\n${inside}`));
  }, patience);
  function watch(root) {
    if (watched.has(root)) return;
    watched.add(root);
    observer.observe(root, everything);
    for (const name of ["input", "change", "visibilitychange"]) root.addEventListener(name, look, true);
  }
  function done() {
    observer.disconnect();
    clearTimeout(timer);
  }
  function look() {
    watch(document);
    for (const host of document.querySelectorAll("[data-deskhours]")) if (host.shadowRoot) watch(host.shadowRoot);
    const it = find(path);
    const value = it && holds(it);
    if (!value) return;
    done();
    resolve(value === true ? null : value);
  }
  look();
})"""
)


class Tab:
    """One tab or window. Elements are named by a path: selectors, each inside the (open) shadow root of the element
    that the one before has found, or else inside that element itself."""

    def __init__(self, bidi: Bidi, context: str) -> None:
        self._bidi = bidi
        self.context = context

    async def goto(self, url: str) -> None:
        """Go to an address and wait until it has loaded."""
        await self._bidi.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    async def reload(self) -> None:
        """Load the page anew."""
        await self._bidi.command("browsingContext.reload", context=self.context, wait="complete")

    async def close(self) -> None:
        """Close the tab."""
        await self._bidi.command("browsingContext.close", context=self.context)

    async def activate(self) -> None:
        """Bring it to the front."""
        await self._bidi.command("browsingContext.activate", context=self.context)

    async def size(self, width: int, height: int) -> None:
        """The size of the page, in CSS pixels."""
        viewport = {"width": width, "height": height}
        await self._bidi.command("browsingContext.setViewport", context=self.context, viewport=viewport)

    async def screenshot(self, path: Path) -> None:
        """What can be seen of it, as PNG."""
        shot = await self._bidi.command("browsingContext.captureScreenshot", context=self.context)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))

    async def evaluate(self, function: str, *arguments: Any) -> Any:
        """What a function of the page answers; arguments and answer are JSON. Raises AssertionError when it throws."""
        wrapped = f"async (given) => JSON.stringify((await ({function})(...JSON.parse(given))) ?? null)"
        answer = await self._call(wrapped, json.dumps(arguments))
        return json.loads(answer["value"])

    async def until(self, *path: str, holds: str = "true", patience_ms: int = PATIENCE_MS) -> Any:
        """Wait until the element is there and ``holds``, an expression over ``it``; its value. Looks again whenever
        the page changes. Raises AssertionError with what was there last."""
        return await self.evaluate(_UNTIL, path, holds, patience_ms)

    async def text(self, *path: str) -> str:
        """The element's text, once there is some."""
        return str(await self.until(*path, holds="it.textContent"))

    async def shows(self, *path: str, words: str) -> None:
        """Wait until the text of the element, or of its shadow root, holds these words."""
        await self.until(*path, holds=f"(it.shadowRoot ?? it).textContent.includes({json.dumps(words)})")

    async def click(self, *path: str) -> None:
        """Press the mouse button on the middle of the element, once it is there and can be seen."""
        await self.until(*path, holds="it.checkVisibility() && !it.disabled && !it.closest('[inert]')")
        code = f"async (given) => {{ {_FIND}; const it = find(JSON.parse(given)); {_INTO_VIEW} return it; }}"
        node = await self._call(code, json.dumps(path))
        origin = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        steps = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._perform({"type": "pointer", "id": "mouse", "actions": steps})

    async def type(self, text: str) -> None:
        """Type where the focus is."""
        steps = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        await self._perform({"type": "key", "id": "keyboard", "actions": steps})

    async def press(self, key: str, *, held: str = "") -> None:
        """Press a key (WebDriver's code for those without a character), with another held down."""
        steps = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        if held:
            steps = [{"type": "keyDown", "value": held}, *steps, {"type": "keyUp", "value": held}]
        await self._perform({"type": "key", "id": "keyboard", "actions": steps})

    async def fill(self, *path: str, value: str) -> None:
        """Put a value into a field by typing it over what is there."""
        await self.click(*path)
        await self.press("a", held=CONTROL)
        await self.type(value)
        await self.until(*path, holds=f"it.value === {json.dumps(value)}")

    async def _perform(self, source: dict[str, Any]) -> None:
        await self._bidi.command("input.performActions", context=self.context, actions=[source])

    async def _call(self, function: str, given: str) -> dict[str, Any]:
        answer = await self._bidi.command(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": "string", "value": given}],
            target={"context": self.context},
            awaitPromise=True,
            resultOwnership="root",
        )
        if answer["type"] == "exception":
            raise AssertionError(answer["exceptionDetails"]["text"])
        result: dict[str, Any] = answer["result"]
        return result
