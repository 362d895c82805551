// Payments that are given back or voided, and why not.

import { clover, newId } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;

await scenario("undoing", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  const paid = async () => {
    const response = await till.sale();
    expect("the sale", response.getResult(), ResponseCode.SUCCESS);
    return response.getPayment();
  };
  const about = (payment) => ({ paymentId: payment.getId(), orderId: payment.getOrder().getId() });
  const refund = (payment, fields) => till.ask("refundPayment", { ...about(payment), ...fields });
  const empty = (payment, fields) => till.ask("voidPayment", { ...about(payment), voidReason: "USER_CANCEL", ...fields });
  const refunded = (response, payment, amount) => {
    expect("success", response.getSuccess(), true);
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    expect("the payment", response.getPaymentId(), payment.getId());
    expect("the order", response.getOrderId(), payment.getOrder().getId());
    expect("the id of the refund", response.getRefund().getId(), is.startingWith("SIM"));
    expect("what was given back", response.getRefund().getAmount(), amount);
  };
  const refused = (response, reason) => {
    expect("success", response.getSuccess(), false);
    expect("the result", response.getResult(), ResponseCode.FAIL);
    expect("the reason", response.getReason(), reason);
    return response.getMessage();
  };

  const first = await paid();

  await step("the customer cancels a refund", async () => {
    const response = await refund(first, { amount: 400 });
    expect("success", response.getSuccess(), false);
    expect("the result", response.getResult(), ResponseCode.CANCEL);
  });

  await step("a part is given back", async () => refunded(await refund(first, { amount: 400 }), first, 400));

  await step("another part is given back", async () => refunded(await refund(first, { amount: 100 }), first, 100));

  await step("more than what is left is not given back", async () => refused(await refund(first, { amount: 501 }), "FAIL"));

  await step("a refund is declined", async () => refused(await refund(first, { amount: 100 }), "FAIL"));

  await step("a payment that is not there is not given back", async () => {
    const nowhere = { paymentId: "SIMNOTTHERE01", orderId: first.getOrder().getId(), amount: 100 };
    return refused(await till.ask("refundPayment", nowhere), "PAYMENT_NOT_FOUND");
  });

  await step("all of a payment is given back", async () => {
    const payment = await paid();
    refunded(await refund(payment, { fullRefund: true }), payment, 1000);
  });

  await step("a payment is voided", async () => {
    const payment = await paid();
    const response = await empty(payment);
    expect("success", response.getSuccess(), true);
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    expect("the payment", response.getPaymentId(), payment.getId());
    expect("what became of it", response.getPayment().getResult(), clover.payments.Result.VOIDED);
    refused(await empty(payment), "FAIL");
  });

  await step("a pre-auth is voided", async () => {
    const reserved = await till.ask("preAuth", { amount: 1000, externalId: newId() });
    const response = await empty(reserved.getPayment());
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
  });

  await step("a payment that is not there is not voided", async () => {
    const nowhere = { paymentId: "SIMNOTTHERE01", orderId: "", voidReason: "USER_CANCEL" };
    return refused(await till.ask("voidPayment", nowhere), "PAYMENT_NOT_FOUND");
  });

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    expect("one outcome per refund", till.left("refundPaymentResponse"), is.empty);
    expect("one outcome per void", till.left("voidPaymentResponse"), is.empty);
    await till.close();
  });
});
