/** Commands and bare addresses in a message become things to press, as in Telegram. */

import { el } from "./dom.js";
import { safeAddress } from "./html.js";

const PATTERN = /(^|[\s(])(\/[a-z][a-z0-9_]{0,31}(?:@[a-z0-9_]+)?(?![\w/])|https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/gi;

/** @param {DocumentFragment} fragment sanitised markup, changed in place */
export function linkify(fragment) {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  for (const text of texts) {
    if (!text.parentElement?.closest("a, code, pre")) splitText(text);
  }
}

/** @param {Text} text */
function splitText(text) {
  const value = text.data;
  const parts = document.createDocumentFragment();
  let from = 0;
  for (const match of value.matchAll(PATTERN)) {
    const start = match.index + match[1].length;
    parts.append(value.slice(from, start), pressable(match[2]));
    from = start + match[2].length;
  }
  if (from === 0) return;
  parts.append(value.slice(from));
  text.replaceWith(parts);
}

/** @param {string} word @returns {Node} */
function pressable(word) {
  if (word.startsWith("/")) return el("a", { href: "#", class: "command", "data-command": word }, word);
  const address = safeAddress(word);
  if (!address) return document.createTextNode(word);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, word);
}
