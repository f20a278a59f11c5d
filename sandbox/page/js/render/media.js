/** Photos and documents inside a bubble. */

import { el } from "../dom.js";
import { fileSize } from "../format.js";
import { icon } from "../icons.js";
import { openPhoto } from "./lightbox.js";

/** @typedef {import("../api.js").Message} Message */

/** @type {Map<string, string>} address -> width / height, so that a known picture takes its room at once */
const ratios = new Map();

/**
 * @param {Message} message
 * @param {string | null} before the picture shown until this one has arrived
 */
export function photo(message, before) {
  const address = /** @type {string} */ (message.photo);
  const image = /** @type {HTMLImageElement} */ (el("img", { alt: message.text.split("\n")[0] || "Photo" }));
  const frame = el(
    "button",
    { class: "photo", type: "button", testid: "photo", "aria-label": "Open photo", "data-photo": address },
    image,
  );
  const known = ratios.get(address);
  if (known) frame.style.aspectRatio = known;
  image.addEventListener("load", () => {
    const ratio = `${image.naturalWidth} / ${image.naturalHeight}`;
    frame.style.aspectRatio = ratio;
    ratios.set(image.getAttribute("src") ?? "", ratio);
  });
  frame.addEventListener("click", () => openPhoto(address, message.text));
  show(image, address, before);
  return frame;
}

/** @param {HTMLImageElement} image @param {string} address @param {string | null} before */
function show(image, address, before) {
  if (!before || before === address) {
    image.src = address;
    return;
  }
  image.src = before;
  const next = new Image();
  next.src = address;
  next.decode().then(
    () => (image.src = address),
    () => (image.src = address),
  );
}

/** @param {Message} message */
export function file(message) {
  const name = message.document_name ?? "file";
  const type = name.includes(".") ? name.split(".").pop()?.slice(0, 4) : "";
  return el(
    "a",
    { class: "file", href: message.document, download: name, testid: "document" },
    el("span", { class: "file-icon" }, type ? el("b", {}, type) : icon("file")),
    el(
      "span",
      { class: "file-words" },
      el("span", { class: "file-name" }, name),
      el("span", { class: "file-size" }, fileSize(message.document_size)),
    ),
    icon("download"),
  );
}
