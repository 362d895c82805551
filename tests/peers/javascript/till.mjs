// A point of sale on Clover's JavaScript SDK, with awaited promises in the place of callbacks:
//
//     const till = new Till({ endpoint: "ws://127.0.0.1:12345/remote_pay" });
//     const merchant = await till.event("deviceReady");
//     const response = await till.sale({ amount: 1000, externalId: newId() });
//     await till.close();
//
// The SDK itself is used as published. Two things are put in from outside: a WebSocket, because it
// expects a browser's, and a logger, because what it only logs ("Failed to pair this response") is a
// disagreement between it and the terminal, which is what we are here to find.

import { createRequire } from "node:module";
import WebSocket from "ws";

const require = createRequire(import.meta.url);

// Before the SDK is loaded: some of its loggers are made while it loads.
const { Logger } = require("remote-pay-cloud/dist/com/clover/remote/client/util/Logger.js");
const openTills = new Set();
Logger.create = () => {
  const log = (level) => (...args) => openTills.forEach((till) => till.logged(level, args));
  return Object.fromEntries(["silly", "verbose", "debug", "info", "warn", "error"].map((level) => [level, log(level)]));
};

/** The SDK, for scenarios that need its types. */
export const clover = require("remote-pay-cloud");

/** One that it has, but does not hand out. */
export const TipSuggestion = require("remote-pay-cloud-api/merchant/TipSuggestion.js");

/** A fresh external id: 13 characters, as Clover makes them. */
export const newId = () => clover.CloverID.getNewId();

export class Till {
  /**
   * Starts to connect at once.
   *
   * endpoint   address of the terminal
   * token      what an earlier pairing brought (null: pair afresh)
   * tolerate   trouble that must not end the scenario: "deviceError", "deviceDisconnected", "sdkError"
   * patience   longest wait for one event, in milliseconds
   */
  constructor({ endpoint, token = null, tolerate = [], patience = 10_000 }) {
    this.patience = patience;
    /** All that happened, in order: callbacks, envelopes in both directions, the SDK's complaints. */
    this.history = [];
    /** What the SDK has put on the wire, word for word, with made-up secrets in the place of real ones. */
    this.sent = [];
    /** How questions are answered; a scenario may put in its own. */
    this.answers = {
      confirmPaymentRequest: (request) => this.connector.acceptPayment(request.getPayment()),
      verifySignatureRequest: (request) => this.connector.acceptSignature(request),
    };
    this.#tolerated = new Set(tolerate);
    openTills.add(this);

    const configuration = new clover.WebSocketPairedCloverDeviceConfigurationBuilder(
      "com.example.peer.javascript:1.0",
      endpoint,
      "Peer till",
      "PEER-0001",
      token,
      (code) => this.#happened("callback", "pairingCode", code),
      (newToken) => this.#happened("callback", "paired", newToken),
    )
      .setWebSocketFactoryFunction((address) => (this.#socket = new NodeSocket(address, this)))
      .build();
    this.connector = new clover.CloverConnector(configuration);
    this.connector.addCloverConnectorListener(new Listener((name, value) => this.#happened("callback", name, value)));
    this.connector.initializeConnection();
  }

  /** The next callback of this name ("saleResponse" for onSaleResponse) that nobody has waited for yet. */
  async event(name) {
    const isIt = (e) => !e.taken && e.way === "callback" && e.name === name;
    const entry = await this.#until(`the callback ${name}`, () => this.history.find(isIt), name);
    entry.taken = true;
    return entry.value;
  }

  /** The callbacks of this name so far, waited for or not. */
  seen(name) {
    return this.history.filter((e) => e.way === "callback" && e.name === name).map((e) => e.value);
  }

  /** The callbacks of this name that nobody has waited for. */
  left(name) {
    return this.history.filter((e) => e.way === "callback" && e.name === name && !e.taken).map((e) => e.value);
  }

  /** Starts a sale; everything is a field of SaleRequest. The amount and the id have defaults. */
  start(fields = {}) {
    const all = { amount: 1000, externalId: newId(), ...fields };
    this.connector.sale(filled(new clover.remotepay.SaleRequest(), all));
    return all.externalId;
  }

  /** Takes a sale to its end. */
  sale(fields) {
    this.start(fields);
    return this.event("saleResponse");
  }

  /** Asks for something else ("auth", "refundPayment"), everything being a field of its request; its response. */
  ask(what, fields = {}) {
    const Request = clover.remotepay[`${what[0].toUpperCase()}${what.slice(1)}Request`];
    this.connector[what](...(Request ? [filled(new Request(), fields)] : []));
    return this.event(`${what}Response`);
  }

  /** The next screen of this name, as the SDK tells it; from a place in the history on. */
  async screen(state, from = 0) {
    const isIt = (e, at) =>
      at >= from && e.way === "callback" && e.name === "deviceActivityStart" && e.value.getEventState() === state;
    return (await this.#until(`the screen ${state}`, () => this.history.find(isIt))).value;
  }

  /** Presses a key of a screen. */
  press(screen, key) {
    const option = screen.getInputOptions().find((option) => option.getKeyPress() === key);
    if (!option) throw new Unmet(`${screen.getEventState()} to offer ${key}`, readable(screen.getInputOptions()));
    this.connector.invokeInputOption(option);
  }

  /** What the terminal has sent by this method since a place in the history, payload and payment opened. */
  received(method, from = 0) {
    return this.history
      .slice(from)
      .filter((e) => e.way === "received" && e.name === method)
      .map((e) => JSON.parse(e.value.payload))
      .map((payload) => (payload.payment ? { ...payload, payment: JSON.parse(payload.payment) } : payload));
  }

  /** Shows a text on the terminal; done when the terminal has acknowledged it. */
  async showMessage(text) {
    const from = this.history.length;
    this.connector.showMessage(text);
    await this.acknowledged("TERMINAL_MESSAGE", from);
  }

  /** Waits for the terminal's ACK of the first command of this method after a place in the history. */
  async acknowledged(method, from = 0) {
    const isSent = (e, at) => at >= from && e.way === "sent" && e.name === method;
    const sent = await this.#until(`${method} to be sent`, () => this.history.find(isSent));
    await this.#until(`the ACK of ${method}`, () => this.history.some((e) => isAckOf(e, sent)));
  }

  /** Waits until the terminal has acknowledged every command since it became ready. */
  async allAcknowledged() {
    const isReady = (e) => e.way === "callback" && e.name === "deviceReady";
    const open = () =>
      this.history
        .slice(this.history.findIndex(isReady))
        .filter((e) => e.way === "sent" && e.value.type === "COMMAND")
        .filter((sent) => !this.history.some((e) => isAckOf(e, sent)));
    await this.#until("an ACK of every command", () => open().length === 0);
  }

  /** Disposes the connector and waits until the socket is closed; the close code of the terminal. */
  async close() {
    await this.#until("no trouble", () => !this.#trouble);
    for (const trouble of TROUBLE) this.#tolerated.add(trouble);
    this.connector.dispose();
    const code = await this.#within("the socket to close", this.#socket.closed);
    openTills.delete(this);
    return code;
  }

  /** The last things that happened, for people; without secrets. */
  tail(count = 25) {
    const start = this.history[0]?.at ?? 0;
    return this.history.slice(-count).map((e) => {
      const value = e.name === "paired" ? "(hidden)" : readable(e.value);
      return masked(`${String(Math.round(e.at - start)).padStart(6)} ms ${e.way} ${e.name} ${value}`).slice(0, LONGEST_LINE);
    });
  }

  /** From the SDK's loggers. */
  logged(level, args) {
    if (level === "error" || level === "warn") {
      this.#happened("log", level === "error" ? "sdkError" : "sdkWarning", args.map(readable).join(" ") || "(no text)");
    }
  }

  /** From the socket: one envelope. */
  envelope(way, text) {
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      value = { type: "not JSON", text: String(text) };
    }
    if (way === "sent") this.sent.push(replaced(text));
    this.#happened(way, value.method ?? value.type ?? "?", value);
  }

  #socket;
  #tolerated;
  #trouble = null;
  #waiting = new Set();

  #happened(way, name, value) {
    this.history.push({ at: performance.now(), way, name, value, taken: false });
    if (TROUBLE.includes(name) && !this.#tolerated.has(name)) this.#trouble ??= { name, value };
    for (const look of [...this.#waiting]) look();
    if (way === "callback") this.answers[name]?.(value);
  }

  // Waits until the probe finds something. Trouble ends the wait, unless it is what is waited for.
  #until(what, probe, trouble) {
    let look;
    const found = new Promise((resolve, reject) => {
      look = () => {
        const result = probe();
        if (result) resolve(result);
        else if (this.#trouble && this.#trouble.name !== trouble) {
          reject(new Unmet(what, `${this.#trouble.name}: ${readable(this.#trouble.value)}`));
        }
      };
      this.#waiting.add(look);
      look();
    });
    return this.#within(what, found).finally(() => this.#waiting.delete(look));
  }

  #within(what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Unmet(what, `nothing within ${this.patience} ms`)), this.patience);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }
}

/** An expectation that was not met. */
export class Unmet extends Error {
  constructor(expected, received) {
    super(masked(`expected ${expected}\nreceived ${received}`));
  }
}

// What does not belong into a log or a recording, also in JSON within JSON.
const SECRETS = /((authenticationToken|authCode|token)\\*":\\*")[^"\\]*/g;
const masked = (text) => text.replace(SECRETS, "$1(hidden)");
const replaced = (text) => text.replace(SECRETS, "$1made-up-$2");

/** An object of the SDK with these fields set. */
export const filled = (object, fields) => {
  for (const [field, value] of Object.entries(fields)) object[`set${field[0].toUpperCase()}${field.slice(1)}`](value);
  return object;
};

// What the SDK needs of a WebSocket under Node: `ws` has the browser's interface, so only the making
// differs. Pings of the terminal are answered by `ws`, as a browser does; the SDK never sees them.
class NodeSocket extends clover.CloverWebSocketInterface {
  constructor(endpoint, till) {
    super(endpoint);
    this.till = till;
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
  }

  createWebSocket(endpoint) {
    const socket = new WebSocket(endpoint, { perMessageDeflate: false });
    socket.addEventListener("close", (event) => this.settleClosed(event.code));
    return socket;
  }

  sendText(text) {
    super.sendText(text);
    this.till.envelope("sent", text);
    return this;
  }

  notifyOnMessage(event) {
    this.till.envelope("received", event.data);
    super.notifyOnMessage(event);
  }

  notifyOnError(event) {
    // The SDK says that there was an error, not which.
    this.till.logged("warn", [event.message]);
    super.notifyOnError(event);
  }

  sendPing() {
    this.webSocket.ping();
    return this;
  }

  sendPong() {
    this.webSocket.pong();
    return this;
  }
}

// Every callback of the SDK's listener, by its name without the "on".
class Listener extends clover.remotepay.ICloverConnectorListener {
  constructor(tell) {
    super();
    for (const callback of Object.keys(clover.remotepay.ICloverConnectorListener.prototype)) {
      if (!callback.startsWith("on")) continue;
      const name = callback[2].toLowerCase() + callback.slice(3);
      this[callback] = (value) => tell(name, value);
    }
  }
}

const isAckOf = (entry, sent) =>
  entry.way === "received" && entry.name === "ACK" && JSON.parse(entry.value.payload).sourceMessageId === sent.value.id;

const readable = (value) => {
  if (value instanceof Error) return value.stack;
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
};

const TROUBLE = ["deviceError", "deviceDisconnected", "sdkError"];
const LONGEST_LINE = 2000;
