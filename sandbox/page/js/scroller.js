/** A list that stays at its end while the reader is there, and stays put while the reader is not. */

import { calm } from "./dom.js";

const NEAR_PX = 48;

export class Scroller {
  /** @param {HTMLElement} box scrolls @param {HTMLElement} content grows @param {() => void} moved */
  constructor(box, content, moved) {
    this.box = box;
    this.moved = moved;
    this.stuck = true;
    this.top = 0;
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const sizes = new ResizeObserver(() => this.stuck && this.toEnd());
    sizes.observe(box);
    sizes.observe(content);
  }

  get fromEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  toEnd(smooth = false) {
    this.stuck = true;
    this.box.scrollTo({ top: this.box.scrollHeight, behavior: smooth && !calm.matches ? "smooth" : "instant" });
    this.moved();
  }

  /** Shows an element in the middle. @param {Element} node */
  toElement(node) {
    this.stuck = false;
    node.scrollIntoView({ block: "center", behavior: calm.matches ? "instant" : "smooth" });
  }

  /** Runs a change that adds content above, without moving what is on screen. @param {() => void} change */
  keepPlace(change) {
    const below = this.box.scrollHeight - this.box.scrollTop;
    change();
    this.box.scrollTop = this.box.scrollHeight - below;
  }

  /** Only going up lets go of the end: content that grows below does not. */
  #scrolled() {
    const wentUp = this.box.scrollTop < this.top - 1;
    this.top = this.box.scrollTop;
    if (this.fromEnd < NEAR_PX) this.stuck = true;
    else if (wentUp) this.stuck = false;
    this.moved();
  }
}
