/** Customers, agents, warehouse, carrier and managers at the API's door: plain HTTP with tokens of their own and an Idempotency-Key a command. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Role } from '../../domain/permissions.ts';
import type { System } from '../system.ts';

export const merchantId = 'demo-store';
const triesMax = 8;
const pauseMsMax = 1_600;
const usualPatienceMs = 60_000;
const usualLookMsMax = 500;

export interface Manners {
  /** How often a call is sent again where the answer is "not at the moment". */
  readonly triesMax?: number;
  /** How long a case may take to get where it must. */
  readonly patienceMs?: number;
  /** How seldom they look at a case that they wait for, at last. */
  readonly lookMsMax?: number;
  /** How they call; absent: as everybody does. */
  readonly fetch?: typeof fetch;
  /** Told of every command that was answered with yes. */
  readonly onDone?: (done: { readonly role: Role; readonly id: string; readonly caseId: string; readonly key: string }) => void;
}

export interface CaseView {
  readonly caseId: string;
  readonly rmaNo: string;
  readonly stage: string;
  readonly revision: number;
  readonly needsAttention: boolean;
  readonly unitsRequested: number;
  readonly unitsReceived: number;
  readonly refundedMinor: number;
  readonly currency: string;
  readonly customerId: string;
  readonly timersFired: number;
  readonly compensationsRun: number;
  readonly verdict?: { readonly ruleIds: readonly string[] };
  readonly shipment?: { readonly trackingNo: string };
  readonly parcels: readonly { readonly kind: string; readonly trackingNo: string }[];
  readonly disputes: readonly { readonly state: string }[];
  readonly silences: number;
  readonly notices: readonly object[];
  readonly attention?: { readonly step: string; readonly cause: string };
  readonly temporalUrl?: string;
}
export type People = ReturnType<typeof meetPeople>;

export function meetPeople(
  { apiUrl, simulatorsUrl, issuer }: Pick<System, 'apiUrl' | 'simulatorsUrl' | 'issuer'>,
  manners: Manners = {},
) {
  const patience = manners.triesMax ?? triesMax;
  const call = manners.fetch ?? fetch;
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (role: Role, id: string): Promise<string> => {
    const known = tokens.get(`${role}/${id}`) ?? issuer.sign({ id, role, merchantId });
    tokens.set(`${role}/${id}`, known);
    return known;
  };

  /** Sends, and sends again with the same key where the answer is "not at the moment". */
  async function send<T>(method: string, url: string, token: string | undefined, body?: object, key?: string): Promise<T> {
    for (let tries = 1; ; tries++) {
      const reply = await call(url, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...(key ? { 'idempotency-key': key } : {}),
        },
        body: body ? JSON.stringify(body) : undefined,
      }).catch((err: unknown) => err as Error);
      const answer =
        reply instanceof Error ? undefined : ((await reply.json().catch(() => ({}))) as { code?: string; detail?: string });
      if (!(reply instanceof Error) && reply.ok && reply.status !== 202) return answer as T;
      const passing = reply instanceof Error || [202, 429, 503].includes(reply.status) || answer?.code === 'in_flight';
      const accepted = !(reply instanceof Error) && reply.status === 202 && url.startsWith(simulatorsUrl);
      if (accepted) return answer as T;
      if (!passing || tries >= patience)
        throw new Error(
          `${method} ${new URL(url).pathname}: ${reply instanceof Error ? reply.message : `${reply.status} ${JSON.stringify(answer)}`}`,
        );
      await pause(Math.min(200 * tries, pauseMsMax));
    }
  }

  const read = async (caseId: string): Promise<CaseView> =>
    send('GET', `${apiUrl}/cases/${caseId}`, await tokenOf('manager', 'manager-1'));
  async function when(
    caseId: string,
    holds: (view: CaseView) => boolean,
    patienceMs = manners.patienceMs ?? usualPatienceMs,
  ): Promise<CaseView> {
    const giveUpAt = Date.now() + patienceMs;
    const { lookMsMax = usualLookMsMax } = manners;
    for (let pauseMs = 40; ; pauseMs = Math.min(pauseMs * 1.6, lookMsMax)) {
      const view = await read(caseId);
      if (holds(view)) return view;
      if (Date.now() > giveUpAt)
        throw new Error(
          `case ${caseId} is in ${view.stage}${view.attention ? ` (${view.attention.step}: ${view.attention.cause})` : ''}`,
        );
      await pause(pauseMs);
    }
  }
  return {
    /** `key` names the command for ever: whoever repeats it gets the first answer. */
    open: async (role: Role, id: string, key: string, body: object): Promise<CaseView> =>
      send('POST', `${apiUrl}/cases`, await tokenOf(role, id), body, key),
    /** `nth` tells commands of the same kind for the same case apart. */
    async command(role: Role, id: string, caseId: string, path: string, body: object, nth = 1): Promise<void> {
      const key = `${caseId}/${path}/${nth}`;
      await send('POST', `${apiUrl}/cases/${caseId}/${path}`, await tokenOf(role, id), body, key);
      manners.onDone?.({ role, id, caseId, key });
    },
    slots: async (caseId: string): Promise<{ slots: readonly { slotId: string }[] }> =>
      send('GET', `${apiUrl}/cases/${caseId}/pickup-slots`, await tokenOf('agent', 'agent-1')),
    read,
    /** A page of the list that a manager sees. */
    list: async (query: string): Promise<{ cases: readonly CaseView[] }> =>
      send('GET', `${apiUrl}/cases?${query}`, await tokenOf('manager', 'manager-1')),
    when,
    /** Waits until the case is in one of the stages. */
    until: (caseId: string, ...stages: string[]): Promise<CaseView> =>
      when(caseId, (view) => stages.includes(view.stage)).catch((err: Error) => {
        throw new Error(`${err.message}, not in ${stages.join(' or ')}`);
      }),
    simulate: <T = unknown>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> =>
      send(method, simulatorsUrl + path, undefined, body),
  };
}
