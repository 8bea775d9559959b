// Building elements. Text is always set as text, so nothing in a title, name or body can become markup.

/** An element: `el('a.link.is-open', {href: '#', onclick: handler, 'data-id': 1}, 'text', child)`. */
export function el(spec, attributes = {}, ...children) {
  const [tag, ...classes] = spec.split('.');
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PATHS = {
  note: 'M4 4h12v9l-4 4H4zM12 17v-4h4',
  email: 'M3 5h14v10H3zM3 6l7 5 7-5',
  phone: 'M5 3l3 1 1 4-2 1c1 2 2 3 4 4l1-2 4 1 1 3-2 2C9 17 3 11 3 5z',
  lock: 'M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3',
  'lock-open': 'M5 9h10v8H5zM7 9V6a3 3 0 0 1 5.6-1.5',
  reply: 'M8 5L3 10l5 5M3 10h8c4 0 6 2 6 6',
  close: 'M5 5l10 10M15 5L5 15',
  up: 'M5 12l5-5 5 5',
  check: 'M4 10l4 4 8-8',
  dashboard: 'M3 3h6v8H3zM11 3h6v5h-6zM11 10h6v7h-6zM3 13h6v4H3z',
  list: 'M3 5h14M3 10h14M3 15h14',
  ticket: 'M3 6h14v3a1.5 1.5 0 0 0 0 3v3H3v-3a1.5 1.5 0 0 0 0-3z',
  person: 'M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM4 17c0-3.5 2.5-5 6-5s6 1.5 6 5',
};

/** A line icon of our own. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** A round picture of a person: the initials on a colour of their own. */
export function avatar(name) {
  const initials = name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => word[0]).join('').toUpperCase() || '?';
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const node = el('span.avatar', {title: name, 'aria-hidden': 'true'}, initials);
  node.style.setProperty('--hue', hue);
  return node;
}

const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60]];
const relative = new Intl.RelativeTimeFormat('en', {numeric: 'auto'});

/** "3 hours ago", with the instant itself as title. */
export function ago(instant) {
  const seconds = (Date.now() - Date.parse(instant)) / 1000;
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? [null, 0];
  const text = unit ? relative.format(-Math.floor(seconds / size), unit) : 'just now';
  return el('time', {datetime: instant, title: new Date(instant).toLocaleString()}, text);
}
