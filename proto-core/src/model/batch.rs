//! Batches of payments that are closed together.

use crate::wire::names::{BatchState, BatchType, CardType};
use crate::wire::object::objects;

objects! {
    /// A batch (`protocol/model.md` §4).
    Batch, BatchDraft {
        /// Its id.
        id: text = "id";
        /// Where to ask for quick payout.
        rapid_deposit_url: text = "rapidDepositUrl";
        /// How many transactions.
        tx_count: int = "txCount";
        /// What they amount to.
        total_batch_amount: money = "totalBatchAmount";
        /// Which terminals, a list as text.
        devices: text = "devices";
        /// How far closing is.
        state: name(BatchState) = "state";
        /// Who closed it.
        batch_type: name(BatchType) = "batchType";
        /// When it was opened.
        created_time: time = "createdTime";
        /// When it was changed last.
        modified_time: time = "modifiedTime";
        /// How far closing is from its usual time.
        closeout_time_difference: int = "closeoutTimeDifference";
        /// What it consists of.
        batch_details: object(BatchDetail) = "batchDetails";
        /// Its transactions.
        batch_transactions: opaque = "batchTransactions";
        /// What it consists of, as JSON that stays a string.
        batch_details_json: text = "batchDetailsJson";
        /// The server's number of the merchant.
        merchant_id: int = "merchantId";
        /// The gateway's number of the first transaction.
        first_gateway_tx_id: int = "firstGatewayTxId";
        /// The gateway's number of the last transaction.
        last_gateway_tx_id: int = "lastGatewayTxId";
        /// The server's number of the account.
        account_id: int = "accountId";
    }

    /// What a batch consists of (`protocol/model.md` §4).
    BatchDetail, BatchDetailDraft {
        /// The acquirer's id of the terminal (TID).
        terminal_id: text = "terminalId";
        /// All of it.
        batch_totals: object(BatchTotalStats) = "batchTotals";
        /// By employee.
        server_totals: elements(ServerTotalStats, ServerTotalStatsDraft) = "serverTotals";
        /// By card brand.
        card_totals: elements(BatchCardTotal, BatchCardTotalDraft) = "cardTotals";
        /// By tender without a card.
        cardless_totals: opaques = "cardlessTotals";
        /// By terminal.
        device_totals: opaques = "deviceTotals";
        /// By endpoint.
        endpoint_totals: opaques = "endpointTotals";
        /// How many payments still wait for a tip.
        open_tips: int = "openTips";
        /// How many pre-authorisations are open.
        open_tabs: int = "openTabs";
    }

    /// Totals of a batch (`protocol/model.md` §4).
    BatchTotalStats, BatchTotalStatsDraft {
        /// Sales.
        sales: object(BatchTotalType) = "sales";
        /// Refunds.
        refunds: object(BatchTotalType) = "refunds";
        /// Sales without what was refunded.
        net: object(BatchTotalType) = "net";
        /// Money put on gift cards.
        gift_card_loads: object(BatchTotalType) = "giftCardLoads";
        /// Money taken from gift cards.
        gift_card_cash_outs: object(BatchTotalType) = "giftCardCashOuts";
        /// Taxes.
        tax: object(BatchTotalType) = "tax";
        /// Tips.
        tips: object(BatchTotalType) = "tips";
        /// Surcharges.
        surcharge: object(BatchTotalType) = "surcharge";
    }

    /// One total (`protocol/model.md` §4).
    BatchTotalType, BatchTotalTypeDraft {
        /// How many.
        count: int = "count";
        /// How much.
        total: money = "total";
    }

    /// Totals of one employee (`protocol/model.md` §4).
    ServerTotalStats, ServerTotalStatsDraft {
        /// The employee's id.
        employee_id: text = "employeeId";
        /// The employee's name.
        employee_name: text = "employeeName";
        /// Sales.
        sales: object(BatchTotalType) = "sales";
        /// Refunds.
        refunds: object(BatchTotalType) = "refunds";
        /// Sales without what was refunded.
        net: object(BatchTotalType) = "net";
        /// Money put on gift cards.
        gift_card_loads: object(BatchTotalType) = "giftCardLoads";
        /// Money taken from gift cards.
        gift_card_cash_outs: object(BatchTotalType) = "giftCardCashOuts";
        /// Taxes.
        tax: object(BatchTotalType) = "tax";
        /// Tips.
        tips: object(BatchTotalType) = "tips";
        /// Surcharges.
        surcharge: object(BatchTotalType) = "surcharge";
    }

    /// Totals of one card brand (`protocol/model.md` §4).
    BatchCardTotal, BatchCardTotalDraft {
        /// The brand.
        card_type: name(CardType) = "cardType";
        /// The brand for people.
        card_type_label: text = "cardTypeLabel";
        /// How many instalments.
        installments: int = "installments";
        /// How many.
        count: int = "count";
        /// How much.
        total: money = "total";
    }
}
