/** A thin notice while the sandbox does not answer. */

import { setText } from "../dom.js";

/** @param {HTMLElement} slot @param {import("../state.js").Store} store */
export function mountBanner(slot, store) {
  store.subscribe(["connection"], () => {
    setText(slot, store.online ? "" : "The sandbox is not answering. Trying again…");
    slot.hidden = store.online;
  });
}
