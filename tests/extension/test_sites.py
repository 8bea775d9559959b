"""What a site's declaration names is on the page as often as it says."""

from playwright.async_api import Page

COUNTS = """
async () => {
  const { default: site } = await import("/extension/content/sites/zammad.js");
  location.hash = "#ticket/zoom/4";
  await new Promise((resolve) => window.addEventListener("hashchange", () => setTimeout(resolve)));
  const wrong = [];
  const tickets = [...document.querySelectorAll(site.ticket.selector)];
  if (tickets.length !== site.ticket.count) wrong.push(["ticket", tickets.length]);
  for (const [name, part] of Object.entries(site)) {
    for (const { selector, count } of [part].flat()) {
      if (!selector || name === "ticket") continue;
      const [least, most] = [count].flat().length === 2 ? count : [count, count];
      const scope = name === "refusal" ? document : tickets[0];
      const found = scope.querySelectorAll(selector).length;
      if (found < least || found > most) wrong.push([name, found]);
    }
  }
  return { wrong, id: site.ticket.id.exec(tickets[0].id)[1] };
}
"""


async def test_zammad(blank: Page) -> None:
    assert await blank.evaluate(COUNTS) == {"wrong": [], "id": "4"}
    # One composer, one body, one way to submit, two articles: the page as it is when a ticket is open.
    counts = await blank.evaluate("""async () => {
      const { default: site } = await import("/extension/content/sites/zammad.js");
      const count = ({ selector }) => document.querySelectorAll(selector).length;
      return [count(site.composer), count(site.body), count(site.submit[0]), count(site.article), count(site.discard)];
    }""")
    assert counts == [1, 1, 1, 2, 1]
