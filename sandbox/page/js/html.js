/**
 * Message markup, rebuilt from a white list.
 *
 * The text is parsed into an inert document (no script runs, no image loads) and only the tags and
 * attributes below are created anew; an unknown element gives its text, a dangerous one nothing.
 */

import { el } from "./dom.js";

const PLAIN = { B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u", S: "s", DEL: "s", CODE: "code" };
const DROPPED = new Set(["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT", "NOSCRIPT", "SVG", "MATH"]);
const SCHEMES = new Set(["http:", "https:", "tg:"]);
const MAX_DEPTH = 24;

/**
 * @param {string} html Telegram HTML
 * @returns {DocumentFragment}
 */
export function renderHtml(html) {
  const fragment = document.createDocumentFragment();
  const body = new DOMParser().parseFromString(`<body>${html}`, "text/html").body;
  copyChildren(body, fragment, 0);
  for (const block of fragment.querySelectorAll("pre, blockquote")) trimAround(block);
  return fragment;
}

/** A block starts and ends a line by itself: the line breaks of the text beside it would be blank lines. */
function trimAround(block) {
  const { previousSibling: before, nextSibling: after, lastChild: end } = block;
  if (before instanceof Text) before.data = before.data.replace(/\n$/, "");
  if (after instanceof Text) after.data = after.data.replace(/^\n/, "");
  if (end instanceof Text) end.data = end.data.replace(/\n$/, "");
}

/** @param {string} text @returns {string | null} the address if it is safe to follow */
export function safeAddress(text) {
  try {
    const address = new URL(text);
    return SCHEMES.has(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/** @param {Node} source @param {Node} target @param {number} depth */
function copyChildren(source, target, depth) {
  for (const child of source.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      target.appendChild(document.createTextNode(child.nodeValue ?? ""));
    } else if (child.nodeType === Node.ELEMENT_NODE) {
      copyElement(/** @type {Element} */ (child), target, depth + 1);
    }
  }
}

/** @param {Element} source @param {Node} target @param {number} depth */
function copyElement(source, target, depth) {
  const name = source.nodeName.toUpperCase();
  if (DROPPED.has(name)) return;
  if (name === "BR") {
    target.appendChild(document.createTextNode("\n"));
    return;
  }
  const copy = depth > MAX_DEPTH ? null : permitted(source, name);
  copyChildren(source, copy ?? target, depth);
  if (copy) target.appendChild(copy);
}

/** @param {Element} source @param {string} name @returns {HTMLElement | null} */
function permitted(source, name) {
  if (name in PLAIN) return el(PLAIN[name]);
  if (name === "PRE") return el("pre", { tabindex: 0 });
  if (name === "A") return link(source.getAttribute("href") ?? "");
  if (name === "TG-SPOILER") {
    return el("span", { class: "spoiler", role: "button", tabindex: 0, "aria-label": "Hidden text, press to reveal" });
  }
  if (name === "BLOCKQUOTE") {
    return el("blockquote", { class: source.hasAttribute("expandable") ? "expandable" : null });
  }
  return null;
}

/** @param {string} href @returns {HTMLElement | null} */
function link(href) {
  const address = safeAddress(href);
  return address && el("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: address });
}
