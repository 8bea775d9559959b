// Corrects a time entry in its place on the timeline. Without it the links lead to the entry's own page.

const LINK = "a[data-correct]";
const PART = "[data-correction]";

const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
const ask = (url, options) => fetch(url, { ...options, headers: { Accept: "text/html" } });

function show(item, part) {
  document.querySelectorAll(PART).forEach((other) => other.remove()); // one at a time: fields are named by their ids
  const shown = document.importNode(part, true);
  item.append(shown);
  focus(shown);
}

/** The keyboard goes to what is wrong, else to what is told, else to the first field. */
function focus(part) {
  const target = ["[autofocus]", "[role=status]", "input:not([type=hidden])"].map((name) => part.querySelector(name)).find(Boolean);
  if (target?.matches("[role=status]")) target.tabIndex = -1;
  target?.focus();
}

async function open(link) {
  const item = link.closest("[data-entry]");
  const opened = item.querySelector(PART);
  if (opened?.querySelector("form")) return opened.remove();
  const part = (await parsed(await ask(link.href))).querySelector(PART);
  return part ? show(item, part) : location.assign(link.href);
}

/** The lines and the sums as they are now, with what became of it; an entry that is gone from here has no line any more. */
async function renew(item) {
  const page = await parsed(await ask(location.href));
  const part = item.querySelector(PART);
  const banner = part.querySelector(".banner");
  if (banner) part.replaceChildren(banner);
  for (const name of ["#timeline", ".tl-sums", ".where"]) {
    const now = page.querySelector(name);
    if (now) document.querySelector(name)?.replaceWith(now);
  }
  const line = document.querySelector(`[data-item="${CSS.escape(item.dataset.item)}"]`);
  if (line) line.append(part);
  else document.querySelector("#timeline").prepend(part);
  focus(part);
}

/** What was typed is dropped; the keyboard goes on where the form was opened. */
function close(part) {
  const link = part.closest("[data-entry]").querySelector(LINK);
  part.remove();
  link?.focus();
}

async function send(form) {
  const body = new URLSearchParams(new FormData(form));
  setDisabled(form, true);
  let answer;
  try {
    answer = await ask(form.action, { method: "POST", body });
  } catch {
    return form.submit(); // nobody answered: the browser says so, and a wish that is sent again is still one
  }
  // What was answered may have been carried out: from here on nothing is sent a second time.
  try {
    if (await take(form, answer)) return;
  } catch {
    // The page itself tells what became of it.
  }
  location.assign(answer.redirected ? answer.url : form.action.replace(/\/[^/]*$/, ""));
}

/** Shows what was answered; answers false where another page has to, such as the sign-in. */
async function take(form, answer) {
  const item = form.closest("[data-entry]");
  const page = await parsed(answer);
  const part = page.querySelector(PART);
  const alert = page.querySelector("[role=alert]");
  if (part) {
    show(item, part);
    if (answer.redirected) await renew(item);
  } else if (alert && !answer.redirected && answer.status !== 401) {
    form.parentElement.querySelector(".banner")?.remove();
    const told = Object.assign(document.createElement("p"), { className: "banner is-bad", textContent: alert.textContent });
    told.setAttribute("role", "alert");
    form.before(told); // what is typed stays
    setDisabled(form, false);
  } else {
    return false;
  }
  return true;
}

function setDisabled(form, isDisabled) {
  for (const button of form.querySelectorAll("button")) button.disabled = isDisabled;
}

document.addEventListener("click", (event) => {
  const part = event.target.closest("[data-close]")?.closest(`[data-entry] ${PART}`);
  if (part) {
    event.preventDefault();
    close(part);
    return;
  }
  const link = event.target.closest(LINK);
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link).catch(() => location.assign(link.href));
});

document.addEventListener("keydown", (event) => {
  const part = event.key === "Escape" && !event.isComposing && event.target.closest(`[data-entry] ${PART}`);
  if (part) close(part);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest(`[data-entry] ${PART}`)) return;
  event.preventDefault();
  send(form);
});
