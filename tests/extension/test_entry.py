"""An entry's form in the sidebar: what is said when the server answers something else."""

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRESS = """
async (answer) => {
  window.chrome = { runtime: { id: "x", sendMessage: async () => answer }, i18n: { getMessage: (name) => name } };
  const { Correction } = await import("/extension/content/entry.js");
  const content = document.createElement("div");
  content.innerHTML = '<li data-entry="7"><button data-action="entry-open" data-path="/api/v1/entries/7">';
  const { problem } = await new Correction(content).press(content.querySelector("button"), 1);
  return problem?.textContent ?? problem ?? content.querySelector("[data-correction]").textContent;
}
"""
REFUSED = '<div data-panel><div data-region="alert"><div class="dh-alert" role="alert">Not for you.</div></div></div>'
LAPSED = '<div data-panel><div data-region="alert"><div><span>Sign in.</span></div></div></div>'


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"answered": True, "status": 200, "html": "<div data-correction=7>A form</div>"}, "A form"),
        ({"answered": True, "status": 403, "html": REFUSED}, "Not for you."),
        ({"answered": True, "status": 401, "html": LAPSED}, "Sign in."),
        ({"answered": True, "status": 502, "html": None}, "unexpected"),
        ({"answered": False}, "notDone"),
        ({"gone": True}, "reload"),
    ],
    ids=["form", "refused", "signed out", "no words", "unreachable", "gone"],
)
async def test_the_servers_own_words_are_told(blank: Page, answer: dict[str, object], told: str) -> None:
    assert await blank.evaluate(PRESS, answer) == told
