/** Puts the page together. */

import * as api from "./api.js";
import { byId, narrow } from "./dom.js";
import { applyEvent, applyMessages, applyState } from "./events.js";
import { followAddress, readAddress } from "./route.js";
import { Store } from "./state.js";
import { Stream } from "./stream.js";
import { dropForeignMarks, unreadOf } from "./unread.js";
import { mountComposer } from "./composer.js";
import { mountBanner } from "./render/banner.js";
import { mountBar } from "./render/bar.js";
import { mountChatList } from "./render/chat_list.js";
import { mountHeader } from "./render/header.js";
import { mountPinned } from "./render/pinned.js";
import { mountThread } from "./render/thread.js";
import { showAnswer } from "./render/toast.js";
import { mountUsers } from "./render/users.js";

const store = new Store();
let started = false;
const REREAD_MS = 20_000; // whether the bot polls is not on the stream

async function readEverything() {
  const state = await api.readState();
  const chats = await Promise.all(state.chats.map((chat) => api.readMessages(chat.id)));
  applyState(store, state);
  state.chats.forEach((chat, index) => applyMessages(store, chat.id, chats[index]));
  dropForeignMarks(store);
  if (started) readAddress(store);
  else followAddress(store);
  started = true;
}

/** @param {any} event one object of the stream */
function hear(event) {
  if (event.type === "answer") showAnswer(store, event);
  else applyEvent(store, event);
  if (event.type === "message" && !store.chats.some((chat) => chat.id === event.message.chat)) readEverything();
}

async function lookAtBot() {
  if (!store.online || document.hidden) return;
  const state = await api.readState().catch(() => null);
  if (!state) return;
  store.bot = state.bot;
  store.changed("bot");
}

function mount() {
  mountBar(byId("bar"), store);
  mountBanner(byId("banner"), store);
  mountUsers(byId("users"), store);
  mountChatList(byId("chat-list"), byId("sidebar-note"), store);
  mountHeader(byId("chat-header"), store);
  mountComposer(byId("composer"), store);
  const thread = mountThread(byId("thread"), store);
  mountPinned(byId("pinned"), store, thread.show);
}

function nameScreen() {
  byId("app").dataset.screen = store.view.chat === null && narrow.matches ? "list" : "chat";
}

function countInTitle() {
  const unread = store.users.reduce((sum, user) => sum + unreadOf(store, user.id), 0);
  document.title = unread ? `(${unread}) Perpetuum sandbox` : "Perpetuum sandbox";
}

mount();
store.subscribe(["view"], nameScreen);
store.subscribe(["messages", "people"], countInTitle);
new Stream({
  read: readEverything,
  event: hear,
  status: (up) => {
    store.online = up;
    store.changed("connection");
  },
}).open();
setInterval(lookAtBot, REREAD_MS);
