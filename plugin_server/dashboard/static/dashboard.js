// Shows new figures each half minute while the page is looked at. Without it the page works all the same.

const EVERY = 30_000;

/** Whether somebody is at work in a part of the page: it is not swapped under their hands. */
function isInUse(part) {
  if (part.contains(document.activeElement)) return true;
  if (part.querySelector("details[open] form")) return true;
  return [...part.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue);
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(document.querySelector("main").dataset.here, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (now === null || isInUse(part) || now.innerHTML === part.innerHTML) continue;
    const opened = [...part.querySelectorAll("details")].map((one) => one.open);
    part.replaceChildren(...now.childNodes);
    [...part.querySelectorAll("details")].forEach((one, place) => {
      one.open ||= opened[place] ?? false;
    });
  }
}

setInterval(() => refresh().catch(() => {}), EVERY);
