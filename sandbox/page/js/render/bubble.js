/** One message. */

import { el } from "../dom.js";
import { clockTime, fullMoment } from "../format.js";
import { renderHtml } from "../html.js";
import { icon } from "../icons.js";
import { linkify } from "../links.js";
import { summary } from "../selectors.js";
import { avatar, botAvatar, toneOf } from "./avatar.js";
import { keyboard } from "./keyboard.js";
import { file, photo } from "./media.js";
import { richContent } from "./rich.js";
import { reveal } from "./text_actions.js";

/**
 * @typedef {import("../api.js").Message} Message
 * @typedef {import("../state.js").Store} Store
 * @typedef {Object} Place where a message stands
 * @property {Message} message
 * @property {boolean} first of its sender in a row
 * @property {boolean} last of its sender in a row: this one has the tail
 * @property {boolean} inGroup
 */

/** @param {Store} store @param {Place} place @param {HTMLElement | undefined} before its earlier form @returns {HTMLElement} */
export function bubble(store, place, before) {
  const { message } = place;
  if (message.service) return serviceLine(message);
  const own = message.sender === store.view.user;
  const classes = ["row", own ? "out" : "in", place.first && "first", place.last && "last", message.photo && "has-photo", message.rich && "has-rich"];
  const row = el(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      testid: `message-${message.id}`,
      "data-id": message.id,
      "aria-label": `${own ? "You" : message.sender_name}, ${clockTime(message.date_ms)}`,
    },
    place.inGroup && !own && el("span", { class: "row-face" }, place.last && face(message)),
    el("div", { class: "stack" }, body(store, place, own, before), message.buttons.length > 0 && keyboard(store, message)),
    replyButton(),
  );
  if (before) keepOpened(before, row);
  return row;
}

/** @param {Message} message */
const face = (message) =>
  message.sender === "bot" ? botAvatar("m") : avatar(message.sender_name, message.sender, "m");

/** @param {Message} message */
const serviceLine = (message) =>
  el(
    "div",
    { class: "service", testid: `message-${message.id}`, "data-id": message.id },
    el("span", {}, `${message.sender_name} ${message.service}`),
  );

/** @param {Store} store @param {Place} place @param {boolean} own @param {HTMLElement | undefined} before */
function body(store, { message, first, inGroup }, own, before) {
  const oldPicture = before?.querySelector(".photo img")?.getAttribute("src") ?? null;
  const tone = message.sender === "bot" ? "name-tone-bot" : toneOf(Number(message.sender));
  return el(
    "div",
    { class: "bubble" },
    inGroup && first && !own && el("div", { class: `sender ${tone}` }, message.sender_name),
    message.reply_to && quote(store, message),
    message.photo && photo(message, oldPicture),
    message.document && file(message),
    words(message, own),
  );
}

/** @param {Store} store @param {Message} message */
function quote(store, message) {
  const target = store.messagesOf(message.chat).get(message.reply_to ?? 0);
  if (!target) return null;
  return el(
    "button",
    { class: "quote", type: "button", "data-show": target.id },
    el("b", {}, target.sender_name),
    el("span", {}, summary(target)),
  );
}

/** @param {Message} message @param {boolean} own */
function words(message, own) {
  if (message.rich) return el("div", { class: "text", testid: "text" }, richContent(message.rich), meta(message, own));
  const text = renderHtml(message.html);
  linkify(text);
  const bare = !message.html.trim();
  const node = el("div", { class: `text ${bare ? "is-bare" : ""}`, testid: "text" }, text, meta(message, own));
  for (const part of node.querySelectorAll("blockquote.expandable")) {
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "button");
    part.setAttribute("aria-expanded", "false");
  }
  return node;
}

/** @param {Message} message @param {boolean} own */
function meta(message, own) {
  const edited = message.edits > 0;
  const tip = edited && message.edited_ms ? `, edited ${fullMoment(message.edited_ms)}` : "";
  return el(
    "span",
    { class: "meta", title: fullMoment(message.date_ms) + tip },
    edited && el("span", { class: "edited" }, "edited"),
    el("time", { datetime: new Date(message.date_ms).toISOString() }, clockTime(message.date_ms)),
    own && icon("checks"),
  );
}

const replyButton = () =>
  el("button", { class: "reply", type: "button", "aria-label": "Reply", "data-reply": true }, icon("reply"));

/** What a person opened stays open when the bot edits the message. @param {HTMLElement} before @param {HTMLElement} now */
function keepOpened(before, now) {
  const quotes = now.querySelectorAll("blockquote.expandable");
  before.querySelectorAll("blockquote.expandable").forEach((part, index) => {
    if (part.getAttribute("aria-expanded") === "true") quotes[index]?.setAttribute("aria-expanded", "true");
  });
  const details = now.querySelectorAll("details");
  before.querySelectorAll("details").forEach((part, index) => {
    if (details[index]) details[index].open = part.open;
  });
  const spoilers = now.querySelectorAll(".spoiler");
  before.querySelectorAll(".spoiler").forEach((part, index) => {
    if (part.classList.contains("is-open") && spoilers[index]) reveal(spoilers[index]);
  });
}
