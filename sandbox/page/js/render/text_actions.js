/** What pressing on parts of a message does. */

import { say } from "../actions.js";
import { copyText } from "../clipboard.js";

/** @typedef {import("../state.js").Store} Store */

/** @param {HTMLElement} list @param {Store} store @param {(id: number) => void} show */
export function listenToText(list, store, show) {
  list.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (press(target, store, show)) event.preventDefault();
  });
  list.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const isOpener = target.matches(".spoiler, blockquote.expandable");
    if (!isOpener || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    press(target, store, show);
  });
  list.addEventListener("dblclick", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!target.closest(".keyboard, .bubble")) reply(target);
  });
}

/** @param {HTMLElement} target @param {Store} store @param {(id: number) => void} show @returns {boolean} handled */
function press(target, store, show) {
  const spoiler = target.closest(".spoiler:not(.is-open)");
  if (spoiler) return reveal(spoiler);
  const command = target.closest("[data-command]");
  if (command) return Boolean(say(store, command.getAttribute("data-command") ?? ""));
  if (target.closest("a")) return false;
  const quoted = target.closest("[data-show]");
  if (quoted) show(Number(quoted.getAttribute("data-show")));
  else if (target.closest("[data-reply]")) reply(target);
  else if (target.closest("code, pre")) copyUnlessSelecting(target.closest("code, pre"));
  else if (target.closest("blockquote.expandable")) toggle(target.closest("blockquote.expandable"));
  else return false;
  return true;
}

/** Shows hidden text for good. @param {Element} spoiler */
export function reveal(spoiler) {
  spoiler.classList.add("is-open");
  for (const name of ["role", "tabindex", "aria-label"]) spoiler.removeAttribute(name);
  return true;
}

/** @param {Element | null} quote */
function toggle(quote) {
  if (!quote || !getSelection()?.isCollapsed) return;
  quote.setAttribute("aria-expanded", String(quote.getAttribute("aria-expanded") !== "true"));
}

/** @param {Element | null} node */
function copyUnlessSelecting(node) {
  if (node && getSelection()?.isCollapsed) copyText(node.textContent ?? "");
}

/** @param {HTMLElement} target inside the message to answer */
function reply(target) {
  const id = target.closest("[data-id]")?.getAttribute("data-id");
  if (id) target.dispatchEvent(new CustomEvent("reply", { bubbles: true, detail: Number(id) }));
}
