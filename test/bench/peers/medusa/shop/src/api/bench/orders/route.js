/**
 * Orders as a shop would have them before a return begins, made through Medusa's own modules: an item in stock keeping, paid, captured, delivered.
 * Twice as much is paid as comes back, as when one of two lines is returned. Not timed, and not part of what is measured.
 */
const { ContainerRegistrationKeys, Modules } = require('@medusajs/framework/utils');

async function makeItem(container, { caseId, locationId }) {
  const product = container.resolve(Modules.PRODUCT);
  const inventory = container.resolve(Modules.INVENTORY);
  const [made] = await product.createProducts([
    {
      title: `Mug ${caseId}`,
      options: [{ title: 'size', values: ['one'] }],
      variants: [{ title: 'one', sku: caseId, manage_inventory: true, options: { size: 'one' } }],
    },
  ]);
  const item = await inventory.createInventoryItems({ sku: caseId });
  await inventory.createInventoryLevels([{ inventory_item_id: item.id, location_id: locationId, stocked_quantity: 0 }]);
  const variantId = made.variants[0].id;
  const links = container.resolve(ContainerRegistrationKeys.LINK);
  await links.create({ [Modules.PRODUCT]: { variant_id: variantId }, [Modules.INVENTORY]: { inventory_item_id: item.id } });
  return { productId: made.id, variantId, inventoryItemId: item.id };
}

async function makePayment(container, { caseId, orderId, amount }) {
  const payments = container.resolve(Modules.PAYMENT);
  const collection = await payments.createPaymentCollections({ currency_code: 'gbp', amount });
  const session = await payments.createPaymentSession(collection.id, {
    provider_id: 'pp_money_shared',
    currency_code: 'gbp',
    amount,
    data: { caseId },
  });
  const payment = await payments.authorizePaymentSession(session.id, {});
  await payments.capturePayment({ payment_id: payment.id, amount });
  const links = container.resolve(ContainerRegistrationKeys.LINK);
  await links.create({ [Modules.ORDER]: { order_id: orderId }, [Modules.PAYMENT]: { payment_collection_id: collection.id } });
  return { paymentId: payment.id, collectionId: collection.id };
}

async function makeOrder(container, told) {
  const { caseId, units, unitPrice, regionId, salesChannelId } = told;
  const item = await makeItem(container, told);
  const address = { first_name: 'A', last_name: 'B', address_1: 'Road 1', city: 'Leeds', country_code: 'gb', postal_code: 'LS1' };
  const orders = container.resolve(Modules.ORDER);
  const order = await orders.createOrders({
    region_id: regionId,
    sales_channel_id: salesChannelId,
    email: 'customer@example.com',
    currency_code: 'gbp',
    shipping_address: address,
    billing_address: address,
    items: [
      { title: caseId, quantity: 2 * units, unit_price: unitPrice, product_id: item.productId, variant_id: item.variantId },
    ],
  });
  const itemId = order.items[0].id;
  const items = [{ id: itemId, quantity: 2 * units }];
  await orders.registerFulfillment({ order_id: order.id, items });
  await orders.registerShipment({ order_id: order.id, items });
  await orders.registerDelivery({ order_id: order.id, items });
  const payment = await makePayment(container, { caseId, orderId: order.id, amount: 2 * units * unitPrice });
  return { caseId, orderId: order.id, itemId, inventoryItemId: item.inventoryItemId, ...payment };
}

exports.POST = async (req, res) => {
  const made = [];
  for (const told of req.body.orders) made.push(await makeOrder(req.scope, { ...req.body.shop, ...told }));
  res.json({ made });
};
exports.AUTHENTICATE = false;
