/** The head of a chat: back, who it is, what the bot is doing, who speaks. */

import { blockBot, changeUser } from "../api.js";
import { told } from "../actions.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { actionWord, chatTitle, currentChat, currentUser } from "../selectors.js";
import { go } from "../route.js";
import { unreadOf } from "../unread.js";
import { avatar, badge, chatAvatar } from "./avatar.js";
import { speakAs } from "./users.js";

/** @typedef {import("../state.js").Store} Store */

/** @param {HTMLElement} slot @param {Store} store */
export function mountHeader(slot, store) {
  const back = el(
    "button",
    { class: "icon-button back", type: "button", testid: "back", "aria-label": "Back to chats" },
    icon("back"),
  );
  back.addEventListener("click", () => go(store.view.user, null));
  const who = el("div", { class: "chat-who" });
  const speaker = el("button", { class: "speaker", type: "button", testid: "speaker", popovertarget: "speakers" });
  const people = el("div", { id: "speakers", class: "menu", popover: true, "aria-label": "Speak as" });
  const more = el(
    "button",
    { class: "icon-button", type: "button", testid: "chat-menu", "aria-label": "More", popovertarget: "chat-menu" },
    icon("more"),
  );
  const menu = el("div", { id: "chat-menu", class: "menu", popover: true, "aria-label": "Chat" });
  fill(slot, back, who, speaker, more, people, menu);

  store.subscribe(["people", "view", "action", "bot", "messages"], () => {
    const chat = currentChat(store);
    const user = currentUser(store);
    if (!chat || !user) return;
    drawWho(who, store, chat);
    const others = store.users.filter((other) => other.id !== user.id);
    const waiting = others.reduce((sum, other) => sum + unreadOf(store, other.id), 0);
    fill(speaker, avatar(user.name, user.id), badge(waiting));
    speaker.setAttribute("aria-label", `You speak as ${user.name}, ${user.role}. Change`);
    fill(people, store.users.map((person) => personItem(store, person, people)));
    fill(menu, ...menuItems(store, user, menu));
  });
}

/** @param {HTMLElement} slot @param {Store} store @param {import("../state.js").Chat} chat */
function drawWho(slot, store, chat) {
  const action = actionWord(store, chat.id);
  const status = action
    ? el("span", { class: "chat-status is-action", testid: "typing" }, action, el("span", { class: "dots" }))
    : el("span", { class: "chat-status" }, idleStatus(store, chat));
  fill(slot, chatAvatar(store, chat), el("div", {}, el("h1", {}, chatTitle(store, chat)), status));
}

/** @param {Store} store @param {import("../state.js").Chat} chat */
function idleStatus(store, chat) {
  if (chat.type !== "private") return `${chat.members.filter((id) => id < 1e9).length} people and the bot`;
  return store.bot?.is_polling ? "bot" : "bot · not running";
}

/** @param {Store} store @param {import("../state.js").User} person @param {HTMLElement} menu */
function personItem(store, person, menu) {
  const choose = () => {
    menu.hidePopover();
    speakAs(store, person);
  };
  return el(
    "button",
    {
      class: "menu-item",
      type: "button",
      testid: `switch-${person.id}`,
      "aria-pressed": String(person.id === store.view.user),
      on: { click: choose },
    },
    avatar(person.name, person.id, "s"),
    el("span", {}, person.name),
    el("small", {}, person.role),
    badge(unreadOf(store, person.id)),
  );
}

/** @param {Store} store @param {import("../state.js").User} user @param {HTMLElement} menu */
function menuItems(store, user, menu) {
  const language = user.language === "ru" ? "en" : "ru";
  const item = (text, testid, change) => {
    const act = async () => {
      menu.hidePopover();
      if ((await told(change.send())) === undefined) return;
      Object.assign(user, change.facts);
      store.changed("people", "bot");
    };
    return el("button", { class: "menu-item", type: "button", testid, on: { click: act } }, text);
  };
  return [
    item(`Telegram in ${language === "ru" ? "Russian" : "English"}`, "language", {
      send: () => changeUser(user.id, { language }),
      facts: { language },
    }),
    item(user.blocked ? "Unblock the bot" : "Block the bot", "block", {
      send: () => blockBot(user.id, !user.blocked),
      facts: { blocked: !user.blocked },
    }),
  ];
}
