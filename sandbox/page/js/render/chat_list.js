/** The chats of the person who speaks. */

import { el, fill } from "../dom.js";
import { actionWord, chatsOf, chatTitle, currentUser, lastMessage, mediaWord, summary } from "../selectors.js";
import { listMoment } from "../format.js";
import { go } from "../route.js";
import { unreadIn } from "../unread.js";
import { badge, chatAvatar } from "./avatar.js";

/**
 * @typedef {import("../state.js").Store} Store
 * @typedef {import("../state.js").Chat} Chat
 */

/** @param {HTMLElement} slot @param {HTMLElement} note @param {Store} store */
export function mountChatList(slot, note, store) {
  store.subscribe(["people", "view", "messages", "action", "bot"], () => {
    const chats = chatsOf(store, store.view.user);
    fill(slot, chats.map((chat) => row(store, chat)));
    const user = currentUser(store);
    const source = store.clock?.source === "replay" ? "Recorded" : "Synthetic";
    fill(note, user ? `${source} prices. Nothing here leaves this machine.` : "");
  });
}

/** @param {Store} store @param {Chat} chat */
function row(store, chat) {
  const { user, chat: open } = store.view;
  const last = lastMessage(store, chat.id);
  const unread = unreadIn(store, user, chat.id);
  return el(
    "button",
    {
      class: "chat-row",
      type: "button",
      testid: `chat-${chat.id}`,
      "aria-current": chat.id === open ? "true" : null,
      on: { click: () => go(user, chat.id) },
    },
    chatAvatar(store, chat, "l"),
    el("span", { class: "chat-row-title" }, chatTitle(store, chat)),
    el("span", { class: "chat-row-time" }, last ? listMoment(last.date_ms, Date.now()) : ""),
    preview(store, chat, last),
    badge(unread, `unread-${chat.id}`),
  );
}

/** @param {Store} store @param {Chat} chat @param {import("../api.js").Message | undefined} last */
function preview(store, chat, last) {
  const action = actionWord(store, chat.id);
  if (action) return el("span", { class: "chat-row-text is-action" }, `${action}…`);
  if (!last) return el("span", { class: "chat-row-text is-faint" }, "No messages yet");
  const own = last.sender === store.view.user;
  const who = own ? "You: " : chat.type === "private" ? "" : `${last.sender_name}: `;
  const media = mediaWord(last);
  const text = summary(last);
  return el(
    "span",
    { class: "chat-row-text" },
    who && el("b", {}, who),
    media && media !== text && el("i", {}, `${media} · `),
    text,
  );
}
