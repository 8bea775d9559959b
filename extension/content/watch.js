/**
 * Finds the tickets on show and their composers, and says when each comes and goes. A visit is one composer of one
 * ticket on show; it ends when the composer is rendered anew, the ticket is taken out of the document, or another is
 * shown in its place.
 */

/**
 * Calls `visit({ticket, root, composer, signal})` for each, and `show({ticket, root, signal})` for each ticket on show,
 * with a composer or without; what they start must end with the signal. Answers a function that looks anew.
 */
export function watch(site, { visit, show, isInPlace, changed, looked }) {
  const visits = new Map();
  const shown = new Map();

  function scan() {
    const found = find(site);
    for (const [composer, { ticket, controller }] of visits) {
      if (found.get(composer)?.ticket === ticket && isInPlace(ticket, composer)) continue;
      controller.abort();
      visits.delete(composer);
    }
    for (const [composer, { ticket, root }] of found) {
      if (!visits.has(composer)) {
        const controller = new AbortController();
        visits.set(composer, { ticket, controller });
        visit({ ticket, root, composer, signal: controller.signal });
      }
    }
    const onShow = new Map(ticketsOnShow(site).map(({ ticket, root }) => [root, ticket]));
    for (const [root, { ticket, controller }] of shown) {
      if (onShow.get(root) === ticket) continue;
      controller.abort();
      shown.delete(root);
    }
    for (const [root, ticket] of onShow) {
      if (!shown.has(root)) {
        const controller = new AbortController();
        shown.set(root, { ticket, controller });
        show({ ticket, root, signal: controller.signal });
      }
      changed(ticket, root);
    }
    looked();
  }

  new MutationObserver(scan).observe(document.body, {
    attributeFilter: ["class"],
    characterData: true,
    childList: true,
    subtree: true,
  });
  window.addEventListener("hashchange", scan);
  scan();
  return scan;
}

export function ticketsOnShow(site) {
  return [...document.querySelectorAll(site.ticket.selector)].flatMap((root) => {
    const id = site.ticket.id.exec(root.id)?.[1];
    return id ? [{ ticket: Number(id), root }] : [];
  });
}

function find(site) {
  const found = new Map();
  for (const { ticket, root } of ticketsOnShow(site)) {
    for (const composer of root.querySelectorAll(site.composer.selector)) found.set(composer, { ticket, root });
  }
  return found;
}
