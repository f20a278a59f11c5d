/** Writing: the input, START, the commands menu, replies and the reply keyboard. */

import { say } from "./actions.js";
import { mountCommands } from "./commands.js";
import { byId, el, fill, narrow } from "./dom.js";
import { icon } from "./icons.js";
import { mountReplyKeyboard } from "./reply_keyboard.js";
import { currentChat, offeredCommands, summary } from "./selectors.js";

/** @typedef {import("./state.js").Store} Store */

const TALLEST_PX = 200;

/** @param {HTMLElement} slot @param {Store} store */
export function mountComposer(slot, store) {
  const composer = new Composer(slot, store);
  store.subscribe(["view", "messages", "people", "bot"], () => composer.draw());
}

class Composer {
  /** @param {HTMLElement} slot @param {Store} store */
  constructor(slot, store) {
    this.slot = slot;
    this.store = store;
    this.shown = "";
    /** @type {Map<string, string>} what was begun in other chats */
    this.drafts = new Map();
    /** @type {number | null} */
    this.replyTo = null;
    this.#build();
    this.#listen();
  }

  #build() {
    this.input = /** @type {HTMLTextAreaElement} */ (
      el("textarea", { rows: 1, placeholder: "Message", testid: "composer", "aria-label": "Message", enterkeyhint: "send" })
    );
    this.sendButton = el("button", { class: "send", type: "button", testid: "send", "aria-label": "Send", disabled: true }, icon("send"));
    this.menuButton = el(
      "button",
      { class: "menu-button", type: "button", testid: "menu", "aria-label": "Commands", "aria-haspopup": "listbox" },
      icon("menu"),
      el("span", {}, "Menu"),
    );
    this.keysButton = el(
      "button",
      { class: "icon-button", type: "button", testid: "keyboard-toggle", "aria-label": "Show or hide the keyboard", hidden: true },
      icon("keyboard"),
    );
    this.startButton = el("button", { class: "start", type: "button", testid: "start" }, "START");
    this.answering = el("div", { class: "answering", testid: "answering", hidden: true });
    this.list = el("div", { class: "commands", testid: "commands", hidden: true });
    this.line = el("div", { class: "composer" }, this.menuButton, this.input, this.keysButton, this.sendButton);
    this.keys = el("div", { class: "reply-keyboard", testid: "reply-keyboard", hidden: true });
    fill(this.slot, this.list, this.answering, this.line, this.startButton, this.keys);
    this.commands = mountCommands(this.input, this.list, this.menuButton, this.store, (text) => this.#send(text));
    mountReplyKeyboard(this.keys, this.keysButton, this.store, (text) => this.#send(text));
  }

  #listen() {
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => {
      if (this.commands.key(event) || event.isComposing) return;
      if (event.key === "Escape" && this.replyTo) this.#answer(null);
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      this.#send(this.input.value);
    });
    this.sendButton.addEventListener("click", () => this.#send(this.input.value));
    this.startButton.addEventListener("click", () => this.#send("/start"));
    byId("thread").addEventListener("reply", (event) => {
      this.#answer(/** @type {CustomEvent<number>} */ (event).detail);
      this.input.focus();
    });
  }

  draw() {
    const chat = currentChat(this.store);
    if (!chat) return;
    const key = `${this.store.view.user}:${chat.id}`;
    if (key !== this.shown) this.#swap(key);
    const isNew = chat.type === "private" && this.store.messagesOf(chat.id).size === 0;
    this.line.hidden = isNew;
    this.startButton.hidden = !isNew;
    this.menuButton.hidden = offeredCommands(this.store).length === 0;
  }

  /** Another chat: its draft comes, this one's stays behind. @param {string} key */
  #swap(key) {
    if (this.shown) this.drafts.set(this.shown, this.input.value);
    this.shown = key;
    this.input.value = this.drafts.get(key) ?? "";
    this.#answer(null);
    this.#typed();
    this.commands.close();
    if (!narrow.matches) this.input.focus({ preventScroll: true });
  }

  #typed() {
    this.sendButton.disabled = !this.input.value.trim();
    this.input.style.height = "auto";
    const wanted = this.input.scrollHeight + 2; // and the border
    this.input.style.height = `${Math.min(wanted, TALLEST_PX)}px`;
    this.input.style.overflowY = wanted > TALLEST_PX ? "auto" : "hidden";
  }

  /** @param {string} text */
  async #send(text) {
    const words = text.trim();
    if (!words) return;
    const { replyTo } = this;
    this.input.value = "";
    this.#typed();
    this.#answer(null);
    this.commands.close();
    if (await say(this.store, words, replyTo)) return;
    if (!this.input.value) this.input.value = text;
    this.#typed();
  }

  /** @param {number | null} id the message that the next one answers */
  #answer(id) {
    const message = id === null ? undefined : this.store.messagesOf(this.store.view.chat ?? 0).get(id);
    this.replyTo = message?.id ?? null;
    this.answering.hidden = !message;
    if (!message) return;
    const cancel = el("button", { class: "icon-button", type: "button", "aria-label": "Do not reply" }, icon("close"));
    cancel.addEventListener("click", () => this.#answer(null));
    const words = el("span", { class: "answering-words" }, el("b", {}, message.sender_name), el("span", {}, summary(message)));
    fill(this.answering, icon("reply"), words, cancel);
  }
}
