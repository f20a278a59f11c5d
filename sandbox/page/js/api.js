/** The control API of the sandbox. Every call rejects with ApiError when the server says no. */

/**
 * @typedef {Object} Button
 * @property {string} text
 * @property {string | null} data callback data
 * @property {string | null} url
 * @property {string | null} copy text to put on the clipboard
 * @property {"primary" | "success" | "danger" | null} style
 *
 * @typedef {Object} Rich
 * @property {Object<string, any>[]} blocks as the Bot API's RichMessage has them
 * @property {boolean} [is_rtl]
 * @property {Object<string, string>} photos addresses by file id
 *
 * @typedef {Object} Message
 * @property {number} id rises over the whole world
 * @property {number} chat
 * @property {"bot" | number} sender
 * @property {string} sender_name
 * @property {number} date_ms wire time
 * @property {string} text
 * @property {string} html
 * @property {Button[][]} buttons
 * @property {Rich | null} rich stands in place of the text
 * @property {string | null} photo address of the picture
 * @property {string | null} document
 * @property {string | null} document_name
 * @property {number | null} document_size bytes
 * @property {number} edits
 * @property {number | null} edited_ms
 * @property {number | null} reply_to
 * @property {boolean} pinned
 * @property {string | null} service
 */

export class ApiError extends Error {}

/** @param {string} method @param {string} path @param {any} [body] @returns {Promise<any>} */
async function call(method, path, body) {
  const options = { method, headers: {}, body: undefined };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError("The sandbox is not answering.");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(answer?.error ?? `The sandbox answered ${response.status}.`);
  return answer;
}

export const readState = () => call("GET", "/control/state");

/** @param {number} chat @returns {Promise<Message[]>} all messages of the chat, oldest first */
export const readMessages = (chat) => call("GET", `/control/chats/${chat}/messages?after=0`);

/** @param {number} user @param {number} chat @param {string} text @param {number | null} replyTo */
export const sendMessage = (user, chat, text, replyTo = null) =>
  call("POST", `/control/users/${user}/messages`, replyTo ? { chat, text, reply_to: replyTo } : { chat, text });

/** Resolves when the bot has answered the tap or five seconds have passed. */
export const tapButton = (user, chat, message, button) =>
  call("POST", `/control/users/${user}/taps`, { chat, message, button });

/** @param {number} user @param {{language?: string}} change */
export const changeUser = (user, change) => call("POST", `/control/users/${user}`, change);

/** @param {number} user @param {boolean} blocked whether the person blocks the bot */
export const blockBot = (user, blocked) => call("POST", `/control/users/${user}/block`, { blocked });

/** @param {{speed?: number, advance_s?: number}} change speed 0 pauses the market's clock */
export const changeClock = (change) => call("POST", "/control/clock", change);

/** @param {string} symbol @param {number} percent */
export const shockMarket = (symbol, percent) =>
  call("POST", `/control/markets/${encodeURIComponent(symbol)}/shock`, { percent });

/** @param {Object<string, Object<string, any>>} faults merged per service */
export const setFaults = (faults) => call("POST", "/control/faults", faults);

export const clearFaults = () => call("DELETE", "/control/faults");
