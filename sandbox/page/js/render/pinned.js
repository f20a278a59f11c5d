/** The bar of the pinned message. */

import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { currentChat, summary } from "../selectors.js";

/**
 * @param {HTMLElement} slot
 * @param {import("../state.js").Store} store
 * @param {(id: number) => void} show scrolls to a message
 */
export function mountPinned(slot, store, show) {
  store.subscribe(["messages", "view", "people"], () => {
    const chat = currentChat(store);
    const message = chat?.pinned ? store.messagesOf(chat.id).get(chat.pinned) : undefined;
    if (!message) return fill(slot);
    return fill(
      slot,
      el(
        "button",
        { class: "pinned", type: "button", testid: "pinned", on: { click: () => show(message.id) } },
        message.photo && el("img", { class: "pinned-photo", src: message.photo, alt: "" }),
        el(
          "span",
          { class: "pinned-words" },
          el("b", {}, "Pinned message"),
          el("span", { class: "pinned-text" }, summary(message)),
        ),
        icon("pin"),
      ),
    );
  });
}
