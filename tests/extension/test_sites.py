"""What a site's declaration names is on the page as often as it says."""

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRIFTS = """
async () => {
  const { default: site } = await import("/extension/content/sites/zammad.js");
  const { driftsOf } = await import("/extension/content/drift.js");
  location.hash = "#ticket/zoom/4";
  await new Promise((resolve) => window.addEventListener("hashchange", () => setTimeout(resolve)));
  const [root] = document.querySelectorAll(site.ticket.selector);
  return { drifts: driftsOf(site), id: site.ticket.id.exec(root.id)[1] };
}
"""
EVERY_SELECTOR = """
async () => {
  const { default: site } = await import("/extension/content/sites/zammad.js");
  const { partsOf } = await import("/extension/content/drift.js");
  const bare = [];
  JSON.stringify(site, function (name, value) {
    if (name === "selector" && this.count === undefined) bare.push(value);
    return value;
  });
  return { bare, parts: partsOf(site).map(({ name, least, most }) => [name, Number.isInteger(least + most)]) };
}
"""


async def test_zammad(blank: Page) -> None:
    assert await blank.evaluate(DRIFTS) == {"drifts": [], "id": "4"}
    # One composer, one body, one way to submit, two articles: the page as it is when a ticket is open.
    counts = await blank.evaluate("""async () => {
      const { default: site } = await import("/extension/content/sites/zammad.js");
      const count = ({ selector }) => document.querySelectorAll(selector).length;
      return [count(site.composer), count(site.body), count(site.submit[0]), count(site.article), count(site.discard)];
    }""")
    assert counts == [1, 1, 1, 2, 1]


async def test_every_selector_has_the_count_expected_of_it(blank: Page) -> None:
    found = await blank.evaluate(EVERY_SELECTOR)
    assert found["bare"] == []
    names = [name for name, counted in found["parts"] if counted]
    assert len(names) == len(set(names)) == len(found["parts"]) >= 11
