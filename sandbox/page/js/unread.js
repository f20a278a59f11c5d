/** What each person has read, remembered for this browser tab. */

import { chatsOf } from "./selectors.js";

/** @typedef {import("./state.js").Store} Store */

const KEY = "sandbox.read";

/** @type {Object<string, number>} "user:chat" -> id of the last message read */
let marks = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

/** @param {Store} store @param {number} user @param {number} chat @returns {number} */
export function unreadIn(store, user, chat) {
  const mark = marks[`${user}:${chat}`] ?? 0;
  let count = 0;
  for (const message of store.messagesOf(chat).values()) {
    if (message.sender === user) continue;
    if (message.id > mark && !message.service) count += 1;
  }
  return count;
}

/** @param {Store} store @param {number} user @returns {number} over all chats of the person */
export function unreadOf(store, user) {
  return chatsOf(store, user).reduce((sum, chat) => sum + unreadIn(store, user, chat.id), 0);
}

/** The person has seen everything in the chat. @param {Store} store @param {number} user @param {number} chat */
export function markRead(store, user, chat) {
  const newest = Math.max(0, ...store.messagesOf(chat).keys());
  const key = `${user}:${chat}`;
  if (newest <= (marks[key] ?? 0)) return;
  marks[key] = newest;
  sessionStorage.setItem(KEY, JSON.stringify(marks));
  store.changed("people");
}

/** A mark past the newest message comes from an earlier sandbox. @param {Store} store */
export function dropForeignMarks(store) {
  let newest = 0;
  for (const chat of store.messages.values()) newest = Math.max(newest, ...chat.keys());
  if (Object.values(marks).every((mark) => mark <= newest)) return;
  marks = {};
  sessionStorage.setItem(KEY, "{}");
}
