/** Copying with a word of confirmation. */

import { toast } from "./render/toast.js";

/** @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied to clipboard");
  } catch {
    toast("The browser did not allow copying");
  }
}
