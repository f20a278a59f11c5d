/** What the page knows. One store; modules subscribe to the topics they draw. */

/**
 * @typedef {import("./api.js").Message} Message
 * @typedef {{id: number, name: string, role: string, chat: number, language: string, blocked?: boolean}} User
 * @typedef {{id: number, type: "private" | "supergroup", title: string, members: number[], pinned: number | null}} Chat
 * @typedef {{market_ms: number, wire_ms: number, speed: number, source: string}} Clock
 * @typedef {{symbol: string, last: string, change_24h: number, source?: string}} Market
 * @typedef {"people" | "view" | "messages" | "action" | "clock" | "markets" | "faults" | "bot" | "keyboard" | "connection"} Topic
 */

export class Store {
  constructor() {
    /** @type {User[]} */ this.users = [];
    /** @type {Chat[]} */ this.chats = [];
    /** @type {(Clock & {received: number}) | null} */ this.clock = null;
    /** @type {Market[]} */ this.markets = [];
    /** @type {Object<string, Object<string, any>>} */ this.faults = {};
    /** @type {any} */ this.bot = null;
    /** Who speaks and where; chat is null on the phone's list of chats. */
    this.view = { user: 0, chat: /** @type {number | null} */ (null) };
    this.online = true;
    /** @type {Map<number, Map<number, Message>>} chat -> message id -> message */
    this.messages = new Map();
    /** @type {Map<number, {action: string, until: number}>} chat -> what the bot is doing */
    this.actions = new Map();
    /** @type {Map<number, any[][] | null>} chat -> reply keyboard */
    this.keyboards = new Map();
    /** @type {Map<Topic, Set<() => void>>} */
    this.listeners = new Map();
    /** @type {Set<Topic>} */
    this.touched = new Set();
  }

  /** @param {Topic[]} topics @param {() => void} listener called once for any number of changes at a time */
  subscribe(topics, listener) {
    for (const topic of topics) {
      if (!this.listeners.has(topic)) this.listeners.set(topic, new Set());
      this.listeners.get(topic)?.add(listener);
    }
  }

  /** @param {...Topic} topics */
  changed(...topics) {
    if (this.touched.size === 0) queueMicrotask(() => this.#tell());
    for (const topic of topics) this.touched.add(topic);
  }

  #tell() {
    const due = new Set();
    for (const topic of this.touched) {
      for (const listener of this.listeners.get(topic) ?? []) due.add(listener);
    }
    this.touched.clear();
    for (const listener of due) listener();
  }

  /** @param {number} chat @returns {Map<number, Message>} */
  messagesOf(chat) {
    let known = this.messages.get(chat);
    if (!known) this.messages.set(chat, (known = new Map()));
    return known;
  }
}
