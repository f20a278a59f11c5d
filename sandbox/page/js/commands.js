/** The list of commands behind "/" and behind the Menu button. */

import { el, fill } from "./dom.js";
import { currentChat, offeredCommands } from "./selectors.js";

/** @typedef {import("./state.js").Store} Store */

/**
 * @param {HTMLTextAreaElement} input
 * @param {HTMLElement} list
 * @param {HTMLElement} menuButton
 * @param {Store} store
 * @param {(text: string) => void} send
 */
export function mountCommands(input, list, menuButton, store, send) {
  const menu = new CommandMenu(input, list, store, send);
  list.id = "commands";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Commands");
  input.setAttribute("aria-controls", "commands");
  input.addEventListener("input", () => menu.follow());
  menuButton.addEventListener("click", () => {
    if (menu.isOpen) menu.close();
    else menu.open("");
    input.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!target.closest(".composer-slot")) menu.close();
  });
  return menu;
}

class CommandMenu {
  constructor(input, list, store, send) {
    Object.assign(this, { input, list, store, send });
    /** @type {{command: string, description: string}[]} */
    this.found = [];
    this.chosen = 0;
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Opens while the input holds the beginning of a command, closes when it does not. */
  follow() {
    const typed = /^\/(\w*)$/.exec(this.input.value);
    if (typed) this.open(typed[1].toLowerCase());
    else this.close();
  }

  /** @param {string} beginning */
  open(beginning) {
    this.found = offeredCommands(this.store).filter((one) => one.command.startsWith(beginning));
    this.chosen = 0;
    this.#draw();
    this.list.scrollTop = 0;
  }

  close() {
    this.found = [];
    this.#draw();
  }

  /** @param {KeyboardEvent} event @returns {boolean} the key was for the menu */
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.#move(steps[event.key]);
    else if (event.key === "Enter" && !event.shiftKey) this.#use(this.chosen);
    else if (event.key === "Tab" && !event.shiftKey) this.#complete();
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  /** @param {number} step */
  #move(step) {
    this.chosen = (this.chosen + step + this.found.length) % this.found.length;
    this.#draw();
    this.list.children[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  #use(index) {
    const { command } = this.found[index];
    const isGroup = currentChat(this.store)?.type !== "private";
    this.close();
    this.send(isGroup ? `/${command}@${this.store.bot.username}` : `/${command}`);
  }

  #complete() {
    this.input.value = `/${this.found[this.chosen].command} `;
    this.input.dispatchEvent(new Event("input"));
  }

  #draw() {
    this.list.hidden = this.found.length === 0;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    if (this.isOpen) this.input.setAttribute("aria-activedescendant", `command-${this.chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
    fill(this.list, this.found.map((one, index) => this.#option(one, index)));
  }

  /** @param {{command: string, description: string}} one @param {number} index */
  #option(one, index) {
    return el(
      "div",
      {
        class: "command-option",
        role: "option",
        id: `command-${index}`,
        testid: `command-${one.command}`,
        "aria-selected": String(index === this.chosen),
        on: { pointerdown: (event) => event.preventDefault(), click: () => this.#use(index) },
      },
      el("b", {}, `/${one.command}`),
      el("span", {}, one.description),
    );
  }
}
