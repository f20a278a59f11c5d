/** The live stream of the sandbox, kept open with back-off. */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5_000;
const SILENCE_MS = 12_000; // the clock speaks every second, so this long without a word is a dead line

export class Stream {
  /**
   * @param {Object} hooks
   * @param {() => Promise<void>} hooks.read reads everything anew; events wait until it is done
   * @param {(event: any) => void} hooks.event
   * @param {(up: boolean) => void} hooks.status
   */
  constructor(hooks) {
    this.hooks = hooks;
    this.wait = FIRST_WAIT_MS;
    this.heard = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    setInterval(() => this.#watch(), 2_000);
    addEventListener("online", () => this.#reopen());
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/control/stream`);
    /** @type {any[] | null} */
    let waiting = [];
    this.socket = socket;
    this.heard = Date.now();
    socket.onmessage = (frame) => {
      this.heard = Date.now();
      const event = JSON.parse(frame.data);
      if (waiting) waiting.push(event);
      else this.hooks.event(event);
    };
    socket.onopen = async () => {
      try {
        await this.hooks.read();
      } catch {
        socket.close();
        return;
      }
      if (this.socket !== socket) return;
      for (const event of waiting ?? []) this.hooks.event(event);
      waiting = null;
      this.wait = FIRST_WAIT_MS;
      this.hooks.status(true);
    };
    socket.onclose = () => this.socket === socket && this.#lost();
  }

  #lost() {
    this.socket = null;
    this.hooks.status(false);
    setTimeout(() => this.socket || this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  #watch() {
    if (this.socket && Date.now() - this.heard > SILENCE_MS) {
      this.socket.close();
      this.#lost();
    }
  }

  #reopen() {
    if (!this.socket) this.open();
  }
}
