import { expect, it } from 'vitest';
import { createCarrierActivities } from '../../activities/carrier.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';

const taken = { key: 'C-1/issue_label', caseId: 'C-1', merchantId: 'm1', orderId: 'O-1' };

it('a label that the carrier neither voids nor has under way is not taken back: it is tried again', async () => {
  const { carrier } = createFakePartners();
  await carrier.prepareShipment({ key: taken.key, caseId: 'C-1', channel: 'drop_off' });
  const unsure = { ...carrier, voidShipmentIfPresent: async () => ({ voided: false, reason: 'already_scanned' as const }) };
  await expect(createCarrierActivities({ carrier: unsure }).voidReturnLabelIfPresent(taken)).rejects.toMatchObject({
    type: 'label_still_live',
    nonRetryable: false,
  });
});
