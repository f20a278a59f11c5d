/** What a person does, sent to the sandbox; failures become toasts. */

import * as api from "./api.js";
import { toast } from "./render/toast.js";

/** @typedef {import("./state.js").Store} Store */

/**
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T | undefined>} undefined when the sandbox said no; the person has been told
 */
export async function told(work) {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    toast(error.message, "bad");
    return undefined;
  }
}

/** @param {Store} store @param {string} text @param {number | null} [replyTo] @returns {Promise<boolean>} */
export async function say(store, text, replyTo = null) {
  const { user, chat } = store.view;
  if (chat === null) return false;
  return (await told(api.sendMessage(user, chat, text, replyTo))) !== undefined;
}

/** Resolves when the bot has answered. @param {Store} store @param {import("./api.js").Message} message @param {string} button */
export const tap = (store, message, button) =>
  told(api.tapButton(store.view.user, message.chat, message.id, button));
