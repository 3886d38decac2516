import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MISBEHAVE } from '../e2e/harness.ts';

const LAB_DIR = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');
const LAB_ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Boots a kernel of its own (user-mode Linux, cgroup v2, 700 PIDs) that runs one scenario; returns its facts. */
function boot(scenario: 'guarded' | 'guard-stopped' | 'bare', mode: string): Promise<Map<string, string>> {
  const settings = { LAB_SCENARIO: scenario, LAB_MODE: mode, LAB_DIR, LAB_ROOT, LAB_BOMB: MISBEHAVE };
  const args = [
    'mem=1024M',
    'root=/dev/root',
    'rootfstype=hostfs',
    'rootflags=/',
    'rw',
    `init=${LAB_DIR}/guest/init.sh`,
    'con=null',
    'con0=fd:0,fd:1',
    'quiet',
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
  ];
  return new Promise((resolve) => {
    const kernel = execFile(
      'linux.uml',
      args,
      { timeout: 200_000, killSignal: 'SIGKILL', maxBuffer: 1 << 24 },
      (_, out) => {
        const facts = [...out.matchAll(/^LAB (\S+) ?(.*?)\r?$/gm)].map(
          ([, name, value]) => [name, value] as [string, string],
        );
        resolve(new Map([...facts, ['output', out]]));
      },
    );
    kernel.stdin?.end();
  });
}

describe('a kernel that runs out', () => {
  it.for(['daemon', 'fork', 'thread'])(
    '%s under threadguard: it can fork at the trip and after, and nothing is left',
    async (mode) => {
      const facts = await boot('guarded', mode);
      expect(Object.fromEntries(facts), facts.get('output')).toMatchObject({
        controllers: expect.stringContaining('pids'),
        forks_at_trip: 'yes',
        exit: '113',
        forks_after: 'yes',
        left: '0',
        done: '',
      });
    },
  );
  it('the same bomb bare: it cannot', async () => {
    const facts = await boot('bare', 'daemon');
    expect(facts.get('forks_at_peak'), facts.get('output')).toBe('no');
  });
  it('with the guard stopped the cap holds and the kernel can fork', async () => {
    const facts = await boot('guard-stopped', 'daemon');
    expect(facts.get('forks_while_stopped'), facts.get('output')).toBe('yes');
    expect(Number(facts.get('peak'))).toBeLessThanOrEqual(Number(facts.get('cap')));
    expect(Number(facts.get('peak'))).toBeGreaterThan(10);
  });
});
