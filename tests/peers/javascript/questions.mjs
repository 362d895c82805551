// What the terminal asks: a possible duplicate, offline, a signature, two at once; accepted and rejected.

import { clover } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;
const { ChallengeType } = clover.base;
// Left out, the SDK writes that it is not allowed.
const OFFLINE = { allowOfflinePayment: true };

await scenario("questions", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  const accepts = { ...till.answers };
  const rejects = {
    confirmPaymentRequest: (asked) => till.connector.rejectPayment(asked.getPayment(), asked.getChallenges()[0]),
    verifySignatureRequest: (asked) => till.connector.rejectSignature(asked),
  };
  const made = async (fields) => {
    till.answers = accepts;
    const response = await till.sale(fields);
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    return response;
  };
  const rejected = async (voidReason, fields) => {
    till.answers = rejects;
    const from = till.history.length;
    const response = await till.sale(fields);
    expect("success", response.getSuccess(), false);
    expect("the result", response.getResult(), ResponseCode.CANCEL);
    expect("no payment", response.getPayment(), is.nothing);
    const [voided] = till.received("PAYMENT_VOIDED", from);
    expect("why the payment was voided", voided.voidReason, voidReason);
    expect("the payment that was voided", voided.payment.result, "VOIDED");
    return voided.voidReason;
  };
  const kinds = (asked) => asked.getChallenges().map((challenge) => challenge.getType()).join(" ");

  await step("a possible duplicate is accepted", async () => {
    const response = await made();
    const asked = await till.event("confirmPaymentRequest");
    expect("the challenge", kinds(asked), ChallengeType.DUPLICATE_CHALLENGE);
    expect("the payment that was asked about", asked.getPayment().getId(), response.getPayment().getId());
    return asked.getChallenges()[0].getMessage();
  });

  await step("a possible duplicate is rejected", async () => {
    const reason = await rejected("REJECT_DUPLICATE");
    await till.event("confirmPaymentRequest");
    return reason;
  });

  await step("an offline payment is rejected", async () => {
    const reason = await rejected("REJECT_OFFLINE", OFFLINE);
    await till.event("confirmPaymentRequest");
    return reason;
  });

  await step("a signature is accepted", async () => {
    const response = await made();
    const asked = await till.event("verifySignatureRequest");
    const points = (signature) => signature.getStrokes().flatMap((stroke) => stroke.getPoints()).length;
    expect("a drawn signature", points(asked.getSignature()) > 100, true);
    expect("the same one in the end", points(response.getSignature()), points(asked.getSignature()));
    return `${points(asked.getSignature())} points`;
  });

  await step("a signature is rejected", async () => {
    const reason = await rejected("REJECT_SIGNATURE");
    await till.event("verifySignatureRequest");
    await till.screen("VERIFY_SIGNATURE_ON_SCREEN_CONFIRM_VOID");
    return reason;
  });

  await step("a duplicate, offline and a signature are accepted together", async () => {
    await made(OFFLINE);
    const asked = await till.event("confirmPaymentRequest");
    expect("both challenges", kinds(asked), `${ChallengeType.DUPLICATE_CHALLENGE} ${ChallengeType.OFFLINE_CHALLENGE}`);
    await till.event("verifySignatureRequest");
  });

  await step("the signature is answered before the confirmation", async () => {
    const answer = { confirm: null };
    till.answers = {
      confirmPaymentRequest: (asked) => (answer.confirm = () => till.connector.acceptPayment(asked.getPayment())),
      verifySignatureRequest: (asked) => {
        till.connector.acceptSignature(asked);
        answer.confirm();
      },
    };
    const response = await till.sale();
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
  });

  await step("nothing is asked that the sale does not want", async () => {
    const before = till.history.length;
    await made({
      ...OFFLINE,
      disableDuplicateChecking: true,
      approveOfflinePaymentWithoutPrompt: true,
      autoAcceptSignature: true,
    });
    const asked = till.history.slice(before).map((e) => e.name);
    expect("no question", asked.includes("confirmPaymentRequest") || asked.includes("verifySignatureRequest"), false);
  });

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    expect("one outcome per sale", till.left("saleResponse"), is.empty);
    await till.close();
  });
});
