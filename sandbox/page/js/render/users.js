/** Whom the page speaks as. */

import { el, fill, narrow } from "../dom.js";
import { chatsOf } from "../selectors.js";
import { go } from "../route.js";
import { unreadOf } from "../unread.js";
import { avatar, badge } from "./avatar.js";

/**
 * @typedef {import("../state.js").Store} Store
 * @typedef {import("../state.js").User} User
 */

/** The row above the list of chats. @param {HTMLElement} slot @param {Store} store */
export function mountUsers(slot, store) {
  const draw = () => fill(slot, store.users.map((user) => userButton(store, user)));
  store.subscribe(["people", "view", "messages"], draw);
}

/** @param {Store} store @param {User} user */
function userButton(store, user) {
  const isCurrent = user.id === store.view.user;
  return el(
    "button",
    {
      class: "user",
      type: "button",
      testid: `user-${user.id}`,
      "aria-pressed": String(isCurrent),
      on: { click: () => speakAs(store, user) },
    },
    el("span", { class: "user-face" }, avatar(user.name, user.id), badge(unreadOf(store, user.id))),
    el("span", { class: "user-name" }, user.name),
    el("span", { class: "user-role" }, user.role),
  );
}

/**
 * Changes the speaker; a group that both are in stays open, and so does the list of chats on a phone.
 *
 * @param {Store} store @param {User} user
 */
export function speakAs(store, user) {
  const { chat } = store.view;
  if (chat === null && narrow.matches) return go(user.id, null);
  const open = chatsOf(store, user.id);
  const shared = chat !== null && chat < 0 && open.some((known) => known.id === chat);
  return go(user.id, shared ? chat : user.chat);
}
