/** The messages of the chat on screen. */

import { dayKey, dayLabel } from "../format.js";
import { el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { currentChat, messagesIn } from "../selectors.js";
import { Scroller } from "../scroller.js";
import { markRead, unreadIn } from "../unread.js";
import { bubble } from "./bubble.js";
import { welcome } from "./welcome.js";
import { listenToText } from "./text_actions.js";

/**
 * @typedef {import("../state.js").Store} Store
 * @typedef {import("../api.js").Message} Message
 * @typedef {import("./bubble.js").Place} Place
 * @typedef {{key: string, ms: number, places: Place[]}} Day
 */

const PAGE = 150; // messages drawn at once; older ones join as the reader scrolls up
const ROW_MS = 10 * 60_000; // a longer pause begins a new row of bubbles

/** @param {HTMLElement} slot @param {Store} store @returns {{show: (id: number) => void}} */
export function mountThread(slot, store) {
  const list = el("div", { class: "thread-list", role: "log", "aria-live": "polite" });
  const box = el("div", { class: "thread-box", testid: "thread" }, list);
  const jump = el("button", { class: "jump", type: "button", testid: "to-bottom", "aria-label": "To the newest message" });
  fill(slot, box, jump);
  const thread = new Thread(store, list, box, jump);
  listenToText(list, store, (id) => thread.show(id));
  jump.addEventListener("click", () => thread.scroller.toEnd(true));
  store.subscribe(["view", "messages", "people"], () => thread.draw());
  document.addEventListener("visibilitychange", () => thread.seen());
  return { show: (id) => thread.show(id) };
}

class Thread {
  /** @param {Store} store @param {HTMLElement} list @param {HTMLElement} box @param {HTMLElement} jump */
  constructor(store, list, box, jump) {
    Object.assign(this, { store, list, box, jump });
    this.shown = "";
    this.limit = PAGE;
    this.newest = 0;
    /** @type {Map<number, {node: HTMLElement, place: Place}>} message id -> what is drawn */
    this.rows = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.days = new Map();
    this.scroller = new Scroller(box, list, () => this.seen());
    box.addEventListener("scroll", () => box.scrollTop < 200 && this.older(), { passive: true });
  }

  draw() {
    const chat = currentChat(this.store);
    if (!chat) return;
    const key = `${this.store.view.user}:${chat.id}`;
    const opened = key !== this.shown;
    if (opened) this.#open(key);
    const messages = messagesIn(this.store, chat.id);
    const newest = messages.at(-1);
    this.#place(byDay(messages.slice(-this.limit), chat.type !== "private"), opened);
    if (messages.length === 0) this.list.append(welcome(this.store, chat));
    const ownNew = newest !== undefined && newest.id > this.newest && newest.sender === this.store.view.user;
    if (opened || ownNew || this.scroller.stuck) this.scroller.toEnd();
    this.newest = newest?.id ?? 0;
    this.seen();
  }

  /** Reaches a message, drawing older ones if need be, and lights it up. @param {number} id */
  show(id) {
    const messages = messagesIn(this.store, this.store.view.chat ?? 0);
    const depth = messages.length - messages.findIndex((message) => message.id === id);
    if (depth > this.limit) {
      this.limit = depth + 20;
      this.draw();
    }
    const node = this.rows.get(id)?.node;
    if (!node) return;
    this.scroller.toElement(node);
    node.classList.remove("is-lit");
    requestAnimationFrame(() => node.classList.add("is-lit"));
  }

  older() {
    if (messagesIn(this.store, this.store.view.chat ?? 0).length <= this.limit) return;
    this.limit += PAGE;
    this.scroller.keepPlace(() => this.draw());
  }

  /** Marks as read what is on screen and counts what is below. */
  seen() {
    const { user, chat } = this.store.view;
    if (chat === null) return;
    const looking = document.visibilityState === "visible" && this.box.clientHeight > 0;
    if (this.scroller.stuck && looking) markRead(this.store, user, chat);
    const below = this.scroller.stuck ? 0 : unreadIn(this.store, user, chat);
    this.jump.classList.toggle("is-shown", !this.scroller.stuck);
    this.jump.tabIndex = this.scroller.stuck ? -1 : 0;
    fill(this.jump, below > 0 && el("span", { class: "badge" }, below), icon("down"));
  }

  /** @param {string} key */
  #open(key) {
    this.shown = key;
    this.limit = PAGE;
    this.rows.clear();
    this.days.clear();
    fill(this.list);
  }

  /** Draws only what changed. @param {Day[]} days @param {boolean} opened */
  #place(days, opened) {
    const rows = new Map();
    const sections = new Map();
    for (const day of days) {
      const section = this.days.get(day.key) ?? daySection(day);
      sections.set(day.key, section);
      for (const place of day.places) {
        const known = this.rows.get(place.message.id);
        const row = known && same(known.place, place) ? known : { place, node: this.#build(place, known?.node, opened) };
        rows.set(place.message.id, row);
      }
      arrange(section, [section.firstElementChild, ...day.places.map((place) => rows.get(place.message.id).node)]);
    }
    arrange(this.list, [...sections.values()]);
    this.rows = rows;
    this.days = sections;
  }

  /** @param {Place} place @param {HTMLElement | undefined} before @param {boolean} opened */
  #build(place, before, opened) {
    const node = bubble(this.store, place, before);
    if (!before && !opened && place.message.id > this.newest) node.classList.add("is-new");
    return node;
  }
}

/** Messages by day, each with its place in a row of bubbles. @param {Message[]} messages @param {boolean} inGroup @returns {Day[]} */
function byDay(messages, inGroup) {
  /** @type {Day[]} */
  const days = [];
  messages.forEach((message, index) => {
    const key = dayKey(message.date_ms);
    if (days.at(-1)?.key !== key) days.push({ key, ms: message.date_ms, places: [] });
    const first = !joined(messages[index - 1], message);
    const last = !joined(message, messages[index + 1]);
    days.at(-1)?.places.push({ message, inGroup, first, last });
  });
  return days;
}

/** @param {Day} day */
const daySection = (day) =>
  el("div", { class: "day-group" }, el("div", { class: "day" }, el("span", {}, dayLabel(day.ms, Date.now()))));

/** Makes these the children, moving only those out of place. @param {Element} parent @param {Element[]} nodes */
function arrange(parent, nodes) {
  const kept = new Set(nodes);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

/** @param {Message | undefined} one @param {Message | undefined} next */
function joined(one, next) {
  return Boolean(
    one && next && one.sender === next.sender && !one.service && !next.service && one.buttons.length === 0 &&
      next.date_ms - one.date_ms < ROW_MS && dayKey(one.date_ms) === dayKey(next.date_ms),
  );
}

/** @param {Place} one @param {Place} other */
function same(one, other) {
  return one.message === other.message && one.first === other.first && one.last === other.last;
}
