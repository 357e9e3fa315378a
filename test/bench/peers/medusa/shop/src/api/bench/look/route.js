/** What Medusa's own books say of one return: money given back by its payment collection, and units in stock. */
const { ContainerRegistrationKeys, Modules } = require('@medusajs/framework/utils');

exports.GET = async (req, res) => {
  const { collectionId, inventoryItemId } = req.query;
  const query = req.scope.resolve(ContainerRegistrationKeys.QUERY);
  const { data } = await query.graph({
    entity: 'payment_collection',
    fields: ['refunded_amount'],
    filters: { id: collectionId },
  });
  const levels = await req.scope.resolve(Modules.INVENTORY).listInventoryLevels({ inventory_item_id: inventoryItemId });
  res.json({
    refunded: Number(data[0]?.refunded_amount ?? 0),
    units: levels.reduce((sum, level) => sum + Number(level.stocked_quantity), 0),
  });
};
exports.AUTHENTICATE = false;
