// HTML of articles on its way into the page or out of the composer: rebuilt from an allow-list, never inserted as it is.
// The server cleans what it stores by the same list; this is the second lock on the door.

const KEPT = new Set(
  ('a b blockquote br code div em h1 h2 h3 h4 hr i li ol p pre s span strong sub sup table tbody td th thead tr u ul')
    .toUpperCase().split(' '),
);
const SILENT = new Set('SCRIPT STYLE TEMPLATE NOSCRIPT IFRAME OBJECT EMBED SVG MATH TITLE'.split(' '));

function copy(from, into) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) into.append(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || SILENT.has(node.tagName.toUpperCase())) continue;
    let target = into;
    if (KEPT.has(node.tagName)) {
      target = document.createElement(node.tagName);
      const href = node.tagName === 'A' ? (node.getAttribute('href') ?? '').trim() : '';
      if (/^(https?:|mailto:)/i.test(href)) {
        target.href = href;
        target.target = '_blank';
        target.rel = 'nofollow noreferrer noopener';
      }
      const mention = node.getAttribute('data-mention-user-id');
      if (node.tagName === 'A' && /^\d+$/.test(mention ?? '')) target.setAttribute('data-mention-user-id', mention);
      into.append(target);
    }
    copy(node, target);
  }
}

/** The HTML as nodes that neither run, load nor style anything. */
export function cleaned(html) {
  const fragment = document.createDocumentFragment();
  copy(new DOMParser().parseFromString(html, 'text/html').body, fragment);
  return fragment;
}

/** The same as text. */
export function cleanedHtml(html) {
  const box = document.createElement('div');
  box.append(cleaned(html));
  return box.innerHTML;
}
