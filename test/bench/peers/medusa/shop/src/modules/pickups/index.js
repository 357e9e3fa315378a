/** The carrier: a return shipment books a pickup at the shared fake provider. */
const { AbstractFulfillmentProviderService, ModuleProvider, Modules } = require('@medusajs/framework/utils');

class Pickups extends AbstractFulfillmentProviderService {
  async getFulfillmentOptions() {
    return [{ id: 'pickup', is_return: true }];
  }
  async validateFulfillmentData(_option, data) {
    return data;
  }
  async validateOption() {
    return true;
  }
  async canCalculate() {
    return false;
  }
  async createFulfillment() {
    return { data: {}, labels: [] };
  }
  async cancelFulfillment() {
    return {};
  }
  async createReturnFulfillment(fulfillment) {
    const reply = await fetch(`${process.env.PROVIDER_URL}/pickups`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': fulfillment.id },
      body: JSON.stringify({ caseId: fulfillment.id }),
    });
    if (!reply.ok) throw new Error(`the provider answered ${reply.status}`);
    return { data: await reply.json(), labels: [] };
  }
}
Pickups.identifier = 'pickups';
module.exports = ModuleProvider(Modules.FULFILLMENT, { services: [Pickups] });
