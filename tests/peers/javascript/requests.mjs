// Two sales, one with nothing but what it must have, one with everything that can be asked for: their TX_START is
// compared with ours.

import { clover, filled, TipSuggestion } from "./till.mjs";
import { scenario } from "./scenario.mjs";

const { ResponseCode } = clover.remotepay;
const { DataEntryLocation, TipMode, VaultedCard } = clover.payments;

await scenario("requests", async ({ open, step, expect }) => {
  const till = open();
  await till.event("deviceReady");

  const made = async (fields) => {
    const response = await till.sale(fields);
    expect("the result", response.getResult(), ResponseCode.SUCCESS);
    expect("the external id", response.getPayment().getExternalPaymentId(), fields.externalId.trim());
  };

  await step("a sale with nothing but its amount and its id", () => made({ amount: 1000, externalId: "MINIMAL" }));

  await step("a sale with everything", () =>
    made({
      amount: 2599,
      externalId: " EVERYTHING ",
      externalReferenceId: "INVOICE-7",
      tipAmount: 150,
      tipMode: TipMode.TIP_PROVIDED,
      taxAmount: 199,
      tippableAmount: 2400,
      tipSuggestions: [
        filled(new TipSuggestion(), { id: "1", name: "Good", percentage: 15, isEnabled: true }),
        filled(new TipSuggestion(), { id: "2", name: "Two", amount: 200, isEnabled: true }),
      ],
      cardEntryMethods: 36623,
      vaultedCard: filled(new VaultedCard(), {
        first6: "411111",
        last4: "1111",
        cardholderName: "DOE/JANE Q",
        expirationDate: "made-up",
        token: "made-up-token",
      }),
      cardNotPresent: true,
      presentQrcOnly: false,
      disablePrinting: false,
      disableReceiptSelection: true,
      disableCashback: true,
      disableDuplicateChecking: true,
      disableRestartTransactionOnFail: true,
      autoAcceptPaymentConfirmations: true,
      autoAcceptSignature: true,
      signatureThreshold: 2500,
      signatureEntryLocation: DataEntryLocation.ON_PAPER,
      allowOfflinePayment: true,
      approveOfflinePaymentWithoutPrompt: true,
      forceOfflinePayment: false,
      extras: { till: "2", naïve: "café" },
      regionalExtras: { "com.clover.regionalextras.ar.INSTALLMENT_NUMBER_KEY": "1" },
    }),
  );

  await step("nothing is left over", async () => {
    await till.allAcknowledged();
    await till.close();
  });
});
