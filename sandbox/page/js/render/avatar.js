/** Round pictures: initials for people and groups, the desk's mark for the bot. */

import { el } from "../dom.js";

const TONES = 6;

/** @param {string} name @param {number} id @param {string} [size] "s", "m" or "l" */
export function avatar(name, id, size = "m") {
  const initials = name
    .split(/\s+/)
    .map((word) => [...word][0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();
  const tone = Math.abs(id) % TONES;
  return el("span", { class: `avatar avatar-${size} tone-${tone}`, "aria-hidden": "true" }, initials);
}

/** @param {string} [size] */
export function botAvatar(size = "m") {
  return el("img", { class: `avatar avatar-${size}`, src: "/static/img/icon.svg", alt: "" });
}

/** @param {import("../state.js").Store} store @param {import("../state.js").Chat} chat @param {string} [size] */
export function chatAvatar(store, chat, size = "m") {
  return chat.type === "private" ? botAvatar(size) : avatar(chat.title, chat.id, size);
}

/** @param {number} id @returns {string} class that colours a sender's name */
export const toneOf = (id) => `name-tone-${Math.abs(id) % TONES}`;

/** @param {number} count @param {string} [testid] @returns {HTMLElement | null} */
export function badge(count, testid) {
  if (count === 0) return null;
  const text = count > 99 ? "99+" : String(count);
  return el("span", { class: "badge", testid, "aria-label": `${count} unread` }, text);
}
