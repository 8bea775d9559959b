/** Keeps the focus of who works by keyboard where it is, while the lines around it are made anew. */

const CONTROLS = "a[href], button, select, summary";

/** Remembers what has the focus below `content`; what it answers gives it back: to the same control, else to what is near. */
export function keepFocus(content) {
  const control = content.getRootNode().activeElement;
  if (!control || !content.contains(control)) return () => {};
  const known = nameOf(control);
  const folded = control.closest("details") && nameOf(control.closest("details").querySelector("summary"));
  const lines = [...content.querySelectorAll("[data-item]")];
  const line = lines.findLast((one) => one.contains(control) || isBefore(one, control))?.dataset.item;
  return () => {
    if (control.isConnected) return;
    const controls = [...content.querySelectorAll(CONTROLS)];
    const heir = controls.find((one) => nameOf(one) === known) ?? controls.find((one) => nameOf(one) === folded);
    const near = [...content.querySelectorAll("[data-item]")].find((one) => one.dataset.item === line);
    if (heir) heir.focus({ preventScroll: true });
    else rest(near ?? content);
  };
}

/** Puts the focus on what is no control: the next Tab goes on from there. */
export function rest(place) {
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/** What a control is called from one fragment to the next. */
function nameOf({ localName, name, href, dataset: { action, path } }) {
  return JSON.stringify(action ? [action, path] : [localName, name, href]);
}

function isBefore(one, other) {
  return Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
}
