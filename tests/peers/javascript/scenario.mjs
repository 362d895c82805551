// Runs one scenario against the terminal whose address is the first argument (or TERMINAL), prints a
// line per step, and ends with 0 if every expectation was met, else with 1. If RECORD names a folder, what
// the SDK has sent is written there as NAME.jsonl, an envelope a line.
//
//     await scenario("name", async ({ open, step, expect }) => { ... });
//
//     open({ token })             a Till, connected to the terminal and closed by `till.close()`
//     step("text", async () => )  one step: its line is printed when it is done
//     expect(what, received, ok)  ok is the value that must have been received, or a judge from `is`

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Till, Unmet } from "./till.mjs";

export async function scenario(name, play) {
  const endpoint = process.argv[2] ?? process.env.TERMINAL;
  if (!endpoint) {
    console.error(`usage: node ${name}.mjs ws://127.0.0.1:PORT/remote_pay`);
    process.exit(2);
  }

  const tills = [];
  let current = "the start";
  const fail = (error) => {
    console.error(`FAILED ${name}: ${current}`);
    console.error(indented(error instanceof Unmet ? error.message : error.stack));
    for (const till of tills) console.error(`what happened last:\n${indented(till.tail().join("\n"))}`);
    process.exit(1);
  };
  // Nothing of what may hang, be it the terminal or the SDK, outlives this.
  setTimeout(() => fail(new Unmet(`an end within ${DEADLINE} ms`, "none")), DEADLINE).unref();

  const open = (options = {}) => {
    const till = new Till({ endpoint, ...options });
    tills.push(till);
    return till;
  };
  const step = async (text, act) => {
    current = text;
    const detail = await act();
    console.log(`ok     ${text}${detail === undefined ? "" : `: ${detail}`}`);
  };
  const expect = (what, received, ok) => {
    const met = typeof ok === "function" ? ok(received) : Object.is(received, ok);
    const wanted = typeof ok === "function" ? "" : ` to be ${JSON.stringify(ok)}`;
    if (!met) throw new Unmet(`${what}${wanted}`, JSON.stringify(received));
  };

  try {
    await play({ open, step, expect });
  } catch (error) {
    fail(error);
  }
  if (process.env.RECORD) {
    const lines = tills.flatMap((till) => till.sent).map((text) => `${text}\n`);
    writeFileSync(join(process.env.RECORD, `${name}.jsonl`), lines.join(""));
  }
  // Disposed or not, the SDK keeps a timer for 15 s after every connect, which Node would wait for.
  process.exit(0);
}

/** Judges for `expect`. */
export const is = {
  text: (value) => typeof value === "string" && value !== "",
  digits: (value) => /^[0-9]+$/.test(value),
  boolean: (value) => typeof value === "boolean",
  nothing: (value) => value === undefined || value === null,
  empty: (value) => value.length === 0,
  notEmpty: (value) => value.length > 0,
  startingWith: (start) => (value) => typeof value === "string" && value.startsWith(start),
  containing: (part) => (value) => typeof value === "string" && value.includes(part),
  including: (item) => (value) => value.includes(item),
};

const indented = (text) => text.replace(/^/gm, "       ");

const DEADLINE = 60_000;
