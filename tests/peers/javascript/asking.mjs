// What the terminal says when it is asked what happened. It is slow here, so that there is time to ask.

import { clover, newId } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ExternalDeviceState, QueryStatus, ResponseCode } = clover.remotepay;

await scenario("asking", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  const lookUp = async (externalPaymentId, status) => {
    const response = await till.ask("retrievePayment", { externalPaymentId });
    expect("success", response.getSuccess(), true);
    expect("the external id", response.getExternalPaymentId(), externalPaymentId);
    expect("what was found", response.getQueryStatus(), status);
    return response.getPayment();
  };
  const statusIs = async (state, fields) => {
    const response = await till.ask("retrieveDeviceStatus", fields);
    expect("success", response.getSuccess(), true);
    expect("the state", response.getState(), state);
    return response.getData();
  };

  await step("an idle terminal says so", () => statusIs(ExternalDeviceState.IDLE));

  await step("a payment is in progress, then found", async () => {
    const from = till.history.length;
    const id = till.start();
    await till.screen("START", from);
    const running = await statusIs(ExternalDeviceState.WAITING_FOR_CUSTOMER);
    expect("which payment is running", running.getExternalPaymentId(), id);
    expect("no payment yet", await lookUp(id, QueryStatus.IN_PROGRESS), is.nothing);
    const payment = (await till.event("saleResponse")).getPayment();
    const found = await lookUp(id, QueryStatus.FOUND);
    expect("the payment that was found", found.getId(), payment.getId());
    expect("its amount", found.getAmount(), 1000);
    expect("its external id", found.getExternalPaymentId(), id);
  });

  await step("what was never asked for is not found", async () => {
    expect("no payment", await lookUp(newId(), QueryStatus.NOT_FOUND), is.nothing);
  });

  await step("a manual refund is not found", async () => {
    const externalId = newId();
    const response = await till.ask("manualRefund", { amount: 1000, externalId });
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    await lookUp(externalId, QueryStatus.NOT_FOUND);
  });

  await step("a question is asked again as the last message", async () => {
    const accept = till.answers.verifySignatureRequest;
    till.answers.verifySignatureRequest = undefined;
    const id = till.start();
    const asked = await till.event("verifySignatureRequest");
    const running = await statusIs(ExternalDeviceState.WAITING_FOR_POS, { sendLastMessage: true });
    expect("which payment is running", running.getExternalPaymentId(), id);
    const again = await till.event("verifySignatureRequest");
    expect("the payment", again.getPayment().getId(), asked.getPayment().getId());
    accept(again);
    till.answers.verifySignatureRequest = accept;
    expect("the result", (await till.event("saleResponse")).getResult(), ResponseCode.SUCCESS);
  });

  await step("an outcome is told again as the last message", async () => {
    const last = till.received("FINISH_OK").at(-1);
    await statusIs(ExternalDeviceState.IDLE, { sendLastMessage: true });
    const again = await till.event("saleResponse");
    expect("the payment", again.getPayment().getId(), last.payment.id);
  });

  await step("what was taken offline is pending", async () => {
    const pending = async () => {
      const response = await till.ask("retrievePendingPayments");
      expect("success", response.getSuccess(), true);
      return response.getPendingPaymentEntries();
    };
    expect("none at first", await pending(), is.empty);
    const sold = await till.sale({ allowOfflinePayment: true });
    const [entry, ...more] = await pending();
    expect("one", more, is.empty);
    expect("its id", entry.getPaymentId(), sold.getPayment().getId());
    expect("its amount", entry.getAmount(), 1000);
  });

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    expect("one outcome per sale", till.left("saleResponse"), is.empty);
    await till.close();
  });
});
