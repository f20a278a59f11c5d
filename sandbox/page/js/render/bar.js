/** The thin bar on top: the simulated clock and its speed, prices, faults, theme. */

import { changeClock } from "../api.js";
import { told } from "../actions.js";
import { el, fill, setText } from "../dom.js";
import { marketClock, marketDay, marketShortDay } from "../format.js";
import { icon } from "../icons.js";
import { currentTheme, onSystemTheme, toggleTheme } from "../theme.js";
import { mountFaults } from "./faults.js";
import { mountTicker } from "./ticker.js";

/** @typedef {import("../state.js").Store} Store */

const SPEEDS = [0, 1, 60, 600];
const LEAPS = [
  { text: "+1h", testid: "clock-plus-hour", seconds: 3_600, label: "One hour ahead" },
  { text: "+1d", testid: "clock-plus-day", seconds: 86_400, label: "One day ahead" },
];
const REDRAW_MS = 250;

/** @param {HTMLElement} slot @param {Store} store */
export function mountBar(slot, store) {
  const clock = el("div", { class: "clock", testid: "clock", role: "timer", "aria-label": "Market time, UTC" });
  const ticker = el("div", { class: "ticker", testid: "ticker", tabindex: 0, role: "group", "aria-label": "Prices" });
  const controls = el("div", { class: "bar-controls", id: "bar-controls" });
  const unfold = el(
    "button",
    { class: "bar-speed", type: "button", testid: "clock-unfold", "aria-controls": "bar-controls", "aria-expanded": "false" },
  );
  unfold.addEventListener("click", () => {
    const isOpen = slot.classList.toggle("is-open");
    unfold.setAttribute("aria-expanded", String(isOpen));
  });
  const faults = el("div", { class: "bar-faults" });
  fill(slot, clock, unfold, controls, ticker, faults);
  mountClock(clock, store);
  mountControls(controls, unfold, store);
  mountTicker(ticker, store);
  mountFaults(faults, store);
}

/** @param {HTMLElement} slot @param {Store} store */
function mountClock(slot, store) {
  const day = el("span", { class: "clock-day wide-only" });
  const shortDay = el("span", { class: "clock-day narrow-only" });
  const minutes = el("span");
  const seconds = el("span", { class: "wide-only" });
  const time = el("time", { class: "clock-time" }, minutes, seconds);
  fill(slot, el("span", { class: "clock-dot" }), day, shortDay, time, el("span", { class: "clock-zone" }, "UTC"));
  const draw = () => {
    const ms = marketNow(store);
    if (ms === null) return;
    setText(day, marketDay(ms));
    setText(shortDay, marketShortDay(ms));
    setText(minutes, marketClock(ms).slice(0, 5));
    setText(seconds, marketClock(ms).slice(5));
    time.setAttribute("datetime", new Date(ms).toISOString());
    slot.classList.toggle("is-paused", store.clock?.speed === 0);
    slot.title = `${store.clock?.source === "replay" ? "Recorded" : "Synthetic"} market`;
  };
  store.subscribe(["clock", "connection"], draw);
  setInterval(draw, REDRAW_MS);
}

/** The market's time between two words of the clock. @param {Store} store @returns {number | null} */
function marketNow(store) {
  if (!store.clock) return null;
  const passed = store.online ? Math.min(Date.now() - store.clock.received, 2_000) : 0;
  return store.clock.market_ms + passed * store.clock.speed;
}

/** @param {HTMLElement} slot @param {HTMLElement} unfold @param {Store} store */
function mountControls(slot, unfold, store) {
  const move = (change) => () => told(changeClock(change));
  const speeds = SPEEDS.map((speed) =>
    el(
      "button",
      {
        class: "bar-button",
        type: "button",
        testid: speed === 0 ? "clock-pause" : `clock-${speed}x`,
        "aria-label": speed === 0 ? "Pause the market" : `Speed ${speed}`,
        on: { click: move({ speed }) },
      },
      speed === 0 ? icon("pause") : `${speed}×`,
    ),
  );
  const leaps = LEAPS.map(({ text, testid, seconds, label }) =>
    el(
      "button",
      { class: "bar-button", type: "button", testid, "aria-label": label, on: { click: move({ advance_s: seconds }) } },
      text,
    ),
  );
  fill(
    slot,
    el("span", { class: "segments", role: "group", "aria-label": "Speed" }, speeds),
    el("span", { class: "segments", role: "group", "aria-label": "Leap" }, leaps),
    themeButton(),
  );
  store.subscribe(["clock"], () => {
    const now = store.clock?.speed;
    speeds.forEach((button, index) => button.setAttribute("aria-pressed", String(SPEEDS[index] === now)));
    const word = now === 0 ? "Paused" : `${now}×`;
    fill(unfold, word, icon("down"));
    unfold.setAttribute("aria-label", `Speed ${word}. Change`);
  });
}

function themeButton() {
  const button = el("button", { class: "bar-button theme-button", type: "button", testid: "theme" });
  const draw = () => {
    const isDark = currentTheme() === "dark";
    fill(button, icon(isDark ? "sun" : "moon"));
    button.setAttribute("aria-label", isDark ? "Light theme" : "Dark theme");
  };
  button.addEventListener("click", () => {
    toggleTheme();
    draw();
  });
  onSystemTheme(draw);
  draw();
  return button;
}
