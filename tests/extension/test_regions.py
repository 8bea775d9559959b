"""A new fragment takes its place without disturbing what somebody types."""

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETUP = """
async () => {
  const regions = await import("/extension/content/regions.js");
  const make = (html) => {
    const root = document.createElement("div");
    root.innerHTML = html;
    return root;
  };
  const host = document.body.appendChild(document.createElement("div"));
  const shadow = host.attachShadow({ mode: "open" });
  const root = make(`
    <div data-region="alert" data-rev="1">old</div>
    <form data-region="form" data-rev="1"><input type="checkbox" name="log_time"><input name="hours">
      <select name="task_id"><option value="1">one</option><option value="2">two</option></select></form>
    <div data-region="budget" data-rev="1">4.00</div>`);
  shadow.append(root);
  Object.assign(window, { regions, make, root, shadow });
}
"""


async def test_a_region_of_the_same_revision_is_not_touched(blank: Page) -> None:
    await blank.evaluate(SETUP)
    outcome = await blank.evaluate("""() => {
      const form = root.querySelector("form"), hours = form.querySelector("[name=hours]");
      hours.value = "0.5"; hours.focus(); hours.setSelectionRange(1, 2);
      const fresh = regions.swap(root, make(`<form data-region="form" data-rev="1"><input name="hours"></form>
        <p data-region="log" data-rev="1">logged</p><div data-region="budget" data-rev="2">4.50</div>`));
      return {
        fresh, same: root.querySelector("form") === form, focused: shadow.activeElement === hours,
        caret: [hours.selectionStart, hours.selectionEnd], value: hours.value,
        order: [...root.children].map((region) => region.dataset.region), used: root.lastElementChild.textContent,
      };
    }""")
    assert outcome == {
        "fresh": ["log", "budget"],
        "same": True,
        "focused": True,
        "caret": [1, 2],
        "value": "0.5",
        "order": ["form", "log", "budget"],
        "used": "4.50",
    }


async def test_typed_values_focus_and_caret_outlive_a_new_form(blank: Page) -> None:
    await blank.evaluate(SETUP)
    outcome = await blank.evaluate("""() => {
      const hours = root.querySelector("[name=hours]");
      hours.value = "1:30"; hours.focus(); hours.setSelectionRange(2, 3);
      root.querySelector("[name=log_time]").checked = true;
      const typed = regions.collect(root), focus = regions.rememberFocus(shadow);
      regions.swap(root, make(`<form data-region="form" data-rev="2"><input type="checkbox" name="log_time">
        <input name="hours"><select name="task_id"><option value="3">three</option></select></form>`));
      regions.fill(root, { ...typed, task_id: "2" });
      regions.restoreFocus(shadow, focus);
      const heir = root.querySelector("[name=hours]");
      return {
        typed, values: regions.collect(root), focused: shadow.activeElement === heir, isNew: heir !== hours,
        caret: [heir.selectionStart, heir.selectionEnd],
      };
    }""")
    assert outcome == {
        "typed": {"log_time": True, "hours": "1:30", "task_id": "1"},
        # A task that is no longer offered is not made up.
        "values": {"log_time": True, "hours": "1:30", "task_id": "3"},
        "focused": True,
        "isNew": True,
        "caret": [2, 3],
    }


async def test_regions_can_be_kept_or_made_new_against_their_revision(blank: Page) -> None:
    await blank.evaluate(SETUP)
    outcome = await blank.evaluate("""() => {
      const [alert, form] = root.children;
      const next = make(`<form data-region="form" data-rev="1"></form>`);
      const fresh = regions.swap(root, next, { renew: ["form"], keep: ["alert"] });
      return { fresh, kept: alert.isConnected, renewed: !form.isConnected, count: root.children.length };
    }""")
    assert outcome == {"fresh": ["form"], "kept": True, "renewed": True, "count": 2}
