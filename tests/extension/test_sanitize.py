"""Nothing from the server reaches the page but what the allow-list names."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

SANITIZE = """
async (html) => {
  const { sanitize } = await import("/extension/content/sanitize.js");
  const box = document.createElement("div");
  box.append(sanitize(html));
  return box.innerHTML;
}
"""

# Whether anything dangerous is left, judged by the browser that would run it.
FAULTS = """
async (pieces) => {
  const { sanitize } = await import("/extension/content/sanitize.js");
  window.ran = 0;
  const faults = [];
  const box = document.createElement("div");
  document.body.append(box);
  for (const html of pieces) {
    box.replaceChildren(sanitize(html));
    for (const element of box.querySelectorAll("*")) {
      if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") faults.push([html, "namespace"]);
      if (/^(script|style|iframe|object|embed|svg|math|template|link|meta|base|img|form-.*)$/.test(element.localName)) {
        faults.push([html, element.localName]);
      }
      for (const { name, value } of element.attributes) {
        const url = ["href", "src", "action", "formaction", "xlink:href", "srcdoc", "data", "poster"].includes(name);
        if (name.startsWith("on") || name === "style") faults.push([html, name]);
        if (url && !/^https?:/i.test(value.trim())) faults.push([html, `${name}=${value}`]);
      }
      if (element.localName === "a" && element.hasAttribute("href") && !element.rel.includes("noreferrer")) {
        faults.push([html, "rel"]);
      }
    }
  }
  box.remove();
  return window.ran ? [...faults, ["", "something ran"]] : faults;
}
"""

TAGS = "a b p div svg math style script form input select table tr td iframe template img"
ATTRIBUTES = "href src onclick onerror style action formaction class xlink:href srcdoc data-x"
HOSTILE = [
    "<script>ran++</script>",
    "<img src=x onerror=ran++>",
    "<svg onload=ran++><script>ran++</script></svg>",
    "<svg><a xlink:href='javascript:ran++'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=ran++></style></mglyph></table></mtext></math>",
    "<a href='javascript:ran++'>x</a>",
    "<a href=' jAvA\tscript:ran++'>x</a>",
    "<a href='data:text/html,<script>ran++</script>'>x</a>",
    "<a href='//example.com'>x</a>",
    "<a href='blob:http://127.0.0.1/x'>x</a>",
    "<iframe srcdoc='<script>parent.ran++</script>'></iframe>",
    "<object data='javascript:ran++'></object><embed src='javascript:ran++'>",
    "<form action='javascript:ran++'><button formaction='javascript:ran++' type=submit>x</button></form>",
    "<template><img src=x onerror=ran++></template>",
    "<noscript><p title='</noscript><img src=x onerror=ran++>'></noscript>",
    "<p style='background:url(javascript:ran++)' onclick=ran++>x</p>",
    "<input type=image src=x onerror=ran++ autofocus onfocus=ran++>",
    "<details open ontoggle=ran++>x</details>",
    "<style>@import 'http://127.0.0.1/x';</style><link rel=stylesheet href=x>",
    "<base href='http://127.0.0.1:1/'><meta http-equiv=refresh content='0;url=javascript:ran++'>",
    "<x-custom is=y><b onclick=ran++>x</b></x-custom>",
    "<form><input name=children><input name=querySelector><input id=attributes></form>",
    "<div " + "x=1 " * 50 + "onclick=ran++>" + "<div>" * 600,
    "<plaintext><script>ran++</script>",
    "<!--><script>ran++</script>-->",
    "<select><option><script>ran++</script></select>",
]


async def test_hostile_html_leaves_nothing_that_acts(blank: Page) -> None:
    assert await blank.evaluate(FAULTS, HOSTILE) == []


async def test_html_made_at_random_leaves_nothing_that_acts(blank: Page) -> None:
    tags = st.sampled_from(TAGS.split())
    names = st.sampled_from(ATTRIBUTES.split())
    values = st.sampled_from(
        [
            "javascript:ran++",
            "ran++",
            "http://example.com/",
            "data:,x",
            "x",
            "&#106;avascript:ran++",
            "\x01javascript:ran++",
        ]
    )
    attributes = st.lists(st.tuples(names, values), max_size=3)

    def write(tag: str, pairs: list[tuple[str, str]], inner: str, closed: bool) -> str:
        words = "".join(f' {name}="{value}"' for name, value in pairs)
        return f"<{tag}{words}>{inner}" + (f"</{tag}>" if closed else "")

    pieces = st.recursive(
        st.sampled_from(["x", "<!--", "-->", "</p>", "</svg>", "<![CDATA[", "<img src=x onerror=ran++>"]),
        lambda inner: st.builds(write, tags, attributes, st.lists(inner, max_size=3).map("".join), st.booleans()),
        max_leaves=12,
    )
    found: list[str] = []

    @settings(max_examples=400, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(pieces)
    def collect(piece: str) -> None:
        found.append(piece)

    collect()
    assert await blank.evaluate(FAULTS, found) == []


STAYS = [
    (
        '<a href="https://example.com/p/1" target="_self" rel="opener">x</a>',
        '<a href="https://example.com/p/1" rel="noreferrer noopener" target="_blank">x</a>',
    ),
    (
        "<button type=submit data-action=undo>Undo</button>",
        '<button type="button" data-action="undo">Undo</button>',
    ),
    ("<blink>left <b>bold</b></blink>", "left <b>bold</b>"),
    ("<input type=file name=hours value=1>", '<input name="hours" value="1">'),
    ("<form action=/x method=post><input name=elements></form>", "<form><input></form>"),
    (
        "<progress max=100 value=40 aria-label=Used></progress>",
        '<progress max="100" value="40" aria-label="Used"></progress>',
    ),
    ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
]


async def test_what_the_panel_needs_stays(blank: Page) -> None:
    for given_html, kept in STAYS:
        assert await blank.evaluate(SANITIZE, given_html) == kept
