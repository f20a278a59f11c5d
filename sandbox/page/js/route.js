/** The address keeps who speaks and where: `#user=1002&chat=1002`. */

import { narrow } from "./dom.js";
import { chatsOf } from "./selectors.js";

/** @typedef {import("./state.js").Store} Store */

/** Follows the address bar from now on. @param {Store} store people must be known */
export function followAddress(store) {
  addEventListener("hashchange", () => readAddress(store));
  narrow.addEventListener("change", () => readAddress(store));
  readAddress(store);
}

/** @param {number} user @param {number | null} chat null is the list of chats on a phone */
export function go(user, chat) {
  location.hash = chat === null ? `user=${user}` : `user=${user}&chat=${chat}`;
}

/** @param {Store} store */
export function readAddress(store) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const user = personAt(store, Number(wanted.get("user")));
  if (!user) return;
  const chat = chatAt(store, user.id, wanted);
  if (store.view.user === user.id && store.view.chat === chat) return;
  store.view = { user: user.id, chat };
  store.changed("view");
}

/** @param {Store} store @param {number} id */
function personAt(store, id) {
  return (
    store.users.find((user) => user.id === id) ??
    store.users.find((user) => user.role === "trader") ??
    store.users[0]
  );
}

/** @param {Store} store @param {number} user @param {URLSearchParams} wanted @returns {number | null} */
function chatAt(store, user, wanted) {
  const open = chatsOf(store, user);
  const found = open.find((chat) => chat.id === Number(wanted.get("chat")));
  if (found) return found.id;
  const listAsked = wanted.has("user") && !wanted.has("chat");
  return listAsked && narrow.matches ? null : (open[0]?.id ?? null);
}
