/** What a case commands must not depend on how its messages were cut into tasks: a replay may cut them otherwise (docs/decisions/0015). */
import { beforeEach, expect, it, vi } from 'vitest';
import { Hearing } from '../../workflows/hearing.ts';
import { askAgain } from '../../workflows/messages.ts';

/** The SDK's side of a workflow: `condition` asks at once, after each message of a task, and when all have gone as far as they can. */
const sdk = vi.hoisted(() => {
  const blocked = new Set<{ holds: () => boolean; goOn: () => void }>();
  const unblock = (): number => {
    const over = [...blocked].filter(({ holds }) => holds());
    for (const one of over) {
      blocked.delete(one);
      one.goOn();
    }
    return over.length;
  };
  const settle = () => new Promise((done) => setImmediate(done));
  return {
    blocked,
    condition: async (holds: () => boolean) => {
      if (!holds()) await new Promise<void>((goOn) => void blocked.add({ holds, goOn }));
    },
    info: { historyLength: 0, historySize: 0 },
    now: 0,
    /** `begun`: false where a question has core tell of events alone. */
    async task(messages: readonly (() => void)[], begun = true) {
      this.info = { historyLength: this.info.historyLength + 3, historySize: this.info.historySize + (begun ? 300 : 0) };
      this.now += begun ? 20 : 0;
      for (const message of messages) {
        message();
        unblock();
      }
      do await settle();
      while (unblock() > 0);
    },
  };
});
vi.mock(import('@temporalio/workflow'), async (original) => ({
  ...(await original()),
  condition: sdk.condition as never,
  workflowInfo: (() => sdk.info) as never,
}));

beforeEach(() => {
  sdk.blocked.clear();
  vi.spyOn(Date, 'now').mockImplementation(() => sdk.now);
});

/** A case that shows each change and does an errand for each command. */
async function playing() {
  const hearing = new Hearing(false);
  const commanded: string[] = [];
  let [revision, shown, due, answers] = [0, 0, 0, 0];
  let answer: () => void = () => undefined;
  const record = (errands: number) => {
    revision += 1;
    due += errands;
  };
  void hearing.keepHearing();
  void (async () => {
    for (;;) {
      await hearing.quiet('read model', () => shown < revision && hearing.hasHeardAll);
      commanded.push(`show ${due}`);
      shown = revision;
    }
  })();
  void (async () => {
    for (;;) {
      await hearing.quiet('errands', () => due > 0);
      commanded.push('errand');
      const batch = due;
      await hearing.heard(new Promise<void>((done) => void (answer = done)), 'beside');
      due -= batch;
      answers += 1;
      record(0);
    }
  })();
  const say = (errands: number) => () => void hearing.inTurn(() => record(errands));
  await sdk.task([say(1)]);
  return {
    commanded,
    answered: () => answer(),
    command: say(1),
    repeated: () => void hearing.inTurn(() => undefined),
    told: () => [revision, answers],
  };
}

/** Messages come before answers in a task, as Temporal's core orders them. */
it.each([
  ['each in a task of its own', (one) => [[one.answered], [one.repeated], [one.command]]],
  ['all in one', (one) => [[one.repeated, one.command, one.answered]]],
  ['the answer and the command in one', (one) => [[one.repeated], [one.command, one.answered]]],
  ['the answer alone', (one) => [[one.answered], [one.repeated, one.command]]],
  ['a repetition with the answer', (one) => [[one.repeated, one.answered], [one.command]]],
] satisfies [string, (one: Awaited<ReturnType<typeof playing>>) => (() => void)[][]][])(
  'commands the same: %s',
  async (_, tasks) => {
    const one = await playing();
    for (const messages of tasks(one)) await sdk.task(messages);
    expect(one.commanded.filter((what) => what !== 'show 0')).toEqual(['show 1', 'errand', 'show 1', 'errand']);
    expect(one.told()).toEqual([3, 1]);
  },
);

it('has nothing to do with what it is told of before its task: whoever asked it then must ask again', async () => {
  const one = await playing();
  await expect(sdk.task([one.answered], false)).rejects.toThrow(askAgain);
  expect(one.commanded).toEqual(['show 1', 'errand']);
});
