/** Questions to the store. */

/**
 * @typedef {import("./state.js").Store} Store
 * @typedef {import("./state.js").Chat} Chat
 * @typedef {import("./state.js").User} User
 * @typedef {import("./api.js").Message} Message
 */

/** @param {Store} store @returns {User | undefined} who speaks */
export const currentUser = (store) => store.users.find((user) => user.id === store.view.user);

/** @param {Store} store @returns {Chat | undefined} the chat on screen */
export const currentChat = (store) => store.chats.find((chat) => chat.id === store.view.chat);

/** @param {Store} store @param {number} user @returns {Chat[]} private chat first, then groups */
export function chatsOf(store, user) {
  const groups = store.chats.filter((chat) => chat.type !== "private" && chat.members.includes(user));
  return [...store.chats.filter((chat) => chat.id === user), ...groups];
}

/** @param {Store} store @param {number} chat @returns {Message[]} oldest first */
export function messagesIn(store, chat) {
  return [...store.messagesOf(chat).values()].sort((a, b) => a.id - b.id);
}

/** @param {Store} store @param {number} chat @returns {Message | undefined} */
export function lastMessage(store, chat) {
  let last;
  for (const message of store.messagesOf(chat).values()) {
    if (!message.service && (!last || message.id > last.id)) last = message;
  }
  return last;
}

/** @param {Store} store @returns {string} the bot's name as people see it */
export const botName = (store) => store.bot?.first_name ?? store.bot?.name ?? "Perpetuum";

/** @param {Store} store @param {Chat} chat */
export const chatTitle = (store, chat) => (chat.type === "private" ? botName(store) : chat.title);

/** @param {Message} message @returns {string} one line for lists, replies and the pinned bar */
export function summary(message) {
  const line = message.text.replace(/\s+/g, " ").trim();
  if (line) return line;
  if (message.photo) return "Photo";
  return message.document_name ?? message.service ?? "";
}

/** @param {Message} message @returns {string} "photo", "file" or nothing, shown in colour before the summary */
export function mediaWord(message) {
  if (message.photo) return "Photo";
  return message.document ? "File" : "";
}

/** @param {Store} store @param {number} chat @returns {string} "typing", "sending a photo" or nothing */
export function actionWord(store, chat) {
  const action = store.actions.get(chat);
  if (!action || action.until < Date.now()) return "";
  const words = { typing: "typing", upload_photo: "sending a photo", upload_document: "sending a file" };
  return words[action.action] ?? "typing";
}

/**
 * The commands Telegram would offer: the narrowest scope that has any, in the person's language first.
 *
 * @param {Store} store
 * @returns {{command: string, description: string}[]}
 */
export function offeredCommands(store) {
  const user = currentUser(store);
  const chat = currentChat(store);
  if (!user || !chat) return [];
  const lists = store.bot?.commands ?? [];
  for (const scope of scopesFor(chat, user)) {
    for (const language of [user.language.slice(0, 2), ""]) {
      const found = lists.find((list) => list.language_code === language && isScope(list.scope, scope));
      if (found) return found.commands;
    }
  }
  return [];
}

/** @typedef {{type: string, chat_id?: number, user_id?: number}} Scope */

/** @param {Scope} one @param {Scope} other */
const isScope = (one, other) =>
  one.type === other.type && one.chat_id === other.chat_id && one.user_id === other.user_id;

/** @param {Chat} chat @param {User} user @returns {Scope[]} narrowest first */
function scopesFor(chat, user) {
  const here = { chat_id: chat.id };
  if (chat.type === "private") {
    return [{ type: "chat", ...here }, { type: "all_private_chats" }, { type: "default" }];
  }
  return [
    { type: "chat_member", ...here, user_id: user.id },
    { type: "chat_administrators", ...here },
    { type: "chat", ...here },
    { type: "all_chat_administrators" },
    { type: "all_group_chats" },
    { type: "default" },
  ];
}
