/** What an empty chat says. */

import { el } from "../dom.js";
import { botName } from "../selectors.js";
import { botAvatar } from "./avatar.js";

/** @param {import("../state.js").Store} store @param {import("../state.js").Chat} chat */
export function welcome(store, chat) {
  if (chat.type !== "private") {
    return el("div", { class: "welcome" }, el("div", { class: "welcome-card" }, el("p", {}, "No messages here yet.")));
  }
  return el(
    "div",
    { class: "welcome" },
    el(
      "div",
      { class: "welcome-card" },
      botAvatar("xl"),
      el("h2", {}, botName(store)),
      el("p", {}, "A crypto desk in a chat: prices, charts and what is wrong with them, at a glance."),
      el("p", { class: "is-faint" }, "This is its sandbox: the bot is the real one, the market and Telegram around it are played on this machine. No account, no money, nothing to break."),
      el("p", {}, "Press ", el("b", {}, "START"), " below."),
    ),
  );
}
