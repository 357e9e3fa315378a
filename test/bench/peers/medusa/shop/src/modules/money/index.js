/** The payment provider: refunds go to the shared fake one with the key that Medusa gives each refund; the rest always succeeds. */
const { AbstractPaymentProvider, MathBN, ModuleProvider, Modules } = require('@medusajs/framework/utils');

class Money extends AbstractPaymentProvider {
  async initiatePayment({ data }) {
    return { id: `session-${data.caseId}`, data, status: 'pending' };
  }
  async authorizePayment({ data }) {
    return { data, status: 'authorized' };
  }
  async capturePayment({ data }) {
    return { data };
  }
  async refundPayment({ data, amount, context }) {
    const reply = await fetch(`${process.env.PROVIDER_URL}/refunds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': context.idempotency_key },
      body: JSON.stringify({
        caseId: data.caseId,
        paymentId: data.caseId,
        amountMinor: MathBN.convert(amount).toNumber(),
        currency: 'GBP',
      }),
    });
    if (!reply.ok) throw new Error(`the provider answered ${reply.status}`);
    return { data };
  }
  async cancelPayment({ data }) {
    return { data };
  }
  async deletePayment({ data }) {
    return { data };
  }
  async getPaymentStatus({ data }) {
    return { data, status: 'captured' };
  }
  async retrievePayment({ data }) {
    return { data };
  }
  async updatePayment({ data }) {
    return { data };
  }
  async getWebhookActionAndData() {
    return { action: 'not_supported' };
  }
}
Money.identifier = 'money';
module.exports = ModuleProvider(Modules.PAYMENT, { services: [Money] });
