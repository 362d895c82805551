// Fifty sales, one after the other, on one connection.

import { clover } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;
const SALES = 50;

await scenario("many", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  await step(`${SALES} sales are paid`, async () => {
    const ids = new Set();
    for (let n = 1; n <= SALES; n += 1) {
      const externalId = `MANY-${n}`;
      const response = await till.sale({ amount: n, externalId });
      expect(`the result of sale ${n}`, response.getResult(), ResponseCode.SUCCESS);
      expect(`the id of sale ${n}`, response.getPayment().getExternalPaymentId(), externalId);
      expect(`the amount of sale ${n}`, response.getPayment().getAmount(), n);
      ids.add(response.getPayment().getId());
    }
    expect("a payment each", ids.size, SALES);
  });

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    expect("one outcome per sale", till.left("saleResponse"), is.empty);
    await till.close();
  });
});
