// Pair, show a text and the screens, take three sales (the terminal approves, declines, cancels), come back with
// the token, and with one that is not known.

import { clover, newId } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;
const AMOUNT = 1000;
const UNKNOWN_TOKEN = "not-a-token";
const NORMAL_CLOSURE = 1000;

await scenario("sale", async ({ open, step, expect }) => {
  let till = open();
  let token;

  await step("pairing asks for a code and brings a token", async () => {
    const code = await till.event("pairingCode");
    expect("a pairing code of digits", code, is.digits);
    token = await till.event("paired");
    expect("a token", token, is.text);
    return `code ${code}`;
  });

  await step("the terminal is ready and says who it is", async () => {
    const merchant = await till.event("deviceReady");
    const device = merchant.getDeviceInfo();
    expect("a merchant id", merchant.getMerchantID(), is.text);
    expect("a merchant name", merchant.getMerchantName(), is.text);
    expect("a device name", device.getName(), is.text);
    expect("the model", device.getModel(), "SIMULATOR");
    expect("a serial that says it is simulated", device.getSerial(), is.startingWith("SIM"));
    expect("that it acknowledges", device.getSupportsAcks(), true);
    // The SDK puts the text "false" where the terminal leaves a flag out, which JavaScript takes for true.
    for (const flag of ["Auths", "PreAuths", "VaultCards", "ManualRefunds", "TipAdjust"]) {
      expect(`supports${flag} to be stated`, merchant[`getSupports${flag}`](), is.boolean);
    }
    return `${merchant.getMerchantName()}, ${device.getModel()} ${device.getSerial()}`;
  });

  await step("a text is shown", () => till.showMessage("Welcome to Clover Connector!"));

  await step("the welcome and the thank-you screen are shown", async () => {
    const from = till.history.length;
    till.connector.showWelcomeScreen();
    till.connector.showThankYouScreen();
    await till.acknowledged("SHOW_WELCOME_SCREEN", from);
    await till.acknowledged("SHOW_THANK_YOU_SCREEN", from);
  });

  await step("a sale is approved", async () => {
    const from = till.history.length;
    const externalId = newId();
    const response = await till.sale({ amount: AMOUNT, externalId });
    expect("success", response.getSuccess(), true);
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    const payment = response.getPayment();
    expect("the payment's external id", payment.getExternalPaymentId(), externalId);
    expect("the payment's amount", payment.getAmount(), AMOUNT);
    expect("a payment id that says it is simulated", payment.getId(), is.startingWith("SIM"));
    expect("the payment's result", payment.getResult(), clover.payments.Result.SUCCESS);
    expect("a sale, by the card transaction and the result", response.getIsSale(), true);
    expect("screens of the terminal", till.seen("deviceActivityStart"), is.notEmpty);
    await till.acknowledged("SHOW_THANK_YOU_SCREEN", from);
    return `payment ${payment.getId()} of ${payment.getAmount()}`;
  });

  const notCharged = async () => {
    const from = till.history.length;
    const response = await till.sale({ amount: AMOUNT, externalId: newId() });
    expect("success", response.getSuccess(), false);
    expect("the result", response.getResult(), ResponseCode.CANCEL);
    expect("no payment", response.getPayment(), is.nothing);
    await till.acknowledged("SHOW_WELCOME_SCREEN", from);
    return `${response.getReason()}, ${response.getMessage()}`;
  };

  await step("a sale is declined", async () => {
    const before = till.seen("deviceActivityStart").length;
    const said = await notCharged();
    const screens = till.seen("deviceActivityStart").slice(before);
    expect("the screen DECLINED", screens.map((screen) => screen.getEventState()), is.including("DECLINED"));
    return said;
  });

  await step("a sale is cancelled", notCharged);

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    expect("one outcome per sale", till.left("saleResponse"), is.empty);
    expect("no device error", till.seen("deviceError"), is.empty);
    for (const screen of [...till.seen("deviceActivityStart"), ...till.seen("deviceActivityEnd")]) {
      expect("a screen that the SDK knows", screen.getEventState(), is.text);
    }
  });

  await step("the connection is closed", async () => {
    expect("the close code", await till.close(), NORMAL_CLOSURE);
  });

  await step("the token lets the till back in without a code", async () => {
    till = open({ token });
    const next = await till.event("paired");
    await till.event("deviceReady");
    expect("no pairing code", till.seen("pairingCode"), is.empty);
    expect("the new token", next, is.text);
    expect("the new token to differ from the last one", next !== token, true);
  });

  await step("the connection is closed again", async () => {
    expect("the close code", await till.close(), NORMAL_CLOSURE);
  });

  await step("a token that is not known leads to a code and a new token", async () => {
    till = open({ token: UNKNOWN_TOKEN });
    expect("a pairing code of digits", await till.event("pairingCode"), is.digits);
    const next = await till.event("paired");
    await till.event("deviceReady");
    expect("another token", next !== UNKNOWN_TOKEN && next !== token, true);
    const response = await till.sale();
    expect("a sale as the last one", response.getResult(), ResponseCode.CANCEL);
    expect("the close code", await till.close(), NORMAL_CLOSURE);
  });
});
