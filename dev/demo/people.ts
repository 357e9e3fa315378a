/** Customers, agents, warehouse, carrier and managers at the API's door: plain HTTP with tokens of their own and an Idempotency-Key a command. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Role } from '../../domain/permissions.ts';
import type { System } from '../system.ts';

export const merchantId = 'demo-store';
const triesMax = 8;

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
  readonly temporalUrl?: string;
}
export type People = ReturnType<typeof meetPeople>;

export function meetPeople({ apiUrl, simulatorsUrl, issuer }: Pick<System, 'apiUrl' | 'simulatorsUrl' | 'issuer'>) {
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (role: Role, id: string): Promise<string> => {
    const known = tokens.get(`${role}/${id}`) ?? issuer.sign({ id, role, merchantId });
    tokens.set(`${role}/${id}`, known);
    return known;
  };

  /** Sends, and sends again with the same key where the answer is "not at the moment". */
  async function send<T>(method: string, url: string, token: string | undefined, body?: object, key?: string): Promise<T> {
    for (let tries = 1; ; tries++) {
      const reply = await fetch(url, {
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
      if (!passing || tries >= triesMax)
        throw new Error(
          `${method} ${new URL(url).pathname}: ${reply instanceof Error ? reply.message : `${reply.status} ${JSON.stringify(answer)}`}`,
        );
      await pause(200 * tries);
    }
  }

  const read = async (caseId: string): Promise<CaseView> =>
    send('GET', `${apiUrl}/cases/${caseId}`, await tokenOf('manager', 'manager-1'));
  return {
    /** `key` names the command for ever: whoever repeats it gets the first answer. */
    open: async (role: Role, id: string, key: string, body: object): Promise<CaseView> =>
      send('POST', `${apiUrl}/cases`, await tokenOf(role, id), body, key),
    command: async (role: Role, id: string, caseId: string, path: string, body: object): Promise<void> =>
      send('POST', `${apiUrl}/cases/${caseId}/${path}`, await tokenOf(role, id), body, `${caseId}/${path}`),
    read,
    /** Waits until the case is in one of the stages. */
    async until(caseId: string, ...stages: string[]): Promise<CaseView> {
      const giveUpAt = Date.now() + 60_000;
      for (let pauseMs = 40; ; pauseMs = Math.min(pauseMs * 1.6, 500)) {
        const view = await read(caseId);
        if (stages.includes(view.stage)) return view;
        if (Date.now() > giveUpAt) throw new Error(`case ${caseId} is in ${view.stage} and not in ${stages.join(' or ')}`);
        await pause(pauseMs);
      }
    },
    simulate: <T = unknown>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> =>
      send(method, simulatorsUrl + path, undefined, body),
  };
}
