/** The bot's keyboard in place of the phone's own. */

import { el, fill } from "./dom.js";

/**
 * @param {HTMLElement} slot
 * @param {HTMLElement} toggle
 * @param {import("./state.js").Store} store
 * @param {(text: string) => void} send
 */
export function mountReplyKeyboard(slot, toggle, store, send) {
  let isFolded = false;
  /** @type {any[][] | null} */
  let drawn = null;

  const draw = () => {
    const rows = store.keyboards.get(store.view.chat ?? 0) ?? null;
    toggle.hidden = !rows;
    slot.hidden = !rows || isFolded;
    toggle.setAttribute("aria-pressed", String(!slot.hidden));
    if (rows === drawn) return;
    drawn = rows;
    fill(slot, (rows ?? []).map((row) => el("div", { class: "reply-row" }, row.map((button) => key(button, send)))));
  };

  toggle.addEventListener("click", () => {
    isFolded = !isFolded;
    draw();
  });
  store.subscribe(["keyboard"], () => {
    isFolded = false;
    draw();
  });
  store.subscribe(["view"], draw);
}

/** @param {{text: string, style?: string}} button @param {(text: string) => void} send */
function key(button, send) {
  const style = button.style ? `key-${button.style}` : "";
  return el("button", { class: `reply-key ${style}`, type: "button", on: { click: () => send(button.text) } }, button.text);
}
