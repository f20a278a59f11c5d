/** How what the sandbox says changes what the page knows. */

/** @typedef {import("./state.js").Store} Store */

const ACTION_MS = 5_000; // Telegram shows a chat action for five seconds

/** @type {Object<string, (store: Store, event: any) => void>} */
const REDUCERS = {
  message(store, { message }) {
    store.messagesOf(message.chat).set(message.id, message);
    if (message.sender === "bot") heardFromBot(store, message.chat);
    store.changed("messages", "action");
  },
  edit(store, { message }) {
    const known = store.messagesOf(message.chat);
    if ((known.get(message.id)?.edits ?? 0) > message.edits) return;
    known.set(message.id, message);
    store.changed("messages");
  },
  delete(store, { chat, id }) {
    store.messagesOf(chat).delete(id);
    store.changed("messages");
  },
  pin(store, { chat, message }) {
    store.chats = store.chats.map((known) => (known.id === chat ? { ...known, pinned: message } : known));
    store.changed("messages");
  },
  action(store, { chat, action }) {
    store.actions.set(chat, { action, until: Date.now() + ACTION_MS });
    setTimeout(() => forgetAction(store, chat), ACTION_MS + 50);
    store.changed("action");
  },
  commands(store, { bot }) {
    store.bot = bot;
    store.changed("bot");
  },
  clock(store, { type: _, ...clock }) {
    store.clock = { ...store.clock, ...clock, received: Date.now() };
    store.changed("clock");
  },
  tickers(store, { markets }) {
    const known = new Map(store.markets.map((market) => [market.symbol, market]));
    const fresh = markets.map((market) => ({ ...known.get(market.symbol), ...market }));
    const told = new Set(markets.map((market) => market.symbol));
    store.markets = [...fresh, ...store.markets.filter((market) => !told.has(market.symbol))];
    store.changed("markets");
  },
  faults(store, { faults }) {
    store.faults = faults;
    store.changed("faults");
  },
  reply_keyboard(store, { chat, keyboard }) {
    store.keyboards.set(chat, keyboard);
    store.changed("keyboard");
  },
};

/** @param {Store} store @param {any} event one object of the stream; unknown kinds are ignored */
export function applyEvent(store, event) {
  REDUCERS[event.type]?.(store, event);
}

/** Takes over a whole reading of the state. @param {Store} store @param {any} state */
export function applyState(store, state) {
  store.users = state.users;
  store.chats = state.chats;
  store.clock = { ...state.clock, received: Date.now() };
  store.markets = state.markets;
  store.faults = state.faults;
  store.bot = state.bot;
  for (const chat of state.chats) {
    if (chat.reply_keyboard !== undefined) store.keyboards.set(chat.id, chat.reply_keyboard);
  }
  store.changed("people", "clock", "markets", "faults", "bot", "keyboard");
}

/**
 * Takes over a chat's messages; those that did not change stay the same objects, so that nothing is redrawn.
 *
 * @param {Store} store @param {number} chat @param {import("./api.js").Message[]} messages
 */
export function applyMessages(store, chat, messages) {
  const before = store.messagesOf(chat);
  const now = new Map();
  for (const message of messages) {
    const known = before.get(message.id);
    now.set(message.id, known && JSON.stringify(known) === JSON.stringify(message) ? known : message);
  }
  store.messages.set(chat, now);
  store.changed("messages");
}

/** @param {Store} store @param {number} chat where the bot is no longer typing */
function heardFromBot(store, chat) {
  store.actions.delete(chat);
  if (store.bot && !store.bot.is_polling) store.bot = { ...store.bot, is_polling: true };
}

/** @param {Store} store @param {number} chat */
function forgetAction(store, chat) {
  const action = store.actions.get(chat);
  if (!action || action.until > Date.now()) return;
  store.actions.delete(chat);
  store.changed("action");
}
