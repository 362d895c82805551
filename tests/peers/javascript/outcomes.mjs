// What can become of a sale: partial, tip, cash back, offline, a stored card, an id that was used, a busy
// terminal, receipts that the till prints.

import { clover, filled } from "./till.mjs";
import { is, scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;
const { TipMode } = clover.payments;

await scenario("outcomes", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  const paid = (response) => {
    expect("success", response.getSuccess(), true);
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    return response.getPayment();
  };

  await step("less is approved than was asked", async () => {
    const from = till.history.length;
    const payment = paid(await till.sale());
    expect("the amount that was approved", payment.getAmount(), 600);
    const [partial] = till.received("PARTIAL_AUTH", from);
    expect("the amount in PARTIAL_AUTH", partial.partialAuthAmount, 600);
    const screen = await till.screen("CONFIRM_PARTIAL_AUTH", from);
    const keys = screen.getInputOptions().map((option) => option.getKeyPress());
    expect("a key to refuse it", keys, is.including("ESC"));
  });

  await step("a tip is chosen on the screen", async () => {
    const payment = paid(await till.sale({ tipMode: TipMode.ON_SCREEN_BEFORE_PAYMENT, tippableAmount: 1000 }));
    expect("the tip of the payment", payment.getTipAmount(), 150);
    expect("the amount without it", payment.getAmount(), 1000);
    const added = await till.event("tipAdded");
    expect("the tip as it was chosen", added.getTipAmount(), 150);
    await till.screen("ADD_TIP");
  });

  await step("cash back is chosen", async () => {
    const payment = paid(await till.sale());
    expect("the cash back", payment.getCashbackAmount(), 2000);
    await till.screen("CASHBACK_SELECT");
  });

  await step("an offline payment is accepted", async () => {
    const payment = paid(await till.sale({ allowOfflinePayment: true }));
    expect("a payment that was taken offline", payment.getOffline(), true);
    const asked = await till.event("confirmPaymentRequest");
    const [challenge] = asked.getChallenges();
    expect("the challenge", challenge.getType(), clover.base.ChallengeType.OFFLINE_CHALLENGE);
    expect("its payment", asked.getPayment().getId(), payment.getId());
  });

  await step("a stored card is charged", async () => {
    const card = { first6: "411111", last4: "1111", cardholderName: "DOE/JANE Q", expirationDate: "made-up", token: "made-up-token" };
    const payment = paid(await till.sale({ vaultedCard: filled(new clover.payments.VaultedCard(), card) }));
    const read = payment.getCardTransaction();
    expect("how the card was read", read.getEntryType(), clover.payments.CardEntryType.VAULTED);
    expect("its last four digits", read.getLast4(), "1111");
  });

  await step("the till prints the receipt", async () => {
    const payment = paid(await till.sale({ disablePrinting: true }));
    const receipt = await till.event("printPaymentReceipt");
    expect("the payment of the receipt", receipt.getPayment().getId(), payment.getId());
    expect("the order of the receipt", receipt.getOrder().getId(), payment.getOrder().getId());
  });

  await step("the till prints the slip of a declined card", async () => {
    const response = await till.sale({ disablePrinting: true });
    expect("the result", response.getResult(), ResponseCode.CANCEL);
    const slip = await till.event("printPaymentDeclineReceipt");
    expect("the reason on the slip", slip.getReason(), is.text);
  });

  await step("an id that was used before is not charged again", async () => {
    const response = await till.sale({ externalId: "USED-BEFORE" });
    expect("success", response.getSuccess(), false);
    expect("the result", response.getResult(), ResponseCode.CANCEL);
    expect("the id in the message", response.getMessage(), is.containing("USED-BEFORE"));
    return response.getMessage();
  });

  await step("a busy terminal refuses the sale", async () => {
    till.start();
    const refused = await till.event("invalidStateTransitionResponse");
    expect("success", refused.getSuccess(), false);
    expect("what was refused", refused.getRequestedTransition(), "TX_START");
    expect("the state", refused.getState(), clover.remotepay.ExternalDeviceState.BUSY);
  });

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    expect("one outcome per sale", till.left("saleResponse"), is.empty);
    await till.close();
  });
});
