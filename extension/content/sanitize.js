/**
 * HTML from the server becomes nodes only through here. Nothing that was parsed is taken over: each node is made anew,
 * with a name, attributes and values from these lists, and the rest stays behind.
 */

const ELEMENTS = words(
  "a abbr b br button caption code dd details div dl dt em fieldset footer form h1 h2 h3 h4 header hr i input kbd",
  "label legend li meter ol optgroup option output p progress section select small span strong sub summary sup",
  "table tbody td textarea tfoot th thead time tr ul",
);

/** These go with all they hold; any other element we do not know goes, and what it holds stays. */
const DROPPED = words(
  "applet audio base canvas embed frame frameset head iframe link math meta noembed noframes noscript object",
  "picture script source style svg template title track video xmp",
);

const HTML = "http://www.w3.org/1999/xhtml";
const EVERYWHERE = words("class dir hidden id lang role tabindex title");
const FIELD = ["autocomplete", "disabled", "name", "readonly", "required"];
const RANGE = ["high", "low", "max", "min", "optimum", "value"];
const ATTRIBUTES = {
  a: ["href"],
  button: ["disabled", "name", "value"],
  details: ["open"],
  fieldset: ["disabled"],
  input: [...FIELD, "checked", "inputmode", "max", "maxlength", "min", "minlength", "pattern", "placeholder", "size",
    "step", "type", "value"],
  label: ["for"],
  meter: RANGE,
  ol: ["start"],
  optgroup: ["disabled", "label"],
  option: ["disabled", "label", "selected", "value"],
  progress: RANGE,
  select: [...FIELD, "multiple", "size"],
  td: ["colspan", "rowspan"],
  textarea: [...FIELD, "cols", "maxlength", "placeholder", "rows"],
  th: ["colspan", "rowspan", "scope"],
  time: ["datetime"],
};
const INPUTS = words("checkbox date email hidden month number radio search text time");
const MAX_DEPTH = 64;

/** What a node says of itself, asked so that no field of a hostile form can answer in its place. */
const property = (prototype, name) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name);
  return (node) => get.call(node);
};
const typeOf = property(Node.prototype, "nodeType");
const childrenOf = property(Node.prototype, "childNodes");
const nameOf = property(Element.prototype, "localName");
const namespaceOf = property(Element.prototype, "namespaceURI");
const attributesOf = property(Element.prototype, "attributes");

/** The names a form has of its own, which a field of that name or id would hide from us. */
const ownNames = document.createElement("form");

export function sanitize(html) {
  const parsed = new DOMParser().parseFromString(String(html), "text/html");
  const clean = document.createDocumentFragment();
  copyChildren(parsed.body, clean, 0);
  return clean;
}

function words(...lines) {
  return new Set(lines.join(" ").split(" "));
}

function copyChildren(from, to, depth) {
  if (depth > MAX_DEPTH) return;
  for (const node of childrenOf(from)) {
    if (typeOf(node) === Node.TEXT_NODE) to.append(node.data);
    else if (typeOf(node) === Node.ELEMENT_NODE) copyElement(node, to, depth);
  }
}

function copyElement(from, to, depth) {
  const name = nameOf(from);
  if (namespaceOf(from) !== HTML || DROPPED.has(name)) return;
  if (!ELEMENTS.has(name)) {
    copyChildren(from, to, depth + 1);
    return;
  }
  const element = document.createElement(name);
  if (name === "button") element.type = "button";
  for (const attribute of attributesOf(from)) {
    if (isAllowed(name, attribute.name, attribute.value)) element.setAttribute(attribute.name, attribute.value);
  }
  if (element.hasAttribute("href")) {
    element.setAttribute("rel", "noreferrer noopener");
    element.setAttribute("target", "_blank");
  }
  copyChildren(from, element, depth + 1);
  to.append(element);
}

function isAllowed(element, attribute, value) {
  if (attribute === "href") return element === "a" && isWebAddress(value);
  if (attribute === "type") return element === "input" && INPUTS.has(value.toLowerCase());
  if ((attribute === "name" || attribute === "id") && value in ownNames) return false;
  if (/^(data|aria)-[a-z][a-z0-9-]*$/.test(attribute)) return true;
  return EVERYWHERE.has(attribute) || (ATTRIBUTES[element]?.includes(attribute) ?? false);
}

function isWebAddress(value) {
  try {
    return ["http:", "https:"].includes(new URL(value).protocol);
  } catch {
    return false;
  }
}
