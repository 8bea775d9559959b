/** Bringing a new fragment into the panel without disturbing what somebody is typing. */

const CONTROL = "input[name], select[name], textarea[name]";
const regionsOf = (root) => [...root.children].filter((child) => child.dataset.region);

/**
 * Makes `root` (a [data-panel] in use) show what `next` (a [data-panel] just parsed) says. A region of the same
 * data-rev stays the very node it is, unless it is in `renew`; one named in `keep` stays whatever comes.
 * Answers the names of the regions that are new.
 */
export function swap(root, next, { renew = [], keep = [] } = {}) {
  const old = new Map(regionsOf(root).map((region) => [region.dataset.region, region]));
  const fresh = [];
  const wanted = regionsOf(next).map((region) => {
    const name = region.dataset.region;
    const present = old.get(name);
    const same = present && present.dataset.rev === region.dataset.rev && !renew.includes(name);
    if (present && (same || keep.includes(name))) return present;
    if (present) keepOpen(present, region);
    present?.replaceWith(region);
    fresh.push(name);
    return region;
  });
  for (const [name, region] of old) {
    if (keep.includes(name) && !wanted.includes(region)) wanted.push(region);
  }
  for (const region of regionsOf(root)) {
    if (!wanted.includes(region)) region.remove();
  }
  let place = root.firstElementChild;
  for (const region of wanted) {
    if (region === place) place = place.nextElementSibling;
    else root.insertBefore(region, place);
  }
  return fresh;
}

/** What somebody has opened stays open as long as it is called the same, whatever stands in it now. */
function keepOpen(old, region) {
  const nameOf = (one) => one.querySelector("summary")?.textContent;
  const opened = [...old.querySelectorAll("details[open]")].map(nameOf);
  for (const one of region.querySelectorAll("details")) one.open ||= opened.includes(nameOf(one));
}

/** Copies what the fragment's root says of itself; `data-state` and the like. */
export function copyAttributes(root, next) {
  for (const { name } of [...root.attributes]) {
    if (!next.hasAttribute(name) && name !== "tabindex") root.removeAttribute(name); // it may have the focus
  }
  for (const { name, value } of next.attributes) root.setAttribute(name, value);
}

/** The named fields below a node, by name; a checkbox is a boolean. */
export function collect(node) {
  const fields = {};
  for (const control of node.querySelectorAll(CONTROL)) {
    if (control.type === "radio" && !control.checked) continue;
    fields[control.name] = control.type === "checkbox" ? control.checked : control.value;
  }
  return fields;
}

/** Under which name a control's value is kept while it is typed: hours of a timer are not those typed without one. */
export function draftName(control) {
  return control.dataset.draft ?? control.name;
}

/** Puts values back into the fields they were typed into, except into `spare`, where somebody is typing. */
export function fill(node, fields, spare = null) {
  for (const control of node.querySelectorAll(CONTROL)) {
    const name = draftName(control);
    // What the server has put into the form for itself is no draft.
    if (control === spare || control.type === "hidden" || !Object.hasOwn(fields, name)) continue;
    const value = fields[name];
    if (control.type === "checkbox") control.checked = Boolean(value);
    else if (control.type === "radio") control.checked = control.value === value;
    else if (control.localName !== "select" || [...control.options].some((option) => option.value === value)) {
      if (control.value !== value) control.value = value;
    }
  }
}

/** Where the focus and the caret are, in words that fit the next fragment too. */
export function rememberFocus(shadow) {
  const control = shadow.activeElement;
  if (!control) return null;
  const { name, selectionStart, selectionEnd, dataset } = control;
  const region = control.closest("[data-region]")?.dataset.region;
  const { action, path } = dataset;
  return { control, name, href: control.href, region, action, path, selectionStart, selectionEnd };
}

const familyOf = (action) => action.split("-")[0];

/** Puts the focus back if the control that had it was replaced, unless the person has gone elsewhere meanwhile. */
export function restoreFocus(shadow, focus) {
  if (!focus || shadow.activeElement === focus.control || isElsewhere(shadow)) return;
  const heir = focus.control.isConnected
    ? focus.control
    : [...shadow.querySelectorAll(`${CONTROL}, [data-action], a[href]`)].find((candidate) => isHeir(candidate, focus)) ??
      // Start is gone once it runs; Stop is what follows. The same of another thing does not.
      [...shadow.querySelectorAll("[data-action]")].find(
        ({ dataset: { action } }) => focus.action && action !== focus.action && familyOf(action) === familyOf(focus.action),
      );
  heir?.focus({ preventScroll: true });
  if (heir && typeof focus.selectionStart === "number" && typeof heir.selectionStart === "number") {
    heir.setSelectionRange(focus.selectionStart, focus.selectionEnd);
  }
  if (!shadow.activeElement || shadow.activeElement === document.body) stayNear(shadow, focus.region);
}

function isHeir(candidate, { name, href, action, path }) {
  if (name) return candidate.name === name;
  if (href) return candidate.href === href;
  return Boolean(action) && candidate.dataset.action === action && candidate.dataset.path === path;
}

/** Whether something outside of it has the focus by now. */
function isElsewhere(shadow) {
  const holder = document.activeElement;
  return shadow !== document && holder !== null && holder !== document.body && holder.shadowRoot !== shadow;
}

/** What was pressed is gone and nothing follows it: the focus goes to a field beside it or to what holds its place, never
 *  to another button, which a second press of the same key would press. */
function stayNear(shadow, name) {
  const region = name && shadow.querySelector(`[data-region="${name}"]`);
  const field = region && [...region.querySelectorAll(CONTROL)].find((control) => control.checkVisibility());
  const near = field || region || shadow.querySelector("[data-panel]");
  if (near && !field) near.tabIndex = -1;
  near?.focus({ preventScroll: true });
}
