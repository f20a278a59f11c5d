/** Numbers, sizes and moments as the page writes them. */

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const marketDate = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC",
});
const marketShortDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const marketTime = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC",
});

/** @param {number} ms @returns {string} "14:05" in the reader's zone */
export const clockTime = (ms) => time.format(ms);

/** @param {number} ms @returns {string} the whole moment, for tooltips */
export const fullMoment = (ms) => moment.format(ms);

/** @param {number} ms @returns {string} the simulated date, UTC */
export const marketDay = (ms) => marketDate.format(ms).replace(",", "");

/** @param {number} ms @returns {string} the simulated date for narrow screens, UTC */
export const marketShortDay = (ms) => marketShortDate.format(ms);

/** @param {number} ms @returns {string} the simulated time of day, UTC */
export const marketClock = (ms) => marketTime.format(ms);

/** @param {number} ms @returns {string} one string for all messages of one local day */
export const dayKey = (ms) => new Date(ms).toDateString();

/** @param {number} ms @param {number} now @returns {string} "Today", "Yesterday", "4 March" */
export function dayLabel(ms, now) {
  if (dayKey(ms) === dayKey(now)) return "Today";
  if (dayKey(ms) === dayKey(now - 86_400_000)) return "Yesterday";
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? day : dayOfYear).format(ms);
}

/** @param {number} ms @param {number} now @returns {string} for the list of chats */
export function listMoment(ms, now) {
  return dayKey(ms) === dayKey(now) ? clockTime(ms) : shortDay.format(ms);
}

/** @param {number | null} bytes @returns {string} "47.1 KB" */
export function fileSize(bytes) {
  if (bytes === null || bytes === undefined) return "";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** @param {string} last a decimal string @returns {string} grouped with thin spaces: "87 342.10" */
export function price(last) {
  const [whole, rest] = String(last).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** @param {number} fraction @returns {string} "▲ 2.3 %": never colour alone */
export function change(fraction) {
  const percent = Math.abs(fraction * 100).toFixed(1);
  const arrow = percent === "0.0" ? "•" : fraction > 0 ? "▲" : "▼";
  return `${arrow} ${percent}\u202f%`;
}

/** @param {string} symbol @returns {string} "BTC" for "BTCUSDT" and "BTC/USDT" */
export const baseOf = (symbol) => symbol.replace(/[/:-].*$/, "").replace(/(?<=.)USDT$/, "");
