/** The inline keyboard under a message. */

import { tap } from "../actions.js";
import { copyText } from "../clipboard.js";
import { el } from "../dom.js";
import { safeAddress } from "../html.js";
import { icon } from "../icons.js";
import { toast } from "./toast.js";

/**
 * @typedef {import("../api.js").Button} Button
 * @typedef {import("../api.js").Message} Message
 * @typedef {import("../state.js").Store} Store
 */

/** @param {Store} store @param {Message} message */
export function keyboard(store, message) {
  return el(
    "div",
    { class: "keyboard" },
    message.buttons.map((row) =>
      el("div", { class: "keyboard-row" }, row.map((button) => key(store, message, button))),
    ),
  );
}

/** @param {Store} store @param {Message} message @param {Button} button */
function key(store, message, button) {
  const kind = button.url ? "link" : button.copy ? "copy" : null;
  const node = el(
    "button",
    { class: `key ${button.style ? `key-${button.style}` : ""}`, type: "button", title: button.url },
    el("span", {}, button.text),
    kind && icon(kind),
  );
  node.addEventListener("click", () => press(store, message, button, node));
  return node;
}

/** @param {Store} store @param {Message} message @param {Button} button @param {HTMLElement} node */
async function press(store, message, button, node) {
  if (button.copy) return copyText(button.copy);
  if (button.url) return follow(button.url);
  if (node.getAttribute("aria-busy") === "true") return undefined;
  node.setAttribute("aria-busy", "true");
  await tap(store, message, button.data ?? button.text);
  return node.removeAttribute("aria-busy");
}

/** @param {string} url */
function follow(url) {
  const address = safeAddress(url);
  if (address) open(address, "_blank", "noopener,noreferrer");
  else toast("This address is not safe to open", "bad");
}
