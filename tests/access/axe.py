"""axe-core on a page: what stands in the way of people who can't see it, or can't see it well."""

from __future__ import annotations

from importlib.resources import files

from playwright.async_api import Page

SCRIPT = (files("axe_playwright_python") / "axe.min.js").read_text()
TOLERATED = frozenset({"minor"})
"""What axe finds of less weight is for people to judge."""

RUN = """async within => {
  const { violations } = await axe.run(within ? { include: [[within]] } : document, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary: why }) => ({ id, impact, where: target.flat().join(" "), why })));
}"""


async def findings(page: Page, within: str = "") -> list[str]:
    """What axe finds on the page, shadow roots included; ``within`` an element only."""
    if not await page.evaluate("Boolean(window.axe)"):
        await page.evaluate(SCRIPT)
    found = await page.evaluate(RUN, within)
    return [
        f"{one['impact']} {one['id']}: {one['where']}: {one['why']}" for one in found if one["impact"] not in TOLERATED
    ]
