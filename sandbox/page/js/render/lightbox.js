/** A photo over the whole screen. */

import { el } from "../dom.js";
import { icon } from "../icons.js";

/** @param {string} address @param {string} caption */
export function openPhoto(address, caption) {
  const close = el("button", { class: "icon-button", type: "button", "aria-label": "Close", testid: "lightbox-close" }, icon("close"));
  const save = el(
    "a",
    { class: "icon-button", href: address, download: fileName(address), "aria-label": "Download" },
    icon("download"),
  );
  const dialog = /** @type {HTMLDialogElement} */ (
    el(
      "dialog",
      { class: "lightbox", testid: "lightbox", "aria-label": "Photo" },
      el("div", { class: "lightbox-tools" }, save, close),
      el("img", { src: address, alt: caption || "Photo" }),
    )
  );
  dialog.addEventListener("click", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("a"))) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

/** @param {string} address */
const fileName = (address) => address.split("/").pop() || "photo.png";
