// What else moves money by a card: auth, pre-auth, manual refund; made, cancelled, declined.

import { clover, newId } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;
const { CardTransactionType, Result } = clover.payments;

await scenario("kinds", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  const made = (response) => {
    expect("success", response.getSuccess(), true);
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    return response;
  };
  const notMade = (response) => {
    expect("success", response.getSuccess(), false);
    expect("the result", response.getResult(), ResponseCode.CANCEL);
    return response;
  };
  const fields = () => ({ amount: 1000, externalId: newId() });

  await step("an auth is approved: charged, and adjustable", async () => {
    const asked = fields();
    const response = made(await till.ask("auth", asked));
    const payment = response.getPayment();
    expect("the external id", payment.getExternalPaymentId(), asked.externalId);
    expect("the amount", payment.getAmount(), 1000);
    expect("the result of the payment", payment.getResult(), Result.SUCCESS);
    expect("the kind of its card transaction", payment.getCardTransaction().getType(), CardTransactionType.PREAUTH);
    expect("an auth", response.getIsAuth(), true);
    expect("no sale", response.getIsSale(), false);
  });

  await step("a pre-auth is approved: reserved", async () => {
    const asked = fields();
    const response = made(await till.ask("preAuth", asked));
    const payment = response.getPayment();
    expect("the external id", payment.getExternalPaymentId(), asked.externalId);
    expect("the result of the payment", payment.getResult(), Result.AUTH);
    expect("the kind of its card transaction", payment.getCardTransaction().getType(), CardTransactionType.PREAUTH);
    expect("a pre-auth", response.getIsPreAuth(), true);
    expect("no auth", response.getIsAuth(), false);
  });

  await step("a manual refund is made", async () => {
    const credit = made(await till.ask("manualRefund", fields())).getCredit();
    expect("the id of the credit", credit.getId(), is.startingWith("SIM"));
    expect("what was given back", credit.getAmount(), 1000);
  });

  await step("the customer cancels an auth, a pre-auth and a manual refund", async () => {
    expect("no payment", notMade(await till.ask("auth", fields())).getPayment(), is.nothing);
    expect("no payment", notMade(await till.ask("preAuth", fields())).getPayment(), is.nothing);
    expect("no credit", notMade(await till.ask("manualRefund", fields())).getCredit(), is.nothing);
  });

  await step("the till prints the slip of a manual refund that was declined", async () => {
    notMade(await till.ask("manualRefund", { ...fields(), disablePrinting: true }));
    const slip = await till.event("printManualRefundDeclineReceipt");
    expect("the reason on the slip", slip.getReason(), is.text);
  });

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    for (const what of ["auth", "preAuth", "manualRefund"]) {
      expect(`one outcome per ${what}`, till.left(`${what}Response`), is.empty);
    }
    await till.close();
  });
});
