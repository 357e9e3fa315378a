/** Guards processes.ts: ports, readiness, and errors that tell what the server said. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startProcess } from '../../dev/processes.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mendline-processes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const spec = (name: string, script: string) => ({
  name,
  command: process.execPath,
  args: ['-e', script],
  logFile: join(folder, `${name}.log`),
});
const forever = 'setInterval(() => {}, 1000);';

describe('freePort', () => {
  it('gives the preferred port when it is free', async () => {
    const port = await freePort();
    expect(await freePort(port)).toBe(port);
  });

  it('avoids a port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const taken = (server.address() as { port: number }).port;
    const given = await freePort(taken);
    server.close();
    expect(given).not.toBe(taken);
    expect(given).toBeGreaterThan(1023);
  });
});

describe('startProcess', () => {
  it('waits for the line that means ready, writes the log, and stops', async () => {
    const running = await startProcess({
      ...spec('lines', `console.log('warming up'); setTimeout(() => console.log('ready now'), 150); ${forever}`),
      ready: { line: (text) => text === 'ready now' },
    });
    expect(readFileSync(running.logFile, 'utf8')).toBe('warming up\nready now\n');
    await running.stop();
    expect(() => process.kill(running.pid, 0)).toThrow('ESRCH');
    await running.stop();
  });

  it('is not fooled by what an earlier start wrote to the same log', async () => {
    const talks = {
      ...spec('again', `console.log('ready now'); ${forever}`),
      ready: { line: (text: string) => text === 'ready now' },
    };
    await (await startProcess(talks)).stop();
    const silent = { ...talks, args: ['-e', forever], readyTimeoutMs: 300 };
    await expect(startProcess(silent)).rejects.toThrow('again was not ready within 300 ms');
  });

  it('takes a probe that throws for "not yet"', async () => {
    let asked = 0;
    const probe = async () => {
      asked += 1;
      if (asked < 3) throw new Error('connection refused');
      return true;
    };
    const running = await startProcess({ ...spec('probe', forever), ready: { probe } });
    await running.stop();
    expect(asked).toBe(3);
  });

  it('tells what the process said when it ends before it is ready', async () => {
    const dying = spec('dying', `console.error('no such database'); process.exit(3)`);
    await expect(startProcess({ ...dying, ready: { line: () => false } })).rejects.toThrow(
      /dying ended \(exit code 3\) before it was ready.*\nno such database/,
    );
  });

  it('kills the server itself with kill9, and tells its end', async () => {
    const running = await startProcess(spec('crash', forever));
    running.kill9();
    expect(await running.exited).toBeNull();
    expect(() => process.kill(running.pid, 0)).toThrow('ESRCH');
  });
});
