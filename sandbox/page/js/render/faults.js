/** The switches that break the outside world, and the levers that move a price. */

import { clearFaults, setFaults, shockMarket } from "../api.js";
import { told } from "../actions.js";
import { el, fill } from "../dom.js";
import { baseOf, price } from "../format.js";
import { icon } from "../icons.js";
import { toast } from "./toast.js";

/** @typedef {import("../state.js").Store} Store */

const SERVICES = ["telegram", "bybit", "binance"];

/**
 * @typedef {Object} Fault
 * @property {string} name part of the test id
 * @property {string} text
 * @property {string} hint
 * @property {Object<string, any>} on sent to switch it on
 * @property {Object<string, any>} off sent to switch it off
 * @property {(now: any) => boolean} is whether a service's faults hold it
 * @property {string[]} services where it makes sense
 */

/** @type {Fault[]} */
const FAULTS = [
  { name: "down", text: "Down", hint: "Connections are dropped", on: { down: true }, off: { down: false }, is: (now) => now.down, services: SERVICES },
  { name: "slow", text: "Slow 3 s", hint: "Every answer waits three seconds", on: { delay_s: 3 }, off: { delay_s: 0 }, is: (now) => now.delay_s > 0, services: SERVICES },
  { name: "429", text: "429", hint: "Too many requests", on: { status: 429, retry_after: 5 }, off: { status: null, retry_after: null }, is: (now) => now.status === 429, services: SERVICES },
  { name: "409", text: "409", hint: "Another bot polls with the same token", on: { status: 409 }, off: { status: null }, is: (now) => now.status === 409, services: ["telegram"] },
  { name: "malformed", text: "Malformed", hint: "Answers are broken JSON", on: { malformed: true }, off: { malformed: false }, is: (now) => now.malformed, services: SERVICES },
  { name: "silent", text: "Silent", hint: "WebSockets stay open and say nothing", on: { silent: true }, off: { silent: false }, is: (now) => now.silent, services: ["bybit"] },
  { name: "limits", text: "Real limits", hint: "Telegram's own limits on how fast a bot writes", on: { real_limits: true }, off: { real_limits: false }, is: (now) => now.real_limits, services: ["telegram"] },
];

/** @param {HTMLElement} slot @param {Store} store */
export function mountFaults(slot, store) {
  const button = el("button", { class: "bar-button faults-button", type: "button", testid: "faults", popovertarget: "faults-panel" });
  const switches = el("div", { class: "fault-grid" });
  const panel = el(
    "div",
    { id: "faults-panel", class: "panel", popover: true, role: "dialog", "aria-label": "Faults and shocks", testid: "faults-panel" },
    el("header", {}, el("h2", {}, "Break the outside world"), clearButton()),
    switches,
    shockLine(store),
  );
  fill(slot, button, panel);
  store.subscribe(["faults"], () => {
    const active = SERVICES.reduce((sum, service) => sum + activeIn(store, service), 0);
    button.classList.toggle("is-alarming", active > 0);
    button.setAttribute("aria-label", active ? `Faults, ${active} on` : "Faults");
    fill(button, icon("bolt"), el("span", { class: "faults-word" }, "Faults"), active > 0 && el("span", { class: "badge" }, active));
    fill(switches, grid(store));
  });
}

/** @param {Store} store @param {string} service */
const activeIn = (store, service) => FAULTS.filter((fault) => fault.is(store.faults[service] ?? {})).length;

const clearButton = () =>
  el("button", { class: "link-button", type: "button", testid: "faults-clear", on: { click: () => told(clearFaults()) } }, "Clear all");

/** @param {Store} store @returns {HTMLElement[]} one row a fault, one column a service */
function grid(store) {
  const head = SERVICES.map((service) => el("b", { class: "fault-service" }, service));
  const rows = FAULTS.flatMap((fault) => [
    el("span", { class: "fault-name", title: fault.hint }, fault.text, el("small", {}, fault.hint)),
    ...SERVICES.map((service) => (fault.services.includes(service) ? faultSwitch(store, fault, service) : el("span"))),
  ]);
  return [el("span"), ...head, ...rows];
}

/** @param {Store} store @param {Fault} fault @param {string} service */
function faultSwitch(store, fault, service) {
  const isOn = Boolean(fault.is(store.faults[service] ?? {}));
  const flip = () => told(setFaults({ [service]: isOn ? fault.off : fault.on }));
  return el("button", {
    class: "switch",
    type: "button",
    role: "switch",
    "aria-checked": String(isOn),
    "aria-label": `${service}: ${fault.text}`,
    testid: `fault-${service}-${fault.name}`,
    on: { click: flip },
  });
}

/** @param {Store} store */
function shockLine(store) {
  const choice = /** @type {HTMLSelectElement} */ (el("select", { testid: "shock-symbol", "aria-label": "Market to shock" }));
  store.subscribe(["markets"], () => {
    const symbols = store.markets.map((market) => market.symbol);
    if (symbols.join() === [...choice.options].map((option) => option.value).join()) return;
    const kept = choice.value;
    fill(choice, symbols.map((symbol) => el("option", { value: symbol }, baseOf(symbol))));
    if (symbols.includes(kept)) choice.value = kept;
  });
  const shock = async (percent) => {
    const now = await told(shockMarket(choice.value, percent));
    if (now) toast(`${baseOf(now.symbol)} is ${price(now.last)} now`);
  };
  const lever = (percent, text) =>
    el(
      "button",
      {
        class: `lever ${percent > 0 ? "is-up" : "is-down"}`,
        type: "button",
        testid: percent > 0 ? "shock-up" : "shock-down",
        on: { click: () => shock(percent) },
      },
      text,
    );
  return el("div", { class: "shock" }, el("b", {}, "Price shock"), choice, lever(-5, "▼ −5 %"), lever(5, "▲ +5 %"));
}
