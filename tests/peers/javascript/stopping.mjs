// Sales that the till stops: with the cancel key, by a reset, by refusing a part. The terminal is slow here, so
// that there is time.

import { clover } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;

await scenario("stopping", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  const cancelled = async () => {
    const response = await till.event("saleResponse");
    expect("success", response.getSuccess(), false);
    expect("the result", response.getResult(), ResponseCode.CANCEL);
    expect("no payment", response.getPayment(), is.nothing);
  };

  await step("the cancel key ends the sale", async () => {
    const from = till.history.length;
    till.start();
    till.press(await till.screen("START", from), "ESC");
    await cancelled();
    await till.screen("CANCELED", from);
  });

  await step("a part is refused", async () => {
    const from = till.history.length;
    till.start();
    till.press(await till.screen("CONFIRM_PARTIAL_AUTH", from), "ESC");
    await cancelled();
    const [voided] = till.received("PAYMENT_VOIDED", from);
    expect("why the payment was voided", voided.voidReason, "REJECT_PARTIAL_AUTH");
  });

  await step("a reset ends the sale", async () => {
    const from = till.history.length;
    till.start();
    await till.screen("PROCESSING_GO_ONLINE", from);
    till.connector.resetDevice();
    const reset = await till.event("resetDeviceResponse");
    expect("success of the reset", reset.getSuccess(), true);
    expect("the state after it", reset.getState(), clover.remotepay.ExternalDeviceState.IDLE);
    await cancelled();
  });

  await step("a reset that comes too late leaves the payment", async () => {
    const from = till.history.length;
    till.start();
    await till.screen("APPROVED", from);
    till.connector.resetDevice();
    const response = await till.event("saleResponse");
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    await till.event("resetDeviceResponse");
  });

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    expect("one outcome per sale", till.left("saleResponse"), is.empty);
    await till.close();
  });
});
