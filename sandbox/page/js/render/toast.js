/** Short notices that leave by themselves, and alerts that wait for OK. */

import { byId, el } from "../dom.js";

const SHOWN_MS = 3_500;

/** @param {string} text @param {"plain" | "bad"} [tone] */
export function toast(text, tone = "plain") {
  const node = el("div", { class: `toast toast-${tone}`, testid: "toast" }, text);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}

/** @param {string} text @param {string} title */
export function alertBox(text, title) {
  const close = () => dialog.close();
  const ok = el("button", { class: "dialog-ok", type: "button", on: { click: close } }, "OK");
  const dialog = /** @type {HTMLDialogElement} */ (
    el(
      "dialog",
      { class: "alert", testid: "alert", "aria-label": title, on: { close: () => dialog.remove() } },
      el("h2", {}, title),
      el("p", {}, text),
      ok,
    )
  );
  document.body.append(dialog);
  dialog.showModal();
  ok.focus();
}

/**
 * The bot's answer to a tap, shown to the one who tapped.
 *
 * @param {import("../state.js").Store} store
 * @param {{user: number, text: string, show_alert: boolean}} answer
 */
export function showAnswer(store, answer) {
  if (answer.user !== store.view.user || !answer.text) return;
  if (answer.show_alert) alertBox(answer.text, "Perpetuum");
  else toast(answer.text);
}
