/** The prices in the bar. */

import { el, setText } from "../dom.js";
import { baseOf, change, price } from "../format.js";

/** @typedef {import("../state.js").Market} Market */

const SHOWN = 12;

/** @param {HTMLElement} slot @param {import("../state.js").Store} store */
export function mountTicker(slot, store) {
  /** @type {Map<string, ReturnType<typeof quote>>} */
  const quotes = new Map();
  store.subscribe(["markets"], () => {
    const shown = store.markets.slice(0, SHOWN);
    for (const [symbol, known] of quotes) {
      if (shown.some((market) => market.symbol === symbol)) continue;
      known.node.remove();
      quotes.delete(symbol);
    }
    shown.forEach((market, index) => {
      const known = quotes.get(market.symbol) ?? quote(market);
      quotes.set(market.symbol, known);
      known.update(market);
      if (slot.children[index] !== known.node) slot.insertBefore(known.node, slot.children[index] ?? null);
    });
  });
}

/** @param {Market} market */
function quote(market) {
  const last = el("span", { class: "quote-last" });
  const moved = el("span", { class: "quote-change" });
  const node = el("span", { class: "ticker-quote", testid: `ticker-${market.symbol}` }, el("b", {}, baseOf(market.symbol)), last, moved);
  /** @param {Market} now */
  const update = (now) => {
    setText(last, price(now.last));
    setText(moved, change(now.change_24h));
    moved.classList.toggle("is-up", now.change_24h > 0);
    moved.classList.toggle("is-down", now.change_24h < 0);
    node.title = now.source ? `${now.symbol}, ${now.source}` : now.symbol;
  };
  return { node, update };
}
