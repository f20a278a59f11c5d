/** A rich message: its blocks as elements. Nothing in it is ever parsed as markup. */

import { el } from "../dom.js";
import { safeAddress } from "../html.js";
import { openPhoto } from "./lightbox.js";

/**
 * @typedef {import("../api.js").Rich} Rich
 * @typedef {Object<string, any>} Block a `RichBlock` of the Bot API
 * @typedef {any} Text a `RichText` of the Bot API: a string, a list of texts or an object
 */

const STYLES = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  marked: "mark",
  subscript: "sub",
  superscript: "sup",
};

/** @param {Rich} rich @returns {HTMLElement} */
export function richContent(rich) {
  return el("div", { class: "rich", dir: rich.is_rtl ? "rtl" : null, testid: "rich" }, blocks(rich.blocks, rich.photos));
}

/** @param {Block[]} list @param {Object<string, string>} photos @returns {Node[]} */
const blocks = (list, photos) => list.map((block) => draw(block, photos));

/** @param {Block} block @param {Object<string, string>} photos @returns {Node} */
function draw(block, photos) {
  const write = WRITERS[block.type];
  return write ? write(block, photos) : el("p", { class: "rich-unknown" }, `(${block.type})`);
}

/** @type {Object<string, (block: Block, photos: Object<string, string>) => Node>} */
const WRITERS = {
  paragraph: (block) => el("p", {}, text(block.text)),
  heading: (block) => el(`h${block.size}`, {}, text(block.text)),
  pre: (block) => el("pre", { tabindex: 0 }, text(block.text)),
  footer: (block) => el("footer", {}, text(block.text)),
  divider: () => el("hr"),
  blockquote: (block, photos) => el("blockquote", {}, blocks(block.blocks, photos), credit(block)),
  pullquote: (block) => el("aside", {}, text(block.text), credit(block)),
  list: (block, photos) => el("ul", {}, block.items.map((/** @type {Block} */ one) => item(one, photos))),
  details: (block, photos) =>
    el(
      "details",
      { open: Boolean(block.is_open) },
      el("summary", {}, text(block.summary)),
      el("div", { class: "details-inside" }, blocks(block.blocks, photos)),
    ),
  photo: picture,
  table,
};

/** @param {Text} value @returns {(Node | string)[]} */
function text(value) {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(text);
  if (value.type === "spoiler") {
    const hidden = { class: "spoiler", role: "button", tabindex: 0, "aria-label": "Hidden text, press to reveal" };
    return [el("span", hidden, text(value.text))];
  }
  if (value.type === "url") return link(value);
  return value.type in STYLES ? [el(STYLES[value.type], {}, text(value.text))] : text(value.text ?? "");
}

/** @param {Text} value @returns {(Node | string)[]} */
function link(value) {
  const address = safeAddress(value.url);
  if (!address) return text(value.text);
  return [el("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: address }, text(value.text))];
}

/** @param {Block} block */
const credit = (block) => block.credit && el("cite", {}, text(block.credit));

/** @param {Block} one @param {Object<string, string>} photos */
const item = (one, photos) =>
  el("li", {}, el("span", { class: "label" }, one.label), el("div", {}, blocks(one.blocks, photos)));

/** @param {Block} block @param {Object<string, string>} photos */
function picture(block, photos) {
  const size = block.photo.at(-1);
  const address = photos[size.file_id];
  const words = block.caption ? el("span", {}, text(block.caption.text)).textContent ?? "" : "";
  const frame = el(
    "button",
    {
      class: "rich-photo",
      type: "button",
      testid: "rich-photo",
      "aria-label": "Open photo",
      on: { click: () => openPhoto(address, words) },
    },
    el("img", { src: address, alt: words || "Photo", width: size.width, height: size.height }),
  );
  return el("figure", {}, frame, block.caption && caption(block.caption));
}

/** @param {Block} words */
const caption = (words) => el("figcaption", {}, text(words.text), credit(words));

/** @param {Block} block */
function table(block) {
  const flags = [block.is_bordered && "bordered", block.is_striped && "striped", block.is_compact && "compact"];
  const rows = block.cells.map((/** @type {Block[]} */ row) => el("tr", {}, row.map(cell)));
  const node = el("table", { class: flags.filter(Boolean).join(" ") }, rows);
  const words = block.caption && el("div", { class: "table-caption" }, text(block.caption));
  return el("div", { class: "table-box" }, words, el("div", { class: "table-scroll", tabindex: 0, testid: "table" }, node));
}

/** @param {Block} one */
const cell = (one) =>
  el(
    one.is_header ? "th" : "td",
    { class: `${one.align} ${one.valign}`, colspan: one.colspan ?? null, rowspan: one.rowspan ?? null },
    text(one.text ?? ""),
  );
