/** What stands in a ticket's composer, as plain text. */

const BLOCKS = "address, article, blockquote, div, dl, h1, h2, h3, h4, h5, h6, hr, li, ol, p, pre, table, tr, ul";

/** What the person has written, line by line; neither what the page puts there for itself nor what is quoted. */
export function writtenIn(root, { body, notWritten }) {
  const composer = root.querySelector(body.selector);
  if (!composer) return "";
  const parts = [];
  read(composer, `${notWritten.selector}, blockquote, script, style`, parts);
  return parts.join("").replace(/[ \t]*\n[ \t]*/g, "\n").replace(/\n{3,}/g, "\n\n").trim();
}

function read(node, skipped, parts) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) parts.push(child.data.replace(/[\n\r\t]+/g, " "));
    else if (child.nodeType === Node.ELEMENT_NODE && !child.matches(skipped)) {
      const apart = child.matches(BLOCKS);
      if (apart || child.localName === "br") parts.push("\n");
      read(child, skipped, parts);
      if (apart) parts.push("\n");
    }
  }
}
