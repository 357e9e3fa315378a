/** All activities behind one factory, wired by worker/main.ts and by tests. A new partner adds its file and its line here. */
import type { ClaimInput, ClaimReport, ReturnActivities } from '../contracts/workflow.ts';
import type { Database } from '../db/database.ts';
import type { CarrierGateway } from '../gateways/carrier.ts';
import type { NotificationsGateway } from '../gateways/notifications.ts';
import type { PaymentsGateway } from '../gateways/payments.ts';
import type { PolicyStore } from '../gateways/policy-packs.ts';
import type { StockGateway } from '../gateways/stock.ts';
import { createCalendarActivities } from './calendars.ts';
import { createCarrierActivities } from './carrier.ts';
import { createCaseActivities } from './cases.ts';
import { createClaimActivities } from './claims.ts';
import { createErrandActivities } from './errands.ts';
import { createOrderActivities } from './orders.ts';
import { createPaymentActivities } from './payments.ts';

/** Cases that live beside a case: started and told by their own fixed ids. Implemented in worker/companions.ts. */
export interface Companions {
  openClaim(input: ClaimInput): Promise<{ workflowId: string }>;
  tellReturn(report: ClaimReport): Promise<void>;
  parcelTurnedUp(word: { claimCaseId: string; eventId: string }): Promise<void>;
}

export interface ActivityDeps {
  readonly database: Pick<Database, 'cases' | 'ledgers' | 'inbox' | 'exceptions'>;
  readonly payments: PaymentsGateway;
  readonly carrier: CarrierGateway;
  readonly notifications: NotificationsGateway;
  readonly stock: StockGateway;
  readonly policies: PolicyStore;
  readonly companions: Companions;
}

export const createActivities = (deps: ActivityDeps): ReturnActivities => ({
  ...createOrderActivities(deps),
  ...createCarrierActivities(deps),
  ...createPaymentActivities(deps),
  ...createErrandActivities(deps),
  ...createClaimActivities(deps),
  ...createCalendarActivities(deps),
  ...createCaseActivities(deps),
});
