/** All activities behind one factory, wired by worker/main.ts and by tests. A new partner adds its file and its line here. */
import type { ReturnActivities } from '../contracts/workflow.ts';
import type { Database } from '../db/database.ts';
import type { CarrierGateway } from '../gateways/carrier.ts';
import type { PaymentsGateway } from '../gateways/payments.ts';
import type { PolicyStore } from '../gateways/policy-packs.ts';
import { createCarrierActivities } from './carrier.ts';
import { createCaseActivities } from './cases.ts';
import { createOrderActivities } from './orders.ts';
import { createPaymentActivities } from './payments.ts';

export interface ActivityDeps {
  readonly database: Pick<Database, 'cases' | 'ledgers'>;
  readonly payments: PaymentsGateway;
  readonly carrier: CarrierGateway;
  readonly policies: PolicyStore;
}

export const createActivities = (deps: ActivityDeps): ReturnActivities => ({
  ...createOrderActivities(deps),
  ...createCarrierActivities(deps),
  ...createPaymentActivities(deps),
  ...createCaseActivities(deps),
});
